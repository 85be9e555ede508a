"""The words behind a score are named, and their shares are those of the sum."""

from __future__ import annotations

import pytest

from classifier.explain.word_contributions import LONGEST, SHOWN_EACH_WAY, SHOWN_SPANS, word_shares
from classifier.features.words import (
    MAX_CHARS,
    columns_of,
    count_words,
    title_words,
    tokens_of,
    words_of_tokens,
)


def shares(text: str, weights: dict[str, float]) -> dict[str, float]:
    """Return what is told of a text whose tokens weigh this much, all others nothing."""
    told, rest = word_shares(text, dict(zip(columns_of(list(weights)), weights.values(), strict=True)))
    return {each.words: each.log_odds for each in told} | ({"": rest} if rest else {})


@pytest.mark.parametrize(
    ("text", "weights", "told"),
    [
        ("No LABEL", {"label": 1.5, "no label": 0.5, "no": 0.1}, {"No LABEL": 2.1}),
        ("No LABEL", {"label": 1.5, "no label": 0.5, "no": -1.0}, {"LABEL": 1.75, "": -0.75}),
        ("Label; no label", {"label": 1.0, "no": 0.5}, {"Label": 0.5, "no label": 1.0}),
        ("Label; label", {"label": 1.0}, {"Label": 1.0}),
        ("Unlabelled drum", {"unlabelled": 1.0, "*unla": 0.5}, {"Unlabelled": 1.5}),
        ("этикетка, этикетки", {"*этик": 0.5}, {"этикетка": 0.25, "этикетки": 0.25}),
        ("25kg", {"00kg": 0.25}, {"25kg": 0.25}),
        ("25 kg of it", {"00": 0.25, "kg": 0.25, "it": 0.125}, {"25 kg": 0.5, "": 0.125}),
        ("无标签", {"标 签": 0.25}, {"无标签": 0.25}),
        ("Ｆｕｌｌ", {"full": -1.0}, {"Ｆｕｌｌ": -1.0}),
        ("drum", {"drum": 0.03}, {"": 0.03}),
        ("soap", {"kettle": 1.0}, {}),
        ("", {}, {}),
    ],
)
def test_a_share_is_told_in_the_words_of_the_text(
    text: str, weights: dict[str, float], told: dict[str, float]
) -> None:
    """A column is shared out among its places and their words; the rest tells of what is next to nothing."""
    assert shares(text, weights) == pytest.approx(told)


def test_what_is_told_and_the_rest_are_all_of_it() -> None:
    """No word is lost, whatever is listed."""
    words = [
        "unlabelled",
        "drums",
        "papers",
        "label",
        "boric",
        "acid",
        "borax",
        "pool",
        "kettle",
        "border",
        "ask",
        "door",
        "silver",
        "paint",
    ]
    text = "; ".join(words) + "\nof the 5"
    terms = {column: 1e-3 * (column % 97) for column in count_words([text]).indices.tolist()}
    terms |= {column: (-1) ** number * 2.0 for number, column in enumerate(columns_of(words))}
    told, rest = word_shares(text, terms)
    assert sum(each.log_odds for each in told) + rest == pytest.approx(sum(terms.values()), abs=1e-12)
    sizes = [abs(each.log_odds) for each in told]
    assert sizes == sorted(sizes, reverse=True)
    assert len([each for each in told if each.log_odds > 0]) == SHOWN_EACH_WAY
    assert len([each for each in told if each.log_odds < 0]) == SHOWN_EACH_WAY


@pytest.mark.parametrize(
    ("text", "token", "places"),
    [
        ("No LABEL, no label", "no label", ["No LABEL", "no label"]),
        ("not here: No  LABEL", "no label", ["No  LABEL"]),
        ("Straße frei", "strasse frei", ["Straße frei"]),
        ("cafe\u0301 frei", "café", ["cafe\u0301"]),
        ("ﬁlter", "filter", ["ﬁlter"]),
        ("new p_o_w_d_e_r here", "powder", ["p_o_w_d_e_r"]),
        ("Ке\u200bttlе", "kettle", ["Ке\u200bttlе"]),
        ("\u202erewop\u202c tool", "power", ["rewop"]),
        ("go up; go up; go up; go up", "go up", ["go up"] * SHOWN_SPANS),
        ("\u1112\u1161\u11ab soap", "soap", []),
    ],
)
def test_places_are_those_of_the_text_as_written(text: str, token: str, places: list[str]) -> None:
    """Letters that change their number when they are brought to one form still lie where they lie."""
    (told,), _rest = word_shares(text, {columns_of([token])[0]: 1.0})
    assert [text[start:end] for start, end in told.spans] == places


@pytest.mark.parametrize(
    ("text", "token", "words"),
    [
        ("\u202erewop\u202c tool", "power", "power"),
        ("tool \u202eREWOP", "power", "power"),
        ("&#8238;rewop&#8236; tool", "power", "power"),
        ("a \u202eloot rewop\u202c here", "power tool", "power tool"),
        ("new \u202erewop\u202c", "new power", "new power"),
        ("No\u2066 LABEL\u2069", "no label", "no label"),
        ("No \u200eLABEL", "no label", "no label"),
        ("\u202erewop\u202c LABEL", "label", "LABEL"),
        ("LABEL \u202erewop", "label", "LABEL"),
        ("\u2067x\u2069 No Label", "no label", "No Label"),
        ("Ке\u200bttlе", "kettle", "Ке\u200bttlе"),
        ("No Label", "no label", "No Label"),
        ("P_o_w_d_e_r here", "powder", "P_o_w_d_e_r"),
    ],
)
def test_what_marks_turn_round_is_told_as_it_is_read(text: str, token: str, words: str) -> None:
    """A slice of turned text is another word than the page shows; anything else is quoted as written."""
    (told,), _rest = word_shares(text, {columns_of([token])[0]: 1.0})
    assert told.words == words


def test_hostile_words_are_told_shortly() -> None:
    """One endless word makes no long reason."""
    text = "w" * MAX_CHARS
    terms = dict.fromkeys(count_words([text]).indices.tolist(), 1.0)
    (told,), _rest = word_shares(text, terms)
    assert len(told.words) == LONGEST
    assert told.spans == ((0, MAX_CHARS),)


@pytest.mark.parametrize("text", ["", "one", "Unlabelled drums\n250kg", "无标签 выделенный груз"])
def test_words_of_tokens_are_in_the_order_of_tokens(text: str) -> None:
    """Where a token comes from is known by its place alone."""
    tokens = tokens_of(text)
    words = [token for token in tokens if " " not in token and not token.startswith("*")]
    runs = words_of_tokens(words, title_words(text, words))
    whole = [f"<{' '.join(words[first:end])}>" for first, end in runs]
    assert all(token.removeprefix("*") in words for token, words in zip(tokens, whole, strict=True))
    assert sorted(set(columns_of(tokens))) == sorted(count_words([text]).indices.tolist())
