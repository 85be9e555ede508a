-- The tables for listings, in the order of processing.

CREATE TABLE sources (
    source_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('saved', 'live')),
    name TEXT NOT NULL,
    supplied_by TEXT NOT NULL, -- who handed over a saved copy, or approved a live crawl
    supplied_on TEXT NOT NULL, -- ISO 8601 date
    declared_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    run_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    source_id TEXT REFERENCES sources(source_id),
    due_at TEXT, -- the schedule's time; NULL when started by hand
    requested_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_runs_kind_source ON runs(kind, source_id, run_id);

CREATE UNIQUE INDEX idx_runs_due ON runs(kind, source_id, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE run_attempts (
    attempt_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    started_at TEXT NOT NULL,
    pid INTEGER NOT NULL
) STRICT;

CREATE INDEX idx_run_attempts_run ON run_attempts(run_id);

CREATE TABLE run_endings (
    run_id INTEGER PRIMARY KEY REFERENCES runs(run_id),
    ended_at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    sentence TEXT NOT NULL, -- for a person: what was done, or why it was not
    counts TEXT NOT NULL CHECK (json_valid(counts))
) STRICT;

CREATE TABLE pages (
    page_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    source_id TEXT NOT NULL REFERENCES sources(source_id),
    url TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    captured_at TEXT, -- when the saved copy was made, where the archive says so
    http_status INTEGER,
    outcome TEXT NOT NULL,
    sentence TEXT NOT NULL, -- for a person: what was found
    payload_sha256 TEXT NOT NULL,
    payload_bytes INTEGER NOT NULL,
    locator TEXT NOT NULL, -- in the run's archive: path, '#', entry or offset
    UNIQUE (run_id, url)
) STRICT;

CREATE INDEX idx_pages_source ON pages(source_id, outcome);

CREATE TABLE listings (
    listing_id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES sources(source_id),
    url TEXT NOT NULL, -- canonical
    item_id TEXT NOT NULL, -- the site's own number
    first_seen_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_listings_source ON listings(source_id);

CREATE TABLE sightings (
    sighting_id INTEGER PRIMARY KEY,
    listing_id TEXT NOT NULL REFERENCES listings(listing_id),
    page_id INTEGER NOT NULL REFERENCES pages(page_id),
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    seen_at TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    price_text TEXT NOT NULL, -- as the page shows it
    price_amount TEXT, -- decimal, lower end of a range
    currency TEXT NOT NULL, -- ISO 4217
    quantity_text TEXT NOT NULL,
    pack_text TEXT NOT NULL,
    minimum_order_text TEXT NOT NULL,
    seller_name TEXT NOT NULL,
    seller_url TEXT NOT NULL,
    location TEXT NOT NULL,
    item_id TEXT NOT NULL,
    category_path TEXT NOT NULL CHECK (json_valid(category_path)),
    attributes TEXT NOT NULL CHECK (json_valid(attributes)), -- [[name, value], ...] in page order
    images TEXT NOT NULL CHECK (json_valid(images)), -- addresses, never fetched
    language TEXT NOT NULL, -- ISO 639-1
    provenance TEXT NOT NULL CHECK (json_valid(provenance)), -- field: rule that found it
    content_hash TEXT NOT NULL,
    text TEXT NOT NULL, -- what is searched, scored and shown
    text_hash TEXT NOT NULL
) STRICT;

CREATE INDEX idx_sightings_listing ON sightings(listing_id, sighting_id);

CREATE TABLE page_listings (
    page_id INTEGER NOT NULL REFERENCES pages(page_id),
    listing_id TEXT NOT NULL REFERENCES listings(listing_id),
    change TEXT NOT NULL CHECK (change IN ('new', 'changed', 'unchanged')),
    PRIMARY KEY (page_id, listing_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_page_listings_listing ON page_listings(listing_id, page_id);

CREATE TABLE models (
    model_id TEXT PRIMARY KEY, -- first 12 digits of the hash of its skops file
    created_at TEXT NOT NULL,
    folder TEXT NOT NULL,
    embedder_id TEXT NOT NULL,
    threshold REAL NOT NULL CHECK (threshold BETWEEN 0 AND 1),
    card TEXT NOT NULL CHECK (json_valid(card))
) STRICT;

CREATE TABLE promotions (
    promotion_id INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models(model_id),
    promoted_at TEXT NOT NULL,
    promoted_by TEXT NOT NULL,
    sentence TEXT NOT NULL -- why
) STRICT;

CREATE TABLE scores (
    score_id INTEGER PRIMARY KEY,
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    model_id TEXT NOT NULL REFERENCES models(model_id),
    run_id INTEGER REFERENCES runs(run_id),
    scored_at TEXT NOT NULL,
    p_offer REAL NOT NULL CHECK (p_offer BETWEEN 0 AND 1), -- calibrated probability
    threshold REAL NOT NULL, -- the line when it was scored
    substances TEXT NOT NULL CHECK (json_valid(substances)),
    family TEXT NOT NULL,
    tier INTEGER, -- 1 few licit uses, 2 dual use, 3 bulk
    reasons TEXT NOT NULL CHECK (json_valid(reasons)),
    UNIQUE (sighting_id, model_id)
) STRICT;

CREATE INDEX idx_scores_queue ON scores(model_id, p_offer);
CREATE INDEX idx_scores_run ON scores(run_id, p_offer, threshold);

CREATE TABLE verdicts (
    verdict_id INTEGER PRIMARY KEY,
    listing_id TEXT NOT NULL REFERENCES listings(listing_id),
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    score_id INTEGER REFERENCES scores(score_id), -- what was on the screen
    decision TEXT NOT NULL CHECK (decision IN ('offer', 'not_offer', 'unsure', 'escalate', 'undone')),
    reason_code TEXT,
    note TEXT NOT NULL,
    reviewer TEXT NOT NULL CHECK (trim(reviewer) <> ''),
    decided_at TEXT NOT NULL,
    undoes INTEGER UNIQUE REFERENCES verdicts(verdict_id),
    CHECK ((decision = 'undone') = (undoes IS NOT NULL))
) STRICT;

CREATE INDEX idx_verdicts_listing ON verdicts(listing_id, verdict_id);

-- append-only: pages page_listings listings sightings runs run_attempts run_endings models promotions
-- append-only: scores verdicts
