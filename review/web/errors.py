"""Errors between a reviewer and the store, each with a sentence for the reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.accounts.users import LastAdministrator, UnknownUser, UserNameTaken, UserNameUnfit
from store.errors import N_, StoreError, StoreUnusable, UnknownRow, Word
from store.operations.service import AlreadyAcknowledged, NoServiceAtWork, NotScheduled, SourcesUnreadable
from store.review.cases import CaseRefused
from store.review.office_terms import OfficeTermCommon, OfficeTermRefused
from store.review.statistics import NothingToSample
from store.review.verdicts import AlreadyUndone, JudgedMeanwhile, ReasonUnfit, StaleScreen
from store.review.watchlists import DigestSettingsWrong
from store.review.workspace import HeldByAnother, SettingRefused
from store.scores.law_imports import LawImportRefused
from store.suppliers.links import DecisionRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from pathlib import Path


STATUS = {
    **dict.fromkeys((UnknownRow, UnknownUser, NotScheduled), 404),
    **dict.fromkeys((ReasonUnfit, SettingRefused, UserNameUnfit), 422),
    StoreUnusable: 503,
    **dict.fromkeys(
        (
            AlreadyUndone, StaleScreen, JudgedMeanwhile, HeldByAnother, CaseRefused, NothingToSample,
            DigestSettingsWrong, OfficeTermRefused, OfficeTermCommon, LawImportRefused, UserNameTaken,
            LastAdministrator, AlreadyAcknowledged, NoServiceAtWork, SourcesUnreadable, DecisionRefused,
        ),
        409,
    ),
}  # fmt: skip
"""The HTTP status of each expected error of the store; its message is the sentence shown."""


class ReviewError(StoreError):
    """Base of every error of this package."""

    status = 409
    """The HTTP status of the answer."""


def status_of(error: StoreError) -> int:
    """Return the HTTP status of the answer to an error; 500 for one that no route expects."""
    return error.status if isinstance(error, ReviewError) else STATUS.get(type(error), 500)


class NotOperated(ReviewError):
    """The app was built without access to the service."""

    def __init__(self) -> None:
        super().__init__(
            "This app was not told where the service's sources are declared; see `serve --help`."
        )


class NotLoopback(ReviewError):
    """The app was asked to listen where other machines can reach it, without anything that encrypts."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The review app would listen on {host}, where others can read what passes: passwords, too. Give "
            "--tls-certificate and --tls-key, or put a reverse proxy with TLS before it and name both with "
            "--public-url and --trusted-proxy (docs/reverse-proxy.md), or keep to --host 127.0.0.1."
        )


class SafetyUnfit(ReviewError):
    """The settings of the app's safety contradict one another."""


class PortUnusable(ReviewError):
    """The address is taken or not allowed."""

    def __init__(self, host: str, port: int, found: str) -> None:
        super().__init__(
            f"The review app cannot listen on {host} port {port}: {found}. Give another port with --port."
        )


class KeyFileUnusable(ReviewError):
    """The app's secret cannot be read or made."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"The app's secret in {path} cannot be used: {found}. Put it right, or move the file away: a new "
            "one is made then, everybody logs in again, and second factors are set up anew."
        )


class NobodyMayAdminister(ReviewError):
    """There is no administrator yet."""

    def __init__(self, database: Path) -> None:
        super().__init__(
            "Nobody can log in as an administrator yet. Make one first:  "
            f"precursor-watch users add NAME --role admin --db {database}"
        )


class LoginNeeded(ReviewError):
    """The request comes from no logged-in user."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            N_("You are not logged in, or your session has ended. Nothing was written. Log in and try again.")
        )


class LoginRefused(ReviewError):
    """Name, password or code is wrong; the message does not say which."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            N_("The name, the password or the code is wrong. If you cannot log in, ask an administrator.")
        )


class PasswordWrong(ReviewError):
    """The password that was to be replaced is another one."""

    status = 403

    def __init__(self) -> None:
        super().__init__(N_("The current password is wrong, so the password was not changed."))


class LoginBlocked(ReviewError):
    """Too many log-ins failed."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        minutes = max(1, round(wait.total_seconds() / 60))
        super().__init__(
            N_("Too many logins failed for this name or from this address. Wait %(n)s min, then try again."),
            n=minutes,
        )


class RoleTooLow(ReviewError):
    """The user may not do this."""

    status = 403

    def __init__(self, name: str, has: str, needed: str) -> None:
        super().__init__(
            N_(
                "This needs the role %(needed)s, and %(name)s has the role %(has)s. Nothing was "
                "written. Ask an administrator for the role."
            ),
            name=name,
            has=Word(has),
            needed=Word(needed),
        )


class SessionNeeded(ReviewError):
    """A token was sent where only a log-in will do."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            N_(
                "A token cannot do this, so that a stolen token gives no lasting access. Log in "
                "and do it in the browser."
            )
        )


class PasswordUnfit(ReviewError):
    """A new password would soon be guessed."""

    status = 422

    def __init__(self, found: str, **values: object) -> None:
        super().__init__(
            N_("This password cannot be used: %(found)s. Four or five unrelated words make a good password."),
            found=Word(found),
            **values,
        )


class FormExpired(ReviewError):
    """The form was not drawn for this browser's session."""

    status = 403

    def __init__(self, kept: Mapping[str, str]) -> None:
        self.kept = kept
        """What the form held; nothing when a secret was among it."""
        super().__init__(
            N_(
                "This page belongs to an earlier session or another browser, so nothing was "
                "written. Your entries are kept below: check them, then send them again."
            )
            if kept
            else N_(
                "This page belongs to an earlier session or another browser, so nothing was "
                "written. Your entries were not kept: open the page again and fill in the form."
            )
        )


class ForeignRequest(ReviewError):
    """Another site asked the browser to write here."""

    status = 403

    def __init__(self, origin: str) -> None:
        super().__init__(
            N_(
                "Nothing was written: the request came from %(origin)s, and only this app's own "
                "pages may write. If that is the address of this app, check --public-url."
            ),
            origin=origin,
        )
