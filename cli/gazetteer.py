"""`gazetteer`: what is known of a name or CAS number."""

from __future__ import annotations

import click

from cli.options import json_option


@click.command(name="gazetteer")
@click.argument("query")
@json_option
def command(query: str, *, as_json: bool) -> None:
    """Say whether a name or CAS number is listed, where, since when, or why it is not.

    Example: precursor-watch gazetteer 103-79-7
    """
    from classifier.gazetteer import load_gazetteer
    from cli.output import print_json

    gazetteer = load_gazetteer()
    found = gazetteer.lookup(query)
    substance = found.substance.name if found.substance else None
    if as_json:
        print_json(
            {
                "query": query,
                "status": found.status,
                "substance": substance,
                "why": found.why,
                "edition": gazetteer.edition,
            }
        )
        return
    click.echo(f"{query}: {found.status.replace('_', ' ')}" + (f" ({substance})" if substance else ""))
    click.echo(found.why)
    click.echo(f"Gazetteer {gazetteer.edition}.", err=True)
