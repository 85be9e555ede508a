"""`report`: what each source's crawls came to."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import database_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="report")
@database_option
@json_option
def command(database: Path, *, as_json: bool) -> None:
    """Show, per source, its pages, their outcomes, and how completely listings were read.

    Pages are those of the last crawl that is done; LAST CRAWL says how the newest ended.

    Example: precursor-watch report
    """
    from cli.output import print_json, print_table, reading
    from store.review.statistics import report_sources

    with reading(database) as db:
        reports = report_sources(db)
    if as_json:
        print_json([asdict(report) for report in reports])
        return
    rows = [
        (
            each.source_id,
            each.last_crawl or "not ended",
            str(each.pages),
            ", ".join(f"{count} {outcome}" for outcome, count in each.outcomes.items()),
            *(
                str(n)
                for n in (each.listings, each.with_title, each.with_price, each.with_seller, each.flagged)
            ),
        )
        for each in reports
    ]
    headings = ("SOURCE", "LAST CRAWL", "PAGES", "OUTCOMES")
    print_table((*headings, "LISTINGS", "TITLE", "PRICE", "SELLER", "FLAGGED"), rows)
