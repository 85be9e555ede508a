"""Rows for tests of the store: each function writes the least that its question needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from store.crawl.evidence import record_archive
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run, end_run
from store.crawl.sources import declare_source
from store.model import (
    Change,
    Contribution,
    Decision,
    ListingContent,
    Model,
    Neighbour,
    Page,
    PageOutcome,
    Reasons,
    RunKind,
    RunOutcome,
    Score,
    Source,
    SourceKind,
    Span,
    WordShare,
)
from store.review.verdicts import give_verdict
from store.scores.scores import current_score, promote, record_scores, register_model, unscored_sightings
from store.sqlite import transaction

if TYPE_CHECKING:
    from store.database import Database
    from store.model import Verdict

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

ANDES = Source(
    source_id="andes",
    kind=SourceKind.SAVED,
    name="Andes Clasificados (saved copy)",
    supplied_by="A. Nowak",
    supplied_on="2026-11-02",
)

FULL = ListingContent(
    title="Industrial solvent, 200 L drum",
    description="Clean drums. 有机溶剂",
    price_text="US $ 1.250,00 / drum",
    price_amount=Decimal("1250.00"),
    currency="USD",
    quantity_text="40 drums",
    pack_text="200 L",
    minimum_order_text="1 drum",
    seller_name="Ficticia Ltd",
    seller_url="https://andes.example/ficticia",
    location="Lima",
    item_id="A-17",
    category_path=("Industry", "Solvents"),
    attributes=(("Purity", "99 %"), ("Purity", "by GC")),
    images=("https://andes.example/1.jpg",),
    language="en",
    provenance={"title": "json-ld"},
)
"""Every field is filled; the company is invented."""

REASONS = Reasons(
    contributions=(Contribution(feature="listed name, tier 3", log_odds=1.25),),
    wording=(WordShare(words="no label", log_odds=0.25, spans=((3, 11),)),),
    rest_wording=-0.5,
    rest_log_odds=-0.5,
    spans=(Span(start=0, end=10, kind="name", substance="acetone", note="tier 3"),),
    neighbours=(Neighbour(label=1, text="Acetone in drums", similarity=0.9),),
    substances=("acetone",),
    family="other",
    tier=3,
)


def declared(source_id: str, name: str | None = None, *, cron: str = "", timezone: str = "UTC") -> str:
    """Return a saved source as a sources file declares it; without `cron` it is crawled by hand."""
    schedule = f'schedule = {{ cron = "{cron}", timezone = "{timezone}" }}\n' if cron else ""
    return (
        f'[sources.{source_id}]\nname = "{name or source_id}"\narchive = "{source_id}"\n'
        f'supplied_by = "A. Nowak"\nsupplied_on = 2026-11-02\n{schedule}'
    )


def crawl_run(db: Database, source: Source = ANDES) -> int:
    """Declare a source and return the id of a run that crawls it."""
    declare_source(db, source, now=NOW)
    return begin_run(db, RunKind.CRAWL, source_id=source.source_id, now=NOW).run_id


def page(run_id: int, url: str, outcome: PageOutcome = PageOutcome.LISTING, source_id: str = "andes") -> Page:
    """Return a page of nothing."""
    return Page(
        run_id=run_id,
        source_id=source_id,
        url=url,
        fetched_at=NOW,
        http_status=200,
        outcome=outcome,
        sentence="As a test needs it.",
        payload_sha256=EMPTY_SHA256,
        payload_bytes=0,
        locator="andes.zip#1.html",
    )


def see(db: Database, run_id: int, url: str, content: ListingContent) -> dict[Change, int]:
    """Record an item's own page with one listing on it."""
    return record_page(db, page(run_id, url), [SeenListing(url=url, content=content)])


def model(model_id: str = "aaaaaaaaaaaa", threshold: float = 0.5) -> Model:
    """Return a model that was never trained."""
    return Model(
        model_id=model_id,
        created_at=NOW,
        folder=f"models/{model_id}",
        embedder_id="toy",
        threshold=threshold,
        card={"seed": 7},
    )


def use(db: Database, model_id: str = "aaaaaaaaaaaa", threshold: float = 0.5) -> None:
    """Register a model and put it in use."""
    register_model(db, model(model_id, threshold))
    promote(db, model_id, promoted_by="ada", sentence="It is the first.", now=NOW)


def score_all(db: Database, p_offer: float = 0.9, model_id: str = "aaaaaaaaaaaa") -> int:
    """Give every unscored sighting the same probability; return how many there were."""
    waiting = unscored_sightings(db, model_id, limit=1000)
    return record_scores(db, [score(sighting.sighting_id, p_offer, model_id) for sighting in waiting])


def judge(
    db: Database,
    sighting_id: int,
    decision: Decision = Decision.NOT_OFFER,
    *,
    note: str = "",
    reviewer: str = "ada",
    now: datetime = NOW,
) -> Verdict:
    """Give a verdict by a screen that was drawn just now."""
    scored = current_score(db, sighting_id)
    score_id = scored[0] if scored else None
    return give_verdict(db, sighting_id, decision, score_id=score_id, note=note, reviewer=reviewer, now=now)


def score(sighting_id: int, p_offer: float, model_id: str = "aaaaaaaaaaaa") -> Score:
    """Return a score with every kind of reason."""
    return Score(
        sighting_id=sighting_id,
        model_id=model_id,
        run_id=None,
        scored_at=NOW,
        p_offer=p_offer,
        threshold=0.5,
        reasons=REASONS,
    )


def fill_every_table(db: Database) -> None:
    """Put two rows and more into every table that is evidence: by the store's own functions or as they do."""
    at = "2026-11-24T12:00:00.000Z"
    for source_id in ("andes", "norte", "sur"):
        source, url = replace(ANDES, source_id=source_id, name=source_id), f"https://{source_id}.example/1"
        run_id = crawl_run(db, source)
        see_it = [SeenListing(url=url, content=FULL)]
        record_page(db, page(run_id, url, source_id=source_id), see_it)
        end_run(db, run_id, RunOutcome.DONE, f"Done with {source_id}.", now=NOW)
        declare_source(db, replace(source, name="Otherwise"), now=NOW)
        record_archive(db, run_id, Path(__file__), now=NOW)
    use(db)
    use(db, "bbbbbbbbbbbb")
    promote(db, "aaaaaaaaaaaa", promoted_by="ada", sentence="Back.", now=NOW)
    score_all(db)
    for sighting_id in (1, 2, 3):
        judge(db, sighting_id, reviewer="bo")
    listings = [row[0] for row in db.execute("SELECT listing_id FROM sightings ORDER BY sighting_id")]
    with transaction(db):
        for number in (1, 2, 3):
            listing, key = listings[number - 1], f"{number:016x}"
            for table, values in {
                "permissions": (
                    key,
                    "andes",
                    "written",
                    f"R-{number}",
                    "ada",
                    "2026-01-01",
                    "2026-12-31",
                    "{}",
                    at,
                ),
                "permission_withdrawals": (key, at, "ada", f"Reason {number}."),
                "evidence_files": (f"andes-{number}.warc.gz", number, at),
                "evidence_seals": (f"andes-{number}.warc.gz", number, EMPTY_SHA256, at, ""),
                "evidence_tombstones": (f"andes-{number}.warc.gz", number, EMPTY_SHA256, "Old.", "ada", at),
                "evidence_records": (
                    f"record-{number}",
                    f"andes-{number}.warc.gz",
                    0,
                    10,
                    "response",
                    1,
                    "https://andes.example",
                    at,
                    EMPTY_SHA256,
                    0,
                    None,
                ),
                "page_evidence": (number, f"record-{number}"),
                "page_readings": (number, f"reader-{number}", "", "", "[]"),
                "fetches": (
                    number,
                    1,
                    key,
                    "https://andes.example",
                    at,
                    "fetched",
                    200,
                    "192.0.2.1",
                    0,
                    "",
                    f"record-{number}",
                ),
                "second_reviews": (number, "share" if number % 2 else "escalated"),
                "sample_draws": (number, "aaaaaaaaaaaa", 0.5, 3, 1, number, "ada", at),
                "sample_members": (number, listing, number),
                "assignments": (listing, f"bo-{number}", "ada", at),
                "claims": (listing, "bo", at, at),
                "cases": (number, f"2026-{number}", "Of a search", "ada", at),
                "case_entries": (number, number, "listing", listing, None, "", "", "ada", at),
                "review_settings": (number, "second_share", f"0.{number}", "ada", at),
                "imported_labels": (number, f"text {number}", key, 1, "", "labels.csv", "ada", at),
                "service_requests": (number, "pause", "andes", at, f"user-{number}"),
                "service_answers": (number, at, f"Done {number}."),
                "run_interruptions": (number, at, f"Power cut {number}."),
                "legal_holds": (number, "andes", f"Case {number}", "ada", at),
                "alarms": (number, "run_failed", f"andes-{number}", at, "It failed."),
                "alarm_events": (number, number, "told", at, "service", ""),
                "users": (number, f"user-{number}", "reviewer", "x", "", 0, None, at),
                "sessions": (number, key, number, at, at, at, None, "192.0.2.1", "curl"),
                "api_tokens": (number, key, number, "export", at, at, None, None),
            }.items():
                marks = ", ".join("?" * len(values))
                db.conn.execute(f"INSERT INTO {table} VALUES ({marks})", values)
        for number in (1, 2):
            db.conn.execute(
                "INSERT INTO legal_hold_releases VALUES (?, ?, ?)", (number, f"lead-{number}", at)
            )
