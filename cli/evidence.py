"""`evidence`: show and verify the stored evidence of each page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import ExistingFile, SentenceGroup, database_option, json_option
from cli.output import open_store, print_json, progress_bar
from store.messages import counted, harmless

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.evidence.warc_records import KeptRecord
    from store.crawl.evidence import EvidenceRecord

BINARY_FLAG = "--body"
_STATED_DIGEST = {
    "mismatch": "The bytes do not match the digest that the supplied archive states:",
    "unchecked": "The digest that the supplied archive states could not be compared:",
}


@click.group("evidence", cls=SentenceGroup)
def command() -> None:
    """Show and verify the evidence: WARC files with every page, in DATABASE.evidence beside the database.

    Any WARC reader can open the files, for example `warcio index` or pywb.

    Example: precursor-watch evidence verify
    """


@command.command("verify")
@click.argument("bundle", required=False, type=ExistingFile, metavar="[BUNDLE]")
@click.option(
    "--signed-by", default="", metavar="KEY", help="Fingerprint of the key that must have signed the bundle."
)
@click.option("--since", default="", metavar="LINE", help="The `All seals` value of an earlier verification.")
@database_option
@json_option
def verify_command(bundle: Path | None, signed_by: str, since: str, database: Path, *, as_json: bool) -> None:
    """Verify all evidence, or one exported bundle; report the first mismatch and exit with 1.

    A bundle is an evidence ZIP of the review app. Verifying it needs no database.

    Example: precursor-watch evidence verify

    Example: precursor-watch evidence verify precursor-watch-20261102T080000Z.zip
    """
    if bundle is not None:
        verify_bundle_file(bundle, signed_by, as_json=as_json)
        return
    from crawler.evidence.verify import verify
    from store.crawl.evidence import evidence_folder

    with open_store(database) as db, progress_bar("verifying") as show:
        done = verify(db, evidence_folder(database), since=since, progress=show)
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"{counted(done.files, 'file', 'files')}, {counted(done.records, 'record', 'records')} (including "
        f"{counted(done.revisits, 'revisit', 'revisits')}) and {counted(done.pages, 'page', 'pages')} match; "
        f"{done.bytes:,} bytes."
    )
    click.echo(f"All seals: {done.seals}")
    if done.unsealed:
        click.echo(f"Files not sealed yet: {done.unsealed:,}; their records were verified.")


def verify_bundle_file(bundle: Path, signed_by: str, *, as_json: bool) -> None:
    """Verify an exported bundle and print what was found."""
    from crawler.evidence.verify import verify_bundle
    from crawler.evidence.warc_records import EvidenceWrong

    done = verify_bundle(bundle)
    if signed_by and done.signed_by != signed_by.lower():
        by = f"the key {done.signed_by}" if done.signed_by else "nobody"
        raise EvidenceWrong(bundle.name, f"it is signed by {by}, not by the key {signed_by}")
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        harmless(
            f"{counted(done.listings, 'listing', 'listings')} and "
            f"{counted(done.records, 'record', 'records')} match; exported {done.exported_at} by "
            f"{done.exported_by}. SHA-256 of the manifest: {done.manifest_sha256}"
        )
    )
    click.echo(
        f"Signed by the key {done.signed_by}; confirm this key with the sender over another channel."
        if done.signed_by
        else "Unsigned, like bundles of the first release: anyone could have made it."
    )
    if done.without_page:
        click.echo(f"Listings without a page in the bundle: {done.without_page:,}.")


@command.command("show")
@click.argument("page", metavar="PAGE")
@click.option(BINARY_FLAG, "only_body", is_flag=True, help="Write only the decoded body, as bytes.")
@database_option
@json_option
def show_command(page: str, database: Path, *, only_body: bool, as_json: bool) -> None:
    """Print the record of a page, by number or address; for an address, the newest record.

    Example: precursor-watch evidence show 17
    """
    from crawler.evidence.warc_records import show
    from store.crawl.evidence import evidence_folder, find_page
    from store.crawl.pages import digest_finding

    with open_store(database) as db:
        record, kept, body = show(db, evidence_folder(database), page)
        page_id = find_page(db, page)
        finding = None if page_id is None else digest_finding(db, page_id)
    if only_body:
        click.echo(body, nl=False)
    elif as_json:
        print_json(
            {
                **asdict(record),
                "warc_headers": kept.warc_headers,
                "status": kept.status,
                "http_headers": kept.http_headers,
                "stated_digest": asdict(finding) if finding else None,
            }
        )
    else:
        _print(record, kept, body)
        if finding:
            click.echo(harmless(f"{_STATED_DIGEST[finding.result]} {finding.details}"))


def _print(record: EvidenceRecord, kept: KeptRecord, body: bytes) -> None:
    click.echo(f"{record.file} at {record.offset:,}, {record.length:,} bytes; the hashes match.")
    for name, value in kept.warc_headers:
        click.echo(harmless(f"  {name}: {value}"))
    click.echo(harmless(f"{kept.status or 'no HTTP headers'}"))
    for name, value in kept.http_headers:
        click.echo(harmless(f"  {name}: {value}"))
    click.echo(f"{len(body):,} bytes after decoding; {BINARY_FLAG} writes them.")
