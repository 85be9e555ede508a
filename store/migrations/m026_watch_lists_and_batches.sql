-- Saved lists that a person follows, the digests of their new matches, and what was done to several at once.

ALTER TABLE saved_views ADD COLUMN names TEXT NOT NULL DEFAULT '[]'; -- JSON: words that mean a substance, and its name
ALTER TABLE saved_views ADD COLUMN followed_at TEXT; -- NULL: not followed
ALTER TABLE saved_views ADD COLUMN looked_at TEXT;
ALTER TABLE saved_views ADD COLUMN looked_to INTEGER NOT NULL DEFAULT 0; -- later sightings are new
ALTER TABLE saved_views ADD COLUMN marked_from INTEGER NOT NULL DEFAULT 0; -- later sightings are marked in rows
ALTER TABLE saved_views ADD COLUMN sent_to INTEGER NOT NULL DEFAULT 0; -- later sightings were in no digest

CREATE TABLE digest_settings ( -- where and when a person gets digests
    reviewer TEXT PRIMARY KEY,
    address TEXT NOT NULL, -- of e-mail, or of a webhook
    times TEXT NOT NULL, -- e.g. `08:00, 16:30`; empty: when there is something new, at most once an hour
    quiet_hours TEXT NOT NULL, -- e.g. `22:00-06:00`
    timezone TEXT NOT NULL, -- IANA name, of the times and the quiet hours
    checked_at TEXT NOT NULL -- when it was last seen whether there is something to send
) STRICT;

CREATE TABLE digests ( -- messages to persons
    digest_id INTEGER PRIMARY KEY,
    reviewer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('digest', 'test')),
    title TEXT NOT NULL,
    body TEXT NOT NULL, -- nothing that a listing says
    made_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_digests_reviewer ON digests(reviewer, digest_id);

CREATE TABLE digest_events ( -- the last event of a digest says how it stands; without one, it is to be sent
    event_id INTEGER PRIMARY KEY,
    digest_id INTEGER NOT NULL REFERENCES digests(digest_id),
    event TEXT NOT NULL CHECK (event IN ('begun', 'sent', 'failed', 'interrupted', 'given_up')),
    sentence TEXT NOT NULL,
    happened_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_digest_events_digest ON digest_events(digest_id, event_id);

CREATE TABLE batches ( -- assignments and filings of several listings at once; verdicts name their batch
    batch TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('assign', 'file')),
    details TEXT NOT NULL, -- JSON: what was done to each listing, and how it was before
    done_by TEXT NOT NULL,
    done_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_batches_person ON batches(done_by, done_at);

CREATE TABLE batch_undos (
    batch TEXT PRIMARY KEY REFERENCES batches(batch),
    undone_by TEXT NOT NULL,
    undone_at TEXT NOT NULL
) STRICT;

-- append-only: digests digest_events batches batch_undos
