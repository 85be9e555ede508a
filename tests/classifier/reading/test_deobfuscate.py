"""Disguised spellings are read as what they show. Every example was written for these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.gazetteer import default_gazetteer
from classifier.reading import as_shown, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from classifier.gazetteer import Gazetteer

GAZETTEER = default_gazetteer()
"""Loaded once: hypothesis does not take function-scoped fixtures."""

LONG_NAMES = ["phenylacetone", "pseudoephedrine", "piperidine", "acetic anhydride", "potassium permanganate"]
CYRILLIC = str.maketrans("aceopxy", "асеорху")
GREEK = str.maketrans("oi", "οι")
GREEK_CAPITALS = str.maketrans("ABEHIKMNOPTXYZ", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
BOLD = {ord("a") + i: 0x1D41A + i for i in range(26)}
CIRCLED = {ord("a") + i: 0x24D0 + i for i in range(26)}
LISU = str.maketrans("aceiop", "ꓮꓚꓰꓲꓳꓑ")
ARMENIAN = str.maketrans("hnou", "հոօս")
BLACK_SQUARES = {ord("a") + i: 0x1F170 + i for i in range(26)}
FIRST_VOWEL_LEET = str.maketrans("eao", "340")

DISGUISES: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "spaced letters": " ".join,
    "dotted letters": ".".join,
    "underscores": "_".join,
    "hyphened letters": "-".join,
    "zero-width spaces": "\u200b".join,
    "bidi marks": lambda name: f"\u202e{name}\u202c",
    "soft hyphens": "\u00ad".join,
    "emoji in the middle": lambda name: f"{name[:4]}🔥{name[4:]}",
    "entities": lambda name: "".join(f"&#{ord(c)};" for c in name),
    "Cyrillic look-alikes": lambda name: name.translate(CYRILLIC),
    "Greek look-alikes": lambda name: name.translate(GREEK),
    "Greek capitals": lambda name: name.upper().translate(GREEK_CAPITALS),
    "Greek capitals set apart": lambda name: ".".join(name.upper().translate(GREEK_CAPITALS)),
    "full width": lambda name: name.translate(FULL_WIDTH),
    "mathematical bold": lambda name: name.translate(BOLD),
    "circled letters": lambda name: name.translate(CIRCLED),
    "digits for letters": lambda name: name.translate(FIRST_VOWEL_LEET),
    "a masked letter": lambda name: f"{name[:4]}*{name[5:]}",
    "a doubled letter": lambda name: name[:5] + name[4:],
    "a missing letter": lambda name: name[:4] + name[5:],
    "two letters swapped": lambda name: name[:2] + name[2:4][::-1] + name[4:],
    "slashes": "/".join,
    "signs in turn": lambda name: "".join(f"{c}{'.~_•'[i % 4]}" for i, c in enumerate(name))[:-1],
    "an emoji after each letter": "🔥".join,
    "written backwards": lambda name: f"\u202e{name[::-1]}\u202c",
    "fillers": "\u3164".join,
    "Braille blanks": "\u2800".join,
    "entities of entities": lambda name: "".join(f"&amp;#{ord(c)};" for c in name),
    "entities without an end": lambda name: "".join(f"&#x{ord(c):x}" for c in name).replace("&#x20", " "),
    "Lisu capitals": lambda name: name.translate(LISU),
    "Armenian letters": lambda name: name.translate(ARMENIAN),
    "black squares": lambda name: name.translate(BLACK_SQUARES),
    "combining strokes": lambda name: "".join(f"{c}\u0336" for c in name),
}


@pytest.mark.parametrize("name", LONG_NAMES)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguise_keeps_the_hit(disguise: str, name: str, gazetteer: Gazetteer) -> None:
    """A name behind any of the disguises is read as the same substance, and its span covers it."""
    (plain,) = read_text(name, gazetteer).mentions
    text = f"hot: {DISGUISES[disguise](name)} !"
    (found,) = read_text(text, gazetteer).mentions
    assert found.substance.key == plain.substance.key
    assert text[found.span[0] : found.span[1]].strip("\u202e\u202c") in text[5:-2]


@pytest.mark.parametrize("text", ["К р а с н ы й ф о с ф о р", "с-е-р-н-а-я к-и-с-л-о-т-а", "А.Ц.Е.Т.О.Н"])
def test_russian_letters_set_apart_stay_russian(text: str, gazetteer: Gazetteer) -> None:
    """Single letters that look Latin are read in the script of the letters around them."""
    assert [m.how for m in read_text(text, gazetteer).mentions] == ["disguised"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(A.m.i.n.o.m.e.t.h.y.l)p.i.p.e.r.i.d.i.n.e", ""),
        ("(A m i n o m e t h y l)p i p e r i d i n e", ""),
        ("T/o/l/u/e/n/e-2,4-d/i/s/u/l/f/o/n/i/c a/c/i/d", ""),
        ("Ami🔥nobenz🔥aldehyde", ""),
        ("I o d i n e S o l u t i o n", "I o d i n e"),
        ("p i p e r i d i n e e t h a n o l", ""),
        ("piperidine🔥powder", "piperidine"),
        ("buy.p.i.p.e.r.i.d.i.n.e", "p.i.p.e.r.i.d.i.n.e"),
        ("BulkPiperidineForSale", "Piperidine"),
        ("PIPERIDINESOLUTION", "PIPERIDINE"),
        ("PiperidineEthanol", ""),
        ("Piperidine and P i p e", "Piperidine"),
    ],
)
def test_where_words_end_is_told_as_the_eye_tells_it(text: str, shown: str, gazetteer: Gazetteer) -> None:
    """By signs, capitals and what follows: part of a longer name stays part of it, however it is spelled."""
    spans = [text[m.span[0] : m.span[1]] for m in read_text(text, gazetteer).mentions]
    assert spans == ([shown] if shown else [])


def test_a_text_turned_round_points_to_what_was_written(gazetteer: Gazetteer) -> None:
    """The span of a name written backwards covers its letters, and no more."""
    text = "new: \u202egk 5 enidirepip\u202c now"
    reading = read_text(text, gazetteer)
    assert [text[m.span[0] : m.span[1]] for m in reading.mentions] == ["enidirepip"]
    assert [(s.kind, s.text) for s in reading.trade] == [("quantity", "gk 5")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Piperidine 5 kg", "Piperidine 5 kg"),
        ("Pipéridine, ацетон – 丙酮 １ kg", "Pipéridine, ацетон – 丙酮 １ kg"),
        ("P.i.p.e.r.i.d.i.n.e 5 kg", "piperidine 5 kg"),
        ("pi\u200bperidine", "piperidine"),
        ("\u202eenidirepiP", "piperidine"),
        ("Ｐｉｐｅｒｉｄｉｎｅ", "piperidine"),
    ],
)
def test_only_what_is_disguised_is_written_anew(text: str, shown: str) -> None:
    """What is embedded is the text itself, unless letters are hidden in it."""
    assert as_shown(text) == shown


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("acetone", "name"),
        ("acétone", "name"),
        ("γ-butyrolactone", "name"),
        ("асеtоnе", "disguised"),
        ("ac3tone", "disguised"),
        ("a.c.e.t.o.n.e", "disguised"),
        ("acet\u200bone", "disguised"),
        ("67-64-1", "cas"),
        ("MEK", "abbreviation"),
    ],
)
def test_it_says_how_a_substance_is_named(text: str, how: str, gazetteer: Gazetteer) -> None:
    """Honest spellings and disguises are told apart."""
    assert [m.how for m in read_text(text, gazetteer).mentions] == [how]


@pytest.mark.parametrize(
    "text",
    [
        "F_a_c_e T_o_n_i_c",
        "P.O.L.Y.T.R.O.N D.I.O.D.A",
        "T o g e t h e r",
        "V_I_B_E_R_S",
        "size 5 l_a_r_g_e",
        "t-o-g-e-t-h-e-r",
    ],
)
def test_letters_set_apart_in_ordinary_titles_are_no_sign(text: str, gazetteer: Gazetteer) -> None:
    """A name that is only a piece of longer words set apart the same way is not read."""
    reading = read_text(text, gazetteer)
    assert (reading.mentions, reading.trade) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        "CAS 103 79 7",
        "cas:103797",
        "１０３-７９-７",
        "103—79—7",
    ],
)
def test_a_cas_number_is_read_in_any_spelling(text: str, gazetteer: Gazetteer) -> None:
    """A listed CAS number counts however its digits are spaced or drawn."""
    (mention,) = read_text(text, gazetteer).mentions
    assert (mention.substance.key, mention.how) == ("P2P", "cas")


@pytest.mark.parametrize(
    "text",
    [
        "call 103 79 7",
        "tel 555-103-79-7",
        "part 103797",
        "1103-79-7",
    ],
)
def test_other_numbers_are_no_cas_numbers(text: str, gazetteer: Gazetteer) -> None:
    """Telephone numbers, part numbers, dates and wrong check digits are not read as listed numbers."""
    assert read_text(text, gazetteer).mentions == ()


def test_unlisted_cas_numbers_are_told_from_listed_ones(gazetteer: Gazetteer) -> None:
    """Every right CAS number is reported, with whether it is listed."""
    numbers = read_text("pyridine 110-86-1, piperidine 110-89-4", gazetteer).cas_numbers
    assert [(n.number, n.listed) for n in numbers] == [("110-86-1", False), ("110-89-4", True)]


HOSTILE = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from("acetonpmk 0123456789-.…&#;*丙酮盐酸серная\u200b\u202e🔥(){}[]"),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(st.lists(st.one_of(HOSTILE, st.sampled_from([*LONG_NAMES, "103-79-7", "丙酮", "whatsapp", "5 kg"]))))
def test_any_text_is_read_and_every_span_lies_in_it(parts: list[str]) -> None:
    """No text raises an error, and spans are ordered, not empty and inside the original text."""
    text = " ".join(parts)
    reading = read_text(text, GAZETTEER)
    spans = [i.span for group in (reading.mentions, reading.cas_numbers, reading.trade) for i in group]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(sign.text == text[sign.span[0] : sign.span[1]] for sign in reading.trade)


@settings(deadline=None)
@given(st.sampled_from(LONG_NAMES), st.text("。，!?🔥\u200b\n\t “”、", max_size=8), st.data())
def test_surroundings_do_not_move_the_span(name: str, around: str, data: st.DataObject) -> None:
    """Whatever punctuation stands around a name, its span holds exactly the name."""
    before = data.draw(st.sampled_from(["", "buy", "Ünïcödé", "购买", "ﬁne&amp;pure"]))
    text = f"{before} {around}{name}{around}"
    assert [text[m.span[0] : m.span[1]] for m in read_text(text, GAZETTEER).mentions] == [name]
