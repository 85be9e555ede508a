"""What can go wrong between a reviewer and the store, each error a sentence for the reviewer."""

from __future__ import annotations

from listings.errors import ListingsError


class ReviewError(ListingsError):
    """Base of every error of this package."""


class NotLoopback(ReviewError):
    """The app was asked to listen where other machines can reach it."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The review app has no log-ins yet, so it listens on this machine only; {host} would open it to "
            "others. Give --host 127.0.0.1, ::1 or localhost; from elsewhere, use an SSH tunnel."
        )


class PortUnusable(ReviewError):
    """The address is taken or not allowed."""

    def __init__(self, host: str, port: int, found: str) -> None:
        super().__init__(
            f"The review app cannot listen on {host} port {port}: {found}. Give another port with --port."
        )


class FormExpired(ReviewError):
    """The form does not carry this process's token: drawn before a restart, or not drawn here at all."""

    def __init__(self) -> None:
        super().__init__(
            "This page was drawn before the program was last started, so nothing was written. "
            "It is fresh now: look once more, then decide."
        )


class ForeignRequest(ReviewError):
    """A JSON write came from another site, or does not say where it came from."""

    def __init__(self, origin: str) -> None:
        found = f"came from {origin}" if origin else "does not say where it came from"
        super().__init__(
            f"Nothing was written: the request {found}. Send it as application/json with an Origin header "
            "that names this app."
        )
