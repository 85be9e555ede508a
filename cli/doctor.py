"""`precursor-watch doctor`: everything the product needs, and the mend for what is not as it should be."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bulk.program import PROGRAM
from cli.options import database_option, json_option, sources_option
from cli.output import print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path


@click.command("doctor")
@database_option
@sources_option
@json_option
def command(database: Path, sources_file: Path, *, as_json: bool) -> None:
    """Look at everything the product needs, and say the mend for what is wrong.

    Nothing is changed. Exits with 1 if something is wrong.

    Example: precursor-watch doctor
    """
    from cli.settings import load_settings
    from scheduler.doctor import examine
    from scheduler.settings import AlarmSettings, MaintenanceSettings
    from scheduler.worker import Settings

    settings = Settings(
        command=PROGRAM,
        database=database,
        sources_file=sources_file,
        alarms=load_settings(AlarmSettings),
        maintenance=load_settings(MaintenanceSettings),
    )
    looked = list(examine(settings))
    if as_json:
        print_json([asdict(each) for each in looked])
    else:
        rows = [
            (each.what, "WRONG" if each.problem else "well", each.problem or each.note) for each in looked
        ]
        print_table(("what", "", "found"), rows)
    if any(each.problem for each in looked):
        sys.exit(1)
