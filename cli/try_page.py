"""`try-page`: show the fields extracted from one page, with the rule for each."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import AnyFolder, database_option, json_option, sources_option
from cli.output import print_json, print_table
from store.messages import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extract.page import ExtractedPage
    from crawler.run.trial import TriedPage
    from store.model import ListingContent

_MOST_ROWS = 10
_LONGEST_VALUE = 300


@click.command("try-page")
@click.argument("page", metavar="FILE|URL")
@click.option(
    "--url", default="", help="The address of a saved page, or of the page to pick from an archive."
)
@click.option(
    "--save-fixture",
    "fixtures",
    type=AnyFolder,
    help="Write the page and its fields into this folder, as a test case of its page object.",
)
@click.option("--most", type=click.IntRange(min=1), help="Maximum number of pages of an archive to parse.")
@sources_option
@database_option
@json_option
def command(
    page: str,
    url: str,
    fixtures: Path | None,
    most: int | None,
    sources_file: Path,
    database: Path,
    *,
    as_json: bool,
) -> None:
    """Show the fields extracted from one page, and the rule for each field.

    FILE is a saved page, or an archive of any format that `crawl` reads. URL is requested only if a valid
    permission of a live source covers it. The request follows the rules of a crawl: once, robots.txt first,
    at the permitted pace. The exchange is kept beside the database in `*.trials`, apart from the store.

    \b
    Example:
      precursor-watch try-page saved/item.html --url https://shop.example/item/7
    """  # noqa: D301 (click wants the character itself)
    tried = _try(page, url, most, sources_file, database)
    if fixtures is not None:
        from crawler.run.trial import save_case

        if len(tried) != 1:
            raise click.UsageError(f"{page} has {len(tried)} pages; pick one with --url.")
        click.echo(f"Written to {save_case(tried[0], fixtures)}", err=True)
    if as_json:
        print_json([_record(each) for each in tried])
        return
    for each in tried:
        _print(each)


def _try(page: str, url: str, most: int | None, sources_file: Path, database: Path) -> list[TriedPage]:
    from crawler.run.trial import try_file, try_url
    from crawler.sources.sources import load_sources

    if page.startswith(("http://", "https://")):
        return [try_url(page, load_sources(sources_file).values(), database)]
    return try_file(Path(page), url, most=most)


def _print(tried: TriedPage) -> None:
    reading = tried.reading
    click.echo(harmless(f"{tried.url}: {reading.outcome.replace('_', ' ')}. {reading.sentence}"))
    about = [
        f"page object {tried.page_object}" if tried.page_object else "",
        f"language {reading.language}" if reading.language else "",
        f"next page {reading.next_page}" if reading.next_page else "",
        f"{len(reading.links)} links to follow" if reading.links else "",
        f"kept in {tried.kept}" if tried.kept else "",
    ]
    click.echo(harmless("; ".join(filter(None, about))))
    if reading.listing:
        rows = [("address", reading.listing.url, ""), *_fields(reading.listing.content)]
        print_table(("field", "value", "rule"), rows)
    elif reading.rows:
        print_table(("title", "price", "seller", "address"), _rows(reading))
        if len(reading.rows) > _MOST_ROWS:
            click.echo(f"and {len(reading.rows) - _MOST_ROWS} more rows; --json shows all")
    click.echo()


def _fields(content: ListingContent) -> Iterator[tuple[str, str, str]]:
    for name in content.__slots__:
        value = getattr(content, name)
        if name in {"provenance", "terms", "attributes", "images"} or value in ("", None, ()):
            continue
        shown = " > ".join(value) if isinstance(value, tuple) else str(value)
        yield name, _short(shown), content.provenance.get(name, "")
    for label, value in content.attributes:
        yield label, _short(value), content.provenance.get("attributes", "")
    for image in content.images[:3]:
        yield "image", image, content.provenance.get("images", "")
    from store.model import in_words

    for term in content.terms:
        said = f" ({term.text})" if term.text and term.text != in_words(term) else ""
        yield f"term: {term.name}", _short(f"{in_words(term)}{said}".strip()), term.rule


def _rows(reading: ExtractedPage) -> Iterator[tuple[str, str, str, str]]:
    for row in reading.rows[:_MOST_ROWS]:
        content = row.content
        yield _short(content.title), content.price_text, content.seller_name, row.url


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} … ({len(text):,} characters)"


def _record(tried: TriedPage) -> dict[str, object]:

    from store.rows import to_json

    whole: dict[str, object] = json.loads(to_json(asdict(tried)))
    return {name: value for name, value in whole.items() if name != "body"}
