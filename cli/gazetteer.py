"""`gazetteer`: look up a name or CAS number."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import click

from cli.law import law_options
from cli.options import database_option, json_option
from cli.output import print_json
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from classifier.gazetteer import Law


@click.command(name="gazetteer")
@click.argument("query")
@law_options
@database_option
@json_option
def command(law: Law, query: str, *, database: Path, as_json: bool) -> None:  # noqa: ARG001 (of the law)
    """Look up a name or CAS number: whether it is listed, where and since when, or why it is not.

    Imported lists count too, once a lead has accepted them in the database. Without --as-of, entries count
    before their first day, and the answer names the entries that are not yet in force.

    A name may have any spelling or script, a number any notation (`CAS 103 79 7`). For parts of listed
    names, abbreviations and customs tariff numbers (`HS 2914.31`), the command lists the possible
    substances. Codes such as `S3` refer to the sources in docs/law-sources.md.

    Example: precursor-watch gazetteer 103-79-7

    Example: precursor-watch gazetteer "red phosphorus" --profile us,eu --as-of 2020-12-31

    Example: precursor-watch gazetteer "phenethyl bromide" --profile canada --as-of 2026-04-12
    """
    from classifier.gazetteer import load_gazetteer, look_up

    if not query.strip():
        raise click.UsageError("Give a name or a CAS number to look up.")
    gazetteer = load_gazetteer(law)
    found = look_up(gazetteer, query)
    substance = found.substance.name if found.substance else None
    today = utc_now().date()
    early = [
        f"{each.name}, {entry.instrument}, {entry.list_name}: from {entry.since}"
        for each in found.candidates
        for entry in each.entries
        if entry.since and entry.since > today
    ]
    elsewhere = _elsewhere(law, query) if found.status in {"not_listed", "watched"} and substance else ""
    if as_json:
        print_json(
            {
                "query": query,
                "status": found.status,
                "substance": substance,
                "candidates": [each.name for each in found.candidates],
                "why": found.why,
                "not_yet_in_force": early,
                "elsewhere": elsewhere,
                "law": gazetteer.law,
                "edition": gazetteer.edition,
            }
        )
        return
    click.echo(f"{query}: {found.status.replace('_', ' ')}" + (f" ({substance})" if substance else ""))
    _echo_lines(found.why)
    if early:
        _echo_lines(f"Counts already, though not yet in force: {'; '.join(early)}.")
    if elsewhere:
        _echo_lines(f"On all known lists, as of any date:\n{elsewhere}")
    click.echo(
        f"Gazetteer {gazetteer.edition}; lists in use: {gazetteer.law}; sources: docs/law-sources.md.",
        err=True,
    )


def _echo_lines(text: str) -> None:
    """Print each line of a text in 80 columns; the names of substances break nowhere but at spaces."""
    for line in text.splitlines():
        click.echo(fill(line, 80, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False))


def _elsewhere(law: Law, query: str) -> str:
    """Return the entries of a substance on all known lists; empty if none has it."""
    from classifier.gazetteer import Law, load_gazetteer, look_up

    found = look_up(load_gazetteer(Law(instruments=law.profiles, imported=law.imported)), query)
    return found.why if found.status in {"listed", "watched"} else ""
