"""Lists of the law that an office imports: brought in with a reason, rescored, previewed, decided by a lead.

One import at a time waits for a decision. Meanwhile the history is scored under it as by another model
(`store.scores.scores.under_law`), so nothing in the queue changes. Accepting puts that model in use; earlier
scores stay, with the law under which they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow
from store.review.notices import Noticed
from store.scores.scores import count_unscored, model_in_use, promote, under_law
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from store.model import Model
    from store.sqlite import Database

    NoticesUnder = Callable[[str, Iterable[Noticed]], Iterable[int]]

LawDecision = Literal["accepted", "rejected"]
SHOWN = 50
"""Newly flagged listings that a preview names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawImport:
    """One imported file."""

    law_import_id: int
    file_name: str
    law_rows: tuple[Mapping[str, str], ...]
    """The rows of the file, by column."""
    why: str
    brought_by: str
    brought_at: datetime
    decision: str | None = None
    """`accepted` or `rejected`; None while it waits."""
    decided_why: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    newly_flagged: int | None = None
    """Listings that the lead was shown, flagged by a score or by a notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A listing that an import would flag and that is not flagged now."""

    listing_id: str
    source_id: str
    url: str
    title: str
    substances: tuple[str, ...]
    p_before: float | None
    p_offer: float
    """The score under the import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The changes that an import would make."""

    unscored: int
    """Sightings that still wait to be scored under it."""
    entering: int
    """Listings that would newly be flagged by their score."""
    noticed: int
    """Further listings that would newly be flagged by a rule of their marketplace, or a watched substance."""
    leaving: int
    """Listings that would no longer be flagged by their score."""
    newcomers: tuple[Newcomer, ...]
    """The first of those that would newly be flagged, highest score first."""
    counted_at: datetime | None = None
    """None if they were not counted yet, so that all numbers but `unscored` are 0."""
    is_current: bool = False
    """Whether model, sightings and the kinds of notices that flag are those of the count."""


class LawImportRefused(StoreError):
    """The import cannot be taken or decided."""


def bring_law(
    db: Database,
    file_name: str,
    law_rows: Sequence[object],
    *,
    why: str,
    by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> LawImport:
    """Store the checked rows of a file until a lead decides, with the person and the reason.

    `law_rows` are dataclasses or mappings of texts.

    Raises:
        LawImportRefused: If another import waits, or there is no reason.
    """
    with transaction(db):
        if waiting := waiting_import(db):
            raise LawImportRefused(
                N_(
                    "Import %(number)s (%(file)s) is still waiting for a decision. Accept or reject it "
                    "first. Nothing was imported."
                ),
                number=waiting.law_import_id,
                file=waiting.file_name,
            )
        values = {"file_name": rows.clean(file_name), "law_rows": rows.clean(rows.to_json(list(law_rows)))}
        values |= {"why": _reason(why), "brought_by": by, "brought_at": times.to_text(now)}
        new_id = int(rows.insert(db, "law_imports", values) or 0)
        audit.record(
            db,
            AuditAction.LAW_IMPORTED,
            actor=by,
            origin=origin,
            subject=f"law_import:{new_id}",
            details={"file": file_name, "rows": len(law_rows), "why": why.strip()},
            rows=[("law_imports", new_id)],
            now=now,
        )
    return get_import(db, new_id)


def list_imports(db: Database) -> list[LawImport]:
    """Return all imports, newest first."""
    return rows.select(db, LawImport, f"{_IMPORTS} ORDER BY law_import_id DESC")


def get_import(db: Database, law_import_id: int) -> LawImport:
    """Return one import.

    Raises:
        UnknownRow: If there is no such import.
    """
    found = rows.find(db, LawImport, f"{_IMPORTS} WHERE law_import_id = ?", [law_import_id])
    if found is None:
        raise UnknownRow("law import", law_import_id)
    return found


def waiting_import(db: Database) -> LawImport | None:
    """Return the import that waits for a decision, if any."""
    return rows.find(db, LawImport, f"{_IMPORTS} WHERE decision IS NULL")


def accepted_rows(db: Database) -> list[Mapping[str, str]]:
    """Return the rows of all accepted imports, oldest first."""
    accepted = rows.select(db, LawImport, f"{_IMPORTS} WHERE decision = 'accepted' ORDER BY law_import_id")
    return [row for each in accepted for row in each.law_rows]


def model_under_import(db: Database, law_import: LawImport) -> Model | None:
    """Return the model in use as it reads under a waiting import; None if no model is in use."""
    in_use = model_in_use(db)
    return under_law(db, in_use, law_import.law_import_id) if in_use else None


def is_rescoring_due(db: Database) -> bool:
    """Return whether an import waits whose changes were not counted with the present scores and settings."""
    waiting = waiting_import(db)
    shown = kept_preview(db, waiting) if waiting else None
    return bool(shown and (shown.unscored or not shown.is_current))


def kept_preview(db: Database, law_import: LawImport) -> Preview | None:
    """Return the changes that a waiting import would make, as last kept; None if no model is in use."""
    model = model_under_import(db, law_import)
    if model is None:
        return None
    query = "SELECT * FROM law_previews WHERE law_import_id = ?"
    row = db.execute(query, [law_import.law_import_id]).fetchone()
    is_current = row is not None and row["counted_under"] == _counted_under(db, model)
    unscored = 0 if is_current else count_unscored(db, model.model_id)  # which takes .2 s for a million
    if row is None:
        return Preview(unscored=unscored, entering=0, noticed=0, leaving=0, newcomers=())
    return rows.read(Preview, row, unscored=unscored, is_current=is_current)


def keep_preview(db: Database, law_import: LawImport, found: Preview, *, now: datetime) -> None:
    """Keep the changes that a waiting import would make, counted with all sightings scored under it."""
    model = model_under_import(db, law_import)
    assert model
    values = {"law_import_id": law_import.law_import_id, "counted_at": times.to_text(now)}
    values |= {"counted_under": _counted_under(db, model), "entering": found.entering}
    values |= {"noticed": found.noticed, "leaving": found.leaving, "newcomers": rows.to_json(found.newcomers)}
    with transaction(db):
        db.execute("DELETE FROM law_previews WHERE law_import_id = ?", [law_import.law_import_id])
        rows.insert(db, "law_previews", values)


def _counted_under(db: Database, model: Model) -> str:
    """Return what the counts of a preview rest on."""
    kinds = sorted(row[0] for row in db.execute("SELECT kind FROM notice_kinds_flagged"))
    newest = db.execute("SELECT max(sighting_id) FROM sightings").fetchone()[0]
    return f"{model.model_id} {newest} {' '.join(kinds)}"


def preview(
    db: Database, law_import: LawImport, *, limit: int = SHOWN, notices_under: NoticesUnder | None = None
) -> Preview | None:
    """Count the changes that a waiting import would make; None if no model is in use.

    `notices_under` returns the sightings with a new notice of a kind, `rule` or `watch`, under the import.
    With watched substances this takes a minute for a million listings.
    """
    model = model_under_import(db, law_import)
    if model is None:
        return None
    asked: dict[str, object] = {"model": model.model_id, "threshold": model.threshold, "limit": limit}
    return Preview(
        unscored=count_unscored(db, model.model_id),
        entering=int(db.execute(f"SELECT count(*) {_ENTERING}", asked).fetchone()[0]),
        noticed=_count_noticed(db, asked, notices_under) if notices_under else 0,
        leaving=int(db.execute(_LEAVING, asked).fetchone()[0]),
        newcomers=tuple(rows.select(db, Newcomer, f"{_NEWCOMERS} {_ENTERING} {_FIRST}", asked)),
    )


def decide_import(
    db: Database,
    law_import_id: int,
    decision: LawDecision,
    *,
    why: str,
    by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> LawImport:
    """Accept an import, so that it counts from now on, or reject it.

    Raises:
        UnknownRow: If there is no such import.
        LawImportRefused: If it was decided before, there is no reason, or its changes were not counted since
            the last change, so that nobody can know them.
    """
    with transaction(db):
        found = get_import(db, law_import_id)
        if found.decision:
            raise LawImportRefused(
                N_("Import %(number)s has already been decided by %(who)s. Nothing was changed."),
                number=law_import_id,
                who=found.decided_by,
            )
        shown = kept_preview(db, found)
        if decision == "accepted" and shown and shown.unscored:
            raise LawImportRefused(
                N_(
                    "%(count)s sightings have not been scored under import %(number)s, so its effect is "
                    "not known. Nothing was changed. Score them with `precursor-watch score`, check the "
                    "preview, then accept the import."
                ),
                count=f"{shown.unscored:,}",
                number=law_import_id,
            )
        if decision == "accepted" and shown and not shown.is_current:
            raise LawImportRefused(
                N_(
                    "The new flags of import %(number)s have not been counted since the model, the listings "
                    "or the notices that flag changed. Nothing was changed. Count them with "
                    "`precursor-watch score`, check the preview, then accept the import."
                ),
                number=law_import_id,
            )
        newly_flagged = shown.entering + shown.noticed if shown and shown.counted_at else None
        values: dict[str, object] = {"law_import_id": law_import_id, "decision": decision}
        values |= {"why": _reason(why), "newly_flagged": newly_flagged}
        values |= {"decided_by": by, "decided_at": times.to_text(now)}
        rows.insert(db, "law_decisions", values)
        audit.record(
            db,
            AuditAction.LAW_DECIDED,
            actor=by,
            origin=origin,
            subject=f"law_import:{law_import_id}",
            details={"decision": decision, "why": why.strip(), "newly_flagged": newly_flagged},
            rows=[("law_decisions", law_import_id)],
            now=now,
        )
        in_use = model_in_use(db)
        if decision == "accepted" and in_use:
            sentence = f"Import {law_import_id} of the law was accepted: {why.strip()}"
            promote(db, in_use.model_id, promoted_by=by, sentence=sentence, origin=origin, now=now)
    return get_import(db, law_import_id)


def _count_noticed(db: Database, asked: dict[str, object], notices_under: NoticesUnder) -> int:
    """Return how many listings only a notice would newly flag, of the kinds that flag.

    Rules of marketplaces ask for listed substances, so only listings whose substances differ under the import
    are read for them. Watched substances are in no score, so all listings that are not flagged are read.
    """
    queries = {"rule": _DIFFERING, "watch": _BELOW}
    flagging = {row[0] for row in db.execute("SELECT kind FROM notice_kinds_flagged")}
    return len(
        {
            sighting_id
            for kind in flagging & queries.keys()
            for sighting_id in notices_under(kind, _noticed(db, queries[kind], asked))
        }
    )


def _noticed(db: Database, query: str, asked: dict[str, object]) -> Iterator[Noticed]:
    for row in db.execute(query, asked):
        yield rows.read(Noticed, row)


def _reason(why: str) -> str:
    if not (why := rows.clean(why.strip())):
        raise LawImportRefused(N_("A reason is missing: say why. Nothing was written."))
    return why


_IMPORTS = """
    SELECT law_imports.*, decision, law_decisions.why AS decided_why, decided_by, decided_at, newly_flagged
    FROM law_imports LEFT JOIN law_decisions USING (law_import_id)
"""

_UNDER_IMPORT = """
    CROSS JOIN listings USING (listing_id)
    LEFT JOIN scores AS before ON before.sighting_id = scores.sighting_id
        AND before.model_id = (SELECT model_id FROM model_in_use)
    WHERE scores.model_id = :model
      AND NOT EXISTS (
          SELECT 1 FROM sightings AS later
          WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
      )
      AND NOT EXISTS (
          SELECT 1 FROM review_items WHERE review_items.listing_id = sightings.listing_id AND is_flagged
      )
"""
"""Scores under an import of the newest sightings that are not flagged now."""

_ENTERING = f"""
    FROM scores CROSS JOIN sightings USING (sighting_id) {_UNDER_IMPORT} AND scores.p_offer >= :threshold
"""

_BELOW = f"""
    SELECT sightings.sighting_id, listings.url, sightings.text, ifnull(scores.substances, '[]') AS substances
    FROM sightings CROSS JOIN scores USING (sighting_id) {_UNDER_IMPORT} AND scores.p_offer < :threshold
"""  # noqa: S608 (constants)
"""In the order in which SQLite stores them, as nearly all are read."""

_DIFFERING = f"{_BELOW} AND scores.substances IS NOT before.substances"

_NEWCOMERS = """
    SELECT listings.listing_id, listings.source_id, listings.url, sightings.title, scores.substances,
           before.p_offer AS p_before, scores.p_offer
"""

_FIRST = "ORDER BY scores.p_offer DESC, scores.sighting_id LIMIT :limit"

_LEAVING = """
    SELECT count(*) FROM review_items JOIN scores USING (sighting_id)
    WHERE is_flagged AND review_items.p_offer >= :threshold
      AND scores.model_id = :model AND scores.p_offer < :threshold
"""
