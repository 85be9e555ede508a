"""Put English chemical names into the spellings of other languages, piece by piece.

Systematic names are built of the same pieces everywhere, so a table of pieces covers every name built
of them: `N-methylephedrine` is `N-Methylephedrin`, `N-metilefedrina`, `N-метилэфедрин`. A name with a
piece that is not in the table is left alone. General knowledge of chemical nomenclature; used when the
gazetteer is built, not when a text is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("de", "es", "pt", "fr", "ru")

PIECES = {
    piece: dict(zip(LANGUAGES, words.split(), strict=True))
    for piece, words in {
        "acet": "acet acet acet acet ацет",
        "acetate": "acetat acetato acetato acetate ацетат",
        "acetic": "essig acetico acetico acetique уксусная",
        "aceto": "aceto aceto aceto aceto ацето",
        "acetone": "aceton acetona acetona acetone ацетон",
        "acetyl": "acetyl acetil acetil acetyl ацетил",
        "aldehyde": "aldehyd aldehido aldeido aldehyde альдегид",
        "alpha": "alpha alfa alfa alpha альфа",
        "amide": "amid amida amida amide амид",
        "amine": "amin amina amina amine амин",
        "amino": "amino amino amino amino амино",
        "anilino": "anilino anilino anilino anilino анилино",
        "anthranilic": "anthranil antranilico antranilico anthranilique антраниловая",
        "benz": "benz benz benz benz бенз",
        "benzene": "benzol benceno benzeno benzene бензол",
        "benzoic": "benzoe benzoico benzoico benzoique бензойная",
        "benzyl": "benzyl bencil benzil benzyl бензил",
        "bmk": "bmk bmk bmk bmk бмк",
        "boc": "boc boc boc boc бок",
        "butan": "butan butan butan butan бутан",
        "butanamide": "butanamid butanamida butanamida butanamide бутанамид",
        "butanoate": "butanoat butanoato butanoato butanoate бутаноат",
        "butyl": "butyl butil butil butyl бутил",
        "butyrate": "butyrat butirato butirato butyrate бутират",
        "butyro": "butyro butiro butiro butyro бутиро",
        "carboxylate": "carboxylat carboxilato carboxilato carboxylate карбоксилат",
        "chloride": "chlorid cloruro cloreto chlorure хлорид",
        "chloro": "chlor cloro cloro chloro хлор",
        "di": "di di di di ди",
        "ephedrine": "ephedrin efedrina efedrina ephedrine эфедрин",
        "ergocristine": "ergocristin ergocristina ergocristina ergocristine эргокристин",
        "ergometrine": "ergometrin ergometrina ergometrina ergometrine эргометрин",
        "ergonovine": "ergonovin ergonovina ergonovina ergonovine эргоновин",
        "ergotamine": "ergotamin ergotamina ergotamina ergotamine эрготамин",
        "ethane": "ethan etano etano ethane этан",
        "ethyl": "ethyl etil etil ethyl этил",
        "fentanyl": "fentanyl fentanilo fentanil fentanyl фентанил",
        "glycidate": "glycidat glicidato glicidato glycidate глицидат",
        "glycidic": "glycid glicidico glicidico glycidique глицидная",
        "hydro": "hydro hidro hidro hydro гидро",
        "iso": "iso iso iso iso изо",
        "ketone": "keton cetona cetona cetone кетон",
        "lactone": "lacton lactona lactona lactone лактон",
        "lysergic": "lyserg lisergico lisergico lysergique лизергиновая",
        "malonate": "malonat malonato malonato malonate малонат",
        "methyl": "methyl metil metil methyl метил",
        "methylenedioxy": "methylendioxy metilendioxi metilenodioxi methylenedioxy метилендиокси",
        "mono": "mono mono mono mono моно",
        "n": "n n n n n",
        "nitrile": "nitril nitrilo nitrila nitrile нитрил",
        "nitro": "nitro nitro nitro nitro нитро",
        "nor": "nor nor nor nor нор",
        "o": "o o o o о",
        "ol": "ol ol ol ol ол",
        "one": "on ona ona one он",
        "oxo": "oxo oxo oxo oxo оксо",
        "pentan": "pentan pentan pentan pentan пентан",
        "phen": "phen fen fen phen фен",
        "phenyl": "phenyl fenil fenil phenyl фенил",
        "piperidin": "piperidin piperidin piperidin piperidin пиперидин",
        "piperidine": "piperidin piperidina piperidina piperidine пиперидин",
        "piperidone": "piperidon piperidona piperidona piperidone пиперидон",
        "piperonyl": "piperonyl piperonil piperonil piperonyl пиперонил",
        "pmk": "pmk pmk pmk pmk пмк",
        "propan": "propan propan propan propan пропан",
        "propanamide": "propanamid propanamida propanamida propanamide пропанамид",
        "propanol": "propanol propanol propanol propanol пропанол",
        "propionamide": "propionamid propionamida propionamida propionamide пропионамид",
        "propyl": "propyl propil propil propyl пропил",
        "pseudo": "pseudo pseudo pseudo pseudo псевдо",
        "pyridine": "pyridin piridina piridina pyridine пиридин",
        "safrole": "safrol safrol safrol safrole сафрол",
        "sec": "sec sec sec sec втор",
        "tert": "tert terc terc tert трет",
        "toluene": "toluol tolueno tolueno toluene толуол",
    }.items()
}
"""Pieces of names; an acid's piece gives the word that stands with the word for acid."""

LONGEST_FIRST = re.compile("|".join(sorted(PIECES, key=len, reverse=True)))
LETTERS = re.compile("[a-z]+")
ESTER = re.compile(r"((?:di)?(?:methyl|ethyl)|(?:iso)?propyl|(?:iso|sec-|tert-)?butyl) (.+ate)")
SALTS = {
    "hydrochloride": "hydrochlorid",
    "sulfate": "sulfat",
    "maleate": "maleat",
    "tartrate": "tartrat",
}
"""English words for the salt of a base, and the ending German joins to the base."""
RUSSIAN_ADJECTIVE = re.compile("[а-яё]+(?:ая|ый|ий|ой)")


def translations(name: str) -> Iterator[tuple[str, str]]:
    """Yield language and spelling of an English name in each language whose pieces are known."""
    english = name.casefold()
    base, _, salt = english.rpartition(" ")
    if salt in SALTS and (german := _spelled(base, "de")):
        yield "de", german + SALTS[salt]
    elif salt == "acid" and not base.endswith(" methyl glycidic"):
        yield from _acid(base)
    else:
        if ester := ESTER.fullmatch(english):
            yield from _ester(ester[1], ester[2])
        yield from _plain(english)


def inversions(name: str, lang: str) -> Iterator[str]:
    """Yield a name of adjective and noun the other way round, as Russian catalogues print it."""
    words = name.split(" ")
    if lang == "ru" and len(words) == 2 and RUSSIAN_ADJECTIVE.fullmatch(words[0]):
        yield f"{words[1]} {words[0]}"


def _spelled(english: str, lang: str) -> str:
    """Return a name with every piece in `lang`, or the empty text if a piece is not known."""
    rest = LONGEST_FIRST.sub("", english)
    if LETTERS.search(rest):
        return ""
    return LONGEST_FIRST.sub(lambda piece: PIECES[piece.group()][lang], english)


def _plain(english: str) -> Iterator[tuple[str, str]]:
    yield from ((lang, text) for lang in LANGUAGES if (text := _spelled(english, lang)))


def _acid(base: str) -> Iterator[tuple[str, str]]:
    shapes = {"de": "{}säure", "es": "ácido {}", "pt": "ácido {}", "fr": "acide {}", "ru": "{} кислота"}
    yield from (
        (lang, shape.format(text)) for lang, shape in shapes.items() if (text := _spelled(base, lang))
    )


def _ester(alkyl: str, acid: str) -> Iterator[tuple[str, str]]:
    """Yield the Romance way of an ester: the acid, then of what alcohol."""
    for lang, of, ending in (("es", "de ", "o"), ("pt", "de ", "a"), ("fr", "de ", "e"), ("fr", "d'", "e")):
        if text := _spelled(acid, lang):
            yield lang, f"{text} {of}{_spelled(alkyl, lang)}{ending}"
