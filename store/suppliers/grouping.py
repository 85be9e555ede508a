"""Suppliers: connected accounts with lasting numbers, and the decisions of people on links.

Links join accounts in the order of their strength, confirmed ones first. A link is left out if it would put
two accounts in one supplier that a person cut apart, or if machine evidence alone would build a supplier of
more than `MOST_ACCOUNTS` accounts. The number of a supplier follows its largest part. A part that splits off
gets back the number that most of its accounts had before, or a new one. Every move is a row, and nothing of
an account changes when it moves, so cutting a wrong link restores what was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, UnknownRow
from store.sqlite import transaction
from store.suppliers.links import DecisionRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from store.sqlite import Database

MOST_ACCOUNTS = 200
"""Most accounts of a supplier that machine evidence alone may build."""

_CHUNK = 500


class LinkDecision(StrEnum):
    """The decision of a person on two accounts. The value is the same word in SQL, CLI and pages."""

    CONFIRMED = "confirmed"
    """The accounts have one supplier."""
    CUT = "cut"
    """The accounts have different suppliers, whatever evidence they share."""
    WITHDRAWN = "withdrawn"
    """The earlier decision no longer holds; evidence alone decides again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouped:
    """The changes of one grouping."""

    moved: int = 0
    """Accounts that moved to another supplier, new accounts included."""
    suppliers: tuple[int, ...] = ()
    """Suppliers with an account that came or went."""
    left_out: int = 0
    """Links left out of the suppliers that were looked at."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """A link or a confirmation, in the order of strength."""

    rank: int
    """Number of the decision; 0 for machine evidence."""
    weight: float
    one: int
    other: int
    link_ids: tuple[int, ...] = ()


class _Joined:
    """Disjoint sets of accounts, some pairs of which may not come together."""

    def __init__(self, accounts: Iterable[int], cuts: Iterable[tuple[int, int, int]]) -> None:
        self._parent = {account: account for account in accounts}
        self._size = dict.fromkeys(self._parent, 1)
        self._cuts: dict[int, list[tuple[int, int]]] = defaultdict(list)
        """By the account that stands for a set: accounts cut from one of the set, with the decision."""
        self._cut_pairs = {(one, other): rank for rank, one, other in cuts}
        for (one, other), rank in self._cut_pairs.items():
            self._cuts[one].append((other, rank))
            self._cuts[other].append((one, rank))

    def find(self, account: int) -> int:
        """Return the account that stands for the set of an account."""
        parent = self._parent
        while parent[account] != account:
            parent[account] = parent[parent[account]]
            account = parent[account]
        return account

    def join(self, edge: _Edge) -> bool:
        """Join the sets of both ends; return False if a cut or the greatest size forbids it."""
        one, other = self.find(edge.one), self.find(edge.other)
        if one == other:
            return self._cut_pairs.get((edge.one, edge.other), -1) <= edge.rank
        if edge.rank == 0 and self._size[one] + self._size[other] > MOST_ACCOUNTS:
            return False
        if len(self._cuts_of(one)) > len(self._cuts_of(other)):
            one, other = other, one
        if any(
            rank > edge.rank and account in self._parent and self.find(account) == other
            for account, rank in self._cuts_of(one)
        ):
            return False
        if self._size[one] > self._size[other]:
            one, other = other, one
        self._parent[one] = other
        self._size[other] += self._size[one]
        if one in self._cuts:
            self._cuts[other] = self._cuts_of(other) + self._cuts[one]
        return True

    def _cuts_of(self, root: int) -> list[tuple[int, int]]:
        return self._cuts.get(root, [])

    def sets(self) -> list[list[int]]:
        """Return the sets, each in ascending order."""
        found: dict[int, list[int]] = defaultdict(list)
        for account in sorted(self._parent):
            found[self.find(account)].append(account)
        return list(found.values())


def regroup(db: Database, accounts: Iterable[int], *, now: datetime) -> Regrouped:
    """Compute the suppliers of accounts and of all connected accounts, and record the changes.

    The caller holds the transaction.
    """
    region = _region(db, accounts)
    if not region:
        return Regrouped()
    present = {row[0] for row in _in(db, "SELECT seller_account_id FROM seller_accounts WHERE {}", region)}
    joined, left_out = _join(db, present)
    before = {
        row[0]: row[1]
        for row in _in(db, "SELECT seller_account_id, supplier_id FROM supplier_accounts WHERE {}", region)
    }
    groups = joined.sets()
    numbers, kinds = _numbers(db, groups, before)
    moves: list[tuple[int, int | None, int | None, str]] = [
        (account, number, before.get(account), kind)
        for group, number, kind in zip(groups, numbers, kinds, strict=True)
        for account in group
        if before.get(account) != number
    ]
    moves += [(account, None, before[account], "gone") for account in sorted(set(before) - present)]
    at, kept = times.to_text(now), set(numbers)
    for account, number, old, kind in moves:
        if number is None:
            db.conn.execute("DELETE FROM supplier_accounts WHERE seller_account_id = ?", [account])
        else:
            db.conn.execute(
                "INSERT INTO supplier_accounts VALUES (?, ?)"
                " ON CONFLICT (seller_account_id) DO UPDATE SET supplier_id = excluded.supplier_id",
                [account, number],
            )
        merged = kind == "joined" and old is not None and old not in kept
        db.conn.execute(
            "INSERT INTO supplier_moves (seller_account_id, supplier_id, from_supplier_id, kind, moved_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [account, number, old, "merged" if merged else kind, at],
        )
    changed = {each for _, number, old, _ in moves for each in (number, old) if each is not None}
    summarise(db, sorted(changed))
    return Regrouped(moved=len(moves), suppliers=tuple(sorted(changed)), left_out=left_out)


def summarise(db: Database, supplier_ids: Sequence[int]) -> None:
    """Compute name, counts and times of suppliers again, within the caller's transaction."""
    counted = """
        SELECT count(*), min(first_seen_at), max(last_seen_at) FROM supplier_accounts
        JOIN seller_accounts USING (seller_account_id) WHERE supplier_id = ?
    """
    named = """
        SELECT name, (SELECT count(*) FROM listing_accounts AS l
                      WHERE l.seller_account_id = a.seller_account_id) AS listings
        FROM supplier_accounts AS a JOIN seller_accounts USING (seller_account_id) WHERE supplier_id = ?
        ORDER BY listings DESC, a.seller_account_id
    """
    for supplier_id in supplier_ids:
        accounts, first, last = db.conn.execute(counted, [supplier_id]).fetchone()
        if not accounts:
            db.conn.execute(
                "UPDATE suppliers SET account_count = 0, listing_count = 0 WHERE supplier_id = ?",
                [supplier_id],
            )
            continue
        listed = db.conn.execute(named, [supplier_id]).fetchall()
        db.conn.execute(
            "UPDATE suppliers SET name = ?, account_count = ?, listing_count = ?, first_seen_at = ?,"
            " last_seen_at = ? WHERE supplier_id = ?",
            [listed[0][0], accounts, sum(row[1] for row in listed), first, last, supplier_id],
        )


def summarise_accounts(db: Database, accounts: Sequence[int]) -> None:
    """Compute the summaries of the suppliers of accounts again, within the caller's transaction."""
    found = _in(db, "SELECT DISTINCT supplier_id FROM supplier_accounts WHERE {}", accounts)
    summarise(db, sorted({row[0] for row in found}))


def decide_link(
    db: Database,
    one: int,
    other: int,
    decision: LinkDecision,
    *,
    reason: str,
    decided_by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> Regrouped:
    """Record the decision of a person on two accounts, and compute their suppliers again.

    Raises:
        UnknownRow: If there is no such account.
        DecisionRefused: If the accounts are one, the reason is empty, or there is nothing to withdraw.
    """
    one, other = sorted((one, other))
    if one == other:
        raise DecisionRefused(N_("A decision needs two different accounts. Nothing was written."))
    if not reason.strip():
        raise DecisionRefused(N_("Give a reason for the decision. Nothing was written."))
    with transaction(db):
        if decision is LinkDecision.WITHDRAWN and standing_decision(db, one, other) is None:
            raise DecisionRefused(
                N_("There is no decision on accounts %(one)s and %(other)s. Nothing was written."),
                one=one,
                other=other,
            )
        values = {
            "seller_account_id": one, "other_account_id": other, "decision": decision,
            "reason": rows.clean(reason.strip()),
            "evidence": rows.clean(rows.to_json(_evidence(db, one, other))),
            "decided_by": rows.clean(decided_by),
            "decided_at": times.to_text(now),
        }  # fmt: skip
        decision_id = rows.insert(db, "link_decisions", values)
        regrouped = regroup(db, (one, other), now=now)
        audit.record(
            db,
            AuditAction.LINK_DECIDED,
            actor=decided_by,
            origin=origin,
            subject=f"accounts:{one},{other}",
            details={"decision": decision, "reason": reason.strip(), "suppliers": regrouped.suppliers},
            rows=[("link_decisions", int(decision_id or 0))],
            now=now,
        )
    return regrouped


def standing_decision(db: Database, one: int, other: int) -> LinkDecision | None:
    """Return the decision that stands on two accounts, or None."""
    query = (
        "SELECT decision FROM standing_link_decisions WHERE seller_account_id = ? AND other_account_id = ?"
    )
    row = db.conn.execute(query, sorted((one, other))).fetchone()
    return None if row is None else LinkDecision(row[0])


def decided_pairs(db: Database) -> list[tuple[int, int, bool]]:
    """Return the pairs of accounts that people decided on, and whether they confirmed the link."""
    query = """
        SELECT seller_account_id, other_account_id, decision FROM standing_link_decisions ORDER BY decision_id
    """
    return [(row[0], row[1], row[2] == LinkDecision.CONFIRMED) for row in db.conn.execute(query)]


def _evidence(db: Database, one: int, other: int) -> dict[str, object]:
    """Return both accounts and their links as they stand; names and addresses outlast a new reading."""
    accounts = []
    for account_id in (one, other):
        columns = "seller_account_id, site, account_key, name"
        query = f"SELECT {columns} FROM seller_accounts WHERE seller_account_id = ?"  # noqa: S608 (ours)
        row = db.conn.execute(query, [account_id]).fetchone()
        if row is None:
            raise UnknownRow("account", account_id)
        accounts.append(dict(row))
    query = """
        SELECT kind, contact_id, match_weight, probability, model_id, first_linked_at
        FROM supplier_links WHERE seller_account_id = ? AND other_account_id = ? ORDER BY link_id
    """
    return {"accounts": accounts, "links": [dict(row) for row in db.conn.execute(query, [one, other])]}


def _region(db: Database, accounts: Iterable[int]) -> set[int]:
    """Return accounts with all accounts connected by links and decisions, or now in the same supplier."""
    steps = (
        "SELECT other_account_id FROM supplier_links WHERE {}",
        "SELECT seller_account_id FROM supplier_links WHERE {other}",
        "SELECT other_account_id FROM standing_link_decisions WHERE decision = 'confirmed' AND {}",
        "SELECT seller_account_id FROM standing_link_decisions WHERE decision = 'confirmed' AND {other}",
        """SELECT seller_account_id FROM supplier_accounts
           WHERE supplier_id IN (SELECT supplier_id FROM supplier_accounts WHERE {})""",
    )
    region: set[int] = set()
    frontier = set(accounts)
    while frontier:
        region |= frontier
        frontier = {row[0] for step in steps for row in _in(db, step, frontier)} - region
    return region


def _join(db: Database, accounts: set[int]) -> tuple[_Joined, int]:
    """Join accounts by their links, note which links are left out, and return their number."""
    decided = list(
        _in(
            db,
            "SELECT decision_id, seller_account_id, other_account_id, decision FROM standing_link_decisions"
            " WHERE {}",
            accounts,
        )
    )
    edges = [_Edge(row[0], 0.0, row[1], row[2]) for row in decided if row[3] == LinkDecision.CONFIRMED]
    cuts = [(row[0], row[1], row[2]) for row in decided if row[3] == LinkDecision.CUT]
    by_pair: dict[tuple[int, int], list[Any]] = defaultdict(list)
    query = (
        "SELECT link_id, seller_account_id, other_account_id, match_weight, is_left_out FROM supplier_links"
        " WHERE {}"
    )
    for row in _in(db, query, accounts):
        by_pair[row[1], row[2]].append(row)
    for (one, other), found in by_pair.items():
        edges.append(_Edge(0, found[0][3], one, other, tuple(row[0] for row in found)))
    joined = _Joined(accounts, cuts)
    left_out: set[int] = set()
    edges = [edge for edge in edges if edge.one in accounts and edge.other in accounts]
    for edge in sorted(edges, key=lambda edge: (edge.rank or 2**63, -edge.weight, edge.one, edge.other)):
        if not joined.join(edge):
            left_out.update(edge.link_ids)
    changed = [
        (int(row[0] in left_out), row[0])
        for found in by_pair.values()
        for row in found
        if bool(row[4]) != (row[0] in left_out)
    ]
    db.conn.executemany("UPDATE supplier_links SET is_left_out = ? WHERE link_id = ?", changed)
    return joined, len(left_out)


def _numbers(
    db: Database, groups: Sequence[Sequence[int]], before: dict[int, int]
) -> tuple[list[int], list[str]]:
    """Return the number of the supplier of each group, and the kind of the moves to it."""
    shares = [
        (-count, number, place)
        for place, group in enumerate(groups)
        for number, count in Counter(before[account] for account in group if account in before).items()
    ]
    numbers: dict[int, int] = {}
    kinds = dict.fromkeys(range(len(groups)), "joined")
    taken: set[int] = set()
    for _count, number, place in sorted(shares):
        if place not in numbers and number not in taken:
            numbers[place] = number
            taken.add(number)
    for place, group in enumerate(groups):
        if place in numbers:
            continue
        is_split = any(account in before for account in group)
        earlier = _earlier_number(db, group, taken | set(before.values())) if is_split else None
        kinds[place] = "restored" if earlier is not None else "split" if is_split else "founded"
        numbers[place] = _new_supplier(db) if earlier is None else earlier
        taken.add(numbers[place])
    return [numbers[place] for place in range(len(groups))], [kinds[place] for place in range(len(groups))]


def _new_supplier(db: Database) -> int:
    statement = """
        INSERT INTO suppliers (name, account_count, listing_count, first_seen_at, last_seen_at)
        VALUES ('', 0, 0, '', '')
    """
    return int(db.conn.execute(statement).lastrowid or 0)


def _earlier_number(db: Database, group: Sequence[int], taken: set[int]) -> int | None:
    """Return the number that most accounts of a group had before, of those that no account has now."""
    found = _in(
        db,
        "SELECT supplier_id, count(DISTINCT seller_account_id) FROM supplier_moves"
        " WHERE supplier_id IS NOT NULL AND {} GROUP BY supplier_id",
        group,
    )
    had: Counter[int] = Counter()
    for number, count in found:
        had[number] += count
    used = "SELECT 1 FROM supplier_accounts WHERE supplier_id = ? LIMIT 1"
    free = [
        (-count, number)
        for number, count in had.items()
        if number not in taken and db.conn.execute(used, [number]).fetchone() is None
    ]
    return min(free)[1] if free else None


def _in(db: Database, query: str, accounts: Iterable[int]) -> Iterator[Any]:
    """Yield the rows of a query for accounts, some hundred at a time; `{}` stands for the condition."""
    ordered = sorted(accounts)
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        condition = query.format(f"seller_account_id IN ({marks})", other=f"other_account_id IN ({marks})")
        yield from db.conn.execute(condition, chunk).fetchall()
