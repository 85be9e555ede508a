"""Write the dossier of a supplier, with confirmed facts and machine links apart.

Listings are pinned as a case pins them: sighting, score, hash of the page and law. The template of a
suspicious-order report lists the fields of `report_fields.csv` with what listings say of them; an offer is no
transaction, so what only a transaction has is left empty, and marked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.encoders import jsonable_encoder

from review.cases.bundle import make_bundle
from review.cases.exported import as_seen_by, missing_parts, record, write_followthemoney
from review.cases.sheets import NoPdf, draw_sheet
from review.listing.masking import NO_MASKS
from review.suppliers.supplier import PLAIN_KINDS, read_profile
from store.audit import audit
from store.audit.audit import AuditAction
from store.errors import fill
from store.model import Decision
from store.review.item_query import State
from store.review.listings import reviewed_listing
from store.suppliers.profile import changes_of, offers_of
from store.suppliers.suppliers import EVERY, MOST_SHOWN, contacts_of, links_of
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from jinja2 import Environment

    from review.listing.masking import Masks
    from review.suppliers.network import Pair
    from review.suppliers.supplier import Profile
    from review.web.providers import Reference
    from store.audit.audit import Origin
    from store.database import Database
    from store.review.listings import Reviewed
    from store.suppliers.contacts import ShownContact

FIELDS = Path(__file__).with_name("report_fields.csv")
FORM = "21 CFR 1310."
"""Beginning of the forms of the report that are made unless others are asked for."""

JSON, PDF, FTM, EVIDENCE, SUMS = (
    "dossier.json",
    "dossier.pdf",
    "dossier.ftm.json",
    "evidence.zip",
    "SHA256SUMS",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportField:
    """A field of a report, with its value from the listings."""

    form: str
    field: str
    required: str
    detail: str
    timing: str
    value: str
    """Empty if it must be filled in by a person."""
    source: str
    """Where the field list was read."""
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """Accounts, links and listings, confirmed or machine-linked."""

    accounts: tuple[int, ...]
    pairs: tuple[Pair, ...]
    listings: tuple[Reviewed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A supplier, ready to be written."""

    profile: Profile
    confirmed: Parted
    """What people confirmed: links, the accounts that they join to the largest one, and offers."""
    machine: Parted
    """What only the machine says: links, the other accounts, and flagged listings without a final verdict."""
    other: tuple[Reviewed, ...]
    """Listings that people dismissed, or that are not flagged."""
    cuts: tuple[Pair, ...]
    contacts: tuple[ShownContact, ...]
    stated_by: Mapping[int, tuple[int, ...]]
    """The accounts that state each contact, by their numbers, also of contacts that it withholds."""
    shortened: Mapping[str, tuple[int, int]]
    """How many it has of how many, by `listings`, `links` or `timeline`; only where some are left out."""
    report: tuple[ReportField, ...]
    made_at: datetime
    made_by: str

    @property
    def listings(self) -> list[Reviewed]:
        """All its listings."""
        return [*self.confirmed.listings, *self.machine.listings, *self.other]


def read_dossier(
    db: Database,
    supplier_id: int,
    *,
    by: str,
    contacts: Sequence[ShownContact] = (),
    form: str = FORM,
    masks: Masks = NO_MASKS,
    now: datetime,
) -> Dossier:
    """Return the dossier of a supplier, as its reader may see it.

    Verdicts and scores are hidden from `by` as everywhere. The audit log has an entry on `contacts`; without
    them the dossier states none. `form` begins the names of the forms whose fields the report lists.

    Raises:
        UnknownRow: If there is no such supplier.
    """
    profile = read_profile(db, supplier_id, reader=by, shown=contacts, masks=masks, now=now)
    found = [reviewed_listing(db, each.listing.listing_id) for each in profile.listings]
    shown = masks(as_seen_by(db, found, by))
    flagged = {
        each.listing.listing_id
        for each in profile.listings
        if each.listing.is_flagged and not each.score_hidden
    }
    offers = [each for each in shown if each.state is State.DECIDED and _decision(each) is Decision.OFFER]
    open_ = [each for each in shown if each.state is not State.DECIDED and each.listing.listing_id in flagged]
    told = {each.listing.listing_id for each in (*offers, *open_)}
    joined = [pair for pair in profile.pairs if pair.decision == "confirmed" and pair.is_inside]
    accounts = _joined_by(profile, joined)
    confirmed = Parted(accounts=accounts, pairs=tuple(joined), listings=tuple(offers))
    return Dossier(
        profile=profile,
        confirmed=confirmed,
        machine=Parted(
            accounts=tuple(
                each.seller_account_id for each in profile.accounts if each.seller_account_id not in accounts
            ),
            pairs=tuple(pair for pair in profile.pairs if not pair.decision),
            listings=tuple(open_),
        ),
        other=tuple(each for each in shown if each.listing.listing_id not in told),
        cuts=tuple(pair for pair in profile.pairs if pair.decision == "cut"),
        contacts=tuple(contacts),
        stated_by={
            each.contact_id: each.account_ids
            for each in contacts_of(db, profile.supplier.supplier_id, limit=EVERY)
        },
        shortened=_shortened(db, profile),
        report=tuple(_report(profile, confirmed, contacts, form)),
        made_at=now,
        made_by=by,
    )


def write_dossier(
    db: Database, dossier: Dossier, reference: Reference, templates: Environment, *, origin: Origin
) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of a dossier by name, and their missing parts; log the dossier."""
    by, now, number = dossier.made_by, dossier.made_at, dossier.profile.supplier.supplier_id
    missing = [
        f"{total - shown:,} of {total:,} of the supplier's {part}"
        for part, (shown, total) in dossier.shortened.items()
    ]
    files = {JSON: _json(dossier_record(dossier, reference))}
    try:
        files[PDF] = draw_sheet(
            lambda undrawn: dossier_html(dossier, templates, undrawn=undrawn), {JSON: files[JSON]}
        ).body
    except NoPdf as error:
        missing.append(f"{PDF}: {error}")
    if find_spec("followthemoney") is None:
        missing.append(
            f"{FTM}: FollowTheMoney is not installed (pip install 'precursor-watch[followthemoney]')."
        )
    else:
        files[FTM] = "".join(_entities(dossier)).encode()
    bundle = make_bundle(
        db, dossier.listings, reference.evidence, by=by, anchor=audit.take_anchor(db), now=now
    )
    files[EVIDENCE] = bundle.body
    if bundle.missing:
        missing.append(
            f"{EVIDENCE}: the pages of {bundle.missing} of {bundle.listings} listings are not stored."
        )
    files[SUMS] = "".join(f"{_sha256(body)}  {name}\n" for name, body in files.items()).encode()
    audit.record(
        db,
        AuditAction.EXPORTED,
        actor=by,
        origin=origin,
        subject=f"supplier:{number}",
        details={
            "form": "dossier", "listings": len(dossier.listings), "with_contacts": bool(dossier.contacts),
            "sha256": {name: _sha256(body) for name, body in files.items()},
        },
        now=now,
    )  # fmt: skip
    return files, missing


def dossier_html(dossier: Dossier, templates: Environment, *, undrawn: str = "") -> str:
    """Return a dossier as a page to print."""
    template = templates.get_template("dossier.html")
    names = {each.seller_account_id: each.name for each in dossier.profile.accounts}
    return template.render(dossier=dossier, profile=dossier.profile, names=names, undrawn=undrawn)


def dossier_record(dossier: Dossier, reference: Reference) -> dict[str, Any]:
    """Return a dossier as JSON values."""
    profile = dossier.profile

    def parted(each: Parted) -> dict[str, Any]:
        return {
            "accounts": list(each.accounts),
            "links": [asdict(pair) | {"standing": pair.standing} for pair in each.pairs],
            "listings": [_pinned(listing, reference) for listing in each.listings],
        }

    whole: dict[str, Any] = jsonable_encoder(
        {
            "format": "precursor-watch dossier 1",
            "made_at": to_text(dossier.made_at),
            "made_by": dossier.made_by,
            "supplier": asdict(profile.supplier),
            "score": {"points": profile.score, "parts": dict(profile.points)},
            "accounts": [asdict(each) for each in profile.accounts],
            "confirmed_by_people": parted(dossier.confirmed),
            "machine_linked": parted(dossier.machine),
            "cut_by_people": [asdict(pair) for pair in dossier.cuts],
            "other_listings": [_pinned(each, reference) for each in dossier.other],
            "contacts": [asdict(each) for each in dossier.contacts],
            "contacts_withheld": len(dossier.stated_by) if not dossier.contacts else 0,
            "shortened": {
                part: {"shown": shown, "total": total} for part, (shown, total) in dossier.shortened.items()
            },
            "timeline": [asdict(each) for each in profile.changes],
            "suspicious_order_report": [asdict(each) for each in dossier.report],
            "missing": [
                {"listing_id": each.listing_id, "part": each.part, "why": fill(each.why, each.values)}
                for each in missing_parts(dossier.listings, dossier.made_by)
            ],
        }
    )
    return whole


def _shortened(db: Database, profile: Profile) -> dict[str, tuple[int, int]]:
    """Return how many listings, links and entries of the timeline a profile has of how many."""
    number = profile.supplier.supplier_id
    shown = {
        "listings": len(profile.listings),
        "links": sum(len(pair.links) for pair in profile.pairs),
        "timeline": len(profile.changes),
    }
    totals: dict[str, Callable[[], int]] = {
        "listings": lambda: profile.supplier.listing_count,
        "links": lambda: len(links_of(db, number, limit=EVERY)),
        "timeline": lambda: len(changes_of(db, number, offers_of(db, number, limit=EVERY), limit=EVERY)),
    }
    cut = {part: (has, totals[part]()) for part, has in shown.items() if has >= MOST_SHOWN}
    return {part: (has, total) for part, (has, total) in cut.items() if has < total}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a ZIP."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return body.getvalue()


def _report(
    profile: Profile, confirmed: Parted, contacts: Sequence[ShownContact], form: str
) -> Iterator[ReportField]:
    """Yield the fields of the forms asked for, filled as far as listings say."""
    wares = [ware for ware in profile.wares if ware.substance]
    quantities = dict.fromkeys(
        f"{ware.substance}: {said}"
        for ware in wares
        for each in ware.listings
        for said in [each.listing.quantity_text]
        if said
    )
    packs = dict.fromkeys(each.pack_text for ware in wares for each in ware.offers if each.pack_text)
    known = {
        "names": dict.fromkeys(f"{each.name} ({each.site})" for each in profile.accounts),
        "places": profile.places,
        "contacts": [f"{each.kind}: {each.value}" for each in contacts if each.value],
        "substances": [ware.substance for ware in wares],
        "quantities": quantities,
        "packs": packs,
        "basis": [
            f"{verdict.note or verdict.decision} ({verdict.reviewer}, {to_text(verdict.decided_at)[:10]})"
            for each in confirmed.listings
            if (verdict := each.verdict)
        ],
    }
    with FIELDS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["form_or_rule"].startswith(form):
                yield ReportField(
                    form=row["form_or_rule"],
                    field=row["field"],
                    required=row["required"],
                    detail=row["wording_or_detail"],
                    timing=row["timing_or_channel"],
                    value="; ".join(list(known.get(row["filled_from"], ()))[:MOST_VALUES]),
                    source=row["source"],
                    confidence=row["confidence"],
                )


MOST_VALUES = 20
"""Values of one field of the report."""


def _joined_by(profile: Profile, pairs: Sequence[Pair]) -> tuple[int, ...]:
    """Return the accounts that confirmed links join to the account with most listings, itself among them."""
    largest = max(profile.accounts, key=lambda each: (each.listing_count, -each.seller_account_id))
    found, before = {largest.seller_account_id}, 0
    while len(found) > before:
        before = len(found)
        for pair in pairs:
            ends = {pair.one.seller_account_id, pair.other.seller_account_id}
            if ends & found:
                found |= ends
    return tuple(sorted(found))


def _decision(each: Reviewed) -> Decision | None:
    return each.verdict.decision if each.verdict else None


def _pinned(each: Reviewed, reference: Reference) -> dict[str, Any]:
    whole = record(each)
    pin = {"sighting_id": each.sighting.sighting_id, "score_id": None if each.score_hidden else each.score_id}
    return whole | pin | {"law": [asdict(entry) for entry in reference.law(whole["substances"])]}


def _entities(dossier: Dossier) -> Iterator[str]:
    """Yield FollowTheMoney entities, one a line: accounts, their links by who says so, and the listings."""
    from followthemoney import model

    entities = {}
    for account in dossier.profile.accounts:
        entity = model.make_entity("LegalEntity")
        entity.make_id("precursor-watch", "account", account.site, account.seller_account_id)
        entity.add("name", account.name)
        entity.add("sourceUrl", account.shop_url or None, quiet=True)
        entity.add("country", account.country or None, quiet=True)
        entity.add("address", ", ".join(filter(None, (account.city, account.country))) or None)
        is_sure = account.seller_account_id in dossier.confirmed.accounts
        entity.add("notes", "Confirmed by people." if is_sure else "Machine-linked; nobody confirmed it.")
        entities[account.seller_account_id] = entity
    for contact in dossier.contacts:
        name = contact.kind if contact.kind in PLAIN_KINDS else "idNumber"
        for account_id in dossier.stated_by.get(contact.contact_id, ()):
            if contact.value and account_id in entities:
                entities[account_id].add(name, contact.value, quiet=True)
    for pair in (*dossier.confirmed.pairs, *dossier.machine.pairs):
        ends = [entities.get(end.seller_account_id) for end in (pair.one, pair.other)]
        if None in ends:
            continue
        link = model.make_entity("UnknownLink")
        link.make_id("precursor-watch", "link", *(end.seller_account_id for end in (pair.one, pair.other)))
        link.add("subject", ends[0])
        link.add("object", ends[1])
        said = (
            f"confirmed: {pair.reason}"
            if pair.decision
            else f"machine-linked, match weight {pair.match_weight:.1f}"
        )
        link.add("role", said)
        entities[-len(entities)] = link
    yield from (json.dumps(each.to_dict(), ensure_ascii=False) + "\n" for each in entities.values())
    yield from write_followthemoney(dossier.listings)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
