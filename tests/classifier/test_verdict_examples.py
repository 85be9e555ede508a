"""Verdicts as examples: grouped, capped, in dispute or not, and the newest kept for comparisons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from classifier.training.fit import GROUP_WEIGHT, VERDICT_WEIGHT, from_labels, joined_groups
from store.crawl.identity import text_hash
from store.scores.labels import Label
from tests.classifier.toy import NOW

STOCK = "Pale yellow oil, drums of 25 litres, ships from the port of Ficticia within a week of order"
"""Long enough to nearly repeat itself."""


def label(text: str, value: int, *, group: str = "andes:Ficticia Ltd", days: int = 0) -> Label:
    """Return a judged text."""
    return Label(
        text=text,
        text_hash=text_hash(text),
        label=value,
        group=group,
        first_reviewed_at=NOW + timedelta(days=days),
    )


def test_texts_judged_both_ways_teach_nothing() -> None:
    """Two people who disagree about one text leave it out."""
    labels = [label("a", 1), label("a", 0, group="andes:2"), label("b", 1)]
    assert [each.text for each in from_labels(labels)] == ["b"]


def test_no_labels_give_no_examples() -> None:
    """A new store has none."""
    assert from_labels([]) == []


@pytest.mark.parametrize(("imported", "verdict"), [(0, 1), (1, 0)])
def test_a_verdict_given_here_outweighs_an_imported_label(imported: int, verdict: int) -> None:
    """Whichever came first; this is how an imported mistake is put right."""
    labels = [replace(label("a", imported, days=1), is_imported=True), label("a", verdict)]
    (kept,) = from_labels(labels)
    assert (kept.label, kept.origin) == (verdict, "verdict")


def test_imported_labels_that_contradict_each_other_teach_nothing() -> None:
    """Nobody here has looked."""
    assert from_labels([replace(label("a", value), is_imported=True) for value in (0, 1)]) == []


def test_one_seller_cannot_outvote_the_rest_by_repeating() -> None:
    """500 identical listings count once, with the weight of one verdict."""
    (kept,) = from_labels([label("Phenylacetone", 1) for _number in range(500)])
    assert (kept.weight, kept.origin) == (VERDICT_WEIGHT, "verdict")


@pytest.mark.parametrize("sellers", [1, 500])
def test_near_copies_are_one_group_of_limited_weight(sellers: int) -> None:
    """500 listings that differ by a number, under one name or under 500, weigh as ten verdicts do."""
    labels = [label(f"{STOCK} {n}", 0, group=f"andes:{n % sellers}", days=n) for n in range(500)]
    kept = from_labels(labels)
    assert {each.group for each in kept} == {"andes:0"}
    assert sum(each.weight for each in kept) == pytest.approx(GROUP_WEIGHT)


def test_unlike_texts_of_a_seller_are_one_group_too() -> None:
    """Whoever sells under one name is one voice, within a source."""
    groups = ["andes:Ficticia Ltd", "andes:Ficticia Ltd", "pontus:Ficticia Ltd", "andes:9"]
    labels = [label(text, 0, group=group) for text, group in zip("abcd", groups, strict=True)]
    assert [each.group for each in from_labels(labels)] == sorted(groups)


def test_a_near_copy_belongs_to_the_seller_of_the_first_one() -> None:
    """But sellers who share a text stay apart: else a common title would join them all."""
    texts = [STOCK, "Kettle", f"{STOCK}!", "Lantern for the garden", "LANTERN, for the garden", "Rope"]
    groups = ["a", "b", "c", "c", "d", "e"]
    assert joined_groups(texts, groups) == ["a", "b", "a", "c", "c", "e"]


def test_newest_fifth_of_the_groups_is_held_out() -> None:
    """By the first decision about any of their texts."""
    labels = [label(f"text {n}", n % 2, group=f"andes:{n}", days=n) for n in range(10)]
    labels.append(label("another text", 1, group="andes:0", days=99))
    newest = {each.group for each in from_labels(labels) if each.is_newest}
    assert newest == {"andes:8", "andes:9"}
    assert all(each.is_held_out for each in from_labels(labels) if each.is_newest)


def test_what_is_held_out_as_newest_was_never_trained_on_before() -> None:
    """However labels arrive, a group that an earlier twin saw is never among the newest later."""
    labels = [label(f"text {n}", n % 2, group=f"andes:{n * n % 97}", days=n) for n in range(120)]
    seen = set[str]()
    for known in range(10, 121, 10):
        examples = from_labels(labels[:known])
        assert not seen & {each.group for each in examples if each.is_newest}
        seen |= {each.group for each in examples if not each.is_held_out}
