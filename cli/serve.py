"""`serve`: the review app, wired to the parts of other packages that it does not import."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from functools import cache, lru_cache, partial
from itertools import groupby
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from cli.law import law_options
from cli.options import AnyFile, database_option, sources_option
from cli.output import open_store
from review.web.providers import (
    TRIAL_PAGES,
    Drawing,
    Jurisdiction,
    KeptPage,
    LawEntry,
    NewSource,
    PageView,
    Reference,
    ServiceApi,
    Trial,
)
from store.messages import harmless
from store.times import utc_now

TRIAL_SECONDS = 60
DRAWN_PAGES = 4

REREAD_S = 5
"""Seconds after which the app looks for newly accepted imports."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from classifier.gazetteer import Law, Substance
    from classifier.gazetteer import LawEntry as KnownEntry
    from store.audit.audit import Origin
    from store.crawl.runs import Attempt
    from store.database import Database
    from store.model import ListingContent, Run, Sighting
    from store.operations.service import Overview, Request


@click.command()
@law_options
@database_option
@sources_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--public-url", default="", metavar="URL", help="The public address of the app behind a reverse proxy."
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="Address or network of a reverse proxy whose X-Forwarded-* headers are trusted.",
)
@click.option("--tls-certificate", type=AnyFile, help="Serve HTTPS with this certificate and its chain, PEM.")
@click.option("--tls-key", type=AnyFile, help="Private key of the certificate, PEM.")
@click.option(
    "--idle-minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True,
    help="End a session after this many minutes without activity.",
)  # fmt: skip
@click.option(
    "--session-hours", type=click.IntRange(1, 72), default=12, show_default=True,
    help="End a session this many hours after login.",
)  # fmt: skip
def command(  # noqa: PLR0913 (options of one command)
    law: Law,
    database: Path,
    sources_file: Path,
    host: str,
    port: int,
    *,
    public_url: str,
    trusted_proxies: tuple[str, ...],
    tls_certificate: Path | None,
    tls_key: Path | None,
    idle_minutes: int,
    session_hours: int,
) -> None:
    """Serve the review app, to review flagged listings in the browser.

    Users must log in; add them with `precursor-watch users add`. By default the app listens on this machine
    only. For a reverse proxy, see docs/reverse-proxy.md.

    Example: precursor-watch serve
    """
    from review.web.serve import Tls, serve
    from review.web.settings import Safety

    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("Give --tls-certificate and --tls-key together.")
    safety = Safety(
        public_url=public_url.rstrip("/"),
        trusted_proxies=trusted_proxies,
        idle=timedelta(minutes=idle_minutes),
        longest=timedelta(hours=session_hours),
    )
    tls = Tls(certificate=tls_certificate, key=tls_key) if tls_certificate and tls_key else None

    def announce(address: str) -> None:
        click.echo(f"Reviewing at {address} (stop with Ctrl+C)", err=True)

    serve(
        database,
        host,
        port,
        safety=safety,
        tls=tls,
        reference=reference_for(database, law),
        service_api=service_api_for(database, sources_file),
        announce=announce,
    )


def reference_for(database: Path, law: Law) -> Reference:
    """Return the app's access to the law and the stored pages, read on first use."""
    from store.crawl.evidence import evidence_folder

    def contacts(text: str, location: str, language: str, url: str) -> list[tuple[int, int]]:
        from suppliers.update import places_to_mask

        return places_to_mask(text, location, language, url)

    def now() -> Law:
        return _with_imports(database, law, int(monotonic() / REREAD_S))

    def draw(parent: str, compound: str) -> Drawing | None:
        from classifier.gazetteer.molecules import draw as drawn

        return Drawing(*found) if (found := drawn(parent, compound)) else None

    folder = evidence_folder(database)
    return Reference(
        draw=draw,
        contacts=contacts,
        law=lambda substances: law_of(now(), substances),
        jurisdictions=lambda substances: jurisdictions_of(now(), substances),
        names=lambda terms: names_of(now(), terms),
        law_state=partial(law_state_of, law),
        page=lambda db, page_id: kept_page(db, folder, page_id),
        view=partial(page_view, folder, {}),
        evidence=folder,
    )


@lru_cache(maxsize=2)
def _with_imports(database: Path, law: Law, _period: int) -> Law:
    """Return a law with the imports that a store has accepted by now."""
    from classifier.gazetteer.state import with_imports

    with open_store(database) as db:
        return with_imports(db, law)


def law_of(law: Law, substances: Iterable[str]) -> list[LawEntry]:
    """Return the law's entries for substances by canonical name; an unknown name has none."""
    by_name = _substances(law)
    return [
        _shown(by_name[name], entry)
        for name in substances
        if name in by_name
        for entry in by_name[name].entries
    ]


def jurisdictions_of(law: Law, substances: Iterable[str]) -> list[Jurisdiction]:
    """Return what each jurisdiction says of substances: the law's own first, each once for a substance."""
    by_name = _substances(replace(law, instruments=law.profiles))

    def group(entry: KnownEntry) -> tuple[bool, str]:
        return entry.profile not in law.instruments, entry.jurisdiction

    found = [
        Jurisdiction(
            substance=name,
            name=jurisdiction,
            is_own=not is_other,
            entries=tuple(_shown(by_name[name], entry) for entry in entries),
        )
        for name in substances
        if name in by_name
        for (is_other, jurisdiction), entries in groupby(
            sorted(by_name[name].entries, key=lambda entry: entry.profile not in law.instruments), key=group
        )
    ]
    return sorted(found, key=lambda each: not each.is_own)


def law_state_of(law: Law, db: Database, today: date) -> dict[str, object]:
    """Return what each profile holds, and the entries that begin or end soon, as of an import that waits."""
    from classifier.gazetteer.state import changes_within, profile_states, with_imports
    from cli.settings import load_settings
    from scheduler.settings import AlarmSettings

    days = load_settings(AlarmSettings).law_days
    return {
        "profiles": profile_states(with_imports(db, law)),
        "changes": changes_within(with_imports(db, law, even_waiting=True), today, days),
        "days": days,
    }


def names_of(law: Law, terms: str) -> dict[str, str]:
    """Map the words of a search, each and all together, to the canonical names of substances."""
    from text.normalise import comparable

    words = terms.split()
    asked = dict.fromkeys([*words, " ".join(words)])
    known = _names(law)
    return {each: known[comparable(each)] for each in asked if comparable(each) in known}


def kept_page(db: Database, folder: Path, page_id: int) -> KeptPage | None:
    """Return a stored page, or None when its bytes are missing or differ from the record in the store."""
    from crawler.evidence.warc_records import EvidenceWrong, NoEvidence, show
    from crawler.extract.document import decode_page

    try:
        record, kept, body = show(db, folder, str(page_id))
    except (NoEvidence, EvidenceWrong):
        return None
    headers = {name.lower(): value for name, value in kept.http_headers}
    return KeptPage(html=decode_page(body, headers.get("content-type")), sha256=record.payload_sha256)


def page_view(
    folder: Path, drawn: dict[tuple[int, str], PageView], db: Database, sighting: Sighting
) -> PageView:
    """Return the screenshot that the crawl kept, or draw the stored page now, without scripts.

    `drawn` remembers the last few pages that were drawn now, since their picture is asked for next.
    """
    from crawler.evidence.warc_records import EvidenceWrong, body_of
    from store.crawl.pages import drawing_of

    drawing = drawing_of(db, sighting.page_id)
    if drawing:
        try:
            picture = body_of(db, folder, drawing.view_record_id)
        except EvidenceWrong as error:
            return PageView(why_not=str(error))
        return PageView(
            picture=picture,
            sha256=hashlib.sha256(picture).hexdigest(),
            boxes=drawing.boxes,
            drawn_with=drawing.drawn_with,
            is_evidence=True,
        )
    kept = kept_page(db, folder, sighting.page_id)
    if kept is None:
        return PageView()
    key = (sighting.page_id, kept.sha256)
    if key not in drawn:
        while len(drawn) >= DRAWN_PAGES:
            drawn.pop(next(iter(drawn)))
        drawn[key] = _drawn_now(kept.html, sighting.content)
    return drawn[key]


def _drawn_now(html: str, content: ListingContent) -> PageView:
    from crawler.render import why_not
    from crawler.render.browser import DrawingFailed, draw_kept

    if why := why_not():
        return PageView(why_not=why)
    try:
        drawn = draw_kept("https://kept.invalid/", html, content)
    except DrawingFailed as error:
        return PageView(why_not=str(error))
    (state,) = drawn.states
    return PageView(
        picture=state.picture,
        sha256=hashlib.sha256(state.picture).hexdigest(),
        boxes=state.boxes,
        drawn_with=drawn.version,
    )


def _shown(substance: Substance, entry: KnownEntry) -> LawEntry:
    is_early = entry.since is not None and entry.since > utc_now().date()
    return LawEntry(
        substance=substance.name,
        instrument=entry.instrument,
        list_name=entry.list_name,
        since=entry.since_text + entry.ending + (" (not yet in force)" if is_early else ""),
        code=entry.code or entry.item,
        source=entry.source,
    )


@cache
def _substances(law: Law) -> dict[str, Substance]:
    from classifier.gazetteer import load_gazetteer

    gazetteer = load_gazetteer(law)
    return {each.name: each for each in (*gazetteer.substances, *gazetteer.watched)}


@cache
def _names(law: Law) -> dict[str, str]:
    """Map every name and CAS number of listed substances, in comparable form, to the canonical name."""
    from classifier.gazetteer import load_gazetteer
    from text.normalise import comparable

    known: dict[str, str] = {}
    for substance in load_gazetteer(law).substances:
        for name in (substance.name, *substance.cas, *(each.text for each in substance.names)):
            known.setdefault(comparable(name), substance.name)
    return known


def service_api_for(database: Path, sources_file: Path) -> ServiceApi:
    """Return the app's access to the service for a store and a sources file."""
    from scheduler.children import log_of, read_log
    from scheduler.health import overview, standing
    from scheduler.jobs import ask_service

    def find(db: Database, now: datetime) -> Overview:
        return overview(db, database, sources_file, now=now)

    def ask(db: Database, request: Request, source_id: str, *, by: str, origin: Origin, now: datetime) -> int:
        return ask_service(
            db,
            request,
            source_id,
            database=database,
            sources_file=sources_file,
            by=by,
            origin=origin,
            now=now,
        )

    def log_lines(run: Run, attempt: Attempt, lines: int) -> list[str] | None:
        path = log_of(database, run, attempt)
        try:
            return None if path is None else read_log(path, lines=lines)
        except FileNotFoundError:  # purged meanwhile
            return None

    return ServiceApi(
        try_source=partial(try_source, sources_file),
        add_source=partial(declare_source, sources_file),
        teach=partial(ask_teacher, database, sources_file),
        overview=find,
        standing=lambda run: standing(run, database),
        log=log_lines,
        ask=ask,
    )


def declare_source(sources_file: Path, wanted: NewSource, now: datetime, *, write: bool = True) -> Path:
    """Declare a saved source in the sources file, or only check it, and return its archive.

    Raises:
        SourcesUnreadable: If anything is wrong with it.
    """
    from crawler.errors import CrawlError
    from crawler.sources.sources import add_source
    from store.operations.service import SourcesUnreadable

    table = {name: value for name, value in asdict(wanted).items() if name != "source_id"}
    try:
        return add_source(sources_file, wanted.source_id, table, now, write=write)
    except (CrawlError, OSError) as error:
        raise SourcesUnreadable(str(error)) from error


def ask_teacher(database: Path, sources_file: Path, question: Mapping[str, object]) -> dict[str, Any]:
    """Answer a question about teaching a source.

    Raises:
        SourcesUnreadable: If the source cannot be taught so, or there is no answer in a minute.
    """
    from crawler.errors import CrawlError
    from crawler.teach import ask
    from store.operations.service import SourcesUnreadable

    try:
        return ask({**question, "database": str(database), "sources": str(sources_file)})
    except (CrawlError, OSError) as error:
        raise SourcesUnreadable(harmless(str(error))) from error


def try_source(sources_file: Path, wanted: NewSource, now: datetime) -> Trial:
    """Read the first pages of a new source in a process of its own, which stores nothing.

    Raises:
        SourcesUnreadable: If anything is wrong with the source, or its archive cannot be read in a minute.
    """
    from store.operations.service import SourcesUnreadable

    archive = declare_source(sources_file, wanted, now, write=False)
    command = [sys.executable, "-m", "cli", "try-page", str(archive), "--most", str(TRIAL_PAGES), "--json"]
    try:
        done = subprocess.run(  # noqa: S603 (our own command, on a path within the folder)
            command, capture_output=True, timeout=TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourcesUnreadable(f"Its pages were not read within {TRIAL_SECONDS} s.") from error
    if done.returncode:
        raise SourcesUnreadable(harmless(done.stderr.decode(errors="replace").strip()[-1000:]))
    readings = [each["reading"] for each in json.loads(done.stdout)]
    listings = [each["listing"] for each in readings if each["listing"]]
    listings += [row for each in readings for row in each["rows"]]
    return Trial(
        pages=len(readings),
        outcomes=Counter(each["outcome"] for each in readings),
        titles=tuple(each["content"]["title"] for each in listings),
    )
