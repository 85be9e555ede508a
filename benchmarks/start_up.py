"""How long it takes to begin: `--help`, `status` on a filled store, and the review app until it answers.

Each is a process of its own, from its start to its end, or to the first answer over HTTP. The first one of
each kind is not counted: it fills the system's cache of files. The review app must not have loaded torch.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.review_store import generate
from benchmarks.rounds import Limit, report
from fixtures.builders.login import a_user
from store.accounts.users import Role

PACKAGES = ("click", "fastapi", "uvicorn")
HELP_S, STATUS_S, APP_S = 0.3, 0.5, 1.5
LISTINGS, FLAGGED = 20_000, 1_000
PROGRAM = (sys.executable, "-P", "-m", "cli")
SOURCES = Path(__file__).parents[1] / "sources.toml"
AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With that variable, each start would compile this program anew, which takes a third of `--help`."""


def measure(*, listings: int, rounds: int) -> list[Limit]:
    """Begin each so many times over a store of so many listings."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "bench.db"
        generate(store, count=listings, flagged=min(FLAGGED, listings))
        a_user(store, "root", Role.ADMIN)
        status = ["status", "--db", str(store), "--sources", str(SOURCES)]
        return [
            _limit("start-up: --help", HELP_S, [_run("--help") for _ in range(rounds + 1)]),
            _limit("start-up: status", STATUS_S, [_run(*status) for _ in range(rounds + 1)]),
            _limit("start-up: review app answers", APP_S, [_serve(store) for _ in range(rounds + 1)]),
        ]


def _limit(name: str, target: float, seconds: list[float]) -> Limit:
    return Limit(name=name, unit="s", target=target, ours=tuple(seconds[1:]))


def _run(*arguments: str) -> float:
    began = time.perf_counter()
    ended = subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False, env=AS_INSTALLED
    )
    took = time.perf_counter() - began
    if not ended.stdout:  # `status` may well say that not all is well, by its exit code
        message = f"{' '.join(arguments)} said nothing: {ended.stderr}"
        raise RuntimeError(message)
    return took


def _serve(store: Path) -> float:
    began = time.perf_counter()
    command = [*PROGRAM, "serve", "--port", "0", "--db", str(store)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=AS_INSTALLED) as child:
        try:
            assert child.stderr
            address = child.stderr.readline().partition(" at ")[2].split(" ")[0]
            with urllib.request.urlopen(f"{address}login", timeout=60) as answer:
                answer.read()
            took = time.perf_counter() - began
            if "libtorch" in Path(f"/proc/{child.pid}/maps").read_text(encoding="utf-8"):
                message = "The review app has loaded torch."
                raise RuntimeError(message)
        finally:
            child.kill()
    return took


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_up", description=__doc__)
    parser.add_argument("--listings", type=int, default=LISTINGS, help="in the store [20000]")
    parser.add_argument("--rounds", type=int, default=7, help="starts of each [7]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    report(measure(listings=chosen.listings, rounds=chosen.rounds), PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
