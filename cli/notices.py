"""`notices`: what listings show apart from their score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import AnyFile, database_option, json_option
from cli.output import open_store, print_records
from store.messages import counted
from store.model import NOTICE_KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from store.review.notices import NoticeCount


@click.command("notices")
@click.option("--kind", type=click.Choice(NOTICE_KINDS), help="Only this kind of notice.")
@click.option("--code", default="", help="Only this substance, machine or rule, e.g. ebay-1.")
@click.option(
    "--export", "file", type=AnyFile, help="Write the listings to a CSV file, one line for each notice."
)
@database_option
@json_option
def command(kind: str | None, code: str, file: Path | None, database: Path, *, as_json: bool) -> None:
    """Count listings by what they show apart from their score.

    Kinds: substances under surveillance (watch), machines that laws name (equipment), rules of the listing's
    own marketplace that it breaks (rule), compounds that a class rule of a law covers (class), and evidence
    in pictures (picture). A weak notice, e.g. of ordinary goods, is no reason to look by itself. A lead
    chooses in the settings which kinds put a listing into the queue.

    Example: precursor-watch notices --kind rule

    Example: precursor-watch notices --kind rule --code ebay-1 --export ebay-1.csv
    """
    from review.oversight.notice_pages import as_csv
    from store.review.notices import count_notices, noticed_listings

    with open_store(database) as db:
        counts = [each for each in count_notices(db, kind or "") if code in {"", each.code}]
        found = noticed_listings(db, kind or "", code) if file else []
    if file:
        file.write_text(as_csv(found), encoding="utf-8", newline="")
        click.echo(f"{counted(len(found), 'notice', 'notices')} written to {file}.", err=True)
        return
    headings = ("KIND", "CODE", "LISTINGS", "WEAK", "WHAT")
    print_records(
        counts, headings, _cells, as_json=as_json, empty="No listing shows anything of these kinds."
    )


def _cells(each: NoticeCount) -> tuple[str, ...]:
    return (each.kind, each.code, f"{each.listings:,}", "yes" if each.is_weak else "-", each.name)
