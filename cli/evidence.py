"""`precursor-watch evidence`: what is kept of each page, and whether it is still what was kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import database_option, json_option
from cli.output import print_json, reading
from listings.text import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.evidence.read import KeptRecord
    from listings.evidence import EvidenceRecord

BINARY_FLAG = "--body"


@click.group("evidence")
def command() -> None:
    """The WARC files in which every page is kept, beside the database under its name and `.evidence`.

    Any other reader of WARC opens them too, for example `warcio index` or pywb.

    Example: precursor-watch evidence verify
    """


@command.command("verify")
@database_option
@json_option
def verify_command(database: Path, *, as_json: bool) -> None:
    """Walk all of it; name the first thing that does not match, and exit with 1.

    Example: precursor-watch evidence verify
    """
    from cli.progress import progress_bar
    from crawler.evidence.verify import verify
    from listings.evidence import evidence_folder

    with reading(database) as db, progress_bar("verifying") as show:
        done = verify(db, evidence_folder(database), progress=show)
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"{done.files:,} files, {done.records:,} records ({done.revisits:,} of them revisits) and "
        f"{done.pages:,} pages match; {done.bytes:,} bytes."
    )
    if done.purged:
        click.echo(f"{done.purged:,} files were taken away by retention; their tombstones say when and why.")
    if done.unsealed:
        click.echo(f"{done.unsealed:,} of the files are not sealed yet; their records were checked.")


@command.command("show")
@click.argument("page", metavar="PAGE")
@click.option(BINARY_FLAG, "only_body", is_flag=True, help="Write the unpacked body alone, byte by byte.")
@database_option
@json_option
def show_command(page: str, database: Path, *, only_body: bool, as_json: bool) -> None:
    """Print the record of a page, given by its number or its address; of an address the newest.

    \b
    Example:
      precursor-watch evidence show 17
      precursor-watch evidence show https://shop.example/item/1 --body > page.html
    """  # noqa: D301 (click wants the character itself)
    from crawler.evidence.show import show
    from listings.evidence import evidence_folder

    with reading(database) as db:
        record, kept, body = show(db, evidence_folder(database), page)
    if only_body:
        click.echo(body, nl=False)
    elif as_json:
        print_json(
            {
                **asdict(record),
                "warc_headers": kept.warc_headers,
                "status": kept.status,
                "http_headers": kept.http_headers,
            }
        )
    else:
        _print(record, kept, body)


def _print(record: EvidenceRecord, kept: KeptRecord, body: bytes) -> None:
    click.echo(f"{record.file} at {record.offset:,}, {record.length:,} bytes; it matches.")
    for name, value in kept.warc_headers:
        click.echo(harmless(f"  {name}: {value}"))
    click.echo(harmless(f"{kept.status or 'no HTTP headers'}"))
    for name, value in kept.http_headers:
        click.echo(harmless(f"  {name}: {value}"))
    click.echo(f"{len(body):,} bytes, unpacked; {BINARY_FLAG} writes them.")
