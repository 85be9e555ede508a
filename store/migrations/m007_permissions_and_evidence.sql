-- Permissions, requests, the WARC record of each page, and the data that a recrawl needs.

CREATE TABLE permissions (
    permission_id TEXT PRIMARY KEY, -- first 16 digits of the hash of all that it says
    source_id TEXT NOT NULL REFERENCES sources(source_id),
    basis TEXT NOT NULL,
    reference TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    valid_from TEXT NOT NULL, -- ISO 8601 date
    valid_until TEXT NOT NULL, -- ISO 8601 date, the last day
    document TEXT NOT NULL CHECK (json_valid(document)), -- all of it: scope, rate, budgets, contact
    recorded_at TEXT NOT NULL
) STRICT;

CREATE TABLE evidence_files ( -- WARC files, named before they are made
    file TEXT PRIMARY KEY, -- in the folder of evidence beside the database
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    opened_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_evidence_files_run ON evidence_files(run_id);

CREATE TABLE evidence_seals ( -- how a file stood when nothing more was to be added
    file TEXT PRIMARY KEY REFERENCES evidence_files(file),
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    sealed_at TEXT NOT NULL,
    sentence TEXT NOT NULL -- empty, or what an interruption left
) STRICT;

CREATE TABLE evidence_records ( -- the index: one row for each response, resource or revisit record
    record_id TEXT PRIMARY KEY, -- the UUID in WARC-Record-ID
    file TEXT NOT NULL REFERENCES evidence_files(file),
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL, -- compressed
    record_type TEXT NOT NULL CHECK (record_type IN ('response', 'resource', 'revisit')),
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    url TEXT NOT NULL,
    written_at TEXT NOT NULL,
    payload_sha256 TEXT NOT NULL, -- of the body as it came, still compressed if it came so
    payload_bytes INTEGER NOT NULL,
    repeats TEXT REFERENCES evidence_records(record_id) -- of a revisit: the record with the same payload
) STRICT;

CREATE INDEX idx_evidence_records_payload ON evidence_records(payload_sha256) WHERE repeats IS NULL;
CREATE INDEX idx_evidence_records_file ON evidence_records(file, offset);

CREATE TABLE page_evidence (
    page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
    record_id TEXT NOT NULL REFERENCES evidence_records(record_id)
) STRICT;

CREATE TABLE fetches ( -- every request of a live crawl, sent or refused
    fetch_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    permission_id TEXT REFERENCES permissions(permission_id), -- NULL when there was none
    url TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    outcome TEXT NOT NULL, -- fetched, not_modified, redirected, refused, failed
    http_status INTEGER,
    address TEXT NOT NULL, -- IP address that answered
    bytes INTEGER NOT NULL, -- of the body as it came
    sentence TEXT NOT NULL, -- for a person: why it was refused or failed, or where to it was redirected
    record_id TEXT REFERENCES evidence_records(record_id)
) STRICT;

CREATE INDEX idx_fetches_run ON fetches(run_id, outcome);

CREATE TABLE page_readings ( -- of a live page: what the next crawl asks with, and follows if unchanged
    page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
    reader TEXT NOT NULL, -- hash of the code that read it
    etag TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    links TEXT NOT NULL CHECK (json_valid(links))
) STRICT;

CREATE INDEX idx_pages_url ON pages(source_id, url, page_id);

-- append-only: permissions evidence_files evidence_seals evidence_records page_evidence fetches
-- append-only: page_readings
