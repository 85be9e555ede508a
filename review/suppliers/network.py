"""The links of a supplier: by pairs of accounts, and as a picture that is only numbers.

In the picture, sites, accounts and contacts stand in three columns, each in the order of what it is joined
to, so that few lines cross. Links for another reason than a contact, and decisions, bow to the left of the
accounts. What does not fit is counted; the tables beside the picture have everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from store.suppliers.grouping import LinkDecision
from store.suppliers.profile import named_accounts
from store.suppliers.suppliers import decisions_of, links_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from store.database import Database
    from store.suppliers.profile import NamedAccount
    from store.suppliers.suppliers import SupplierAccount, SupplierContact, SupplierEvent, SupplierLink

MOST_ACCOUNTS, MOST_CONTACTS, MOST_SITES = 24, 24, 12
"""Of the picture: 60 nodes in all."""

WIDTH = 760
HEAD = 26
"""Height of the headings of the columns."""
ROW = 34
BOX = 24
"""Height of a node."""
COLUMNS = {"site": (8, 170), "account": (295, 190), "contact": (572, 180)}
"""The left edge and the width of the nodes of each kind."""
CHARS = 25
"""Characters of a name that fit a node."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two accounts, the evidence that joins them, and the decision of a person on them."""

    one: NamedAccount
    other: NamedAccount
    links: tuple[SupplierLink, ...]
    """Strongest first; empty if a person confirmed what no evidence shows."""
    decision: str
    """`confirmed`, `cut`, or empty."""
    reason: str
    """With the name of who decided."""
    decided_at: datetime | None

    @property
    def match_weight(self) -> float:
        """log2 of the odds that both accounts have one supplier; 0 without evidence."""
        return max((link.match_weight for link in self.links), default=0.0)

    @property
    def standing(self) -> str:
        """`confirmed`, `cut`, `left_out` if no link of theirs joins, or empty."""
        return self.decision or ("left_out" if all(link.is_left_out for link in self.links) else "")

    @property
    def is_inside(self) -> bool:
        """Whether both accounts have one supplier."""
        return self.one.supplier_id == self.other.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A site, an account or a contact."""

    kind: str
    """`site`, `account` or `contact`."""
    number: int
    """Of the account or contact; 0 for a site."""
    name: str
    shown: str
    """The name, cut to fit."""
    x: float
    y: float
    width: float
    is_outside: bool = False
    """Whether the account is another supplier's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A line between two nodes."""

    kind: str
    """`site`, `contact` or `pair`."""
    standing: str
    """As of a pair; empty for others."""
    path: str
    """The `d` of an SVG path."""
    weight: float
    """Width of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The picture."""

    nodes: tuple[Node, ...]
    """In the order in which they are read: sites, accounts, contacts, each from top to bottom."""
    edges: tuple[Edge, ...]
    height: float
    more: Mapping[str, int]
    """How many accounts, contacts and sites the picture leaves out; without those of which it has all."""


def pairs_of(db: Database, supplier_id: int) -> list[Pair]:
    """Return the pairs of accounts of a supplier that links or decisions join or part, strongest first."""
    links: dict[tuple[int, int], list[SupplierLink]] = {}
    for link in links_of(db, supplier_id):
        links.setdefault((link.seller_account_id, link.other_account_id), []).append(link)
    decided: dict[tuple[int, int], SupplierEvent] = {}
    for event in decisions_of(db, supplier_id):  # newest first
        decided.setdefault((event.seller_account_id or 0, event.other_account_id or 0), event)
    standing = {pair: event for pair, event in decided.items() if event.kind != LinkDecision.WITHDRAWN}
    keys = dict.fromkeys([*links, *standing])
    named = named_accounts(db, sorted({end for pair in keys for end in pair}))
    return [
        Pair(
            one=named[one],
            other=named[other],
            links=tuple(links.get((one, other), ())),
            decision=event.kind if event else "",
            reason=event.note if event else "",
            decided_at=event.at if event else None,
        )
        for one, other in keys
        for event in [standing.get((one, other))]
        if one in named and other in named
    ]


def draw_network(
    accounts: Sequence[SupplierAccount],
    contacts: Sequence[SupplierContact],
    pairs: Sequence[Pair],
    values: Mapping[int, str],
) -> Network:
    """Return the picture of a supplier.

    The contacts that most accounts state come first. Accounts of other suppliers, from which a person cut a
    pair, are drawn too. `values` are the texts that stand for each contact, by its number.
    """
    largest = sorted(accounts, key=lambda each: (-each.listing_count, each.seller_account_id))[:MOST_ACCOUNTS]
    site_of = {each.seller_account_id: each.site for each in largest}
    names = {each.seller_account_id: each.name for each in largest}
    order = sorted(site_of, key=lambda number: (site_of[number], number))
    ends = {
        end.seller_account_id: end for pair in pairs for end in (pair.one, pair.other) if not pair.is_inside
    }
    own = {each.seller_account_id for each in accounts}
    outside = [number for number in ends if number not in own][: MOST_ACCOUNTS - len(order)]
    names |= {number: ends[number].name for number in outside}
    order += outside
    places = {number: float(at) for at, number in enumerate(order)}
    of_sites: dict[str, list[float]] = {}
    for number, site in site_of.items():
        of_sites.setdefault(site, []).append(places[number])
    of_contacts = {
        each.contact_id: [places[number] for number in each.account_ids if number in places]
        for each in contacts
    }
    shown_contacts = {
        key: of_contacts[key] for key in [k for k in of_contacts if of_contacts[k]][:MOST_CONTACTS]
    }
    columns: dict[str, list[tuple[int, str]]] = {
        "site": [(0, site) for site in _by_place(of_sites)[:MOST_SITES]],
        "account": [(number, names[number]) for number in order],
        "contact": [(number, values[number]) for number in _by_place(shown_contacts)],
    }
    rows = max(1, *map(len, columns.values()))
    nodes = [
        _node(kind, number, name, HEAD + ((rows - len(column)) / 2 + at) * ROW, is_outside=number in outside)
        for kind, column in columns.items()
        for at, (number, name) in enumerate(column)
    ]
    left_out = {
        "account": len(accounts) - len(site_of),
        "contact": len(contacts) - len(shown_contacts),
        "site": len(of_sites) - len(columns["site"]),
    }
    return Network(
        nodes=tuple(nodes),
        edges=tuple(_edges(nodes, site_of, contacts, pairs)),
        height=HEAD + rows * ROW + 4,
        more={kind: count for kind, count in left_out.items() if count > 0},
    )


def _node(kind: str, number: int, name: str, y: float, *, is_outside: bool) -> Node:
    x, width = COLUMNS[kind]
    shown = name if len(name) <= CHARS else f"{name[: CHARS - 1]}\u2026"
    is_outside = is_outside and kind == "account"
    return Node(
        kind=kind, number=number, name=name, shown=shown, x=x, y=y, width=width, is_outside=is_outside
    )


def _edges(
    nodes: Sequence[Node],
    site_of: Mapping[int, str],
    contacts: Sequence[SupplierContact],
    pairs: Sequence[Pair],
) -> Iterator[Edge]:
    at = {(node.kind, node.number or node.name): node for node in nodes}
    for number, site in site_of.items():
        if ("site", site) in at:
            yield _across("site", at["site", site], at["account", number])
    for contact in contacts:
        for number in contact.account_ids:
            if ("account", number) in at and ("contact", contact.contact_id) in at:
                yield _across("contact", at["account", number], at["contact", contact.contact_id])
    for pair in pairs:
        ends = [at.get(("account", end.seller_account_id)) for end in (pair.one, pair.other)]
        is_said = pair.decision or any(link.contact_id is None for link in pair.links)
        if is_said and ends[0] and ends[1]:
            yield _bow(ends[0], ends[1], pair)


def _across(kind: str, one: Node, other: Node) -> Edge:
    x1, y1, x2, y2 = one.x + one.width, one.y + BOX / 2, other.x, other.y + BOX / 2
    half = (x1 + x2) / 2
    path = f"M{x1:g} {y1:g}C{half:g} {y1:g} {half:g} {y2:g} {x2:g} {y2:g}"
    return Edge(kind=kind, standing="", path=path, weight=1.0)


def _bow(one: Node, other: Node, pair: Pair) -> Edge:
    y1, y2 = one.y + BOX / 2, other.y + BOX / 2
    out = one.x - min(100.0, 24 + abs(y2 - y1) / 3)
    return Edge(
        kind="pair",
        standing=pair.standing,
        path=f"M{one.x:g} {y1:g}C{out:g} {y1:g} {out:g} {y2:g} {other.x:g} {y2:g}",
        weight=round(min(4.0, max(1.2, pair.match_weight / 5)), 1),
    )


def _by_place(joined: Mapping[Key, Sequence[float]]) -> list[Key]:
    """Return keys by the mean place of what each is joined to."""
    return sorted(joined, key=lambda key: (sum(joined[key]) / len(joined[key]), str(key)))
