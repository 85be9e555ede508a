"""`audit`: list and verify the audit log, and print anchors for it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import SentenceGroup, database_option, json_option
from cli.output import open_store, print_json, print_records, progress_bar
from store.audit.chain import AuditAction
from store.messages import counted
from store.times import to_text, utc_now

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from store.audit.audit import AuditEntry


@click.group("audit", cls=SentenceGroup)
def command() -> None:
    """List and verify the audit log: a hash chain of user actions, with what was on the user's screen.

    Example: precursor-watch audit verify
    """


@command.command("list")
@click.option("--actor", help="Only actions of this user.")
@click.option(
    "--action", type=click.Choice([each.value for each in AuditAction]), help="Only actions of this kind."
)
@click.option("--subject", help="Only actions on this subject, e.g. listing:5f0c9a7be1d2c3f4.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="Maximum number of entries.",
)
@database_option
@json_option
def list_command(
    actor: str | None, action: str | None, subject: str | None, *, limit: int, database: Path, as_json: bool
) -> None:
    """List the entries, newest first.

    Example: precursor-watch audit list --action verdict_given --actor ada
    """
    from store.audit.audit import list_entries

    wanted = AuditAction(action) if action else None
    with open_store(database) as db:
        entries = list_entries(db, actor=actor, action=wanted, subject=subject, limit=limit)
    headings = ("ENTRY", "AT", "WHO", "VIA", "DID", "TO", "DETAILS")
    print_records(entries, headings, _cells, as_json=as_json, cut=("DETAILS",))


@command.command("verify")
@click.option("--anchor", "given", multiple=True, metavar="NUMBER:HASH", help="An anchor that must match.")
@click.option(
    "--anchors",
    "file",
    type=click.File("rb"),
    help="A file of anchors, one per line, as `audit anchor` prints them; - for standard input.",
)
@database_option
@json_option
def verify_command(given: tuple[str, ...], file: BinaryIO | None, *, database: Path, as_json: bool) -> None:
    """Verify the audit log, every evidential row and the schema, and report the first break.

    Someone with write access to the database could cut off the end of the log, or rewrite it. Only an anchor
    kept elsewhere reveals that. Exit codes: 0 intact, 1 broken or unreadable, 2 misuse.

    Example: precursor-watch audit verify --anchors /media/usb/anchors.txt
    """
    from store.audit.verification import AuditBroken, read_anchors, read_anchors_file, verify

    anchors = read_anchors(given) if file is None else read_anchors_file(file.name, file.read(), given)
    with open_store(database) as db, progress_bar("verifying") as show:
        try:
            done = verify(db, anchors=anchors, progress=show)
        except AuditBroken as error:
            if not as_json:
                raise
            print_json({"whole": False, "broken_at": error.place, "sentence": str(error)})
            sys.exit(1)
    if as_json:
        print_json({"whole": True, **asdict(done)})
        return
    met = f"; {counted(done.anchors, 'anchor matches', 'anchors match')}" if anchors else ""
    entries, lines = counted(done.entries, "entry", "entries"), counted(done.lines, "row", "rows")
    click.echo(f"The audit log ({entries}), the record ({lines}) and the schema are intact{met}.")
    if done.backwards:
        click.echo(done.backwards_sentence, err=True)
    if not anchors:
        click.echo(
            "Without an anchor, a truncated log cannot be detected; see `audit anchor --help`.", err=True
        )


@command.command("anchor")
@database_option
@json_option
def anchor_command(database: Path, *, as_json: bool) -> None:
    """Print an anchor: the newest hashes of the audit log and of the record.

    Keep the anchor out of reach of anyone who can write the database. `audit verify --anchor` then detects a
    log that was rewritten or truncated.

    Example: precursor-watch audit anchor >> /media/usb/anchors.txt
    """
    from store.audit.audit import head, take_anchor

    with open_store(database) as db:
        anchor, (entry_id, entry_hash) = take_anchor(db), head(db)
    now = to_text(utc_now())
    if as_json:
        print_json({"anchor": anchor, "entry_id": entry_id, "hash": entry_hash, "taken_at": now})
    else:
        click.echo(f"{anchor} {now}")


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    return (
        str(entry.entry_id), to_text(entry.at), entry.actor, entry.via, entry.action, entry.subject, details,
    )  # fmt: skip
