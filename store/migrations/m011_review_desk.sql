-- The stages of verdicts, and tables for the work of several reviewers. Added columns are NULL without a
-- default, so that the audit log's hashes of older rows do not change.

ALTER TABLE verdicts ADD COLUMN stage TEXT -- NULL for a first verdict
CHECK (stage IN ('second', 'adjudication'));

ALTER TABLE verdicts ADD COLUMN answers INTEGER REFERENCES verdicts(verdict_id) -- the first one
CHECK ((stage IS NULL) = (answers IS NULL));

ALTER TABLE verdicts ADD COLUMN substance TEXT; -- as the reviewer corrected it
ALTER TABLE verdicts ADD COLUMN shown_at TEXT; -- when the listing came onto the screen
ALTER TABLE verdicts ADD COLUMN score_hidden INTEGER; -- 1: until the verdict was given
ALTER TABLE verdicts ADD COLUMN batch TEXT; -- the same for all that were given at once

CREATE INDEX idx_verdicts_answers ON verdicts(answers) WHERE answers IS NOT NULL;
CREATE INDEX idx_verdicts_reviewer ON verdicts(reviewer, decided_at);
CREATE INDEX idx_verdicts_decided ON verdicts(decided_at);
CREATE INDEX idx_sightings_seller ON sightings(seller_name, listing_id) WHERE seller_name <> '';
CREATE INDEX idx_sightings_text ON sightings(text_hash);

CREATE TABLE second_reviews ( -- first verdicts that somebody else is to look at, blind
    verdict_id INTEGER PRIMARY KEY REFERENCES verdicts(verdict_id),
    why TEXT NOT NULL CHECK (why IN ('share', 'escalated'))
) STRICT;

CREATE TABLE claims ( -- who has a listing on the screen; a row that has expired is as good as none
    listing_id TEXT PRIMARY KEY REFERENCES listings(listing_id),
    reviewer TEXT NOT NULL,
    claimed_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE assignments (
    listing_id TEXT PRIMARY KEY REFERENCES listings(listing_id),
    assignee TEXT NOT NULL,
    assigned_by TEXT NOT NULL,
    assigned_at TEXT NOT NULL
) STRICT;

CREATE TABLE drafts ( -- what a reviewer has begun to write; gone with their verdict
    listing_id TEXT NOT NULL REFERENCES listings(listing_id),
    reviewer TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    note TEXT NOT NULL,
    substance TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (listing_id, reviewer)
) STRICT;

CREATE TABLE saved_views (
    view_id INTEGER PRIMARY KEY,
    reviewer TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL, -- as it stands in the address
    saved_at TEXT NOT NULL,
    UNIQUE (reviewer, name)
) STRICT;

CREATE TABLE preferences (
    reviewer TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (reviewer, name)
) STRICT;

CREATE TABLE review_settings ( -- the newest row of a name is in force
    setting_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;

CREATE TABLE sample_draws ( -- random draws from below the line, to learn what the model misses
    draw_id INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models(model_id),
    threshold REAL NOT NULL,
    population INTEGER NOT NULL, -- unjudged listings below the line when it was drawn
    size INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    drawn_by TEXT NOT NULL,
    drawn_at TEXT NOT NULL
) STRICT;

CREATE TABLE sample_members (
    draw_id INTEGER NOT NULL REFERENCES sample_draws(draw_id),
    listing_id TEXT NOT NULL REFERENCES listings(listing_id),
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    PRIMARY KEY (draw_id, listing_id)
) STRICT;

CREATE INDEX idx_sample_members_listing ON sample_members(listing_id);

CREATE TABLE cases (
    case_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE CHECK (trim(number) <> ''), -- as the office counts
    title TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at TEXT NOT NULL
) STRICT;

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
) STRICT;

CREATE INDEX idx_case_entries_case ON case_entries(case_id);
CREATE INDEX idx_case_entries_listing ON case_entries(listing_id) WHERE listing_id IS NOT NULL;

DROP VIEW standing_verdicts;

CREATE VIEW standing_verdicts AS -- the last first or settling decision on each listing not taken back
SELECT verdicts.*, text_hash FROM verdicts JOIN sightings USING (sighting_id)
WHERE decision <> 'undone' AND stage IS NOT 'second'
  AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
  AND NOT EXISTS (
      SELECT 1 FROM verdicts AS later
      WHERE later.listing_id = verdicts.listing_id AND later.verdict_id > verdicts.verdict_id
        AND later.decision <> 'undone' AND later.stage IS NOT 'second'
        AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = later.verdict_id)
  );

-- append-only: second_reviews sample_draws sample_members review_settings cases case_entries
