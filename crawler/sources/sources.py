"""The sources file: one TOML table per source, validated as a whole before any crawl.

[sources.andes]
name = "Andes Clasificados (saved copy)"
archive = "evidence/andes.wacz"      # relative to this file
supplied_by = "J. Rojas, evidence room"
supplied_on = 2026-11-02
start = ["https://andes.example/quimicos"]      # optional; default: every page in the archive
base_url = "https://andes.example/"             # optional; for files that do not say where they are from
manifest = "evidence/andes-files.csv"           # optional; `file` and `url` columns
schedule = { cron = "30 3 * * *", timezone = "America/Lima" }      # optional; or { every_minutes = 360 }
render = true                                   # optional; draw pages in Chromium, see `crawler.render`

A live source has `live = true`, `start` and a permission instead of an archive, see
`crawler.live.permission`.
"""

from __future__ import annotations

import json
import re
import stat
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from filelock import FileLock

from crawler.errors import CrawlError
from crawler.live.permission import Limits, read_limits, read_permission
from crawler.render import Rendering, read_rendering
from store.messages import reason_of
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.teach.reader import DeclaredReader
    from store.crawl.sources import Permission

SOURCE_ID = re.compile(r"[a-z][a-z0-9_-]{0,62}")
HTTP_ADDRESS = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
REQUIRED = {"name": str, "archive": str, "supplied_by": str, "supplied_on": date}
RENDER = (bool, str, dict)
OPTIONAL = {"start": list, "base_url": str, "manifest": str, "schedule": dict, "render": RENDER}
LIVE_REQUIRED = {"name": str, "live": bool, "start": list}
LIVE_OPTIONAL = {"permission": dict, "limits": dict, "schedule": dict, "render": RENDER}
_KINDS = {
    str: 'text in "quotes"',
    date: "a date like 2026-11-02, without quotes and without a time",
    list: 'a list like ["https://andes.example/quimicos"]',
    dict: "a table like { every_minutes = 360 }",
    bool: "true or false",
    RENDER: 'true, "always" or a table like { when = "needed", scrolls = 3 }',
}
_PLACE = re.compile(r"^(?P<what>.*) \(at line (?P<line>\d+), column \d+\)$")
_FIELD = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*(?P<value>[^#]*[^#\s])")
_TABLE = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]")
_LIKE_A_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""The weekdays as numbered by cron: 0 is Sunday, as is 7."""
_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, WEEKDAYS),
)
"""Name, minimum and maximum of each field, and the words for its numbers."""


class SourcesFileWrong(CrawlError):
    """The sources file is invalid; the message names the table, the key and the remedy."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(f"The sources file {path} cannot be used: {found}.")


class NotSuppliedYet(CrawlError):
    """A saved source's `supplied_on` is in the future."""

    def __init__(self, source: Source, today: date) -> None:
        super().__init__(
            f"sources.{source.source_id}.supplied_on is {source.supplied_on}, which is still to come: this "
            f"machine's clock says {today}. Expected the day on which the archive was supplied; correct it "
            "in the sources file, or the clock."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a source is due."""

    cron: str = ""
    """Five fields: minute, hour, day of month, month, day of week; empty if `every_minutes` is set."""
    timezone: str = "UTC"
    """IANA name, e.g. `America/Lima`; the cron fields use this zone's local time."""
    every_minutes: int = 0
    """Interval in minutes, counted from 1970 in UTC; 0 if `cron` is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSource:
    """A source as declared in the file, with absolute paths."""

    source: Source
    archive: Path | None = None
    """Of a saved source."""
    base_url: str = ""
    manifest: Path | None = None
    start: tuple[str, ...] = ()
    """Start addresses. If empty, every page of the archive is read."""
    schedule: Schedule | None = None
    rendering: Rendering | None = None
    """How pages are drawn; None if they are read as they come."""
    permission: Permission | None = None
    """The permission of a live source; `crawler.live.permission` checks whether it is valid."""
    limits: Limits = field(default_factory=Limits)
    """The limits of a live source."""
    reader: DeclaredReader | None = None
    """The declared reader in `readers/SOURCE.toml` beside the file; None if there is none."""
    reader_problem: str = ""
    """Why that file cannot be used; the general rules then read the pages."""


def load_sources(path: Path) -> dict[str, DeclaredSource]:
    """Return every declared source by its id, in file order.

    Raises:
        SourcesFileWrong: If the file is missing, is not TOML, or any table has a missing, unknown or
            mistyped key.
    """
    try:
        document = read_toml(path)
    except ValueError as error:
        raise SourcesFileWrong(path, str(error)) from error
    tables = document.get("sources")
    if not isinstance(tables, dict) or not tables:
        raise SourcesFileWrong(path, "it declares no source; begin a table with [sources.NAME]")
    return {
        source_id: _with_reader(path, _declared(path, source_id, table))
        for source_id, table in tables.items()
    }


def pick_sources(path: Path, names: tuple[str, ...]) -> list[DeclaredSource]:
    """Return the named sources, or every source when no name is given.

    Raises:
        SourcesFileWrong: As `load_sources`, or if a name is not declared.
    """
    declared = load_sources(path)
    for name in names:
        if name not in declared:
            raise SourcesFileWrong(path, f"there is no source {name!r}; it declares {', '.join(declared)}")
    return [declared[name] for name in names or declared]


def add_source(
    path: Path, source_id: str, table: dict[str, Any], now: datetime, *, write: bool = True
) -> Path:
    """Declare a saved source at the end of the file, and return its archive.

    Args:
        path: The sources file; it is made if there is none.
        source_id: The new source's name.
        table: Its keys, as the file would have them.
        now: The present time.
        write: Whether to write; without, everything is checked and nothing changed.

    Raises:
        SourcesFileWrong: If the file or the table is invalid, the name is taken, or the archive is missing or
            lies outside the folder of the file.
        NotSuppliedYet: If the archive is said to be supplied in the future.
    """
    folder = path.resolve().parent
    with FileLock(folder / f".{path.name}.lock"):
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before.strip() and source_id in load_sources(path):
            raise SourcesFileWrong(path, f"it declares a source {source_id!r} already; choose another name")
        declared = _declared(path, source_id, table)
        archive: Path = (folder / table["archive"]).resolve()
        if not archive.is_relative_to(folder) or archive == folder:
            raise SourcesFileWrong(
                path, f"the archive {table['archive']!r} lies outside {folder}; put it into that folder"
            )
        if why := archive_problem(declared):
            raise SourcesFileWrong(path, why)
        check_supplied(declared, now)
        if not write:
            return archive
        lines = [f"{key} = {_as_toml(value)}" for key, value in table.items()]
        text = "\n".join([before.rstrip(), "", f"[sources.{source_id}]", *lines, ""]).lstrip()
        part = path.with_name(f".{path.name}.new")
        part.write_text(text, encoding="utf-8")
        try:
            load_sources(part)
            if path.exists():
                part.chmod(stat.S_IMODE(path.stat().st_mode))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return archive


def _as_toml(value: object) -> str:
    """Return a text or a date as TOML writes it; the escapes of JSON are TOML's."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value).replace("\x7f", "\\u007f")


def archive_problem(declared: DeclaredSource) -> str:
    """Return why the archive of a saved source cannot be crawled; empty if it can, and for a live source."""
    archive = declared.archive
    if archive is None:
        return ""
    if not archive.exists():
        return f"there is no archive at {archive}; put it there, or correct the sources file"
    if archive.is_dir() and not any(archive.iterdir()):
        return f"the folder {archive} is empty; put the saved pages there, or correct the sources file"
    return ""


def check_supplied(declared: DeclaredSource, now: datetime) -> None:
    """Raise an error if a saved source was supplied in the future; a live source passes.

    Only this source is refused, since a wrong clock must not stop the schedules of all sources.

    Raises:
        NotSuppliedYet: If the day is later than tomorrow, which some time zones have already reached.
    """
    today, source = now.astimezone(UTC).date(), declared.source
    if source.kind is SourceKind.SAVED and date.fromisoformat(source.supplied_on) > today + timedelta(days=1):
        raise NotSuppliedYet(source, today)


def _declared(path: Path, source_id: str, table: Any) -> DeclaredSource:
    is_live = isinstance(table, dict) and table.get("live") is True
    _check_table(path, source_id, table, is_live=is_live)
    if is_live:
        return _declared_live(path, source_id, table)
    folder = path.resolve().parent
    return DeclaredSource(
        source=Source(
            source_id=source_id,
            kind=SourceKind.SAVED,
            name=table["name"],
            supplied_by=table["supplied_by"],
            supplied_on=table["supplied_on"].isoformat(),
        ),
        archive=folder / table["archive"],
        base_url=table.get("base_url", ""),
        manifest=folder / table["manifest"] if "manifest" in table else None,
        start=tuple(table.get("start", ())),
        schedule=_schedule(path, source_id, table.get("schedule")),
        rendering=_rendering(path, source_id, table),
    )


def reader_file(path: Path, source_id: str) -> Path:
    """Return the path of a source's declared reader, which may not exist."""
    return path.resolve().parent / "readers" / f"{source_id}.toml"


def _with_reader(path: Path, declared: DeclaredSource) -> DeclaredSource:
    file = reader_file(path, declared.source.source_id)
    if not file.exists():
        return declared
    from crawler.teach.reader import ReaderWrong, load_reader

    try:
        return replace(declared, reader=load_reader(file))
    except ReaderWrong as error:
        return replace(declared, reader_problem=str(error))


def _declared_live(path: Path, source_id: str, table: dict[str, Any]) -> DeclaredSource:
    try:
        permission = read_permission(table["permission"]) if "permission" in table else None
        limits = read_limits(table.get("limits", {}))
    except ValueError as error:
        raise SourcesFileWrong(path, f"sources.{source_id}: {error}") from error
    return DeclaredSource(
        source=Source(
            source_id=source_id,
            kind=SourceKind.LIVE,
            name=table["name"],
            supplied_by=permission.approved_by if permission else "",
            supplied_on=permission.valid_from.isoformat() if permission and permission.valid_from else "",
        ),
        start=tuple(table["start"]),
        schedule=_schedule(path, source_id, table.get("schedule")),
        rendering=_rendering(path, source_id, table),
        permission=permission,
        limits=limits,
    )


def _rendering(path: Path, source_id: str, table: dict[str, Any]) -> Rendering | None:
    try:
        return read_rendering(table.get("render", False))
    except ValueError as error:
        raise SourcesFileWrong(path, f"sources.{source_id}: {error}") from error


def _check_table(path: Path, source_id: str, table: Any, *, is_live: bool) -> None:
    required, optional = (LIVE_REQUIRED, LIVE_OPTIONAL) if is_live else (REQUIRED, OPTIONAL)
    if not SOURCE_ID.fullmatch(source_id):
        raise SourcesFileWrong(path, f"{source_id!r} is not a source name; use a-z, 0-9, - and _")
    if not isinstance(table, dict):
        raise SourcesFileWrong(path, f"sources.{source_id} is not a table")
    for key, value in table.items():
        expected: Any = {**required, **optional}.get(key)
        if expected is None:
            known = ", ".join([*required, *optional])
            raise SourcesFileWrong(path, f"sources.{source_id} has an unknown key {key!r}; it knows {known}")
        if not isinstance(value, expected) or isinstance(value, datetime):
            shown = _shown(value)
            raise SourcesFileWrong(path, f"sources.{source_id}.{key} is {shown}, not {_KINDS[expected]}")
    for key in required:
        if key not in table:
            raise SourcesFileWrong(path, f"sources.{source_id} lacks {key!r}")
    for url in [*table.get("start", []), *([table["base_url"]] if "base_url" in table else [])]:
        if not isinstance(url, str) or not HTTP_ADDRESS.match(url):
            raise SourcesFileWrong(
                path, f"sources.{source_id} gives {url!r}, which is not an http(s) address"
            )


def _shown(value: object) -> str:
    """Return a value as written in the file, or the type of a long value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a table"
    return repr(value) if isinstance(value, str) else str(value)


def _schedule(path: Path, source_id: str, table: dict[str, Any] | None) -> Schedule | None:
    if table is None:
        return None
    where = f"sources.{source_id}.schedule"
    every = table.get("every_minutes")
    if set(table) == {"every_minutes"} and type(every) is int and every > 0:
        return Schedule(every_minutes=every)
    if set(table) != {"cron", "timezone"} or not all(isinstance(value, str) for value in table.values()):
        raise SourcesFileWrong(
            path, f"{where} needs either cron and timezone, two texts, or every_minutes, a number above 0"
        )
    if why := cron_problem(table["cron"]):
        raise SourcesFileWrong(path, f"{where}.cron is {table['cron']!r}: {why}")
    try:
        ZoneInfo(table["timezone"])
    except (KeyError, ValueError, OSError) as error:
        raise SourcesFileWrong(
            path, f"{where}.timezone {table['timezone']!r} is not an IANA zone like 'America/Lima'"
        ) from error
    return Schedule(cron=table["cron"], timezone=table["timezone"])


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        ValueError: If it cannot be read or is not TOML; the message is the middle of a sentence.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{reason_of(error)}; see the README for an example"
        raise ValueError(message) from error
    except UnicodeDecodeError as error:
        raise ValueError(reason_of(error)) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(_toml_fault(text, str(error))) from error


def _toml_fault(text: str, found: str) -> str:
    place = _PLACE.match(found)
    lines = text.split("\n")
    if place is None or (number := int(place["line"])) > len(lines):
        return f"it is not complete TOML ({found})"
    line = lines[number - 1]
    field = _FIELD.match(line)
    if field is None:
        return f"line {number} is not TOML: {line.strip()!r} ({place['what']})"
    table = next((named["name"] for each in reversed(lines[:number]) if (named := _TABLE.match(each))), "")
    where = f"{table}.{field['key']}" if table else field["key"]
    if _LIKE_A_DATE.fullmatch(field["value"]):
        return (
            f"{where} (line {number}) is {field['value']}, not a calendar date like 2026-11-02 "
            "(year, month, day)"
        )
    return (
        f"{where} (line {number}) is {field['value']}, which is not a TOML value ({place['what']}); "
        'text needs "quotes", and a date looks like 2026-11-02'
    )


def cron_problem(cron: str) -> str:
    """Return the reason why a cron line is invalid; empty if it is valid.

    A line must not restrict both the day of the month and the weekday, because cron then requires either day
    and APScheduler both.

    >>> cron_problem("99 3 * * *")
    "its minute is '99', not *, or 0 to 59"
    """
    fields = cron.lower().split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields, not five like '30 3 * * *'"
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        for part in text.split(","):
            if why := _problem(part, least, most, words):
                return f"its {name} is {text!r}, {why}"
    if fields[2] != "*" and fields[4] != "*":
        return "it restricts both the day of the month and the weekday; leave one of them *"
    return ""


def _problem(part: str, least: int, most: int, words: tuple[str, ...]) -> str:
    span, slash, step = part.partition("/")
    first, dash, last = (str(least), "-", str(most)) if span == "*" else span.partition("-")
    begin = _number(first, least, most, words)
    end = _number(last, least, most, words) if dash else most if slash else begin
    if begin is None or end is None:
        named = f", or {words[words[0] == '']} to {words[-1]}" if words else ""
        return f"not *, or {least} to {most}{named}"
    if dash and first.isdecimal() != last.isdecimal():
        return f"whose range {span!r} mixes a word and a number"
    if end < begin and words != WEEKDAYS:
        return f"whose range {span!r} runs backwards"
    if slash and not (step.isascii() and step.isdecimal() and 0 < int(step) <= max(1, most - least)):
        return f"whose step {step!r} is not a number above zero and below {most - least + 1}"
    if slash and words != WEEKDAYS and int(step) > end - begin:
        return f"whose step {step!r} is longer than its range"
    return ""


def _number(text: str, least: int, most: int, words: tuple[str, ...]) -> int | None:
    if text and text in words:
        return words.index(text)
    is_number = text.isascii() and text.isdecimal() and least <= int(text) <= most
    return int(text) if is_number else None
