"""Classes of tries that disturb work: kills, full disks, wrong clocks, and work done twice at once."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.attack.tally import Tally
from benchmarks.attack.works import NOW, STEADY, TRACEBACK, WORKS, faults_of, in_child, seconds_of, store_of
from store.accounts.sessions import Limits, begin_attempt
from store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path
    from random import Random

    from benchmarks.attack.works import Content, Work

KILLS_AT_MOST = 6
"""Kills of one run before it is let end."""


class Bench:
    """Each work prepared once, with what it leaves undisturbed and the seconds that takes."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._number = 0
        self.expected: dict[str, Content] = {}
        self.seconds: dict[str, float] = {}
        for work in WORKS:
            self._base(work).mkdir(parents=True)
            work.prepare(self._base(work))
            folder = self.fresh(work)
            self.seconds[work.name] = seconds_of(partial(work.do, folder, NOW))
            self.expected[work.name] = work.content(folder)
            shutil.rmtree(folder)

    def _base(self, work: Work) -> Path:
        return self._scratch / work.name / "base"

    def fresh(self, work: Work) -> Path:
        """Return a new copy of what the work begins with."""
        self._number += 1
        folder = self._scratch / work.name / str(self._number)
        shutil.copytree(self._base(work), folder)
        return folder

    def judge(
        self, work: Work, folder: Path, tally: Tally, what: str, *, may_take_runs: bool = False
    ) -> None:
        """Let disturbed work end, compare what it leaves with an undisturbed run, and remove it.

        Args:
            work: The work.
            folder: Where it was done.
            tally: Takes a failure.
            what: The disturbance.
            may_take_runs: Whether a run may have failed, so that another did the rest.
        """
        if not work.is_done(folder) and (code := in_child(partial(work.do, folder, NOW))):
            tally.fail(f"{what}: it could not be gone on with (exit code {code})")
        elif faults := faults_of(folder):
            tally.fail(f"{what}: {faults}")
        else:
            found, expected = work.content(folder), self.expected[work.name]
            compared = [name for name in found if not may_take_runs or name in STEADY]
            if differs := [name for name in compared if found[name] != expected.get(name)]:
                tally.fail(f"{what}: {', '.join(differs)} differ from an undisturbed run")
        shutil.rmtree(folder)


def kills(bench: Bench, count: int, seed: int) -> list[Tally]:
    """Kill each work at random moments, so often in all; some runs several times. Two works go on at once."""
    context = multiprocessing.get_context("fork")
    lanes = []
    for works in (WORKS[::2], WORKS[1::2]):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_kill_all, args=(bench, works, count / len(WORKS), seed, theirs))
        process.start()
        theirs.close()
        lanes.append((process, ours))
    tallies = []
    for process, ours in lanes:
        tallies += ours.recv()
        process.join()
    return tallies


def _kill_all(bench: Bench, works: Sequence[Work], count: float, seed: int, answer: Connection) -> None:
    answer.send([_kill(bench, work, count, random.Random(f"{seed} {work.name}")) for work in works])


def _kill(bench: Bench, work: Work, count: float, chance: random.Random) -> Tally:
    tally = Tally(f"kills: {work.name}")
    while tally.tries < count:
        folder = bench.fresh(work)
        for _ in range(KILLS_AT_MOST):
            moment = chance.uniform(0.001, 0.9 * bench.seconds[work.name])
            if in_child(partial(work.do, folder, NOW), killed_after=moment) < 0:
                tally.tries += 1
                if faults := faults_of(folder):
                    tally.fail(f"killed after {moment:.3f} s: {faults}")
            if work.is_done(folder):
                break
        bench.judge(work, folder, tally, "killed and gone on with")
    return tally


def full_disks(bench: Bench, count: int, chance: Random) -> Tally:
    """Let no file grow beyond a random size while work is done; then there is room again."""
    tally = Tally("full disk")
    for number in range(count):
        work = WORKS[number % len(WORKS)]
        folder = bench.fresh(work)
        limit = chance.randrange(1_000, 3_000_000)
        tally.tries += 1
        code = in_child(partial(work.do, folder, NOW), largest_file=limit)
        if code == TRACEBACK or code < 0:
            tally.fail(f"{work.name} with files up to {limit:,} bytes ended with exit code {code}")
        bench.judge(work, folder, tally, f"{work.name} with files up to {limit:,} bytes", may_take_runs=True)
    return tally


def clocks(bench: Bench) -> Tally:
    """Set the clock back or ahead by a minute, a day and years before each work, and after failed log-ins."""
    tally = Tally("clock")
    shifts = [timedelta(minutes=-1), timedelta(days=-1), timedelta(days=-3_650), timedelta(days=3_650)]
    for work in WORKS:
        for shift in shifts:
            folder = bench.fresh(work)
            tally.tries += 1
            moment = NOW + shift
            code = in_child(partial(work.do, folder, moment))
            if code not in {0, 1}:  # 1: a sentence, e.g. that the archive was not supplied yet
                tally.fail(f"{work.name} {shift} off ended with exit code {code}")
            bench.judge(work, folder, tally, f"{work.name} {shift} off")
    for shift in shifts:
        tally.tries += 1
        folder = bench.fresh(WORKS[1])
        with closing(open_database(store_of(folder))) as db:
            for _ in range(30):
                begin_attempt(db, "ada", "192.0.2.1", limits=Limits(), now=NOW)
            waited = begin_attempt(db, "ada", "192.0.2.1", limits=Limits(), now=NOW + shift).wait
        if waited > Limits().window:
            tally.fail(f"a log-in waits {waited} after the clock was set by {shift}")
        shutil.rmtree(folder)
    return tally


def twice_at_once(bench: Bench, rounds: int) -> Tally:
    """Do each work in two processes at once, as two services would."""
    tally = Tally("two at once")
    for _ in range(rounds):
        for work in WORKS:
            folder = bench.fresh(work)
            tally.tries += 1
            ahead = os.fork()
            if not ahead:
                os._exit(in_child(partial(work.do, folder, NOW)))
            codes = [in_child(partial(work.do, folder, NOW))]
            codes.append(os.waitstatus_to_exitcode(os.waitpid(ahead, 0)[1]))
            if not set(codes) <= {0, 1} or 0 not in codes:
                tally.fail(f"{work.name} ended with exit codes {codes}")
            # If both ended well, one began after the other had ended, so there may be two runs.
            one_after_the_other = set(codes) == {0}
            bench.judge(
                work, folder, tally, f"{work.name} done twice at once", may_take_runs=one_after_the_other
            )
    return tally
