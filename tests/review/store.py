"""A store for the review tests, filled through `listings` as crawl and score would. All of it is invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from store.crawl.evidence import record_archive
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run, end_run
from store.crawl.sources import declare_source
from store.database import Database, open_database
from store.model import (
    Contribution,
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
from store.scores.scores import promote, record_scores, register_model, unscored_sightings

if TYPE_CHECKING:
    from store.model import Sighting

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SITE = "https://mercado.example"
THRESHOLD = 0.5
MODEL_ID = "0123456789ab"

SOURCE = Source(
    source_id="mercado",
    kind=SourceKind.SAVED,
    name="Mercado Inventado (saved copy)",
    supplied_by="the tests",
    supplied_on="2026-11-01",
)

HOSTILE_TITLE = "<script>alert('title')</script><img src=x onerror=alert(1)>"
HOSTILE_SELLER = "\"><svg onload=alert('seller')> Import"
REVERSED_TITLE = "Reagent \u202egnihton\u202c P\u200bM\u200bK oil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One listing to put into the store."""

    content: ListingContent
    p_offer: float
    evidence: tuple[tuple[str, str, str, str], ...] = ()
    """Words of the text with kind, substance and note."""
    substances: tuple[str, ...] = ()
    contributions: tuple[Contribution, ...] = field(
        default=(
            Contribution(feature="offers a tier 1 substance", log_odds=2.4),
            Contribution(feature="contact off the platform", log_odds=0.9),
            Contribution(feature="the words it uses", log_odds=0.75),
            Contribution(feature="names what tests, holds or explains", log_odds=-0.6),
        )
    )
    wording: tuple[WordShare, ...] = (
        WordShare(words="discreet parcel to your door", log_odds=0.5),
        WordShare(words="back in stock", log_odds=0.375),
        WordShare(words="purity 99", log_odds=-0.25),
        WordShare(words="trade terms on request", log_odds=0.125),
    )
    rest_wording: float = 0.0


PLANTED = (
    Planted(
        content=ListingContent(
            title="Phenylacetone (P2P) CAS 103-79-7, 25 kg drum",
            description="Phenylacetone in stock, CAS 103-79-7, purity 99 %. Trade terms on request; "
            "write to sales@norte.example or call 555-0142. Discreet parcel to your door.",
            price_text="US $ 1.250,00 / kg",
            price_amount=Decimal("1250.00"),
            currency="USD",
            quantity_text="500 kg",
            pack_text="25 kg drum",
            minimum_order_text="1 drum",
            seller_name="Norte Fine Trading (fictional)",
            seller_url=f"{SITE}/seller/norte",
            location="Puerto Inventado",
            item_id="A-1001",
            category_path=("Chemicals", "Fine chemicals"),
            attributes=(("Purity", "99 %"), ("Grade", "industrial")),
            images=("https://img.mercado.example/a.jpg",),
            language="en",
            provenance={"title": "json-ld", "price_text": "json-ld", "seller_name": "visible:seller"},
        ),
        p_offer=0.981,
        evidence=(
            (
                "Phenylacetone",
                "name",
                "phenylacetone",
                "UN 1988, Table I; Regulation (EC) 273/2004, category 1",
            ),
            ("103-79-7", "cas", "phenylacetone", "UN 1988, Table I; check digit is right"),
            ("Discreet parcel", "trade", "", "stealth"),
        ),
        substances=("phenylacetone",),
    ),
    Planted(
        content=ListingContent(
            title="1-苯基-2-丙酮 现货供应 CAS 103-79-7",
            description="本品仅供有资质的企业采购。规格：25公斤/桶，纯度99%。",
            price_text="面议",
            seller_name="虚构化工有限公司",
            language="zh",
        ),
        p_offer=0.944,
        evidence=(("1-苯基-2-丙酮", "name", "phenylacetone", "UN 1988, Table I"),),
        substances=("phenylacetone",),
    ),
    Planted(
        content=ListingContent(
            title=HOSTILE_TITLE,
            description="<style>*{display:none}</style><iframe src='https://evil.example'></iframe>"
            "{{ 7 * 7 }} {% raw %} javascript:alert(2) <a href='https://evil.example'>here</a>",
            price_text="<b>free</b>",
            seller_name=HOSTILE_SELLER,
            seller_url="javascript:alert('seller')",
            location="'); DROP TABLE verdicts; --",
            category_path=("<script>alert('category')</script>",),
            attributes=(("<script>alert('name')</script>", "<script>alert('value')</script>"),),
            language='"><script>alert(3)</script>',
            provenance={"title": "<script>alert('rule')</script>"},
        ),
        p_offer=0.93,
        evidence=(("<style>", "<script>alert('kind')</script>", "<b>", "<script>alert('note')</script>"),),
        substances=("<script>alert('substance')</script>",),
    ),
    Planted(
        content=ListingContent(title=REVERSED_TITLE, description="Ask for the usual oil.", language="en"),
        p_offer=0.91,
        substances=("PMK",),
    ),
    Planted(
        content=ListingContent(
            title="حمض للبيع فينيل أسيتون",
            description="متوفر بكميات كبيرة",
            seller_name="شركة خيالية",
            language="ar",
        ),
        p_offer=0.9,
        substances=("phenylacetone",),
    ),
    Planted(
        content=ListingContent(title="W" * 3_000, description="long " * 60_000, language="en"), p_offer=0.88
    ),
    *(
        Planted(
            content=ListingContent(
                title=f"Piperonal {number} kg, perfumery grade",
                description="Heliotropin for soap and perfume, registration asked for.",
                price_text=f"EUR {40 + number},00",
                price_amount=Decimal(40 + number),
                currency="EUR",
                seller_name="Aromas del Sur (fictional)",
                language="en",
            ),
            p_offer=0.86 - number / 100,
            evidence=(("Piperonal", "name", "piperonal", "UN 1988, Table I"),),
            substances=("piperonal",),
        )
        for number in range(1, 5)
    ),
    Planted(
        content=ListingContent(title="Glass beaker, 250 ml", description="Borosilicate.", language="en"),
        p_offer=0.02,
    ),
    Planted(
        content=ListingContent(title="Garden soil improver", description="20 kg bag.", language="en"),
        p_offer=0.01,
    ),
)
"""A dozen listings; the first ten are above the line."""

FLAGGED = 10


def fill_store(path: Path, planted: tuple[Planted, ...] = PLANTED) -> None:
    """Write a store with a source, a crawl, a model in use, and one score for each listing."""
    db = open_database(path)
    declare_source(db, SOURCE, now=NOW)
    put_model_in_use(db, MODEL_ID)
    see(db, planted, at=NOW - timedelta(days=3))
    score(db, planted)
    db.close()


def put_model_in_use(db: Database, model_id: str) -> None:
    """Register a model and promote it."""
    model = Model(
        model_id=model_id, created_at=NOW, folder="models/test", embedder_id="toy", threshold=THRESHOLD
    )
    register_model(db, model)
    promote(db, model_id, promoted_by="the tests", sentence="First model.", now=NOW)


def see(db: Database, planted: tuple[Planted, ...], *, at: datetime, archive: str = "mercado.zip") -> None:
    """Record one crawl that meets these listings, each on its own page."""
    run = begin_run(db, RunKind.CRAWL, source_id="mercado", now=at)
    record_archive(db, run.run_id, Path("/evidence/mercado.zip"), now=at)
    for number, each in enumerate(planted):
        url = f"{SITE}/item/{run.run_id}/{number}"
        page = Page(
            run_id=run.run_id,
            source_id="mercado",
            url=url,
            fetched_at=at,
            outcome=PageOutcome.LISTING,
            sentence="One listing.",
            payload_sha256=f"{number:064x}",
            payload_bytes=1_000,
            locator=f"{archive}#item/{number}.html",
        )
        record_page(db, page, [SeenListing(url=f"{SITE}/item/{number}", content=each.content)])
    end_run(db, run.run_id, RunOutcome.DONE, "Done.", now=at)


def score(db: Database, planted: tuple[Planted, ...], model_id: str = MODEL_ID) -> None:
    """Score whatever this model has not scored, by the titles of `planted`."""
    by_title = {each.content.title: each for each in planted}
    waiting = unscored_sightings(db, model_id, limit=10_000)
    record_scores(db, [_score(each, by_title[each.content.title], model_id) for each in waiting])


def _score(sighting: Sighting, planted: Planted, model_id: str) -> Score:
    spans = tuple(
        Span(start=at, end=at + len(words), kind=kind, substance=substance, note=note)
        for words, kind, substance, note in planted.evidence
        for at in _places(sighting.text, words)
    )
    reasons = Reasons(
        contributions=planted.contributions,
        wording=planted.wording,
        rest_wording=planted.rest_wording,
        rest_log_odds=1.2,
        spans=spans,
        neighbours=(
            Neighbour(label=1, text="P2P oil, drum, ships worldwide", similarity=0.81),
            Neighbour(label=0, text="Phenylacetic acid reference standard, 100 mg", similarity=0.66),
        ),
        substances=planted.substances,
        family="amphetamine-type",
        tier=1,
    )
    return Score(
        sighting_id=sighting.sighting_id,
        model_id=model_id,
        run_id=None,
        scored_at=NOW,
        p_offer=planted.p_offer,
        threshold=THRESHOLD,
        reasons=reasons,
    )


def _places(text: str, words: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(words, at)]
