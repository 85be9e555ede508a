"""A model on disk is read back as it was, or refused with a sentence."""

from __future__ import annotations

import json
import shutil
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skops.io import dump

from classifier.errors import ModelFolderWrong
from classifier.gazetteer import Law
from classifier.model.persistence import (
    FORMAT,
    check_files,
    check_release,
    load_model,
    save_model,
    sign_manifest,
    signer_of_model,
    write_comparison,
    write_manifest,
)
from scheduler.maintenance.upkeep import check_everything
from store.database import open_database
from store.model import Model
from store.scores.scores import promote, register_model
from store.signing import signing_key
from tests.classifier.toy import NOW, dataset_of, example, train_toy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset

FILES = ("card.json", "model.skops", "evaluation.skops", "neighbours.npz", "neighbours.jsonl")


@pytest.fixture
def folder(model: TrainedModel, tmp_path: Path) -> Path:
    """The toy model, saved."""
    return save_model(model, tmp_path / "models")


def test_model_is_read_back_as_it_was(model: TrainedModel, folder: Path, data: Dataset) -> None:
    """Both pipelines give the same probabilities to the last bit, and the card is the same."""
    loaded = load_model(folder)
    for ours, theirs in (
        (model.pipeline, loaded.pipeline),
        (model.evaluation_pipeline, loaded.evaluation_pipeline),
    ):
        assert np.array_equal(ours.predict_proba(data.features), theirs.predict_proba(data.features))
    assert (loaded.model_id, loaded.threshold, dict(loaded.card)) == (
        model.model_id,
        model.threshold,
        model.card,
    )
    assert loaded.neighbours.texts == model.neighbours.texts
    assert loaded.neighbours.vectors == pytest.approx(model.neighbours.vectors, abs=1e-3)


def test_folder_is_named_by_the_model_and_tells_people_what_it_is(model: TrainedModel, folder: Path) -> None:
    """The card in Markdown names the model, its data and its figures."""
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert folder.name == model.model_id
    assert card.startswith(f"# Model {model.model_id}\n")
    assert all(f"\n## {title}\n" in card for title in ("Data", "Training", "Held out", "Versions"))


def test_interrupted_saving_is_done_again(model: TrainedModel, folder: Path) -> None:
    """A folder without its card is not whole; saving once more makes it so."""
    (folder / "card.json").unlink()
    (folder / "model.skops").write_bytes(b"half")
    assert load_model(save_model(model, folder.parent)).model_id == model.model_id


def test_an_equal_model_of_another_format_is_written_anew(model: TrainedModel, folder: Path) -> None:
    """Its id says how it weighs, not how it is laid out: kept as it is, no training would mend it."""
    card = folder / "card.json"
    card.write_text(json.dumps({**model.card, "format": FORMAT - 1}), encoding="utf-8")
    with pytest.raises(ModelFolderWrong, match="its format is"):
        check_release(folder)
    assert load_model(save_model(model, folder.parent)).model_id == model.model_id


@pytest.mark.parametrize(
    "text", ["line\u2028separator", "next\u0085line", "form\x0cfeed", "lone \ud800", "\0"]
)
def test_text_of_a_neighbour_may_hold_anything(text: str, tmp_path: Path, gazetteer: Gazetteer) -> None:
    """No character of a listing makes a saved model unreadable."""
    examples = [example(f"{text} {number}", number % 2, str(number)) for number in range(60)]
    model = train_toy(dataset_of(examples, gazetteer))
    assert len(load_model(save_model(model, tmp_path)).neighbours.texts) == 60


@pytest.mark.parametrize("name", [*FILES, "card.md", "comparison.json", "manifest.json", "added.txt"])
def test_no_byte_of_a_model_is_changed_unseen(folder: Path, name: str) -> None:
    """A word of the card, a file more, no manifest of ours: loading refuses, and so does the check."""
    write_comparison(folder, "{}")
    check_files(folder)
    path = folder / name
    path.write_bytes((path.read_bytes() if path.exists() else b"")[::-1] + b" ")
    for act in (check_files, load_model):
        with pytest.raises(ModelFolderWrong):
            act(folder)


def test_a_hidden_file_that_a_system_leaves_is_none_of_a_model(folder: Path) -> None:
    """It is there while the manifest is written, and gone later."""
    (folder / ".nfs0001").touch()
    write_comparison(folder, "{}")
    (folder / ".nfs0001").unlink()
    check_files(folder)


def test_nearest_examples_in_another_order_are_refused(folder: Path) -> None:
    """They are outside of the model's id, and gave other reasons under the same one."""
    lines = (folder / "neighbours.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "neighbours.jsonl").write_text("".join(lines[::-1]), encoding="utf-8")
    with pytest.raises(ModelFolderWrong, match=r"neighbours\.jsonl is not as it was saved"):
        load_model(folder)


def test_a_folder_without_a_manifest_is_refused(folder: Path) -> None:
    """Saving was interrupted, or somebody took it away."""
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelFolderWrong, match=r"it has no manifest\.json"):
        load_model(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut short", "noise"])
def test_a_damaged_file_is_refused(folder: Path, name: str, damage: str) -> None:
    """Whatever is damaged, the sentence names the folder and what to do."""
    path = folder / name
    whole = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(
            {"empty": b"", "cut short": whole[: len(whole) // 2], "noise": b"\x80" * len(whole)}[damage]
        )
    with pytest.raises(ModelFolderWrong) as raised:
        load_model(folder)
    assert str(raised.value).startswith(f"The model in {folder} cannot be used: ")
    assert str(raised.value).endswith("or go back with `precursor-watch models rollback`.")


def _set(key: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda card: card.__setitem__(key, value)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (_set("threshold", 0.01), "its weights give the id [0-9a-f]{12}, its card says"),
        (_set("embedder_id", "other@2"), "its weights give the id"),
        (_set("model_id", "0" * 12), "its card says 000000000000"),
        (_set("training", {"gazetteer_edition": "another"}), "its weights give the id"),
        (_set("format", 1), f"its format is 1, not {FORMAT}"),
        (_set("features", ["listed by name"]), "its evidence features are not those of this release"),
        (lambda card: card.pop("format"), "its format is None"),
        (lambda card: card.pop("threshold"), "'threshold' is missing"),
        (lambda card: card.pop("training"), "'training' is missing"),
        (_set("training", "none"), "cannot be used"),
    ],
)
def test_an_edited_card_is_refused(
    folder: Path, edit: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    """A card that does not fit its weights, this release or this format is not believed."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    edit(card)
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong, match=sentence):
        load_model(folder)


@pytest.mark.parametrize("content", ["[]", "null", "7", '"text"'])
def test_a_card_that_is_no_object_is_refused(folder: Path, content: str) -> None:
    """Any other JSON is no card."""
    (folder / "card.json").write_text(content, encoding="utf-8")
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong):
        load_model(folder)


def test_weights_of_another_model_are_refused(folder: Path, data: Dataset, tmp_path: Path) -> None:
    """Files that were swapped between folders are found out."""
    other = save_model(train_toy(data, seed=1), tmp_path / "others")
    shutil.copy(other / "model.skops", folder / "model.skops")
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong, match="its weights give the id"):
        load_model(folder)


def test_changed_scaling_is_refused(folder: Path, model: TrainedModel) -> None:
    """Every number that decides a score is part of the model's id, not only the weights."""
    scaler = model.pipeline.named_steps["scale"].named_transformers_["evidence"]
    kept = scaler.scale_.copy()
    scaler.scale_ = kept * 2
    dump(model.pipeline, folder / "model.skops")
    scaler.scale_ = kept
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong, match="its weights give the id"):
        load_model(folder)


def test_a_type_that_skops_does_not_know_is_refused(folder: Path) -> None:
    """No code from a model file is run."""
    dump({"a type of our own": Law()}, folder / "model.skops")
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong, match=r"[Uu]ntrusted"):
        load_model(folder)


def test_something_else_than_a_pipeline_is_refused(folder: Path) -> None:
    """A safe value is still no model."""
    dump({"not": "a pipeline"}, folder / "model.skops")
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong):
        load_model(folder)


def test_no_file_of_a_model_is_a_pickle(folder: Path) -> None:
    """The skops files hold JSON and arrays only, and arrays of the neighbours hold no objects."""
    for name in ("model.skops", "evaluation.skops"):
        with zipfile.ZipFile(folder / name) as archive:
            assert {entry.rpartition(".")[2] for entry in archive.namelist()} <= {"json", "npy"}
    assert all(
        array.dtype != object for array in np.load(folder / "neighbours.npz", allow_pickle=False).values()
    )


def test_a_signed_model_is_changed_by_nobody_without_the_key(folder: Path, tmp_path: Path) -> None:
    """A new manifest over changed files does not fit the signature."""
    sign_manifest(folder, tmp_path / "store.db")
    check_files(folder)
    assert signer_of_model(folder) == signing_key(tmp_path / "store.db")
    signature = (folder / "signature.json").read_bytes()
    card = folder / "card.md"
    card.write_text(card.read_text(encoding="utf-8") + "Approved.\n", encoding="utf-8")
    write_manifest(folder)
    assert signer_of_model(folder) == ""
    (folder / "signature.json").write_bytes(signature)
    for act in (check_files, load_model):
        with pytest.raises(ModelFolderWrong, match="not the one that was signed"):
            act(folder)


@pytest.mark.parametrize("harm", ["manifest", "folder", "card", "nothing", "signature", "signed by another"])
def test_verify_finds_a_model_without_manifest_or_signature(
    model: TrainedModel, tmp_path: Path, harm: str
) -> None:
    """The model in use is checked whatever was removed; a missing or foreign signature is said."""
    database = tmp_path / "store.db"
    folder = save_model(model, tmp_path / "models")
    sign_manifest(folder, database)
    with closing(open_database(database)) as db:
        row = Model(
            model_id=model.model_id, created_at=NOW, folder=f"models/{model.model_id}",
            embedder_id=model.embedder_id, threshold=model.threshold, card=model.card,
        )  # fmt: skip
        register_model(db, row)
        promote(db, model.model_id, promoted_by="ada", sentence="first", now=NOW)
    if harm == "folder":
        shutil.rmtree(folder)
    elif harm == "signed by another":
        sign_manifest(folder, tmp_path / "other.db")
    elif harm != "nothing":
        (folder / {"card": "card.json"}.get(harm, f"{harm}.json")).unlink()
    if harm in {"manifest", "card"}:
        with pytest.raises(ModelFolderWrong):
            check_everything(database)
        return
    said = check_everything(database)
    assert ("1 model is intact" in said) == (harm != "folder")
    assert ("model in use is missing" in said) == (harm == "folder")
    assert ("1 model is unsigned" in said) == (harm == "signature")
    assert ("another key than this store's" in said) == (harm == "signed by another")
