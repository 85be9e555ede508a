"""Work that is killed, starved, set back in time or done twice, and what it must leave all the same."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import time
import traceback
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.gazetteer import default_gazetteer
from classifier.scoring import score_new
from classifier.training.candidate import RetrainOptions, retrain
from crawler.evidence.verify import verify as verify_evidence
from crawler.run.run import crawl_source
from crawler.sources.sources import DeclaredSource
from crawler.workers import CrawlSettings
from crawler.workers.pool import parsing
from fixtures.builders.store import score, use
from fixtures.builders.word_embedder import WordEmbedder
from fixtures.comparable import comparable
from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import STEMS, read_site
from scheduler.maintenance.backup import check_backup, list_backups, make_backup, restore
from scheduler.maintenance.upkeep import find_purgeable, purge
from scheduler.settings import MaintenanceSettings
from store.audit.verification import verify as verify_audit
from store.crawl.evidence import evidence_folder
from store.database import open_database
from store.errors import StoreError
from store.model import RunKind, RunOutcome, Source, SourceKind
from store.operations.integrity import check_store
from store.operations.retention import place_hold
from store.scores.scores import record_scores, unscored_sightings

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=365)
NIGHT = NOW + timedelta(hours=12)
TRAINING = Path(__file__).parents[2] / "fixtures" / "training" / "listings.jsonl"
SITES = STEMS[:1]
CARE = MaintenanceSettings(evidence_days=30)
TRACEBACK = 70
"""Exit code of work that ended in an error that is no sentence."""

Content = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One kind of work on a store."""

    name: str
    do: Callable[[Path, datetime], object]
    """Done in a folder, at a time by its clock."""
    is_done: Callable[[Path], bool]
    """Whether nothing is left to do."""
    content: Callable[[Path], Content]
    """What is compared with an undisturbed run."""
    prepare: Callable[[Path], object]
    """Fill an empty folder."""


def store_of(folder: Path) -> Path:
    """Return the database of a folder."""
    return folder / "store.db"


def in_child(
    work: Callable[[], object], *, killed_after: float | None = None, largest_file: int | None = None
) -> int:
    """Do work in a fork of this process and return its exit code, negative for the signal that ended it.

    Args:
        work: Done in the child.
        killed_after: Seconds after which the kernel ends the child, wherever it is.
        largest_file: Bytes that no file may exceed, as on a full disk.
    """
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = TRACEBACK
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        if largest_file:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
        if killed_after:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, killed_after)
        work()
        code = 0
    except (StoreError, OSError):
        code = 1
    except BaseException:  # noqa: BLE001 (the parent is told by the exit code)
        traceback.print_exc()
    finally:
        os._exit(code)


def seconds_of(work: Callable[[], object]) -> float:
    """Do work undisturbed in a child and return how long it took.

    Raises:
        RuntimeError: If it failed.
    """
    began = time.monotonic()
    if code := in_child(work):
        raise RuntimeError(f"undisturbed work ended with exit code {code}")
    return time.monotonic() - began


def load() -> None:
    """Load what every child needs, once."""
    default_gazetteer()


def faults_of(folder: Path) -> str:
    """Return what is broken in the store of a folder; empty if it is whole or not there yet."""
    database = store_of(folder)
    if not database.exists():
        return ""
    try:
        with closing(open_database(database)) as db:
            check_store(db, database)
            verify_audit(db)
            verify_evidence(db, evidence_folder(database))
    except StoreError as error:
        return str(error)
    return ""


def _content(folder: Path, *leave_out: str) -> Content:
    with closing(open_database(store_of(folder))) as db:
        return {name: rows for name, rows in comparable(db).items() if name not in leave_out}


STEADY = ("sources", "listings", "models", "promotions", "scores", "verdicts", "searchable", "different")
"""What does not tell how many runs it took; a run that failed is followed by another."""


def _saved(folder: Path) -> DeclaredSource:
    source = Source(
        source_id="all", kind=SourceKind.SAVED, name="Saved marketplaces", supplied_by="the attack",
        supplied_on="2026-11-24",
    )  # fmt: skip
    starts = tuple(read_site(each).base_url + "/" for each in SITES)
    return DeclaredSource(source=source, archive=folder / "saved", start=starts)


def _crawl(folder: Path, now: datetime) -> None:
    with parsing(CrawlSettings(workers=0)) as parse:
        crawl_source(store_of(folder), _saved(folder), now=lambda: now, parse=parse)


def _score(folder: Path, now: datetime) -> None:
    score_new(store_of(folder), embedder=WordEmbedder(), now=lambda: now, together=20)


def _retrain(folder: Path, now: datetime) -> None:
    options = RetrainOptions(
        starter=folder / "starter.jsonl", models_folder=folder / "models", embedder="words"
    )
    retrain(store_of(folder), options, embedder=WordEmbedder(), now=lambda: now)


def _backup(folder: Path, now: datetime) -> None:
    tried = sum(1 for _ in (folder / "backups").glob("*"))  # a backup is named by the second of its beginning
    make_backup(store_of(folder), folder / "backups", now=now + timedelta(seconds=tried))


def _restore(folder: Path, now: datetime) -> None:
    (backup, *_) = list_backups(folder / "backups")
    restore(backup, store_of(folder), replace=True, by="attack", now=now)


def _purge(folder: Path, _: datetime) -> None:
    purge(store_of(folder), CARE, by="attack", now=LATER)


def _save_sites(folder: Path) -> None:
    for stem in SITES:
        write_site(stem, "folder", folder / "saved" / stem)


def _begin(folder: Path) -> None:
    """Save the sites and a small starter set."""
    _save_sites(folder)
    rows = TRAINING.read_text("utf-8").splitlines()[::64]
    short = [json.dumps({**json.loads(row), "description": ""}) for row in rows]
    (folder / "starter.jsonl").write_text("\n".join(short), "utf-8")


def _prepare_crawled(folder: Path) -> None:
    _begin(folder)
    seconds_of(lambda: _crawl(folder, NOW))


def _prepare_trained(folder: Path) -> None:
    _prepare_crawled(folder)
    seconds_of(lambda: _retrain(folder, NOW))


def _prepare_backed_up(folder: Path) -> None:
    _prepare_crawled(folder)
    _backup(folder, NOW)
    with closing(open_database(store_of(folder))) as db:
        place_hold(db, "", reason="After the backup", by="attack", now=NIGHT)


def _prepare_purgeable(folder: Path) -> None:
    _prepare_crawled(folder)
    with closing(open_database(store_of(folder))) as db:
        use(db)
        waiting = unscored_sightings(db, "aaaaaaaaaaaa", limit=10_000)
        record_scores(db, [score(each.sighting_id, 0.01) for each in waiting])


def _has_ended(kind: RunKind) -> Callable[[Path], bool]:
    def is_done(folder: Path) -> bool:
        if not store_of(folder).exists():
            return False
        with closing(open_database(store_of(folder))) as db:
            query = "SELECT count(*) FROM run_log WHERE kind = ? AND outcome = ?"
            return bool(db.execute(query, [kind, RunOutcome.DONE]).fetchone()[0])

    return is_done


def _has_holds(folder: Path) -> bool:
    with closing(open_database(store_of(folder))) as db:
        return bool(db.execute("SELECT count(*) FROM legal_holds").fetchone()[0])


def _restored(folder: Path) -> Content:
    return {**_content(folder, "runs"), "evidence": _files(evidence_folder(store_of(folder)))}


def _backed_up(folder: Path) -> Content:
    """Restore every backup that is there, and return what they hold; each must hold the store."""
    held = [_content(folder)]
    for backup in list_backups(folder / "backups"):
        check_backup(backup)
        there = folder / "elsewhere"
        shutil.rmtree(there, ignore_errors=True)
        restore(backup, store_of(there), by="attack", now=NIGHT)
        held.append(_content(there))
    return {"different": [each for each in held if each != held[0]], "store": held[0]}


def _purged(folder: Path) -> Content:
    with closing(open_database(store_of(folder))) as db:
        buried = sorted(tuple(row) for row in db.execute("SELECT sha256, reason FROM evidence_tombstones"))
    return {**_content(folder), "buried": buried, "evidence": len(_files(evidence_folder(store_of(folder))))}


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


WORKS = (
    Work(name="crawl", do=_crawl, is_done=_has_ended(RunKind.CRAWL), content=_content, prepare=_begin),
    Work(
        name="score", do=_score, is_done=_has_ended(RunKind.SCORE), content=_content,
        prepare=_prepare_trained,
    ),
    Work(
        name="retrain", do=_retrain, is_done=_has_ended(RunKind.RETRAIN),
        content=lambda folder: _content(folder, "runs"), prepare=_prepare_crawled,
    ),
    Work(
        name="backup", do=_backup, is_done=lambda folder: bool(list_backups(folder / "backups")),
        content=_backed_up, prepare=_prepare_crawled,
    ),
    Work(
        name="restore", do=_restore, is_done=lambda folder: not _has_holds(folder), content=_restored,
        prepare=_prepare_backed_up,
    ),
    Work(
        name="purge", do=_purge, content=_purged, prepare=_prepare_purgeable,
        is_done=lambda folder: not find_purgeable(store_of(folder), CARE, now=LATER).evidence,
    ),
)  # fmt: skip
