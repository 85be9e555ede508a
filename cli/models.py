"""`models`: list the models, show one, and put another model in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import SentenceGroup, database_option, json_option, reviewer_option
from cli.output import CommandFailed, minute, open_store, print_json, print_table
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database

why_option = click.option("--why", help="The reason; kept with the promotion.")


class ListByDefault(SentenceGroup):
    """A group whose default subcommand is `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Pass options without a subcommand to `list`."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(name="models", cls=ListByDefault)
def command() -> None:
    """List the trained models, show one, and put another model in use.

    Example: precursor-watch models rollback --why "flags paint thinner"
    """


@command.command(name="list")
@database_option
@json_option
def list_command(database: Path, *, as_json: bool) -> None:
    """List the trained models, newest first, and mark the model in use.

    Example: precursor-watch models --json
    """
    from store.scores.scores import list_models, model_in_use, promotions

    with open_store(database) as db:
        models, in_use = list_models(db), model_in_use(db)
        used = {each.model_id for each in promotions(db)}
    current = in_use.model_id if in_use else None
    if as_json:
        print_json(
            [
                {
                    "in_use": model.model_id == current,
                    "was_in_use": model.model_id in used,
                    "folder": model.folder,
                    **model.card,
                }
                for model in models
            ]
        )
        return
    rows = [
        (
            "in use"
            if model.model_id == current
            else "was in use"
            if model.model_id in used
            else "never used",
            model.model_id,
            minute(model.created_at),
            f"{model.threshold:.3f}",
            str(model.card["held_out"]["average_precision"]),  # type: ignore[index]
            model.folder,
        )
        for model in models
    ]
    print_table(("", "MODEL", "TRAINED", "THRESHOLD", "HELD-OUT AP", "FOLDER"), rows)


@command.command(name="show")
@click.argument("model_id", required=False, metavar="[MODEL]")
@database_option
@json_option
def show_command(model_id: str | None, database: Path, *, as_json: bool) -> None:
    """Show the card and the promotions of MODEL, by default the model in use.

    Example: precursor-watch models show 3f0c9a7be1d2
    """
    from dataclasses import asdict

    from classifier.model.persistence import card_text, read_comparison
    from classifier.scoring import model_folder
    from store.scores.scores import get_model, promotions

    with open_store(database) as db:
        model = get_model(db, model_id or _in_use(db))
        promoted = [each for each in promotions(db) if each.model_id == model.model_id]
    compared = read_comparison(model_folder(model, database))
    if as_json:
        said = {"folder": model.folder, "comparison": compared, "promotions": [asdict(e) for e in promoted]}
        print_json({**model.card, **said})
        return
    click.echo(card_text(model.card))
    if compared:
        click.echo(f"At training: {compared['sentence']}\n")
    rows = [(minute(each.promoted_at), each.promoted_by, each.sentence) for each in promoted]
    print_table(("PROMOTED", "BY", "WHY"), rows)


@command.command(name="promote")
@click.argument("model_id", metavar="MODEL")
@click.option(
    "--force", is_flag=True, help="Promote a model that `retrain` did not promote; the record says so."
)
@why_option
@reviewer_option
@database_option
def promote_command(model_id: str, why: str | None, reviewer: str, database: Path, *, force: bool) -> None:
    """Put a model in use by hand.

    A model that `retrain` did not promote, because it was worse or could not be compared, needs --force.

    Example: precursor-watch models promote 3f0c9a7be1d2 --why "agreed on 2 November"
    """
    with open_store(database) as db:
        refused = _why_refused(db, database, model_id)
        if refused and not force:
            raise CommandFailed(
                f"Model {model_id} was not promoted when it was trained: {refused} "
                "Give --force to put it in use anyway; the record will say so."
            )
        said = why or "Put in use by hand."
        _promote(db, database, model_id, reviewer, f"{said} Forced, although: {refused}" if refused else said)


@command.command(name="rollback")
@why_option
@reviewer_option
@database_option
def rollback_command(why: str | None, reviewer: str, database: Path) -> None:
    """Return to the previous model; a second rollback returns to the model before that.

    Example: precursor-watch models rollback --why "flags paint thinner"
    """
    from store.scores.scores import model_before, promotions

    with open_store(database) as db:
        current, before = _in_use(db), model_before(promotions(db))
        if before is None:
            raise CommandFailed(
                f"Model {current} was the first in use, so there is no previous model. "
                "Put another model in use with `precursor-watch models promote`."
            )
        _promote(db, database, before, reviewer, f"Rolled back from {current}. {why or ''}".strip())


def _why_refused(db: Database, database: Path, model_id: str) -> str:
    """Return why a model that was never in use was not promoted; empty if nothing prevents it."""
    from classifier.model.persistence import read_comparison
    from classifier.scoring import model_folder
    from store.scores.scores import get_model, promotions

    compared = read_comparison(model_folder(get_model(db, model_id), database))
    if not compared or compared.get("may_replace", True):
        return ""
    was_used = any(each.model_id == model_id for each in promotions(db))
    return "" if was_used else str(compared["sentence"])


def _in_use(db: Database) -> str:
    from classifier.errors import NoModelInUse
    from store.scores.scores import model_in_use

    model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    return model.model_id


def _promote(db: Database, database: Path, model_id: str, reviewer: str, sentence: str) -> None:
    from classifier.model.persistence import load_model
    from classifier.scoring import model_folder
    from store.scores.scores import get_model, promote

    if not reviewer.strip():
        raise CommandFailed("The reviewer's name is empty; give --reviewer.")
    load_model(model_folder(get_model(db, model_id), database))  # fails for a model that cannot score
    promote(db, model_id, promoted_by=reviewer, sentence=sentence, now=utc_now())
    click.echo(f"Model {model_id} is in use.")
    click.echo("Score the listings with it: `precursor-watch score`.", err=True)
