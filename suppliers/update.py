"""Read accounts and contacts of new sightings: one pass, in time proportional to the new sightings.

A pass that is killed loses at most one batch, and the next pass repeats that batch. A pass without new
sightings changes nothing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

from store.crawl.identity import canonical_url
from store.crawl.pictures import PICTURE_STEP
from store.model import LONGEST_SELLER_NAME, TermName
from store.sqlite import Database, transaction
from store.suppliers.accounts import (
    CONTACTS,
    FoundAccount,
    count_unread,
    mark_read,
    record_account,
    sighting_with_account,
    unread_pictures,
    unread_sightings,
)
from store.suppliers.contacts import Keep, Vault, keep_as, record_contacts
from suppliers.addresses import registered_domain
from suppliers.contacts import Context, contact_places, read_contacts
from text.normalise import squeeze
from text.page_words import country_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store.suppliers.contacts import FoundContact

BATCH = 500
"""Sightings read in one transaction."""
PICTURE_FIELD = "picture"
"""The field of contacts that stand in a picture; their places are in the joined texts of its pictures."""
READ_FIELDS = ("text", "seller_name", "seller_url", "location")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings:
    """The section `[contacts]`."""

    keep: Keep = Keep.PLAIN
    """How contacts are kept: `plain`, `encrypted`, or `hashed` (linked, but never shown)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The results of one pass."""

    sightings: int = 0
    mentions: int = 0
    """New statements of contacts."""
    cut: int = 0
    """Names of sellers that were cut to `LONGEST_SELLER_NAME` characters."""

    @property
    def sentence(self) -> str:
        """The counts as a sentence; contacts themselves are never named."""
        cut = (
            f" {self.cut:,} seller names longer than {LONGEST_SELLER_NAME} characters were cut."
            if self.cut
            else ""
        )
        return f"{self.sightings:,} sightings read, {self.mentions:,} new mentions of contacts.{cut}"


def update(
    db: Database,
    settings: ContactSettings,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    batch: int = BATCH,
) -> Counts:
    """Read the accounts and contacts of all sightings that no pass has read yet.

    Contacts kept in another way than `settings` say are converted first. `batch` sightings are one
    transaction. `progress` is called with (sightings read, unread sightings at the start).

    Raises:
        ContactKeyUnusable: If the key of the contacts cannot be used.
    """
    vault = Vault.of(db, settings.keep)
    keep_as(db, vault)
    waiting, done, mentions, cut = count_unread(db, CONTACTS), 0, 0, 0
    while sightings := unread_sightings(db, CONTACTS, limit=batch):
        read = [(sighting, *_read(sighting)) for sighting in sightings]
        with transaction(db):
            for sighting, account, contacts in read:
                account_id = None if account is None else record_account(db, sighting, account)
                mentions += record_contacts(db, vault, sighting, account_id, contacts, now=now())
            mark_read(db, CONTACTS, sightings[-1]["sighting_id"], now=now())
        cut += sum(len(sighting["seller_name"]) > LONGEST_SELLER_NAME for sighting in sightings)
        done += len(sightings)
        progress(done, waiting)
    while pictured := unread_pictures(db, limit=batch):
        with transaction(db):
            for each in pictured:
                sighting = sighting_with_account(db, each.sighting_id)
                said = read_contacts(each.said, PICTURE_FIELD, _context(sighting, _account(sighting)))
                account_id = sighting["seller_account_id"]
                mentions += record_contacts(db, vault, sighting, account_id, said, now=now())
            mark_read(db, PICTURE_STEP, pictured[-1].newest_picture, now=now())
    return Counts(sightings=done, mentions=mentions, cut=cut)


def _read(sighting: Any) -> tuple[FoundAccount | None, list[FoundContact]]:
    account = _account(sighting)
    context = _context(sighting, account)
    contacts = [
        contact for field in READ_FIELDS for contact in read_contacts(sighting[field], field, context)
    ]
    for term in json.loads(sighting["terms"] or "[]"):
        if term["name"] == TermName.CONTACT_CHANNEL and term.get("text"):
            found = read_contacts(term["text"], "terms", context)
            contacts += [replace(each, rule=term.get("rule", "")) for each in found]
    return account, contacts


def _account(sighting: Any) -> FoundAccount | None:
    return account_of(sighting, site_of(sighting["url"]) or sighting["source_id"])


def _context(sighting: Any, account: FoundAccount | None) -> Context:
    country = account.country if account else ""
    regions = regions_of(country, sighting["language"], sighting["url"])
    return Context(regions=regions, site=site_of(sighting["url"]) or sighting["source_id"])


def places_to_mask(text: str, location: str, language: str, url: str) -> list[tuple[int, int]]:
    """Return start and end of everything in a text that may be a contact, as `contact_places` does.

    `location` is the seller's as shown, `language` is ISO 639-1; both may be empty, and so may `url`.
    """
    regions = regions_of(place_of(location)[0], language, url)
    return contact_places(text, Context(regions=regions, site=site_of(url)))


def regions_of(country: str, language: str, url: str) -> tuple[str, ...]:
    """Return the countries whose national phone numbers are read, likeliest first.

    `country` (ISO 3166-1 alpha-2) is the seller's; of `url`, the listing's, the country-code top-level domain
    counts. Each may be empty. A text in English says nothing of the country.
    """
    try:
        suffix = (urlsplit(url).hostname or "").rpartition(".")[2].upper()
    except ValueError:
        suffix = ""
    spoken = (
        "" if language in {"", "en"} else get_global("likely_subtags").get(language, "").rpartition("_")[2]
    )
    likely = (country, {"UK": "GB"}.get(suffix, suffix), spoken)
    return tuple(dict.fromkeys(region for region in likely if region in SUPPORTED_REGIONS))


def account_of(sighting: Any, site: str) -> FoundAccount | None:
    """Return the account that a sighting names, or None if it names no seller.

    The address of the shop identifies the account; where there is none, the name on that site does.
    """
    name = " ".join(sighting["seller_name"].split())[:LONGEST_SELLER_NAME]
    shop = canonical_url(sighting["seller_url"]) if sighting["seller_url"] else ""
    key = shop_key(shop, site)
    # A site shows a name always with the same accents: on one site, `Hà` and `Há` are two sellers.
    spelled = squeeze(unicodedata.normalize("NFKC", name.casefold()))
    if not key and not spelled:
        return None
    country, city = place_of(sighting["location"])
    return FoundAccount(
        site=site,
        account_key=key or spelled,
        has_shop=bool(key),
        name=name,
        shop_url=shop,
        country=country,
        city=city,
        member_since=_member_since(sighting),
    )


def place_of(location: str) -> tuple[str, str]:
    """Return country (ISO 3166-1) and city of a location as shown; each empty if not stated.

    >>> place_of("Wuhan, Hubei, China"), place_of("Lima")
    (('CN', 'Wuhan'), ('', 'Lima'))
    """
    country = country_in(location).replace("worldwide", "")
    parts = [part.strip() for part in re.split(r"[,，/|·()]", location[:LONGEST_SELLER_NAME])]
    cities = [part for part in parts if part and not country_in(part) and not re.search(r"\d", part)]
    return country, cities[0] if cities else ""


def _member_since(sighting: Any) -> str:
    """Return the year since which the seller is on the site or in business, or empty text."""
    for term in json.loads(sighting["terms"] or "[]"):
        if term.get("name") == TermName.SUPPLIER_YEARS:
            if re.fullmatch(r"(?:19|20)\d\d", term.get("value", "")):
                return str(term["value"])
            years = str(term.get("amount", ""))
            if years.isdigit() and int(years) < 200:
                return str(int(sighting["seen_at"][:4]) - int(years))
    return ""


def shop_key(shop_url: str, site: str) -> str:
    """Return the key of a shop on its site, e.g. `shop.example/store/42`; empty for the site itself."""
    try:
        parts = urlsplit(shop_url)
    except ValueError:
        return ""
    host, path = (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")
    if not host or (host == site and not path and not parts.query):
        return ""
    return f"{host}{path}{'?' + parts.query if parts.query else ''}"


@lru_cache(maxsize=4096)
def site_of(url: str) -> str:
    """Return the registered domain of a URL, e.g. `shop.example`, or empty text."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return registered_domain(host)
