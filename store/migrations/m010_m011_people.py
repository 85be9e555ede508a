"""Tables for users, the audit log and reviews by several people (steps 10 and 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import times
from store.audit.chain import BEGINNING, digest_of_rows, entry_hash, entry_row
from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m010_users_and_audit_log(db: Database) -> None:
    """Create users, sessions, tokens and the audit log, whose first entry covers earlier decisions.

    Only users, sessions and tokens have rows that change, e.g. a replaced password or an ended session. Each
    change is an entry of the log, which is append-only and chained by hashes.
    """
    for statement in _M010_STATEMENTS:
        db.execute(statement)
    refuse_changes(db, "audit_log")
    begun = entry_row(
        entry_id=1,
        at=times.to_text(times.utc_now()),
        actor="precursor-watch",
        via="upgrade",
        action="log_begun",
        details={"before": {table: digest_of_rows(db, table) for table in ("verdicts", "promotions")}},
        previous=BEGINNING,
    )
    columns = ", ".join(begun)
    marks = ", ".join("?" * len(begun))
    values = (*begun.values(), entry_hash(begun))
    db.execute(f"INSERT INTO audit_log ({columns}, hash) VALUES ({marks}, ?)", values)  # noqa: S608 (none in it)


_M010_STATEMENTS = (
    """
    CREATE TABLE users (
        user_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (trim(name) <> ''), -- as it stands with verdicts
        role TEXT NOT NULL CHECK (role IN ('viewer', 'reviewer', 'lead', 'admin')),
        password_hash TEXT NOT NULL, -- argon2id in PHC form
        totp_sealed TEXT NOT NULL DEFAULT '', -- the seed, sealed by the key file; empty: no second factor
        totp_last_step INTEGER NOT NULL DEFAULT 0, -- of the last code taken, so that none is taken twice
        disabled_at TEXT, -- NULL: may log in
        created_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TRIGGER users_no_delete BEFORE DELETE ON users
    BEGIN SELECT RAISE(ABORT, 'users are never deleted, because verdicts name them: disable one'); END
    """,
    """
    CREATE TRIGGER users_no_rename BEFORE UPDATE OF user_id, name, created_at ON users
    BEGIN SELECT RAISE(ABORT, 'a user keeps the name that stands with verdicts'); END
    """,
    """
    CREATE TABLE sessions (
        session_id INTEGER PRIMARY KEY,
        key_hash TEXT NOT NULL UNIQUE, -- SHA-256 of what the cookie carries
        user_id INTEGER NOT NULL REFERENCES users(user_id),
        began_at TEXT NOT NULL,
        last_seen_at TEXT NOT NULL,
        ends_at TEXT NOT NULL, -- whatever happens
        ended_at TEXT, -- logged out or revoked
        address TEXT NOT NULL,
        agent TEXT NOT NULL -- as the browser names itself
    ) STRICT
    """,
    "CREATE INDEX idx_sessions_user ON sessions(user_id, ended_at)",
    """
    CREATE TABLE api_tokens (
        token_id INTEGER PRIMARY KEY,
        key_hash TEXT NOT NULL UNIQUE, -- SHA-256 of the token
        user_id INTEGER NOT NULL REFERENCES users(user_id),
        purpose TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        last_used_at TEXT,
        revoked_at TEXT
    ) STRICT
    """,
    "CREATE INDEX idx_api_tokens_user ON api_tokens(user_id)",
    """
    CREATE TABLE login_failures ( -- counted to slow guessing down; old ones are dropped
        failure_id INTEGER PRIMARY KEY,
        account_hash TEXT NOT NULL, -- SHA-256 of the name typed, which may be a password in the wrong field
        address TEXT NOT NULL,
        failed_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_login_failures_account ON login_failures(account_hash, failed_at)",
    "CREATE INDEX idx_login_failures_address ON login_failures(address, failed_at)",
    """
    CREATE TABLE audit_log ( -- who did what, when, and what was on their screen
        entry_id INTEGER PRIMARY KEY, -- counted from 1, without a gap
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        via TEXT NOT NULL, -- web, api, cli, service or upgrade
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL, -- e.g. listing:5f0c9a7be1d2c3f4
        details TEXT NOT NULL CHECK (json_valid(details)),
        rows TEXT NOT NULL CHECK (json_valid(rows)), -- SHA-256 of each row it speaks of
        previous TEXT NOT NULL, -- hash of the entry before
        hash TEXT NOT NULL -- SHA-256 of all the columns before
    ) STRICT
    """,
    "CREATE INDEX idx_audit_log_subject ON audit_log(subject, entry_id)",
    "CREATE INDEX idx_audit_log_actor ON audit_log(actor, entry_id)",
    "CREATE INDEX idx_audit_log_action ON audit_log(action, entry_id)",
    f"""
    CREATE TRIGGER audit_log_chained BEFORE INSERT ON audit_log
    WHEN NEW.entry_id IS NOT coalesce((SELECT max(entry_id) FROM audit_log), 0) + 1
      OR NEW.previous IS NOT coalesce(
          (SELECT hash FROM audit_log ORDER BY entry_id DESC LIMIT 1), '{BEGINNING}')
    BEGIN SELECT RAISE(ABORT, 'audit_log is a chain: an entry follows the last one and carries its hash'); END
    """,  # noqa: S608 (a constant)
)


M011_APPEND_ONLY = (
    "second_reviews",
    "sample_draws",
    "sample_members",
    "review_settings",
    "cases",
    "case_entries",
)


@migrations()
def m011_review_desk(db: Database) -> None:
    """Add the stages of verdicts, and tables for the work of several reviewers."""
    for statement in _M011_STATEMENTS:
        db.execute(statement)
    for table in M011_APPEND_ONLY:
        refuse_changes(db, table)


_M011_STATEMENTS = (
    # NULL without a default, so that the audit log's hashes of older rows do not change.
    """
    ALTER TABLE verdicts ADD COLUMN stage TEXT -- NULL for a first verdict
    CHECK (stage IN ('second', 'adjudication'))
    """,
    """
    ALTER TABLE verdicts ADD COLUMN answers INTEGER REFERENCES verdicts(verdict_id) -- the first one
    CHECK ((stage IS NULL) = (answers IS NULL))
    """,
    "ALTER TABLE verdicts ADD COLUMN substance TEXT",  # as the reviewer corrected it
    "ALTER TABLE verdicts ADD COLUMN shown_at TEXT",  # when the listing came onto the screen
    "ALTER TABLE verdicts ADD COLUMN score_hidden INTEGER",  # 1: until the verdict was given
    "ALTER TABLE verdicts ADD COLUMN batch TEXT",  # the same for all that were given at once
    "CREATE INDEX idx_verdicts_answers ON verdicts(answers) WHERE answers IS NOT NULL",
    "CREATE INDEX idx_verdicts_reviewer ON verdicts(reviewer, decided_at)",
    "CREATE INDEX idx_verdicts_decided ON verdicts(decided_at)",
    "CREATE INDEX idx_sightings_seller ON sightings(seller_name, listing_id) WHERE seller_name <> ''",
    "CREATE INDEX idx_sightings_text ON sightings(text_hash)",
    """
    CREATE TABLE second_reviews ( -- first verdicts that somebody else is to look at, blind
        verdict_id INTEGER PRIMARY KEY REFERENCES verdicts(verdict_id),
        why TEXT NOT NULL CHECK (why IN ('share', 'escalated'))
    ) STRICT
    """,
    """
    CREATE TABLE claims ( -- who has a listing on the screen; a row that has expired is as good as none
        listing_id TEXT PRIMARY KEY REFERENCES listings(listing_id),
        reviewer TEXT NOT NULL,
        claimed_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE assignments (
        listing_id TEXT PRIMARY KEY REFERENCES listings(listing_id),
        assignee TEXT NOT NULL,
        assigned_by TEXT NOT NULL,
        assigned_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE drafts ( -- what a reviewer has begun to write; gone with their verdict
        listing_id TEXT NOT NULL REFERENCES listings(listing_id),
        reviewer TEXT NOT NULL,
        reason_code TEXT NOT NULL,
        note TEXT NOT NULL,
        substance TEXT NOT NULL,
        saved_at TEXT NOT NULL,
        PRIMARY KEY (listing_id, reviewer)
    ) STRICT
    """,
    """
    CREATE TABLE saved_views (
        view_id INTEGER PRIMARY KEY,
        reviewer TEXT NOT NULL,
        name TEXT NOT NULL,
        query TEXT NOT NULL, -- as it stands in the address
        saved_at TEXT NOT NULL,
        UNIQUE (reviewer, name)
    ) STRICT
    """,
    """
    CREATE TABLE preferences (
        reviewer TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (reviewer, name)
    ) STRICT
    """,
    """
    CREATE TABLE review_settings ( -- the newest row of a name is in force
        setting_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        changed_by TEXT NOT NULL,
        changed_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE sample_draws ( -- random draws from below the line, to learn what the model misses
        draw_id INTEGER PRIMARY KEY,
        model_id TEXT NOT NULL REFERENCES models(model_id),
        threshold REAL NOT NULL,
        population INTEGER NOT NULL, -- unjudged listings below the line when it was drawn
        size INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        drawn_by TEXT NOT NULL,
        drawn_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE sample_members (
        draw_id INTEGER NOT NULL REFERENCES sample_draws(draw_id),
        listing_id TEXT NOT NULL REFERENCES listings(listing_id),
        sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
        PRIMARY KEY (draw_id, listing_id)
    ) STRICT
    """,
    "CREATE INDEX idx_sample_members_listing ON sample_members(listing_id)",
    """
    CREATE TABLE cases (
        case_id INTEGER PRIMARY KEY,
        number TEXT NOT NULL UNIQUE CHECK (trim(number) <> ''), -- as the office counts
        title TEXT NOT NULL,
        opened_by TEXT NOT NULL,
        opened_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE case_entries ( -- a case's journal; what the case holds is derived from it
        entry_id INTEGER PRIMARY KEY,
        case_id INTEGER NOT NULL REFERENCES cases(case_id),
        kind TEXT NOT NULL CHECK (kind IN ('listing', 'seller', 'note', 'listing_removed', 'seller_removed',
                                           'closed', 'reopened')),
        listing_id TEXT REFERENCES listings(listing_id),
        source_id TEXT REFERENCES sources(source_id), -- of a seller
        seller_name TEXT NOT NULL,
        note TEXT NOT NULL,
        written_by TEXT NOT NULL,
        written_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_case_entries_case ON case_entries(case_id)",
    "CREATE INDEX idx_case_entries_listing ON case_entries(listing_id) WHERE listing_id IS NOT NULL",
    "DROP VIEW standing_verdicts",
    """
    CREATE VIEW standing_verdicts AS -- the last first or settling decision on each listing not taken back
    SELECT verdicts.*, text_hash FROM verdicts JOIN sightings USING (sighting_id)
    WHERE decision <> 'undone' AND stage IS NOT 'second'
      AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
      AND NOT EXISTS (
          SELECT 1 FROM verdicts AS later
          WHERE later.listing_id = verdicts.listing_id AND later.verdict_id > verdicts.verdict_id
            AND later.decision <> 'undone' AND later.stage IS NOT 'second'
            AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = later.verdict_id)
      )
    """,
)
