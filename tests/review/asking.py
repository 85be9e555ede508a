"""A test client that asks the app in one step, where Starlette's takes eight from thread to thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from fastapi.testclient import TestClient

if TYPE_CHECKING:
    from fastapi import FastAPI

FROM = ("testclient", 50_000)


class Asking(TestClient):
    """Starlette's client, for answers that are read whole: a request takes half of the processor's time."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app, base_url="http://127.0.0.1")
        self._transport = _InOneStep(self, app)


class _InOneStep(httpx2.BaseTransport):
    def __init__(self, client: TestClient, app: FastAPI) -> None:
        self._client = client
        self._asking = httpx2.ASGITransport(app, client=FROM)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with self._client._portal_factory() as portal:
            return portal.call(self._answer, request)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._asking.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        content = b"".join([part async for part in answer.stream])
        return httpx2.Response(answer.status_code, headers=answer.headers, content=content)
