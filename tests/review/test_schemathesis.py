"""The JSON API, asked everything its own description allows, and much that it does not."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from fixtures.builders.login import a_user, build
from fixtures.builders.review_store import NOW, fill_store
from review.web.forms import new_token
from store.accounts.sessions import issue_token
from store.accounts.users import Role
from store.audit.verification import verify
from store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemathesis import Case
    from schemathesis.schemas import APIOperation


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The description of the API over a filled store, as an administrator's program reads it."""
    path: Path = tmp_path_factory.mktemp("schemathesis") / "review.db"
    fill_store(path)
    a_user(path, "root", Role.ADMIN)
    key = new_token()
    with closing(open_database(path)) as db:
        issue_token(db, "root", key, purpose="a test", lasting=timedelta(days=1), actor="root", now=NOW)
    HEADERS.update({"Authorization": f"Bearer {key}", "Host": "127.0.0.1"})
    schema = schemathesis.openapi.from_asgi("/openapi.json", build(path), config=CONFIG, headers=HEADERS)
    yield schema
    with closing(open_database(path)) as db:
        assert verify(db).entries > 1


HEADERS: dict[str, str] = {}
"""Of the administrator's program."""
CONFIG = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
"""Tokens are not made up: `HEADERS` would replace them, and the same request would be sent ten times."""


def operations(schema: Any) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """Yield what the description names: a method and a path each."""
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.parametrize("examples", [3, pytest.param(6, marks=pytest.mark.full)])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_api_does_as_it_is_described(
    described: Any, subtests: pytest.Subtests, mode: GenerationMode, examples: int
) -> None:
    """No 5xx, no answer that the description does not know, no bad input taken, no good input refused."""
    asked = 0
    for operation in operations(described):
        with subtests.test(operation.label):
            ask(operation, mode, examples)
            asked += 1
    assert asked > 10


def ask(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int) -> None:
    """Send what hypothesis makes up for an operation: input that fits its description, or that does not."""

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Case[Any]) -> None:
        case.call_and_validate(headers=HEADERS)

    try:
        send()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, f"no input fits the description of {operation.label}"
