"""Every benchmark in one run, each in a process of its own, one after the other: `make bench`.

    python -m benchmarks                      # some 20 minutes on two cores
    python -m benchmarks --quick              # some 2 minutes: does all of it run?
    python -m benchmarks --only crawl --only cluster
    python -m benchmarks --listings listings.jsonl   # JSONL with title, description and label, to score

Prints one table and writes it, with a plot, to `--into`. Ratios are against the stock way in the same run, on
the same input. Exit code 1 if a benchmark could not be run; an aim that is missed is a line of the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.plot import plot
from benchmarks.rounds import HEADING, row_of

INTO = Path("var/bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One module of this package, and the sizes it is run in."""

    name: str
    full: str
    quick: str
    takes_listings: bool = False
    needs: str = ""
    """A package that not everybody installs."""


BENCHMARKS = (
    Benchmark(name="start_up", full="", quick="--rounds 2 --listings 2000"),
    Benchmark(
        name="gazetteer",
        full="--texts 8000 --rounds 5",
        quick="--texts 800 --rounds 2",
        takes_listings=True,
    ),
    Benchmark(
        name="cascade",
        full="--texts 8000 --rounds 3",
        quick="--trained-on 400 --texts 300 --stock-texts 48 --rounds 1",
        takes_listings=True,
    ),
    Benchmark(
        name="rescoring",
        full="",
        quick="--texts 200 --stock-texts 32 --rounds 2",
        takes_listings=True,
    ),
    Benchmark(name="languages", full="--db var/demo.db", quick="--db var/demo.db --quick"),
    Benchmark(name="profiles", full="--db var/demo.db", quick="--db var/demo.db"),
    Benchmark(name="classes", full="", quick="--quick", needs="rdkit"),
    Benchmark(name="crawl", full="", quick="--pages 200 --rounds 1"),
    Benchmark(name="end_to_end", full="", quick="--pages 200 --rounds 1"),
    Benchmark(name="owner", full="", quick="--pages 200 --rounds 1"),
    Benchmark(name="memory", full="", quick="--listings 8192"),
    Benchmark(name="render", full="", quick="--pages 20", needs="playwright"),
    Benchmark(name="pictures", full="--db var/demo.db", quick="--quick", needs="rapidocr"),
    Benchmark(name="linking", full="", quick="--quick"),
    Benchmark(name="pointing", full="", quick="--quick"),
    Benchmark(name="attack", full="", quick="--kills 12"),
    Benchmark(name="review", full="", quick="--listings 10000 --flagged 500 --rounds 40"),
    Benchmark(
        name="cluster",
        full="",
        quick="--texts 1200 --rounds 1",
        takes_listings=True,
        needs="ray",
    ),
)


def main() -> None:
    """Read the command line, run, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument(
        "--only", action="append", choices=[each.name for each in BENCHMARKS], help="of all; may be repeated"
    )
    parser.add_argument("--listings", type=Path, help="what is scored [fixtures and starter set]")
    parser.add_argument("--into", type=Path, default=INTO, help=f"folder for JSON and plot [{INTO}]")
    chosen = parser.parse_args()
    began, results = time.monotonic(), []
    print(HEADING, flush=True)
    for each in BENCHMARKS:
        if not chosen.only or each.name in chosen.only:
            results.append(run(each, is_quick=chosen.quick, listings=chosen.listings))
            print(*_lines(results[-1]), sep="\n", flush=True)
    missed = [row["name"] for each in results for row in each["rows"] if row["met"] is False]
    seconds = time.monotonic() - began
    print(
        f"\n{_machine()}; {seconds / 60:.1f} min" + (" (quick: sizes too small to judge by)" * chosen.quick)
    )
    print(f"Missed: {', '.join(missed) or 'nothing'}.")
    print(*_write(chosen.into, results, is_quick=chosen.quick), sep="\n")
    sys.exit(int(any(each["error"] for each in results)))


def run(benchmark: Benchmark, *, is_quick: bool, listings: Path | None) -> dict[str, Any]:
    """Run one benchmark and return its rows, what else it found, and why it failed if it did."""
    said: dict[str, Any] = {"benchmark": benchmark.name, "rows": [], "machine": "", "more": {}, "error": ""}
    if benchmark.needs and find_spec(benchmark.needs) is None:
        return {**said, "more": {"left out": f"{benchmark.needs} is not installed"}}
    arguments = [*(benchmark.quick if is_quick else benchmark.full).split(), "--json"]
    if benchmark.takes_listings and listings:
        arguments.append(str(listings.resolve()))
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{benchmark.name}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    said["seconds"] = round(time.monotonic() - began, 1)
    try:
        return {**said, **json.loads(ended.stdout.splitlines()[-1])}
    except (IndexError, json.JSONDecodeError):
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {**said, "error": f"exit code {ended.returncode}: {last}"}


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [row_of(row) for row in result["rows"]]
    lines += [f"{'':4}{name}: {value}" for name, value in result["more"].items()]
    return lines + ([f"{result['benchmark']} could not be run, {result['error']}"] * bool(result["error"]))


def _write(into: Path, results: list[dict[str, Any]], *, is_quick: bool) -> list[Path]:
    into.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    paths = [into / f"bench-{at:%Y%m%dT%H%M%SZ}{'-quick' * is_quick}.{kind}" for kind in ("json", "svg")]
    record = {"at": at.isoformat(), "machine": _machine(), "is_quick": is_quick, "results": results}
    paths[0].write_text(json.dumps(record, indent=1), encoding="utf-8")
    rows = [row for each in results for row in each["rows"] if row["aim"] is not None]
    paths[1].write_text(plot(rows, f"{at:%Y-%m-%d %H:%M} UTC, {_machine()}"), encoding="utf-8")
    return paths


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        lines = cpus.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    return (
        f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
