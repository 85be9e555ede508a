"""Passwords: hashed with argon2id, as slow as RFC 9106 asks for, and checked without saying who exists."""

from __future__ import annotations

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from review.web.errors import PasswordUnfit
from store.errors import N_

MIN_CHARS = 12
MAX_CHARS = 256
"""Beyond it, hashing would be work for an attacker to give us."""

AT_ONCE = 2
"""Each hash takes 64 MiB while it lasts; more log-ins at once wait for their turn."""


class Passwords:
    """Hashes and checks passwords.

    Args:
        hasher: Of another strength; by default RFC 9106's second choice (64 MiB, 3 passes, 4 lanes).
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = ""

    def hash(self, password: str) -> str:
        """Return the hash of a password in PHC form."""
        with self._turns:
            return self._hasher.hash(_normal(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one whose hash is kept; for no user (None) as slow, and no."""
        if len(password) > MAX_CHARS:
            return False
        if kept is None:
            self._nobody = self._nobody or self.hash("nobody has this password")
        try:
            with self._turns:
                self._hasher.verify(kept or self._nobody, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with another strength than today's."""
        return self._hasher.check_needs_rehash(kept)


def new_password(name: str) -> str:
    """Return a password for a user that nobody can guess: 144 random bits, in which no name happens to be."""
    password = secrets.token_urlsafe(18)
    while _holds(password, name):
        password = secrets.token_urlsafe(18)
    return password


def check_new_password(password: str, name: str) -> None:
    """Refuse a password that is soon guessed.

    Raises:
        PasswordUnfit: If it is too short or too long, holds the user's name, or repeats a few characters.
    """
    folded = _normal(password).casefold()
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise PasswordUnfit(
            N_("it has %(n)s characters; %(low)s to %(high)s are needed"),
            n=len(password),
            low=MIN_CHARS,
            high=MAX_CHARS,
        )
    if _holds(password, name):
        raise PasswordUnfit(N_("it holds the user's name"))
    if len(set(folded)) < 6:
        raise PasswordUnfit(N_("it repeats too few different characters"))


def _holds(password: str, name: str) -> bool:
    return len(name) > 2 and name in _normal(password).casefold()


def _normal(password: str) -> str:
    """Return one form of what different keyboards send for the same letters (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
