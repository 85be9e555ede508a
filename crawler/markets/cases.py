"""Test cases of page objects in web-poet's format: a saved page and its expected fields."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from store.rows import to_json

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.extract.page import ExtractedPage
    from crawler.run.trial import TriedPage

ADAPTER = "crawler.markets.cases.PageAdapter"


class PageAdapter:
    """Flatten an extracted page, so web-poet's pytest plugin reports one result for each field."""

    def __init__(self, page: ExtractedPage | dict[str, Any]) -> None:
        """Take an extracted page, or a flat one, since web-poet's `rerun` adapts its pages twice."""
        self._page = page

    def asdict(self) -> dict[str, Any]:
        """Return the outcome, language, next page and every filled field of the listing or the rows."""
        page = self._page
        if isinstance(page, dict):
            return page
        flat: dict[str, Any] = {
            "outcome": str(page.outcome),
            "language": page.language,
            "next_page": page.next_page,
        }
        if page.listing is not None:
            flat |= {"url": page.listing.url, **asdict(page.listing.content)}
        if page.rows:
            flat["rows"] = [{"url": row.url, **_filled(asdict(row.content))} for row in page.rows]
        plain: dict[str, Any] = json.loads(to_json(_filled(flat)))
        for holder in (plain, *plain.get("rows", ())):
            if "terms" in holder:
                holder["terms"] = [_filled(term) for term in holder["terms"]]
        return plain


def save_case(tried: TriedPage, folder: Path) -> Path:
    """Write a tried page as a test case.

    Args:
        tried: The page to save.
        folder: Folder of all cases. The case is written to `PAGE.OBJECT/case-N` in it, for web-poet's plugin.

    Returns:
        The folder of the new case.
    """
    cases = folder / tried.page_object
    number = 1 + sum(1 for _ in cases.glob("case-*"))
    case = cases / f"case-{number}"
    (case / "inputs").mkdir(parents=True)
    (case / "inputs" / "HttpResponse-body.html").write_bytes(tried.body)
    headers = {"content-type": tried.content_type} if tried.content_type else {}
    info = {"_encoding": None, "headers": list(headers.items()), "status": 200, "url": tried.url}
    (case / "inputs" / "HttpResponse-info.json").write_text(_pretty(info), "utf-8")
    (case / "meta.json").write_text(_pretty({"adapter": ADAPTER}), "utf-8")
    (case / "output.json").write_text(_pretty(PageAdapter(tried.reading).asdict()), "utf-8")
    return case


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, (), [], {})}


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
