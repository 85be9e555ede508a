"""Every message of the pages is in every catalogue, with the same places to fill in."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from review.web import languages
from review.web.errors import PasswordUnfit
from review.web.languages import FOLDER, LANGUAGES, choose_language
from store.accounts.users import UserNameTaken
from store.errors import StoreError, UnknownRow

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog
    from fastapi.testclient import TestClient

HOLES = re.compile(r"%\(\w+\)s|<[^>]+>")


def messages() -> set[tuple[str, ...]]:
    """Return what the code and the templates say, as gettext's tools find it."""
    with (FOLDER / "babel.cfg").open(encoding="utf-8") as file:
        mapping, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    found = extract_from_dir(Path.cwd(), mapping, options, keywords)
    return {(each[2],) if isinstance(each[2], str) else tuple(each[2]) for each in found}


def in_catalogue(code: str) -> Catalog:
    """Return a language's catalogue."""
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_catalogue_is_complete(code: str) -> None:
    """Nothing is untranslated, nothing is left over, and no place to fill in was lost."""
    said = {
        (message.id,) if isinstance(message.id, str) else tuple(message.id): message.string
        for message in in_catalogue(code)
        if message.id
    }
    assert set(said) == messages()
    for message, translated in said.items():
        for each in (translated,) if isinstance(translated, str) else translated or ("",):
            assert each
            assert set(HOLES.findall(each)) == set(HOLES.findall(message[-1]))


@pytest.mark.parametrize(
    ("preferred", "accepted", "chosen"),
    [
        ("es", "en", "es"),
        ("", "es-PE,en;q=0.8", "es"),
        ("", "fi,es;q=0.5", "es"),
        ("xx", "", "en"),
        ("", ";;,,", "en"),
    ],
)
def test_language_is_chosen_asked_for_or_english(preferred: str, accepted: str, chosen: str) -> None:
    """What the reviewer set comes before what the browser asks for."""
    assert choose_language(preferred, accepted) == chosen


def test_filled_text_stays_plain_and_percent_signs_single() -> None:
    """What is filled in is no markup, so that the environment escapes it; numbers get their commas."""
    token = languages.ASKED.set("es")
    try:
        assert languages.filled("Case %(number)s", number="<b>") == "Caso <b>"
        assert languages.counted("%(num)s found", "%(num)s found", 1200) == "1,200 encontrados"
        assert languages.filled("Cohen's kappa") == "Kappa de Cohen"
    finally:
        languages.ASKED.reset(token)


def test_errors_speak_the_language_of_the_page(client: TestClient) -> None:
    """Their sentence, the words in it and the title are translated where they are shown; the error is not."""
    error = UnknownRow("listing", "none")
    assert str(error).startswith("There is no listing none in this database")
    spanish = {"Accept-Language": "es-PE"}
    page = client.get("/listings/none", headers=spanish)
    assert (page.status_code, "No encontrado" in page.text) == (404, True)
    assert "No existe anuncio none. Compruebe que la dirección está completa" in page.text
    assert "Esta página no existe" in client.get("/nowhere", headers=spanish).text
    told = client.get("/api/listings/none", headers=spanish).json()["detail"]
    assert told.startswith("No existe anuncio none")
    assert client.get("/api/listings/none").json()["detail"].startswith("There is no listing none.")
    refused = client.get("/users", headers=spanish).text
    assert "Esto requiere el papel de administrador, y el de ada es revisor." in html.unescape(refused)


def test_values_of_a_sentence_are_not_read_as_sentences() -> None:
    """A word may have places of its own; what people typed has none, whatever it looks like."""
    token = languages.ASKED.set("es")
    try:
        unfit = PasswordUnfit(
            "it has %(n)s characters; %(low)s to %(high)s are needed", n=3, low=12, high=256
        )
        assert "tiene 3 caracteres; hacen falta de 12 a 256" in languages.spoken(unfit)
        assert languages.spoken(UserNameTaken("%(name)s Queue")).startswith(
            "El usuario %(name)s Queue ya existe."
        )
        assert languages.spoken(StoreError("100 % of it")) == "100 % of it"
        assert languages.spoken(StoreError()) == ""
    finally:
        languages.ASKED.reset(token)
