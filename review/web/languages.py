"""The languages of the pages. Catalogues are compiled from their .po files when the app starts."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from store.errors import N_ as N_  # noqa: PLC0414 (whoever speaks finds it here)
from store.errors import StoreError, fill

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parents[1] / "locale"

LANGUAGES = {"en": "English", "es": "Español"}
"""Each language's code and its own name. To add one: `make messages`, then translate `locale/CODE.po`."""

ASKED: ContextVar[str] = ContextVar("language", default="en")
"""The language of the page that is being made."""


def choose_language(preferred: str, accepted: str) -> str:
    """Return the language of a page.

    `preferred` is what the reviewer chose, or empty; `accepted` is the browser's Accept-Language.
    """
    if preferred in LANGUAGES:
        return preferred
    codes = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    return negotiate_locale(codes, LANGUAGES, sep="-") or "en"


def gettext(message: str) -> str:
    """Return a message in the language asked for."""
    return catalogue(ASKED.get()).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the message that goes with a number, in the language asked for."""
    return catalogue(ASKED.get()).ngettext(one, many, number)


def spoken(error: StoreError) -> str:
    """Return the message of an error in the page's language."""
    return fill(error.sentence, error.values, gettext)


@cache
def catalogue(code: str) -> NullTranslations:
    """Return the messages of a language; the code holds the English messages."""
    path = FOLDER / f"{code}.po"
    if code == "en" or not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def install(environment: Environment) -> None:
    """Let templates translate.

    What `_` and `ngettext` fill in is text of listings and of people: unlike Jinja's own, they return plain
    text, so that the environment escapes it and spells out what does not show, like all else.
    """
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(gettext, ngettext)  # type: ignore[attr-defined]
    environment.globals |= {"_": filled, "ngettext": counted}


def filled(message: str, **values: object) -> str:
    """Return a message in the language asked for, with its places filled in; plain text, not markup."""
    return gettext(message) % values if values else gettext(message).replace("%%", "%")


def counted(one: str, many: str, number: int, **values: object) -> str:
    """Return the message that goes with a number, which stands in it as `num`; plain text, not markup."""
    return ngettext(one, many, number) % {"num": f"{number:,}", **values}
