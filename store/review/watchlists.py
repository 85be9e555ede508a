"""Saved lists, the ones that a person follows as watch-lists, and the digests of their new matches.

A watch-list is a saved list: its query is that of the queue or of a search, so a seller, a supplier, a
word, a CAS number or a substance is followed as a search for it. A match is new if its sighting is later
than the person's last look: a listing that is new, or that has changed. What a new model, term or law adds
to a list of older listings is not new: the market did not move, and all of it would come at once.

A digest names lists, counts, sources, substances and addresses of the review app, and nothing that a listing
says: titles and texts hold contacts, and mail is read by others. It holds no score and no verdict, so nothing
that is hidden from its reader.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from gettext import NullTranslations
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from store import rows, times
from store.accounts.users import get_user
from store.errors import N_, StoreError
from store.review.item_query import COUNTED_AMONG, NARROWING, Filter, ItemQuery, Sort, newest_sighting
from store.review.workspace import hidden_share, preferences
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from store.sqlite import Database

MOST_NEW = 99
"""New matches of a list are counted up to this number, and one more that means "more"."""

NAMED = 10
"""Most new matches of a list that a digest names."""

FEW = 5_000
"""Up to this many new sightings are read faster than all matches of a condition."""

A_LOOK = timedelta(minutes=30)
"""Rows stay marked as new for this long after a list was first looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A filtered list that a person saved under a name."""

    view_id: int
    name: str
    query: str
    """The query string of the URL, without the question mark."""
    names: tuple[tuple[str, str], ...] = ()
    """Words of the search that mean a substance, each with its name."""
    followed_at: datetime | None = None
    """When the person began to follow the list; None for a list that is only saved."""
    looked_to: int = 0
    """Later sightings are new."""
    sent_to: int = 0
    """Later sightings were in no digest."""


def save_view(
    db: Database,
    reviewer: str,
    name: str,
    query: str,
    *,
    is_followed: bool = False,
    names: Mapping[str, str] | None = None,
    now: datetime,
) -> None:
    """Save a list under a name, replacing a list of the same name; its present listings are not new."""
    seen, query = _seen_to(db), urlencode(parse_qsl(rows.clean(query)))
    values: list[object] = [reviewer, rows.clean(name.strip()), query, times.to_text(now)]
    values += [rows.to_json(tuple((names or {}).items())), times.to_text(now) if is_followed else None]
    with transaction(db):
        db.execute(
            "INSERT INTO saved_views (reviewer, name, query, saved_at, names, followed_at, looked_to, "
            "marked_from, sent_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (reviewer, name) DO UPDATE "
            "SET query = excluded.query, saved_at = excluded.saved_at, names = excluded.names, "
            "followed_at = excluded.followed_at, looked_to = excluded.looked_to, "
            "marked_from = excluded.marked_from, sent_to = excluded.sent_to",
            [*values, seen, seen, seen],
        )


def follow_view(db: Database, reviewer: str, view_id: int, *, is_followed: bool, now: datetime) -> None:
    """Follow a saved list of a person from now on, or follow it no longer."""
    seen = _seen_to(db)
    with transaction(db):
        db.execute(
            "UPDATE saved_views SET followed_at = ?, looked_to = ?, marked_from = ?, sent_to = ? "
            "WHERE view_id = ? AND reviewer = ?",
            [times.to_text(now) if is_followed else None, seen, seen, seen, view_id, reviewer],
        )


def saved_views(db: Database, reviewer: str) -> list[SavedView]:
    """Return the saved lists of a person, by name."""
    query = "SELECT * FROM saved_views WHERE reviewer = ? ORDER BY name"
    return rows.select(db, SavedView, query, [reviewer])


def forget_view(db: Database, reviewer: str, view_id: int) -> None:
    """Delete a saved list of a person; lists of others stay."""
    with transaction(db):
        db.execute("DELETE FROM saved_views WHERE view_id = ? AND reviewer = ?", [view_id, reviewer])


def look_at(db: Database, reviewer: str, query: str, *, now: datetime) -> int | None:
    """Note that a person looks at a list, and return the sighting after which its rows are marked as new.

    Return None if the person does not follow this list.
    """
    find = """
        SELECT view_id, looked_at, looked_to, marked_from FROM saved_views
        WHERE reviewer = ? AND query = ? AND followed_at IS NOT NULL
    """
    row = db.execute(find, [reviewer, query]).fetchone()
    if row is None:
        return None
    is_later = row["looked_at"] is None or now - times.from_text(row["looked_at"]) > A_LOOK
    marked = int(row["looked_to"] if is_later else row["marked_from"])
    looked_at = times.to_text(now) if is_later else row["looked_at"]
    seen = max(_seen_to(db), row["looked_to"])
    if is_later or seen > row["looked_to"]:
        with transaction(db):
            db.execute(
                "UPDATE saved_views SET looked_at = ?, looked_to = ?, marked_from = ? WHERE view_id = ?",
                [looked_at, seen, marked, row["view_id"]],
            )
    return marked


def count_new(db: Database, reviewer: str) -> dict[int, int]:
    """Return the number of new matches of each list that a person follows, at most `MOST_NEW` + 1."""
    newest = newest_sighting(db)
    return {
        view.view_id: len(_newer(db, reviewer, view, view.looked_to, MOST_NEW + 1)[1])
        if view.looked_to < newest
        else 0
        for view in saved_views(db, reviewer)
        if view.followed_at
    }


def filter_of(query: str) -> Filter:
    """Return the filter of a list's query string, without parameters that are no filters."""
    found: dict[str, object] = {
        "terms" if key == "q" else key: value for key, value in parse_qsl(query) if key in NARROWING
    }
    for name, kind in (("tier", int), ("supplier", int), ("p_from", float), ("p_to", float)):
        try:
            found[name] = kind(str(found[name])) if name in found else None
        except ValueError:
            found[name] = None
    return Filter(**found)  # type: ignore[arg-type]


def _newer(
    db: Database, reviewer: str, view: SavedView, after: int, limit: int, *, until: int | None = None
) -> tuple[ItemQuery, list[int]]:
    """Return the query of a list, and its matches among later sightings (up to `until`), newest first."""
    wanted = filter_of(view.query)
    wanted = replace(wanted, reviewer=reviewer, names=view.names, hidden_share=hidden_share(db, reviewer))
    newest = newest_sighting(db)
    query = ItemQuery(db, wanted, Sort.LIKELY)
    if until is not None:
        query.among("<", until + 1)
    return query, query.newest(max(after + 1, newest - COUNTED_AMONG), limit, are_few=newest - after <= FEW)


def _seen_to(db: Database) -> int:
    """Return the newest sighting that the model in use has scored, as sightings are scored in order.

    A later sighting may still enter a list with its score, so it will be new. Without a model, it is the
    newest sighting.
    """
    query = """
        SELECT sighting_id FROM scores WHERE model_id = (SELECT model_id FROM model_in_use)
        ORDER BY sighting_id DESC LIMIT 1
    """
    row = db.execute(query).fetchone()
    return int(row[0]) if row else newest_sighting(db)


# ---- digests -------------------------------------------------------------------------------------------


def in_english(_code: str) -> NullTranslations:
    """Return the messages as the code has them."""
    return NullTranslations()


class DigestSettingsWrong(StoreError):
    """The settings of a person's digests cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """Where and when a person gets digests."""

    reviewer: str
    address: str = ""
    """Address of e-mail, or `https://` address of a webhook; empty for no digests."""
    times: str = "08:00"
    """Times of day, separated by commas; empty: when there is something new, at most once an hour."""
    quiet_hours: str = ""
    """E.g. `22:00-06:00`."""
    timezone: str = "UTC"
    """IANA name; of the times and the quiet hours."""
    checked_at: datetime | None = None

    def slots(self) -> list[time]:
        """Return the times of day.

        Raises:
            ValueError: If one of them is no time.
        """
        return sorted(time.fromisoformat(each.strip()) for each in self.times.split(",") if each.strip())

    def is_quiet(self, now: datetime) -> bool:
        """Return whether nothing may be sent now.

        Raises:
            ValueError: If the quiet hours are no period.
        """
        return is_within(self.quiet_hours, self.timezone, now)

    def is_due(self, now: datetime) -> bool:
        """Return whether a time of day has passed since the last check, and it is not quiet."""
        checked = self.checked_at or now
        if self.is_quiet(now):
            return False
        slots = self.slots()
        if not slots:
            return now - checked >= timedelta(hours=1)
        zone = ZoneInfo(self.timezone)
        today = now.astimezone(zone).date()
        passed = (
            moment
            for day in (today, today - timedelta(days=1))
            for slot in slots
            if (moment := datetime.combine(day, slot, zone).astimezone(UTC)) <= now
        )
        return max(passed, default=checked) > checked


def is_within(hours: str, timezone: str, now: datetime) -> bool:
    """Return whether a time is within hours of the day such as `22:00-06:00`; never, if they are empty.

    Raises:
        ValueError: If the hours or the time zone are invalid.
    """
    if not hours.strip():
        return False
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in hours.split("-"))
        local = now.astimezone(ZoneInfo(timezone)).time()
    except (KeyError, OSError) as error:
        raise ValueError(timezone) from error
    return begin <= local < end if begin <= end else local >= begin or local < end


def digest_settings(db: Database, reviewer: str) -> DigestSettings:
    """Return the settings of a person's digests; if there are none, defaults in the person's time zone."""
    query = "SELECT * FROM digest_settings WHERE reviewer = ?"
    zone = preferences(db, reviewer).get("time_zone") or "UTC"
    default = DigestSettings(reviewer=reviewer, timezone=zone)
    return rows.find(db, DigestSettings, query, [reviewer]) or default


def set_digests(db: Database, wanted: DigestSettings, *, now: datetime) -> None:
    """Save the settings of a person's digests; an empty address means no digests.

    Raises:
        DigestSettingsWrong: If the address, a time, the quiet hours or the time zone are invalid.
    """
    address = wanted.address.strip()
    if address and not is_mail(address) and not _is_webhook(address):
        raise DigestSettingsWrong(
            N_(
                "%(address)s is neither an e-mail address nor a URL that begins with https://. Nothing "
                "was changed."
            ),
            address=address,
        )
    try:
        ZoneInfo(wanted.timezone)
        wanted.slots()
        wanted.is_quiet(now)
    except (ValueError, KeyError, OSError):
        raise DigestSettingsWrong(
            N_(
                "The times %(times)s, the quiet hours %(quiet)s or the time zone %(zone)s cannot be read. "
                "Write times as 08:00, 16:30, quiet hours as 22:00-06:00, and a time zone as Europe/Madrid. "
                "Nothing was changed."
            ),
            times=wanted.times,
            quiet=wanted.quiet_hours,
            zone=wanted.timezone,
        ) from None
    with transaction(db):
        db.execute(
            "INSERT INTO digest_settings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "address = excluded.address, times = excluded.times, quiet_hours = excluded.quiet_hours, "
            "timezone = excluded.timezone, checked_at = excluded.checked_at",
            [
                wanted.reviewer, rows.clean(address), rows.clean(wanted.times.strip()),
                wanted.quiet_hours.strip(), wanted.timezone, times.to_text(now),
            ],
        )  # fmt: skip


def is_mail(address: str) -> bool:
    """Return whether an address is one of e-mail."""
    return re.fullmatch(r"[^@\s,;:/?&{}]+@[^@\s,;:/?&{}]+\.[^@\s,;:/?&{}]+", address) is not None


def _is_webhook(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.username


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message to a person, with its state."""

    digest_id: int
    reviewer: str
    kind: str
    """`digest` or `test`."""
    title: str
    body: str
    made_at: datetime
    event: str | None
    """The last event: begun, sent, failed, interrupted or given_up; None before the first attempt."""
    sentence: str | None
    """What happened, for a person."""
    happened_at: datetime | None
    attempts: int
    """Number of attempts so far."""


def compose(
    db: Database,
    reviewer: str,
    *,
    review_url: str = "",
    is_test: bool = False,
    catalogue: Callable[[str], NullTranslations] = in_english,
) -> tuple[str, str, int]:
    """Return title and body of the digest that a person would get now, and its number of new matches.

    An empty `review_url` leaves out links. `catalogue` returns the messages of a language, which is that of
    the pages in which the person set the digests.
    """
    said = catalogue(preferences(db, reviewer).get("language", "en"))
    parts, total, seen = [], 0, _seen_to(db)  # a later sighting may still match, and would be sent twice
    for view in saved_views(db, reviewer):
        if not view.followed_at:
            continue
        after = max(view.looked_to, view.sent_to)
        query, found = _newer(db, reviewer, view, after, MOST_NEW + 1, until=seen)
        if not found:
            continue
        total += len(found)
        number, name = min(len(found), MOST_NEW), {"name": view.name, "num": min(len(found), MOST_NEW)}
        if len(found) > MOST_NEW:
            lines = [said.gettext("%(name)s: more than %(num)s new") % name]
        else:
            lines = [said.ngettext("%(name)s: %(num)s new", "%(name)s: %(num)s new", number) % name]
        if review_url:
            lines.append(f"  {review_url}/?{view.query}")
        shown = query.rows_of(found[:NAMED])
        lines += [_line(row, review_url, said) for row in sorted(shown, key=lambda row: -row["sighting_id"])]
        if len(found) > NAMED:
            lines.append("  " + said.gettext("and others"))
        parts.append("\n".join(lines))
    title = said.ngettext(
        "%(num)s new in the lists that you follow", "%(num)s new in the lists that you follow", total
    ) % {"num": total}
    if is_test:
        title = said.gettext("a test of your digest")
        parts.insert(0, said.gettext("This is a test. Your digests will arrive here."))
        if not total:
            parts.append(said.gettext("There is nothing new."))
    parts.append(said.gettext("This message never quotes a listing; log in to read the listings."))
    return f"precursor-watch: {title}", "\n\n".join(parts), total


def _line(row: rows.Row, review_url: str, said: NullTranslations) -> str:
    substances = ", ".join(json.loads(row["substances"])[:3])
    where = f"{review_url}/listings/{row['listing_id']}"
    if not review_url:
        where = said.gettext("listing %(number)s") % {"number": row["listing_id"]}
    return f"  {row['seen_at'][:10]} {row['source_id']}{f': {substances}' if substances else ''}  {where}"


def make_digest(
    db: Database,
    reviewer: str,
    kind: str,
    *,
    review_url: str = "",
    catalogue: Callable[[str], NullTranslations] = in_english,
    now: datetime,
) -> bool:
    """Make the digest of a person, unless it would contain nothing new.

    The matches that it names are noted as sent in the same transaction, so no later digest names them. Return
    whether a message was made.
    """
    with transaction(db):
        title, body, new = compose(
            db, reviewer, review_url=review_url, is_test=kind == "test", catalogue=catalogue
        )
        if kind == "digest":
            seen = _seen_to(db)
            db.execute(
                "UPDATE digest_settings SET checked_at = ? WHERE reviewer = ?", [times.to_text(now), reviewer]
            )
            db.execute(
                "UPDATE saved_views SET sent_to = max(sent_to, ?) WHERE reviewer = ?", [seen, reviewer]
            )
            if not new:
                return False
        values = {"reviewer": reviewer, "kind": kind, "title": rows.clean(title), "body": rows.clean(body)}
        rows.insert(db, "digests", values | {"made_at": times.to_text(now)})
    return True


def make_due_digests(
    db: Database,
    *,
    review_url: str = "",
    catalogue: Callable[[str], NullTranslations] = in_english,
    now: datetime,
) -> int:
    """Make the due digests of users who are not disabled, and return their number."""
    wanted = rows.select(db, DigestSettings, "SELECT * FROM digest_settings WHERE address <> ''")
    return sum(
        make_digest(db, each.reviewer, "digest", review_url=review_url, catalogue=catalogue, now=now)
        for each in wanted
        if each.is_due(now) and get_user(db, each.reviewer).disabled_at is None
    )


_DIGESTS = """
    SELECT digests.*, last.event, last.sentence, last.happened_at,
           (SELECT count(*) FROM digest_events AS e WHERE e.digest_id = digests.digest_id AND event = 'begun')
               AS attempts
    FROM digests LEFT JOIN digest_events AS last ON last.event_id = (
        SELECT max(event_id) FROM digest_events AS e WHERE e.digest_id = digests.digest_id
    )
"""


def open_digests(db: Database) -> list[Digest]:
    """Return the messages that were neither sent nor given up, oldest first."""
    query = f"{_DIGESTS} WHERE last.event IS NULL OR last.event IN ('begun', 'failed') ORDER BY digest_id"
    return rows.select(db, Digest, query)


def list_digests(db: Database, reviewer: str, *, limit: int = 10) -> list[Digest]:
    """Return the messages to a person, newest first."""
    query = f"{_DIGESTS} WHERE reviewer = ? ORDER BY digest_id DESC LIMIT ?"
    return rows.select(db, Digest, query, [reviewer, limit])


def record_digest_event(db: Database, digest_id: int, event: str, sentence: str, *, now: datetime) -> None:
    """Record an event of a message; the record is on disk when this returns."""
    with transaction(db, durable=True):
        values = {"digest_id": digest_id, "event": event, "sentence": rows.clean(sentence)}
        rows.insert(db, "digest_events", values | {"happened_at": times.to_text(now)})
