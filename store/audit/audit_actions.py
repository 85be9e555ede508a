"""What the audit log can say was done, and by what door; apart from it so that help opens no store."""

from __future__ import annotations

from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry says was done. To log something new, add a word here and call `record`."""

    LOG_BEGUN = "log_begun"
    """The first entry; it vouches for all verdicts and promotions before it."""
    VERDICT_GIVEN = "verdict_given"
    VERDICT_UNDONE = "verdict_undone"
    LISTING_VIEWED = "listing_viewed"
    CASE_VIEWED = "case_viewed"
    CASE_CHANGED = "case_changed"
    PAGE_VIEWED = "page_viewed"
    """The page as kept was shown."""
    SEARCHED = "searched"
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    EXPORTED = "exported"
    SETTING_CHANGED = "setting_changed"
    MODEL_TRAINED = "model_trained"
    """A retraining kept a candidate, whether or not it came into use."""
    MODEL_PROMOTED = "model_promoted"
    """Rolling back is putting an earlier one in use again."""
    LABELS_IMPORTED = "labels_imported"
    HOLD_PLACED = "hold_placed"
    HOLD_RELEASED = "hold_released"
    EVIDENCE_PURGED = "evidence_purged"
    """Retention took one WARC file away."""
    STORE_RESTORED = "store_restored"
    """A backup took the place of what was there; what was written after it is not in this log."""
    SERVICE_ASKED = "service_asked"
    """To pause a source, resume it, or crawl it now."""
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    PERMISSION_WITHDRAWN = "permission_withdrawn"
    """Of a live source; nothing more may be asked of its site under it."""
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGIN_BLOCKED = "login_blocked"
    """Too many failures; noted once for each account or address and window."""
    LOGGED_OUT = "logged_out"
    SESSION_REVOKED = "session_revoked"
    ACCESS_REFUSED = "access_refused"
    """The role was too low."""
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 (a word, not a token)
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 (so)


class Via(StrEnum):
    """By what door somebody acts."""

    WEB = "web"
    API = "api"
    CLI = "cli"
    """By hand, on the machine itself: the name is what the person said, and nobody checked it."""
    SERVICE = "service"
    UPGRADE = "upgrade"
