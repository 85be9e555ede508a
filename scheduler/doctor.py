"""The doctor: checks of everything the product needs, with a remedy for each problem."""

from __future__ import annotations

import importlib.util
import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.gazetteer.class_rules import covered_compounds
from crawler.live.permission import problem
from crawler.pictures.run import what_is_missing
from crawler.render import why_not
from crawler.sources.sources import archive_problem, load_sources
from crawler.workers.confinement import landlock_version
from scheduler.alarms import check_addresses, is_quiet
from scheduler.jobs import WorkLimits, crawl_jobs, maintenance_jobs
from store.crawl.runs import list_runs
from store.database import open_database
from store.errors import StoreError
from store.locks import is_held
from store.messages import counted
from store.model import SourceKind
from store.operations.integrity import check_store
from store.operations.service import standing_alarms
from store.private import open_to_everybody
from store.scores.scores import model_in_use
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scheduler.worker import Settings


PRIVATE = ("", ".evidence", ".locks", ".logs", ".vectors", ".backups", ".trials")
"""Suffixes of the database's name for private files and folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The result of one check."""

    what: str
    problem: str = ""
    """The problem and its remedy, as a sentence; empty if there is none."""
    note: str = ""
    """The finding, if there is no problem."""


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """Yield the diagnosis of each check; a problem does not stop the others."""
    for what, look in _EXAMINATIONS.items():
        try:
            yield Diagnosis(what=what, note=look(settings))
        except StoreError as error:
            yield Diagnosis(what=what, problem=str(error))


class Unwell(StoreError):
    """A check found a problem; the message gives the problem and the remedy."""


def _database(settings: Settings) -> str:
    with closing(open_database(settings.database, must_exist=True)) as db:
        check_store(db, settings.database)
    return f"{settings.database} is intact, {settings.database.stat().st_size / 1e6:,.1f} MB"


def _rights(settings: Settings) -> str:
    beside = (settings.database.with_name(settings.database.name + ending) for ending in PRIVATE)
    if found := [str(path) for path in open_to_everybody(beside)]:
        raise Unwell(
            f"Every user of this machine can read {', '.join(found)}; run `chmod -R o= {' '.join(found)}`."
        )
    return "only the owner or a group can read the database and the files beside it"


def _confinement(settings: Settings) -> str:
    del settings
    if version := landlock_version():
        return f"Landlock {version} keeps the processes that parse pages from files, network and processes"
    return "this kernel has no Landlock: only limits of resources confine the processes that parse pages"


def _sources(settings: Settings) -> str:
    declared = load_sources(settings.sources_file)
    for source_id, each in declared.items():
        if wrong := archive_problem(each):
            raise Unwell(f"{source_id} cannot be crawled: {wrong}.")
        if each.source.kind is SourceKind.LIVE and (wrong := problem(each.permission, utc_now())):
            raise Unwell(f"{source_id} cannot be crawled: {wrong}.")
    return f"{counted(len(declared), 'source', 'sources')}, with all archives and permissions"


def _schedules(settings: Settings) -> str:
    jobs = crawl_jobs(settings.sources_file, WorkLimits())
    maintenance = maintenance_jobs(settings.maintenance, WorkLimits()) if settings.maintenance else {}
    return f"{len(jobs)} crawls and {len(maintenance)} maintenance jobs are scheduled"


def _service(settings: Settings) -> str:
    if not is_held(settings.database, "service"):
        raise Unwell("No service is running on this database; start it with `precursor-watch run`.")
    return "the service is running"


def _model(settings: Settings) -> str:
    with closing(open_database(settings.database, must_exist=True)) as db:
        model = model_in_use(db)
    if model is None:
        raise Unwell("No model is in use, so nothing is scored; train one with `precursor-watch retrain`.")
    folder = settings.database.resolve().parent / model.folder
    if not (folder / "card.json").exists():
        raise Unwell(
            f"The files of model {model.model_id} are missing in {folder}; restore them from a backup."
        )
    return f"model {model.model_id} of {model.created_at:%Y-%m-%d}"


def _embedder(settings: Settings) -> str:
    del settings
    for name in ("torch", "sentence_transformers"):
        if importlib.util.find_spec(name) is None:
            raise Unwell(
                f"The package {name} is not installed; install precursor-watch again, see docs/install.md."
            )
    from classifier.features.embedding import open_embedder

    return f"{open_embedder().name} has its published weights"


def _pictures(settings: Settings) -> str:
    del settings
    if missing := what_is_missing():
        return missing
    return "text in pictures is read in every supported script"


def _structures(settings: Settings) -> str:
    missing = [name for name in ("rdkit", "py2opsin") if importlib.util.find_spec(name) is None]
    missing += [] if shutil.which("java") else ["Java"]
    known = f"{counted(len(covered_compounds()), 'compound', 'compounds')} that class rules cover are known"
    if not missing:
        return f"{known}; the structures of other names can be read, if PRECURSOR_WATCH_IUPAC is on"
    if settings.systematic_names:
        raise Unwell(
            f"PRECURSOR_WATCH_IUPAC is on, but {', '.join(missing)} is missing, so nothing is scored; "
            'install it (extras "iupac" and "chemistry", Debian: default-jre-headless), or turn it off.'
        )
    seen = "structures are not drawn, and " if "rdkit" in missing else ""
    return f"{known}; {seen}no other compound is recognised by its structure: {', '.join(missing)} is missing"


def _drawing(settings: Settings) -> str:
    asked = [name for name, each in load_sources(settings.sources_file).items() if each.rendering]
    if (missing := why_not()) and asked:
        raise Unwell(
            f"The pages of {', '.join(asked)} cannot be drawn, so they are read as they come. {missing}"
        )
    if missing:
        return f"no source needs its pages drawn; {missing}"
    return f"Chromium draws the pages of {counted(len(asked), 'source', 'sources')}"


def _disk(settings: Settings) -> str:
    home = settings.database.resolve().parent
    folder = next(path for path in (home, *home.parents) if path.is_dir())  # the folder may not exist yet
    free_mb = shutil.disk_usage(folder).free / 1e6
    if free_mb < settings.alarms.disk_free_mb:
        raise Unwell(
            f"{free_mb:,.0f} MB are free in {folder}, less than {settings.alarms.disk_free_mb:,}; free some."
        )
    return f"{free_mb:,.0f} MB are free"


def _messages(settings: Settings) -> str:
    check_addresses(settings.alarms.urls)
    is_quiet(settings.alarms, utc_now())
    if not settings.alarms.urls:
        raise Unwell(
            "Alarms reach nobody: no address is set; add one to [alarms] urls, and run `alerts test`."
        )
    return f"alarms go to {counted(len(settings.alarms.urls), 'address', 'addresses')}"


def _clock(settings: Settings) -> str:
    with closing(open_database(settings.database, must_exist=True)) as db:
        newest = list_runs(db, limit=1)
    if newest and newest[0].requested_at > utc_now():
        raise Unwell(
            f"The newest run is dated {newest[0].requested_at:%Y-%m-%d %H:%M} UTC, in the future; check the "
            "clock of this machine."
        )
    return f"it is {utc_now():%Y-%m-%d %H:%M} UTC"


def _alarms(settings: Settings) -> str:
    with closing(open_database(settings.database, must_exist=True)) as db:
        standing = standing_alarms(db)
    if standing:
        raise Unwell(
            f"{counted(len(standing), 'active alarm', 'active alarms')}, first: {standing[0].sentence} "
            "See `precursor-watch alerts list`."
        )
    return "no active alarms"


_EXAMINATIONS: dict[str, Callable[[Settings], str]] = {
    "database": _database,
    "rights": _rights,
    "confinement": _confinement,
    "sources": _sources,
    "schedules": _schedules,
    "service": _service,
    "model": _model,
    "embedder": _embedder,
    "pictures": _pictures,
    "structures": _structures,
    "drawing": _drawing,
    "disk": _disk,
    "messages": _messages,
    "clock": _clock,
    "alarms": _alarms,
}
