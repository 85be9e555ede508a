"""`link`, `suppliers`, `dossier` and `weekly`: link accounts to suppliers, decide on links, and report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.law import chosen_law
from cli.options import (
    AnyFolder,
    RowNumber,
    SentenceGroup,
    Statement,
    by_option,
    database_option,
    due_at_option,
    json_option,
    recorded,
)
from cli.output import minute, open_store, print_json, print_records, print_table, progress_bar, step_bars
from store.model import RunKind
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from store.database import Database
    from store.suppliers.suppliers import Supplier, SupplierLink


SHOWN = 10
"""Suppliers that `link` prints."""

reason_option = click.option("--reason", type=Statement, required=True, help="Why, for the record.")


@click.group("link", cls=SentenceGroup, invoke_without_command=True)
@click.option("--reread", is_flag=True, help="Read all sightings again, e.g. after an upgrade or a lost key.")
@click.option("--rebuild", is_flag=True, help="Compute all links again.")
@click.option("--train", is_flag=True, help="Estimate weights anew from decisions, if there are enough.")
@database_option
@click.pass_context
def link_command(context: click.Context, database: Path, *, reread: bool, rebuild: bool, train: bool) -> None:
    """Read the accounts and contacts of sellers from new sightings, and link accounts to suppliers.

    Only new sightings are read, and only changed accounts are linked. The command prints the suppliers that
    gained or lost accounts, with their strongest evidence. [contacts] keep sets how contacts are kept; see
    docs/suppliers.md.

    Example: precursor-watch link
    """
    if context.invoked_subcommand is not None:
        return
    from cli.settings import load_settings
    from store.suppliers.contacts import drop_unmentioned, forget_mentions
    from store.suppliers.profile import score_suppliers
    from store.suppliers.suppliers import last_move, suppliers_since
    from suppliers.linking import link_accounts
    from suppliers.linking import train as train_weights
    from suppliers.update import ContactSettings, update

    settings = load_settings(ContactSettings)
    with recorded(database, RunKind.LINK, None) as done, open_store(database) as db:
        before = last_move(db)
        if reread:
            forget_mentions(db)
        with progress_bar("reading") as show:
            done.sentence = update(db, settings, now=utc_now, progress=show).sentence
        if reread:
            drop_unmentioned(db)
        if train:
            click.echo(train_weights(db, now=utc_now()))
        with step_bars() as show_step:
            linked = link_accounts(db, now=utc_now, rebuild=rebuild, progress=show_step)
        score_suppliers(db, now=utc_now())
        done.sentence += f" {linked.sentence}"
        click.echo(done.sentence)
        changed = suppliers_since(db, before, limit=SHOWN + 1)
        for supplier in changed[:SHOWN]:
            _print_supplier(db, supplier)
        if len(changed) > SHOWN:
            click.echo("More suppliers changed; `precursor-watch suppliers list` lists all.")


def _decision_command(name: str, decision: str, about: str) -> None:
    """Add a command that decides on two accounts; `decision` is a value of `LinkDecision`."""

    @link_command.command(name, help=about)
    @click.argument("account", type=RowNumber)
    @click.argument("other", type=RowNumber)
    @reason_option
    @by_option
    @database_option
    def decide(account: int, other: int, reason: str, by: str, database: Path) -> None:
        from store.suppliers.grouping import LinkDecision, decide_link
        from store.suppliers.profile import score_suppliers
        from store.suppliers.suppliers import supplier_of_account

        with open_store(database) as db:
            changed = decide_link(
                db, account, other, LinkDecision(decision), reason=reason, decided_by=by, now=utc_now()
            )
            score_suppliers(db, now=utc_now(), supplier_ids=changed.suppliers)
            one, two = supplier_of_account(db, account), supplier_of_account(db, other)
        said = (
            f"Both accounts have supplier {one}"
            if one == two
            else f"The accounts have suppliers {one} and {two}"
        )
        click.echo(f"{decision.capitalize()}. {said}.")


_decision_command(
    "confirm",
    "confirmed",
    """Confirm that accounts ACCOUNT and OTHER have one supplier, whatever the evidence.

    Example: precursor-watch link confirm 12 31 --reason "Same registration on the invoice" --by mira
    """,
)
_decision_command(
    "cut",
    "cut",
    """Cut accounts ACCOUNT and OTHER apart: no machine evidence joins them again.

    Example: precursor-watch link cut 12 31 --reason "A forwarding agent's number" --by mira
    """,
)
_decision_command(
    "withdraw",
    "withdrawn",
    """Withdraw the decision on accounts ACCOUNT and OTHER, so that evidence alone decides again.

    Example: precursor-watch link withdraw 12 31 --reason "Decided on the wrong pair" --by mira
    """,
)


@link_command.command("common")
@click.argument("contact", type=RowNumber)
@click.option("--links-again", is_flag=True, help="Take the declaration back: the contact links again.")
@reason_option
@by_option
@database_option
def common_command(contact: int, reason: str, by: str, database: Path, *, links_again: bool) -> None:
    """Declare that contact number CONTACT links nobody, e.g. a hotline; the next `link` follows.

    Example: precursor-watch link common 7 --reason "Hotline of the marketplace" --by lea
    """
    from store.suppliers.links import declare_common

    with open_store(database) as db:
        is_new = declare_common(
            db, contact, is_common=not links_again, reason=reason, declared_by=by, now=utc_now()
        )
    click.echo("Declared; the next `link` follows." if is_new else "That is declared already.")


@click.group("suppliers", cls=SentenceGroup)
def command() -> None:
    """List suppliers, and show the accounts, links and contacts of one supplier.

    Example: precursor-watch suppliers list
    """


@command.command("list")
@click.option("--limit", type=RowNumber, default=20, show_default=True, help="Maximum number of suppliers.")
@json_option
@database_option
def list_command(limit: int, database: Path, as_json: bool) -> None:
    """List suppliers, most accounts first.

    Example: precursor-watch suppliers list --limit 50
    """
    from store.suppliers.suppliers import list_suppliers

    with open_store(database) as db:
        found = list_suppliers(db, limit=limit)
    print_records(
        found,
        ("supplier", "name", "accounts", "listings", "first seen", "last seen"),
        lambda each: (
            str(each.supplier_id),
            each.name,
            str(each.account_count),
            str(each.listing_count),
            minute(each.first_seen_at),
            minute(each.last_seen_at),
        ),
        as_json=as_json,
        empty="There are no suppliers yet; start with `precursor-watch link`.",
    )


@command.command("show")
@click.argument("supplier", type=RowNumber)
@json_option
@database_option
def show_command(supplier: int, database: Path, as_json: bool) -> None:
    """Show the accounts of supplier number SUPPLIER, and why they are linked.

    Contacts appear by number and kind; the review app shows their values to users who may see them.

    Example: precursor-watch suppliers show 3
    """
    from store.suppliers.suppliers import accounts_of, contacts_of, get_supplier, links_of, timeline_of

    with open_store(database) as db:
        found = get_supplier(db, supplier)
        number = found.supplier_id
        parts: dict[str, Any] = {
            "accounts": accounts_of(db, number),
            "links": links_of(db, number),
            "contacts": contacts_of(db, number),
            "timeline": timeline_of(db, number),
        }
        if as_json:
            from dataclasses import asdict

            print_json(
                {"supplier": asdict(found)} | {k: [asdict(each) for each in v] for k, v in parts.items()}
            )
            return
    if number != supplier:
        click.echo(f"Supplier {supplier} was merged into supplier {number}.", err=True)
    click.echo(
        f"Supplier {number}, {found.name}: {found.account_count} accounts, {found.listing_count} listings, "
        f"seen from {minute(found.first_seen_at)} to {minute(found.last_seen_at)}."
    )
    _table(
        ("account", "site", "name", "country", "city", "listings", "first seen"),
        parts["accounts"],
        lambda each: (
            str(each.seller_account_id), each.site, each.name, each.country or "-", each.city or "-",
            str(each.listing_count), minute(each.first_seen_at),
        ),
    )  # fmt: skip
    _table(
        ("link", "accounts", "evidence", "match weight", "parts", "decision"),
        parts["links"],
        lambda each: (
            str(each.link_id), f"{each.seller_account_id}, {each.other_account_id}", _evidence(each),
            f"{each.match_weight:.1f}", _parts(each), _decision(each),
        ),
    )  # fmt: skip
    _table(
        ("contact", "kind", "accounts", "mentions", "first seen", "common"),
        parts["contacts"],
        lambda each: (
            str(each.contact_id), each.kind, ", ".join(map(str, each.account_ids)), str(each.mentions),
            minute(each.first_seen_at), "yes, links nobody" if each.is_common else "no",
        ),
    )  # fmt: skip


def _print_supplier(db: Database, supplier: Supplier) -> None:
    from store.suppliers.suppliers import accounts_of, links_of

    accounts = accounts_of(db, supplier.supplier_id, limit=5)
    named = "; ".join(f"{each.name} ({each.site}, account {each.seller_account_id})" for each in accounts)
    more = f" and {supplier.account_count - 5} more" if supplier.account_count > 5 else ""
    click.echo(f"Supplier {supplier.supplier_id}, {supplier.account_count} accounts: {named}{more}")
    for link in links_of(db, supplier.supplier_id, limit=3):
        click.echo(
            f"  accounts {link.seller_account_id} and {link.other_account_id}: {_evidence(link)}, "
            f"match weight {link.match_weight:.1f} ({_parts(link)})"
        )


def _evidence(link: SupplierLink) -> str:
    what = link.kind if link.contact_id is None else f"{link.kind} (contact {link.contact_id})"
    return f"{what}, left out" if link.is_left_out else what


def _parts(link: SupplierLink) -> str:
    parts = ", ".join(f"{name} {part:+.1f}" for name, part in link.parts.items())
    return f"{parts}, before any evidence {link.weight_before:+.1f}"


def _decision(link: SupplierLink) -> str:
    return f"{link.decision} by {link.decided_by}: {link.decision_reason}" if link.decision else "-"


def _table(headings: tuple[str, ...], items: list[Any], cells: Callable[[Any], tuple[str, ...]]) -> None:
    if items:
        click.echo()
        print_table(headings, map(cells, items))


@click.command("dossier")
@click.argument("supplier", type=RowNumber)
@click.option("--out", "folder", type=AnyFolder, required=True, help="An empty or new folder for the files.")
@click.option(
    "--contacts", "with_contacts", is_flag=True, help="State the contacts; the audit log records it."
)
@click.option(
    "--report",
    "form",
    default="21 CFR 1310.",
    show_default=True,
    help="Report template: the public rules whose names begin with this text.",
)
@by_option
@database_option
def dossier_command(
    supplier: int, folder: Path, form: str, by: str, database: Path, *, with_contacts: bool
) -> None:
    """Write the dossier of SUPPLIER: PDF, JSON, FollowTheMoney, and the evidence as a signed ZIP.

    Confirmed facts and machine links stand apart. A template of a report lists the fields of public rules,
    filled in as far as the listings allow.

    Example: precursor-watch dossier 12 --out dossiers/12
    """
    from cli.serve import reference_for
    from review.suppliers.dossier import read_dossier, write_dossier
    from review.web.app import build_templates
    from store.audit.audit import BY_HAND
    from store.suppliers.contacts import view_contacts
    from store.suppliers.suppliers import accounts_of, get_supplier

    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"The folder {folder} is not empty. Give a new or empty folder.")
    now = utc_now()
    with open_store(database) as db:
        number = get_supplier(db, supplier).supplier_id
        contacts = []
        if with_contacts:
            ids = [each.seller_account_id for each in accounts_of(db, number)]
            contacts = view_contacts(db, account_ids=ids, actor=by, now=now)
        dossier = read_dossier(db, number, by=by, contacts=contacts, form=form, now=now)
        files, missing = write_dossier(
            db,
            dossier,
            reference_for(database, chosen_law(database=database)),
            build_templates(),
            origin=BY_HAND,
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    for said in missing:
        click.echo(f"Missing: {said}", err=True)
    click.echo(f"The dossier of supplier {number} is in {folder}: {', '.join(files)}.")


EARLIEST = 2000
"""First year in which `--since` may lie."""


@click.command("weekly")
@database_option
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="First day (YYYY-MM-DD, UTC).  [default: the end of the last report]",
)
@click.option("--html", "as_html", is_flag=True, help="Print HTML.")
@click.option(
    "--send", "is_sent", is_flag=True, help="Send the report to [alarms] weekly_urls, and record it."
)
@due_at_option
def weekly_command(
    database: Path, since: datetime | None, due_at: datetime | None, *, as_html: bool, is_sent: bool
) -> None:
    """Report new suppliers, new links, new substances of known suppliers, and quiet suppliers.

    The report names no contact. It leaves out suppliers, links and substances that nobody reviewed, unless
    a lead chose otherwise under Settings. [maintenance] weekly_cron sends the report each week.

    Example: precursor-watch weekly --since 2026-11-23
    """
    from datetime import UTC

    from cli.settings import load_settings
    from scheduler.digests import ReportUnsure, compose, send_week, week_until
    from scheduler.settings import AlarmSettings

    if is_sent:
        if since is not None:
            raise click.UsageError(
                "--since cannot be used with --send: a sent report begins where the last one ended."
            )
        urls = load_settings(AlarmSettings).weekly_urls
        if not urls:
            raise click.UsageError(
                "No address is set for the report; add [alarms] weekly_urls to the settings file."
            )
        with recorded(database, RunKind.WEEKLY, due_at) as done, open_store(database) as db:
            if done.is_resumed:
                raise ReportUnsure
            week = send_week(db, urls, now=utc_now())
            done.sentence = (
                f"The report from {week.since:%Y-%m-%d} to {week.until:%Y-%m-%d} was sent to {len(urls)} "
                f"{'addresses' if len(urls) > 1 else 'address'}."
            )
            click.echo(done.sentence)
        return
    now = utc_now()
    begin = since.replace(tzinfo=UTC) if since else None
    if begin and (begin.year < EARLIEST or begin > now):
        raise click.BadParameter(
            f"{begin.date().isoformat()} is not a day from {EARLIEST}-01-01 to today.", param_hint="'--since'"
        )
    with open_store(database) as db:
        week = week_until(db, now, begin)
    _title, text, page = compose(week)
    click.echo(page if as_html else text)
