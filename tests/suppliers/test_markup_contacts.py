"""Contacts that only the markup of a page states, from the saved page to the store, with their origin."""

from __future__ import annotations

from dataclasses import replace

import pytest
import web_poet

from crawler.extract.page import extract_page
from fixtures.builders.store import NOW, crawl_run, see
from store.crawl.identity import content_hash
from store.database import open_in_memory
from store.model import ListingContent, TermName
from store.suppliers.contacts import view_contacts
from suppliers.update import ContactSettings, update

URL = "https://bazar.example/item/1"
PAGE = """<html><head><title>Citric acid, 25 kg</title>{head}</head><body>
<header><a href="tel:+34910000000">Help line of the bazaar</a></header>
<main><h1>Citric acid, 25 kg</h1><p>Price: 12 EUR</p>
<p>Sold by <a class="seller" href="/shop/7">Orrery Reagents</a></p>
<p>White powder in bags, from stock, for food.</p>
{body}</main>
<footer><a href="mailto:help@bazar.example">Contact us</a> <a href="https://t.me/bazar_official">News</a></footer>
</body></html>"""
SELLER = """<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Product",
"name": "Citric acid, 25 kg", "offers": {"@type": "Offer", "price": "12", "priceCurrency": "EUR",
"seller": {"@type": "Organization", "name": "Orrery Reagents", %s}}}</script>"""
MICRODATA = """<div itemscope itemtype="https://schema.org/Product">
<meta itemprop="name" content="Citric acid, 25 kg">
<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="price" content="12">
<meta itemprop="priceCurrency" content="EUR">
<div itemprop="seller" itemscope itemtype="https://schema.org/Organization"><meta itemprop="name"
content="Orrery Reagents"><meta itemprop="telephone" content="+44 20 7946 0142"></div></div></div>"""


def listing_of(*, head: str = "", body: str = "") -> ListingContent:
    """Return the listing of a page."""
    page = PAGE.format(head=head, body=body).encode()
    listing = extract_page(web_poet.HttpResponse(url=URL, body=page, status=200)).listing
    assert listing is not None
    return listing.content


def contacts_of(content: ListingContent) -> set[tuple[str, str | None, str, str]]:
    """Return kind, value, field and rule of each contact that a store reads from a listing."""
    db = open_in_memory()
    see(db, crawl_run(db), URL, content)
    update(db, ContactSettings(), now=lambda: NOW)
    (listing_id,) = db.execute("SELECT listing_id FROM sightings").fetchone()
    found = view_contacts(db, listing_id=listing_id, actor="bo", now=NOW)
    return {(each.kind, each.value, each.field, each.rule) for each in found}


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        ('<a href="tel:+44%2020-7946-0142">Call</a>', "phone", "+442079460142"),
        ('<a href="TEL:+442079460142;ext=3">Call</a>', "phone", "+442079460142"),
        ('<a href="mailto:Oil@Norte.example?subject=Offer">Write</a>', "email", "oil@norte.example"),
        ('<a href="https://wa.me/442079460142?text=Hi"></a>', "whatsapp", "+442079460142"),
        ('<a href="https://api.whatsapp.com/send?phone=442079460142">Chat</a>', "whatsapp", "+442079460142"),
        ('<a href="https://t.me/norte_oil">Chat</a>', "telegram", "norte_oil"),
        ('<a href="viber://chat?number=%2B442079460142">Viber</a>', "viber", "+442079460142"),
        ('<a href="skype:norte.oil?chat">Skype</a>', "skype", "norte.oil"),
    ],
)  # fmt: skip
def test_a_link_states_a_contact(body: str, kind: str, value: str) -> None:
    """Links of the page's head and foot are the marketplace's, so they are none of the seller's."""
    assert contacts_of(listing_of(body=body)) == {(kind, value, "terms", "link")}


@pytest.mark.parametrize(
    ("stated", "kind", "value", "rule"),
    [
        ('"telephone": "+44 20 7946 0142"', "phone", "+442079460142", "json-ld:telephone"),
        ('"email": "mailto:oil@norte.example"', "email", "oil@norte.example", "json-ld:email"),
        (
            '"contactPoint": [{"@type": "ContactPoint", "telephone": "+44 20 7946 0142"}]',
            "phone", "+442079460142", "json-ld:telephone",
        ),
        ('"url": "/shop/7", "sameAs": ["https://t.me/norte_oil"]', "telegram", "norte_oil", "json-ld:sameAs"),
    ],
)  # fmt: skip
def test_the_data_of_the_seller_state_contacts(stated: str, kind: str, value: str, rule: str) -> None:
    """The rule names the syntax and the property."""
    assert contacts_of(listing_of(head=SELLER % stated)) == {(kind, value, "terms", rule)}


def test_microdata_state_contacts() -> None:
    """Read like JSON-LD."""
    found = contacts_of(listing_of(body=MICRODATA))
    assert found == {("phone", "+442079460142", "terms", "microdata:telephone")}


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://t.me/share/url?url=https://bazar.example">Share</a>',
        '<a href="https://wa.me/?text=Look">Share</a>',
        '<a href="mailto:?subject=Look">Send to a friend</a>',
        '<a href="tel:">Call</a> <a href="javascript:void(0)">Chat</a>',
        '<nav><a href="tel:+442079460142">Advertise here</a></nav>',
    ],
)
def test_a_link_to_share_the_page_states_none(body: str) -> None:
    """Nor does one without an address, or one beside the listing."""
    assert not [
        each for each in listing_of(body=body).terms if each.text and each.name is TermName.CONTACT_CHANNEL
    ]
    assert contacts_of(listing_of(body=body)) == set()


def test_a_contact_in_markup_alone_is_a_change_of_the_listing() -> None:
    """A listing without one keeps the hash that it had before such contacts were read."""
    one, other = (listing_of(body=f'<a href="tel:+44 20 7946 01{end}">Call</a>') for end in (42, 43))
    assert content_hash(one) != content_hash(other)
    plain = listing_of()
    assert content_hash(plain) == content_hash(replace(plain, terms=()))


def test_a_page_of_a_thousand_links_is_bounded() -> None:
    """The first ones count."""
    body = "".join(f'<a href="tel:+4420794{number:05}">Call</a> ' for number in range(1000))
    stated = [
        each for each in listing_of(body=body).terms if each.name is TermName.CONTACT_CHANNEL and each.text
    ]
    assert len(stated) == 20
