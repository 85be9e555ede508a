"""Passwords and the codes of the second factor."""

from __future__ import annotations

import base64
import re
import secrets
import threading
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import segno
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken
from markupsafe import Markup

from review.web.errors import PasswordUnfit
from review.web.settings import derive
from store.accounts.users import use_recovery_code, use_totp_step
from store.errors import N_

if TYPE_CHECKING:
    from datetime import datetime

    from store.accounts.users import Credentials
    from store.audit.audit import Origin
    from store.database import Database


MIN_CHARS = 12

MAX_CHARS = 256
"""Beyond it, hashing would be work for an attacker to give us."""

LEAST_GUESSES = 10**10
"""As zxcvbn counts the guesses of a person who tries common passwords, names, dates and keyboard rows first;
from here on zxcvbn gives a password its highest rating (4 of 4)."""

_LONGEST_ESTIMATED = 72
"""zxcvbn reads no more characters."""

AT_ONCE = 2
"""Each hash takes 64 MiB while it lasts; more log-ins at once wait for their turn."""


class Passwords:
    """Hashes and checks passwords.

    The default strength is RFC 9106's second choice (64 MiB, 3 passes, 4 lanes).
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
        """Return whether the password matches the hash; for no user (None), False after the same time."""
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
        """Return whether a hash was made with another strength than today's."""
        return self._hasher.check_needs_rehash(kept)


def new_password(name: str) -> str:
    """Return a random password of 144 bits that does not contain the user's name."""
    password = secrets.token_urlsafe(18)
    while _holds(password, name):
        password = secrets.token_urlsafe(18)
    return password


def check_new_password(password: str, name: str) -> None:
    """Refuse a password that is easy to guess.

    Raises:
        PasswordUnfit: If it is too short or too long, holds the user's name, repeats a few characters, or
            would be found in fewer than `LEAST_GUESSES` guesses.
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
        raise PasswordUnfit(N_("it contains the user's name"))
    if len(set(folded)) < 6:
        raise PasswordUnfit(N_("it uses too few different characters"))
    own_words = [name, *re.split(r"[._-]", name), *ISSUER.split("-")]
    # Imported here: its lists of common passwords take 50 ms, and few processes check a password.
    from zxcvbn import zxcvbn

    if zxcvbn(folded[:_LONGEST_ESTIMATED], user_inputs=own_words)["guesses"] < LEAST_GUESSES:
        raise PasswordUnfit(
            N_("it would be guessed soon: it is built of common passwords, names, dates or rows of keys")
        )


def _holds(password: str, name: str) -> bool:
    return len(name) > 2 and name in _normal(password).casefold()


def _normal(password: str) -> str:
    """Return one form of what different keyboards send for the same letters (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


ISSUER = "precursor-watch"

RECOVERY_CODES = 8

STEP = timedelta(seconds=30)

DRIFT = (0, -1, 1)
"""The accepted time steps: now, one earlier, one later."""


def new_seed() -> str:
    """Return a seed for an authenticator app, in base 32."""
    return pyotp.random_base32()


def address_of_seed(seed: str, name: str) -> str:
    """Return the `otpauth://` address that an authenticator app reads."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=ISSUER)


def seal(key: bytes, seed: str) -> str:
    """Return a sealed seed for the store."""
    return _box(key).encrypt(seed.encode()).decode()


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code, or None if no step near `now` has this code."""
    said = "".join(code.split())
    codes = pyotp.TOTP(seed)
    for drift in DRIFT:
        moment = now + drift * STEP
        if codes.verify(said, for_time=moment):
            return int(moment.timestamp() // STEP.total_seconds())
    return None


def unseal(key: bytes, sealed: str) -> str | None:
    """Return a sealed seed; None if another key sealed it."""
    try:
        return _box(key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def new_recovery_codes() -> list[str]:
    """Return codes of 50 bits, e.g. `K7QMA-2XJRB`, each of which lets a user in once."""
    codes = [base64.b32encode(secrets.token_bytes(7)).decode()[:10] for _ in range(RECOVERY_CODES)]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def draw_seed(address: str) -> Markup:
    """Return the `otpauth://` address as an SVG that a phone's camera reads."""
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 (modules of a matrix, no text)


def accept(db: Database, key: bytes, kept: Credentials, code: str, origin: Origin, now: datetime) -> bool:
    """Return whether the code, or recovery code, is right and unused, or the user has no second factor."""
    if not kept.totp_sealed:
        return True
    seed = unseal(key, kept.totp_sealed)  # None if the key file was lost: codes must be set up anew
    step = step_of(seed, code, now) if seed else None
    if step is not None:
        return use_totp_step(db, kept.user, step)
    return use_recovery_code(db, kept.user, code.strip().upper(), origin=origin, now=now)


def _box(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(key, "codes")))
