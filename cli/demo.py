"""`demo`: the whole life of a listing on the fixtures, up to the queue."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import click

from cli.options import PROGRAM, AnyFile
from cli.output import open_store
from store.times import utc_now

SOURCES = Path(__file__).parents[1] / "sources.toml"


@click.command(name="demo")
@click.option(
    "--db",
    "database",
    type=AnyFile,
    default=Path("var/demo.db"),
    show_default=True,
    help="The demo's own database.",
)
def command(database: Path) -> None:
    """Crawl the fixture marketplaces, train the starter model, score, and show the flagged queue.

    The fixtures are invented marketplaces saved in five formats; none of their text is in the training
    set. Run again, it crawls again, finds everything unchanged, and is quick; a model that this release
    cannot use it trains anew.

    Example: precursor-watch demo
    """
    if not SOURCES.exists():
        raise click.UsageError(
            "The demo crawls the fixture marketplaces, which are part of the source checkout and not of the "
            "installed package; run it there."
        )
    _step("crawl", "--sources", str(SOURCES), "--db", str(database))
    if (training := _training(database)) is not None:
        click.echo(
            "Training the starter model; its texts are embedded once, which takes a minute or two.", err=True
        )
        _step("retrain", *training, "--db", str(database))
    _step("score", "--db", str(database))
    _step("queue", "--db", str(database))
    _make_administrator(database)
    called = _as_called()
    click.echo(f"Judge them in the browser:  {called} serve --db {database}", err=True)
    click.echo(f"or here:  {called} verdict LISTING offer --db {database}", err=True)


def _training(database: Path) -> list[str] | None:
    """Return how the demo's model is to be trained; None if it has one that this release can use."""
    from classifier.errors import ModelFolderWrong
    from classifier.model.persistence import check_release
    from classifier.scoring import model_folder
    from store.scores.scores import model_in_use

    with open_store(database) as db:
        model = model_in_use(db)
    if model is None:
        return []
    try:
        check_release(model_folder(model, database))
    except ModelFolderWrong as error:
        click.echo(str(error), err=True)
        return ["--force"]
    return None


def _as_called() -> str:
    """Say how this program is called from here: by its path unless it is found without."""
    name = "precursor-watch"
    return name if which(name) else os.path.relpath(Path(sys.executable).with_name(name))


def _make_administrator(database: Path) -> None:
    """Make the user who may log in to the demo; the password is shown this once, later how to get another."""
    from review.accounts.credentials import Passwords, new_password
    from store.accounts.users import Role, add_user, has_administrator, has_user

    with open_store(database) as db:
        if has_administrator(db):
            if has_user(db, "demo"):
                renew = f"{_as_called()} users password demo --generate --db {database}"
                click.echo(
                    f"To log in:  name demo, password as shown the first time; for a new one:  {renew}",
                    err=True,
                )
            return
        password = new_password("demo")
        kept = Passwords().hash(password)
        add_user(db, "demo", Role.ADMIN, password_hash=kept, actor="demo", now=utc_now())
    click.echo(f"To log in, shown this once:  name demo, password {password}", err=True)


def _step(*arguments: str) -> None:
    click.echo(f"$ precursor-watch {' '.join(arguments)}", err=True)
    ended = subprocess.run([*PROGRAM, *arguments], check=False)  # noqa: S603 (our own command)
    if ended.returncode:
        sys.exit(ended.returncode)
