-- Requests to the service, reasons of interruptions, legal holds and tombstones.

CREATE UNIQUE INDEX idx_runs_due_of_the_store ON runs(kind, due_at)
WHERE source_id IS NULL AND due_at IS NOT NULL;

CREATE TABLE service_requests (
    request_id INTEGER PRIMARY KEY,
    request TEXT NOT NULL CHECK (request IN ('pause', 'resume', 'run_now')),
    source_id TEXT NOT NULL, -- as the sources file names it, known to the store or not
    asked_at TEXT NOT NULL,
    asked_by TEXT NOT NULL
) STRICT;

CREATE INDEX idx_service_requests_source ON service_requests(source_id, request_id);

CREATE TABLE service_answers (
    request_id INTEGER PRIMARY KEY REFERENCES service_requests(request_id),
    answered_at TEXT NOT NULL,
    sentence TEXT NOT NULL
) STRICT;

CREATE TABLE run_interruptions (
    attempt_id INTEGER PRIMARY KEY REFERENCES run_attempts(attempt_id),
    found_at TEXT NOT NULL, -- when the next attempt began
    why TEXT NOT NULL
) STRICT;

CREATE TABLE legal_holds (
    hold_id INTEGER PRIMARY KEY,
    source_id TEXT NOT NULL, -- empty: of all sources
    reason TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    placed_at TEXT NOT NULL
) STRICT;

CREATE TABLE legal_hold_releases (
    hold_id INTEGER PRIMARY KEY REFERENCES legal_holds(hold_id),
    released_by TEXT NOT NULL,
    released_at TEXT NOT NULL
) STRICT;

CREATE TABLE evidence_tombstones ( -- WARC files that retention has taken away
    file TEXT PRIMARY KEY REFERENCES evidence_files(file),
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL, -- as sealed
    reason TEXT NOT NULL,
    purged_by TEXT NOT NULL,
    purged_at TEXT NOT NULL
) STRICT;

-- append-only: service_requests service_answers run_interruptions legal_holds legal_hold_releases
-- append-only: evidence_tombstones
