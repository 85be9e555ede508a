"""`precursor-watch install-units`: systemd units for the service and the review app."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.options import database_option, sources_option


@click.command("install-units")
@database_option
@sources_option
@click.option(
    "--settings",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("precursor-watch.toml"),
    show_default=True,
    help="The settings file; made empty if it is not there.",
)
@click.option("--user", default="precursor-watch", show_default=True, help="Under whom both run.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/etc/systemd/system"),
    show_default=True,
    help="Where the units are written.",
)
def command(database: Path, sources_file: Path, settings: Path, user: str, folder: Path) -> None:
    """Write hardened systemd units for `run` and `serve`, and have systemd verify them.

    Nothing is started; what to type next is printed.

    Example: precursor-watch install-units --db /srv/watch/watch.db --sources /srv/watch/sources.toml
    """
    from scheduler.install import Place, check_units, write_units

    settings.touch()
    place = Place(
        program=Path(sys.argv[0]).resolve(),
        user=user,
        database=database.resolve(),
        sources=sources_file.resolve(),
        settings=settings.resolve(),
    )
    written = write_units(place, folder)
    checked = check_units(written)
    for path in written:
        click.echo(f"{path}{'  verified' if checked else ''}")
    if not checked:
        click.echo("systemd-analyze is not installed here, so they were not verified.", err=True)
    click.echo(
        f"Next: useradd --system {user} (if there is none), chown -R {user}: {database.resolve().parent}, "
        "systemctl daemon-reload, systemctl enable --now precursor-watch precursor-watch-web",
        err=True,
    )
