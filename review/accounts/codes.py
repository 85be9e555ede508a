"""The second factor: codes that change every 30 seconds (TOTP, RFC 6238).

The seed is kept sealed by the app's secret, so that a copy of the database gives no codes. A code is taken
once, and up to one step early or late, for clocks that differ.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
from cryptography.fernet import Fernet, InvalidToken

from review.web.keys import derive
from store.accounts.users import use_totp_step

if TYPE_CHECKING:
    from datetime import datetime

    from store.accounts.users import Credentials
    from store.database import Database

ISSUER = "precursor-watch"
STEP = timedelta(seconds=30)
DRIFT = (0, -1, 1)
"""Steps that are tried: now, the one before, the one after."""


def new_seed() -> str:
    """Return a seed for an authenticator app, in base 32."""
    return pyotp.random_base32()


def address_of_seed(seed: str, name: str) -> str:
    """Return the `otpauth://` address that an authenticator app reads."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=ISSUER)


def seal(key: bytes, seed: str) -> str:
    """Return a seed as it is kept."""
    return _box(key).encrypt(seed.encode()).decode()


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, or None if it is none of those near `now`."""
    said = "".join(code.split())
    codes = pyotp.TOTP(seed)
    for drift in DRIFT:
        moment = now + drift * STEP
        if codes.verify(said, for_time=moment):
            return int(moment.timestamp() // STEP.total_seconds())
    return None


def accept(db: Database, key: bytes, kept: Credentials, code: str, now: datetime) -> bool:
    """Whether the code suffices: it is right and was not used before, or none is asked of this user."""
    if not kept.totp_sealed:
        return True
    try:
        seed = _box(key).decrypt(kept.totp_sealed.encode()).decode()
    except InvalidToken:  # the key file was lost: codes must be set up anew
        return False
    step = step_of(seed, code, now)
    return step is not None and use_totp_step(db, kept.user, step)


def _box(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(key, "codes")))
