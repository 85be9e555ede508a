"""Attack the product and print tries and failures of each class; exit with 1 if anything failed.

    python -m benchmarks.attack                  # some ten minutes, with 200 kills
    python -m benchmarks.attack --kills 12 --rounds 1   # a minute: does it run?
    python -m benchmarks.attack --only kills --seed 3

A failure is something lost, doubled, let in, unseen, or told by a traceback. What a kill, a full disk, a
wrong clock or a second service leaves is compared with what an undisturbed run leaves.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.attack import disturbances, intrusions
from benchmarks.attack.works import load
from benchmarks.rounds import Limit, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.attack.tally import Tally

DISTURBED = ("kills", "disk", "clock", "twice", "model")
CLASSES = (*DISTURBED, "tampering", "archives", "web", "commands")


def main() -> None:
    """Read the command line, attack, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.attack", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--only", action="append", choices=CLASSES, help="of all; may be repeated")
    parser.add_argument("--kills", type=int, default=200, help="[200]")
    parser.add_argument("--rounds", type=int, default=1, help="of full disks, pairs and bad files [1]")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn at random [1]")
    parser.add_argument("--json", action="store_true", help="for benchmarks.__main__")
    chosen = parser.parse_args()
    tallies = []
    with tempfile.TemporaryDirectory() as scratch:
        for tally, seconds in _attack(Path(scratch), chosen):
            tallies.append(tally)
            if not chosen.json:
                said = f"{tally.name:20} {tally.tries:>6,} tries {len(tally.failures):>4} failures"
                print(f"{said} {seconds:>6.1f} s", *tally.failures[:9], sep="\n    ", flush=True)
    tries, failures = sum(each.tries for each in tallies), sum(len(each.failures) for each in tallies)
    if chosen.json:
        rows = [
            Limit(name=f"attack: {each.name}", unit="failures", target=0, ours=(len(each.failures),))
            for each in tallies
        ]
        more = {f"attack: {each.name}, tries": each.tries for each in tallies}
        report(rows, ("scrapy", "fastapi"), as_json=True, more=more)
        return
    print(f"{'all':20} {tries:>6,} tries {failures:>4} failures")
    sys.exit(int(failures > 0))


def _attack(scratch: Path, chosen: argparse.Namespace) -> Iterator[tuple[Tally, float]]:
    """Yield each class as it ends, with its seconds. Those that fork come first: nothing has threads yet."""
    chance, wanted = random.Random(chosen.seed), chosen.only or CLASSES
    load()
    bench = disturbances.Bench(scratch) if set(DISTURBED) & set(wanted) else None
    classes: dict[str, Callable[[], list[Tally]]] = {
        "kills": lambda: disturbances.kills(_there(bench), chosen.kills, chosen.seed),
        "disk": lambda: [disturbances.full_disks(_there(bench), 18 * chosen.rounds, chance)],
        "clock": lambda: [disturbances.clocks(_there(bench))],
        "twice": lambda: [disturbances.twice_at_once(_there(bench), chosen.rounds)],
        "model": lambda: [intrusions.model_folder(scratch / "score" / "base", scratch, chance)],
        "tampering": lambda: [intrusions.tampering()],
        "archives": lambda: intrusions.archives_and_live(scratch, chance),
        "web": lambda: [intrusions.web(scratch)],
        "commands": lambda: [intrusions.command_lines(scratch, chosen.rounds)],
    }
    for name in CLASSES:
        if name in wanted:
            began = time.monotonic()
            tallies = classes[name]()
            for tally in tallies:
                yield tally, (time.monotonic() - began) / len(tallies)


def _there(bench: disturbances.Bench | None) -> disturbances.Bench:
    assert bench is not None
    return bench


if __name__ == "__main__":
    main()
