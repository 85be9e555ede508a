"""`demo`: crawl, train, score and link on the fixture marketplaces, up to the review queue."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import which

import click

from cli.main import main
from cli.options import AnyFile, ExistingFile
from cli.output import open_store
from crawler.pictures import missing_packages
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
@click.option(
    "--starter",
    type=ExistingFile,
    help="Train on this file of labelled listings (JSONL), such as a part of the starter set, to save "
    "time.  [default: the starter set of this release]",
)
def command(database: Path, starter: Path | None) -> None:
    """Crawl the fixture marketplaces, train the starter model, score, link sellers, show the review queue.

    The fixtures are invented marketplaces saved in five formats; none of their text is in the training
    set. One listing has its CAS number and contact only in a picture, which is read where the extra
    `pictures` is installed. A second run is quick, because nothing has changed. It trains a new model only
    if this release cannot use the old one.

    Example: precursor-watch demo
    """
    if not SOURCES.exists():
        raise click.UsageError(
            "The fixture marketplaces are part of the source checkout, not of the installed package; run the "
            "demo in the checkout."
        )
    from crawler.pictures.run import what_is_missing

    _step("crawl", "--sources", str(SOURCES), "--db", str(database))
    if missing_packages():
        click.echo(what_is_missing(), err=True)
    else:
        _step("pictures", "--db", str(database))
    if (training := _training(database)) is not None:
        click.echo("Training the starter model; this takes some minutes, once.", err=True)
        chosen = ["--starter", str(starter)] if starter else []
        _step("retrain", *training, *chosen, "--progress-lines", "--db", str(database))
    _step("score", "--db", str(database))
    _step("notices", "--kind", "picture", "--db", str(database))
    _step("link", "--db", str(database))
    _step("queue", "--db", str(database))
    _make_administrator(database)
    called = _as_called()
    click.echo(f"Review the listings in the browser:  {called} serve --db {database}", err=True)
    click.echo(f"or here:  {called} verdict LISTING offer --db {database}", err=True)


def _training(database: Path) -> list[str] | None:
    """Return the options for training the demo's model; None if this release can use the present model."""
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
    """Return the command that calls this program here: its name if it is on PATH, otherwise its path."""
    name = "precursor-watch"
    return name if which(name) else os.path.relpath(Path(sys.executable).with_name(name))


def _make_administrator(database: Path) -> None:
    """Add the demo user and print the password once; on later runs print how to replace it."""
    from review.accounts.credentials import Passwords, new_password
    from store.accounts.users import Role, add_user, has_administrator, has_user

    with open_store(database) as db:
        if has_administrator(db):
            if has_user(db, "demo"):
                renew = f"{_as_called()} users password demo --generate --db {database}"
                click.echo(
                    f"To log in:  name demo, password as first shown; for a new password:  {renew}",
                    err=True,
                )
            return
        password = new_password("demo")
        kept = Passwords().hash(password)
        add_user(db, "demo", Role.ADMIN, password_hash=kept, actor="demo", now=utc_now())
    click.echo(f"To log in (shown only once):  name demo, password {password}", err=True)


def _step(*arguments: str) -> None:
    """Run a command in this process, so that the embedder and the packages are loaded once."""
    click.echo(f"$ precursor-watch {' '.join(arguments)}", err=True)
    try:
        main(arguments)
    except SystemExit as ended:
        if ended.code:
            raise
