"""How pages are drawn: the templates, what they may ask, and that all they print is escaped and shows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from review.listing.lookalikes import mark_lookalikes
from review.listing.marking import cut, spell_unseen
from review.listing.signs import kind_words, sign_words
from review.oversight import service
from review.queue.decide import MAX_NOTE_CHARS, MAX_SUBSTANCE_CHARS
from review.web import languages, words
from review.web.told import chosen_words, law_words, narrowing_words, run_words
from store.review.reason_codes import fitting_decisions

FOLDER = Path(__file__).parents[1]


@cache
def build_templates() -> Environment:
    """Return the templates: whatever they print is escaped and shows, and a missing name is an error.

    None of them knows a store, and compiling those of a page takes 0.1 s: once a process is enough.
    """
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=spell_unseen,
    )
    languages.install(environment)
    environment.filters |= {
        "decision": words.decision_words,
        "reason": words.reason_words,
        "tier": words.tier_words,
        "kind": kind_words,
        "sign": sign_words,
        "law": law_words,
        "run": run_words,
        "narrowing": narrowing_words,
        "chosen": chosen_words,
        "when": words.when,
        "age": words.age,
        "standing": words.standing_words,
        "local_time": service.local_time,
        "lang": words.language_tag,
        "defang": words.defang,
        "cut": cut,
        "fits": fitting_decisions,
        "alike": mark_lookalikes,
    }
    environment.globals |= {
        "DECISIONS": words.DECISIONS,
        "REASONS": words.REASONS,
        "KEYS": words.KEYS,
        "STATES": words.STATES,
        "SORTS": words.SORTS,
        "KINDS": words.KINDS,
        "FAMILIES": words.FAMILIES,
        "STAGES": words.STAGES,
        "ACTIONS": words.ACTIONS,
        "ROLES": words.ROLES,
        "ROLE_NAMES": words.ROLE_NAMES,
        "CASE_KINDS": words.CASE_KINDS,
        "RUN_KINDS": words.RUN_KINDS,
        "WISHES": words.WISHES,
        "LANGUAGES": languages.LANGUAGES,
        "language": languages.ASKED.get,
        "MAX_NOTE_CHARS": MAX_NOTE_CHARS,
        "MAX_SUBSTANCE_CHARS": MAX_SUBSTANCE_CHARS,
    }
    return environment
