"""A store as text that can be compared: natural keys in place of row numbers, without times and attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.database import Database

_CONTENT = """title, description, price_text, price_amount, currency, quantity_text, pack_text,
    minimum_order_text, seller_name, seller_url, location, sightings.item_id, category_path, attributes,
    images, language, provenance, content_hash, text, text_hash"""

_RUN = """(SELECT count(*) FROM runs AS earlier WHERE earlier.kind = runs.kind
    AND earlier.source_id IS runs.source_id AND earlier.run_id <= runs.run_id) AS run"""
"""A run by its kind, its source and how many there were before it."""

QUERIES = {
    "sources": "SELECT source_id, kind, name, supplied_by, supplied_on FROM sources",
    "runs": f"""SELECT kind, source_id, {_RUN}, due_at, outcome, sentence, counts
        FROM runs LEFT JOIN run_endings USING (run_id)""",
    "pages": f"""SELECT pages.source_id, {_RUN}, url, captured_at, http_status, pages.outcome,
        pages.sentence, payload_sha256, payload_bytes, locator FROM pages JOIN runs USING (run_id)""",
    "listings": "SELECT listing_id, source_id, url, item_id FROM listings",
    "sightings": f"""SELECT listing_id, pages.url, {_RUN}, {_CONTENT}
        FROM sightings JOIN pages USING (page_id) JOIN runs ON runs.run_id = sightings.run_id""",
    "page_listings": f"""SELECT pages.source_id, {_RUN}, pages.url, listing_id, change
        FROM page_listings JOIN pages USING (page_id) JOIN runs USING (run_id)""",
    "models": "SELECT model_id, embedder_id, threshold FROM models",
    "promotions": "SELECT model_id, promoted_by, promotions.sentence FROM promotions",
    "scores": """SELECT listing_id, content_hash, model_id, round(p_offer, 5), threshold, substances, family,
        tier FROM scores JOIN sightings USING (sighting_id)""",
    "verdicts": """SELECT listing_id, decision, reason_code, note, reviewer, undoes IS NOT NULL
        FROM verdicts""",
    "searchable": "SELECT word FROM words UNION ALL SELECT hex(sz) FROM said_fts_docsize",
}
"""For each table what it holds, less row numbers, times and processes. Scores are rounded: a text's vector
differs in the last bits with the batch it is embedded in."""


def comparable(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return the content of every table, sorted."""
    return {
        table: sorted((tuple(row) for row in db.execute(query)), key=repr) for table, query in QUERIES.items()
    }
