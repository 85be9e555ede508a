"""Names are spelled in other languages by their pieces. Examples were written here."""

from __future__ import annotations

import pytest

from classifier.gazetteer.build_names import inversions, translations


@pytest.mark.parametrize(
    ("english", "lang", "spelling"),
    [
        ("N-methylephedrine", "de", "n-methylephedrin"),
        ("N-methylephedrine", "es", "n-metilefedrina"),
        ("N-methylephedrine", "ru", "n-метилэфедрин"),
        ("benzylfentanyl", "es", "bencilfentanilo"),
        ("alpha-phenylacetoacetonitrile", "ru", "альфа-фенилацетоацетонитрил"),
        ("2-aminobenzoic acid", "fr", "acide 2-aminobenzoique"),
        ("2-aminobenzoic acid", "ru", "2-аминобензойная кислота"),
        ("4-piperidone hydrochloride", "de", "4-piperidonhydrochlorid"),
        ("methyl alpha-phenylacetoacetate", "pt", "alfa-fenilacetoacetato de metila"),
        ("ethyl alpha-phenylacetoacetate", "fr", "alpha-phenylacetoacetate d'ethyle"),
        ("methyl alpha-phenylacetoacetate", "de", "methyl alpha-phenylacetoacetat"),
    ],
)
def test_a_name_of_known_pieces_is_spelled_in_other_languages(english: str, lang: str, spelling: str) -> None:
    """Each language has its own pieces, its own order of ester and acid, and its own salts."""
    assert (lang, spelling) in list(translations(english))


@pytest.mark.parametrize("english", ["sassafras oil", "red phosphorus", "condy's crystals", ""])
def test_a_name_with_an_unknown_piece_is_left_alone(english: str) -> None:
    """Nothing is guessed about a name whose pieces are not in the table."""
    assert [text for _, text in translations(english) if text] == []


@pytest.mark.parametrize(
    ("name", "lang", "inverted"),
    [
        ("серная кислота", "ru", "кислота серная"),
        ("оцтовий ангідрид", "uk", "ангідрид оцтовий"),
        ("сярна киселина", "bg", "киселина сярна"),
        ("sirćetna kiselina", "hr", "kiselina sirćetna"),
    ],
)
def test_some_catalogues_put_the_noun_first(name: str, lang: str, inverted: str) -> None:
    """Adjective and noun change places in the languages whose lexicon lists endings of adjectives."""
    assert list(inversions(name, lang)) == [inverted]
    assert list(inversions("sulfuric acid", "en")) == []
