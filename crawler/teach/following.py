"""Use a declared reader in a crawl while it finds its taught fields, and say when it no longer does."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.extract.page import ExtractedPage, TaughtReading
from crawler.teach.reader import TaughtField
from crawler.teach.reading import CONTENT_NAMES
from crawler.workers.page_parser import PageJob

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.sources.sources import DeclaredSource
    from crawler.teach.reader import Case, DeclaredReader
    from crawler.workers.page_parser import Parse

WINDOW = 20
"""Item pages over which a falling reader is noticed."""
_FEWEST = 10
_FALLEN = 0.5
"""A reader is set aside below this part of the shares that it had when it was taught."""


class TaughtParse:
    """Has the pages of one crawl parsed with the source's declared reader, or by the general rules alone."""

    def __init__(
        self,
        parse: Parse,
        declared: DeclaredSource,
        body_of: Callable[[Case], bytes | None],
        *,
        set_aside_before: int = 0,
    ) -> None:
        """Take the parser.

        Args:
            parse: Parses a page.
            declared: The source, perhaps with a declared reader.
            body_of: Returns the body of a taught page, or None if it is no longer kept.
            set_aside_before: The identity of the reader that the last crawl set aside, or 0.
        """
        self._body_of = body_of
        self._checking = asyncio.Lock()
        self._unchecked = declared.reader.cases if declared.reader else ()
        self._parse = parse
        self._reader = declared.reader
        self.set_aside = declared.reader_problem
        self.counts: Counter[str] = Counter()
        self._last: deque[TaughtReading] = deque(maxlen=WINDOW)
        if self._reader is not None and self._reader.identity == set_aside_before:
            self.set_aside = (
                f"Version {self._reader.version} of the declared reader was set aside by an earlier crawl, "
                "since the pages had changed; the general rules read this crawl. Teach the source again."
            )

    async def __call__(self, job: PageJob) -> ExtractedPage:
        """Parse a page."""
        if self._reader is not None and not self.set_aside:
            await self._check(self._reader)
        if self._reader is None or self.set_aside:
            page = await self._parse(job)
            return replace(page, taught=TaughtReading(set_aside=self.set_aside)) if self._reader else page
        page = await self._parse(replace(job, reader=self._reader))
        self.note(page)
        return page

    def note(self, page: ExtractedPage) -> None:
        """Count the fields that the reader found on a page; set the reader aside if it finds too few."""
        taught, reader = page.taught, self._reader
        if taught is None or reader is None:
            return
        if taught.set_aside:
            self.set_aside = taught.set_aside
        if not (taught.found or taught.missed):
            return
        self._last.append(taught)
        self.counts.update(shares(taught))
        if len(self._last) < _FEWEST or self.set_aside:
            return
        found, agreement = shares_of(sum((shares(each) for each in self._last), Counter()))
        if found < reader.found * _FALLEN or agreement < reader.agreement * _FALLEN:
            self.set_aside = (
                f"Version {reader.version} of the declared reader was set aside during this crawl, since the "
                f"pages have probably changed: on the last {len(self._last)} item pages it found its fields "
                f"on {found:.0%} ({reader.found:.0%} when taught) and agreed with the general rules in "
                f"{agreement:.0%} ({reader.agreement:.0%}). Teach the source again."
            )

    async def _check(self, reader: DeclaredReader) -> None:
        """Read the taught pages once, before the first page of the crawl."""
        async with self._checking:
            cases, self._unchecked = self._unchecked, ()
            for case in cases:
                body = self._body_of(case)
                if body is not None and (problem := await failing(case, body, reader, self._parse)):
                    self.set_aside = f"The declared reader failed its own test and is not used: {problem}"
                    return

    def run_counts(self) -> dict[str, int]:
        """Return the counts for the run's row; empty for a source without a declared reader."""
        if self._reader is None:
            return {}
        return {**self.counts, **({"reader_set_aside": self._reader.identity} if self.set_aside else {})}


def shares(taught: TaughtReading) -> Counter[str]:
    """Return the counts of one page from which `shares_of` computes."""
    return Counter(
        reader_pages=1,
        reader_found=int(not taught.missed),
        reader_compared=len(taught.agreed) + len(taught.differed),
        reader_agreed=len(taught.agreed),
    )


def shares_of(counts: Counter[str]) -> tuple[float, float]:
    """Return the shares of pages with every required field and of fields with agreement; 1 without any."""
    pages, compared = counts["reader_pages"], counts["reader_compared"]
    found = counts["reader_found"] / pages if pages else 1.0
    return found, counts["reader_agreed"] / compared if compared else 1.0


async def failing(case: Case, body: bytes, reader: DeclaredReader, parse: Parse) -> str:
    """Return a sentence if a reader does not read a taught page as a person confirmed it, or empty text."""
    page = await parse(PageJob(url=case.url, body=body, status=200, headers={}, reader=reader))
    for name, wanted in case.expected.items():
        read = value_of(page, name)
        is_right = read.startswith(wanted) if name == TaughtField.DESCRIPTION else read == wanted
        if not is_right:
            return f"on {case.url} it reads {name} as {read[:80]!r}, not {wanted[:80]!r}."
    return ""


def value_of(page: ExtractedPage, name: str) -> str:
    """Return the declared reader's value of a field on a page, or empty text."""
    if name == TaughtField.NEXT_PAGE:
        return page.next_page or ""
    if page.listing is None or page.taught is None or name not in page.taught.found:
        return ""
    return str(getattr(page.listing.content, CONTENT_NAMES[TaughtField(name)]))
