"""Live through the days, account for them, and print the table; exit with 1 if a line does not hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ninety_days.account import account, tally
from benchmarks.ninety_days.simulation import live

SHOWN = 5
"""How much of what does not hold is printed of each line."""


def main() -> None:
    """Read the command line, simulate, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ninety_days")
    parser.add_argument("--days", type=int, default=90, help="[90]")
    parser.add_argument("--seed", type=int, default=7, help="of the faults [7]")
    parser.add_argument("--keep", type=Path, help="a folder to leave the store in")
    chosen = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        lived = live(folder, days=chosen.days, seed=chosen.seed)
        lines, counts = account(lived), tally(lived)
    print(f"{chosen.days} days, seed {chosen.seed}, in {time.perf_counter() - began:.0f} s\n")
    for name, count in counts.items():
        print(f"  {name:45} {count:6,}")
    print(f"\n  {'what had to be so':45} {'expected':>8} {'found':>8}")
    for line in lines:
        print(
            f"  {line.what:45} {line.expected:8,} {line.found:8,}  "
            f"{'holds' if line.holds else 'DOES NOT HOLD'}"
        )
        for words in line.wrong[:SHOWN]:
            print(f"      {words}")
        if len(line.wrong) > SHOWN:
            print(f"      and {len(line.wrong) - SHOWN} more")
    sys.exit(0 if all(line.holds for line in lines) else 1)


if __name__ == "__main__":
    main()
