"""The register of trained models, and which of them is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.database import Database, transaction
from store.errors import UnknownRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store.model import Model, Promotion


def register_model(db: Database, model: Model) -> None:
    """Write a model; the same model registered twice stays one row."""
    with transaction(db):
        values = {
            "model_id": model.model_id,
            "created_at": times.to_text(model.created_at),
            "folder": model.folder,
            "embedder_id": model.embedder_id,
            "threshold": model.threshold,
            "card": rows.to_json(model.card),
        }
        rows.insert(db, "models", values, ignore=True)


def promote(
    db: Database,
    model_id: str,
    *,
    promoted_by: str,
    sentence: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> None:
    """Put a registered model in use; the record and the audit log say who did and why.

    Raises:
        UnknownRow: If no such model is registered.
    """
    model = get_model(db, model_id)
    with transaction(db):
        before = model_in_use(db)
        values = {"model_id": model_id, "promoted_at": times.to_text(now)}
        new_id = rows.insert(db, "promotions", {**values, "promoted_by": promoted_by, "sentence": sentence})
        audit.record(
            db,
            AuditAction.MODEL_PROMOTED,
            actor=promoted_by,
            origin=origin,
            subject=f"model:{model_id}",
            details={
                "before": before.model_id if before else None,
                "threshold": model.threshold,
                "why": sentence,
            },
            rows=[("promotions", int(new_id or 0))],
            now=now,
        )


def model_in_use(db: Database) -> Model | None:
    """Return the model promoted last, or None before the first promotion."""
    row = db.execute("SELECT * FROM model_in_use").fetchone()
    return None if row is None else rows.model_from(row)


def get_model(db: Database, model_id: str) -> Model:
    """Return one registered model.

    Raises:
        UnknownRow: If no such model is registered.
    """
    row = db.execute("SELECT * FROM models WHERE model_id = ?", [model_id]).fetchone()
    if row is None:
        raise UnknownRow("model", model_id)
    return rows.model_from(row)


def list_models(db: Database) -> list[Model]:
    """Return every registered model, newest first."""
    query = "SELECT * FROM models ORDER BY created_at DESC, model_id"
    return [rows.model_from(row) for row in db.execute(query)]


def promotions(db: Database) -> list[Promotion]:
    """Return every promotion, oldest first; the last one is in force."""
    query = "SELECT * FROM promotions ORDER BY promotion_id"
    return [rows.promotion_from(row) for row in db.execute(query)]


def model_before(history: Sequence[Promotion]) -> str | None:
    """Return the id of the model that was in use before the one in use, or None if there was none.

    Going back is no step forward: after A, B, C and back to B, the model before is A.
    """
    path: list[str] = []
    for promotion in history:
        if promotion.model_id in path:
            del path[path.index(promotion.model_id) + 1 :]
        else:
            path.append(promotion.model_id)
    return path[-2] if len(path) > 1 else None
