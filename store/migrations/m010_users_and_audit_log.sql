-- Users, sessions, tokens and the audit log. Only users, sessions and tokens have rows that change, e.g. a
-- replaced password or an ended session. Each change is an entry of the log, which is append-only and
-- chained by hashes.

CREATE TABLE users (
    user_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (trim(name) <> ''), -- as it stands with verdicts
    role TEXT NOT NULL CHECK (role IN ('viewer', 'reviewer', 'lead', 'admin')),
    password_hash TEXT NOT NULL, -- argon2id in PHC form
    totp_sealed TEXT NOT NULL DEFAULT '', -- the seed, sealed by the key file; empty: no second factor
    totp_last_step INTEGER NOT NULL DEFAULT 0, -- of the last code taken, so that none is taken twice
    disabled_at TEXT, -- NULL: may log in
    created_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER users_no_delete BEFORE DELETE ON users
BEGIN SELECT RAISE(ABORT, 'users are never deleted, because verdicts name them: disable one'); END;

CREATE TRIGGER users_no_rename BEFORE UPDATE OF user_id, name, created_at ON users
BEGIN SELECT RAISE(ABORT, 'a user keeps the name that stands with verdicts'); END;

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
) STRICT;

CREATE INDEX idx_sessions_user ON sessions(user_id, ended_at);

CREATE TABLE api_tokens (
    token_id INTEGER PRIMARY KEY,
    key_hash TEXT NOT NULL UNIQUE, -- SHA-256 of the token
    user_id INTEGER NOT NULL REFERENCES users(user_id),
    purpose TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE INDEX idx_api_tokens_user ON api_tokens(user_id);

CREATE TABLE login_failures ( -- counted to slow guessing down; old ones are dropped
    failure_id INTEGER PRIMARY KEY,
    account_hash TEXT NOT NULL, -- SHA-256 of the name typed, which may be a password in the wrong field
    address TEXT NOT NULL,
    failed_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_login_failures_account ON login_failures(account_hash, failed_at);
CREATE INDEX idx_login_failures_address ON login_failures(address, failed_at);

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
) STRICT;

CREATE INDEX idx_audit_log_subject ON audit_log(subject, entry_id);
CREATE INDEX idx_audit_log_actor ON audit_log(actor, entry_id);
CREATE INDEX idx_audit_log_action ON audit_log(action, entry_id);

CREATE TRIGGER audit_log_chained BEFORE INSERT ON audit_log
WHEN NEW.entry_id IS NOT coalesce((SELECT max(entry_id) FROM audit_log), 0) + 1
  OR NEW.previous IS NOT coalesce(
      (SELECT hash FROM audit_log ORDER BY entry_id DESC LIMIT 1),
      '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'audit_log is a chain: an entry follows the last one and carries its hash'); END;

-- append-only: audit_log
