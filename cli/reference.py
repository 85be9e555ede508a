"""What the review app shows and does not know: the gazetteer's law, and pages as the crawler keeps them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from review.web.providers import KeptPage, LawEntry, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from store.database import Database


def reference_for(database: Path) -> Reference:
    """Return what the app is handed for a store: each thing is read when it is first asked for."""
    from store.crawl.evidence import evidence_folder

    folder = evidence_folder(database)
    return Reference(
        law=law_of, names=names_of, page=lambda db, page_id: kept_page(db, folder, page_id), evidence=folder
    )


def law_of(substances: Iterable[str]) -> list[LawEntry]:
    """Return the entries of substances, given by their canonical names; unknown names have none."""
    by_name = _entries()
    return [entry for name in substances for entry in by_name.get(name, ())]


def names_of(terms: str) -> dict[str, str]:
    """Return the words of a search, or all of them, that name a substance, each with its canonical name."""
    from text.normalise import comparable

    words = terms.split()
    asked = dict.fromkeys([*words, " ".join(words)])
    known = _names()
    return {each: known[comparable(each)] for each in asked if comparable(each) in known}


def kept_page(db: Database, folder: Path, page_id: int) -> KeptPage | None:
    """Return a page as it is kept, or None when its bytes are not there or not what the store says."""
    from crawler.evidence.read import EvidenceWrong, NoEvidence, show
    from crawler.extract.document import decode_page

    try:
        record, kept, body = show(db, folder, str(page_id))
    except (NoEvidence, EvidenceWrong):
        return None
    headers = {name.lower(): value for name, value in kept.http_headers}
    return KeptPage(html=decode_page(body, headers.get("content-type")), sha256=record.payload_sha256)


@cache
def _entries() -> dict[str, list[LawEntry]]:
    from classifier.gazetteer import law_in_force, load_gazetteer

    return {
        substance.name: [
            LawEntry(
                substance=substance.name,
                instrument=entry.instrument,
                list_name=entry.list_name,
                since=entry.since_text,
                code=entry.code,
                source=entry.source,
            )
            for entry in substance.entries
        ]
        for substance in load_gazetteer(law_in_force()).substances
    }


@cache
def _names() -> dict[str, str]:
    """Return every name and CAS number that stands for one listed substance, as they are compared."""
    from classifier.gazetteer import law_in_force, load_gazetteer
    from text.normalise import comparable

    known: dict[str, str] = {}
    for substance in load_gazetteer(law_in_force()).substances:
        for name in (substance.name, *substance.cas, *(each.text for each in substance.names)):
            known.setdefault(comparable(name), substance.name)
    return known
