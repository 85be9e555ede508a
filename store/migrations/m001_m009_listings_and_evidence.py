"""Tables for listings, scores, verdicts, permissions and evidence (steps 1 to 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


M001_APPEND_ONLY = ("pages", "page_listings", "listings", "sightings", "runs", "run_attempts", "run_endings",
               "models", "promotions", "scores", "verdicts")  # fmt: skip
"""Append-only tables: triggers refuse every update, replacement and deletion."""


@migrations()
def m001_life_of_a_listing(db: Database) -> None:
    """Create the tables for listings, in the order of processing."""
    for statement in _M001_TABLES:
        db.execute(statement)
    for table in M001_APPEND_ONLY:
        refuse_changes(db, table)


_M001_TABLES = (
    """
    CREATE TABLE sources (
        source_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('saved', 'live')),
        name TEXT NOT NULL,
        supplied_by TEXT NOT NULL, -- who handed over a saved copy, or approved a live crawl
        supplied_on TEXT NOT NULL, -- ISO 8601 date
        declared_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE runs (
        run_id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        source_id TEXT REFERENCES sources(source_id),
        due_at TEXT, -- the schedule's time; NULL when started by hand
        requested_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_runs_kind_source ON runs(kind, source_id, run_id)",
    "CREATE UNIQUE INDEX idx_runs_due ON runs(kind, source_id, due_at) WHERE due_at IS NOT NULL",
    """
    CREATE TABLE run_attempts (
        attempt_id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs(run_id),
        started_at TEXT NOT NULL,
        pid INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_run_attempts_run ON run_attempts(run_id)",
    """
    CREATE TABLE run_endings (
        run_id INTEGER PRIMARY KEY REFERENCES runs(run_id),
        ended_at TEXT NOT NULL,
        outcome TEXT NOT NULL,
        sentence TEXT NOT NULL, -- for a person: what was done, or why it was not
        counts TEXT NOT NULL CHECK (json_valid(counts))
    ) STRICT
    """,
    """
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
    ) STRICT
    """,
    "CREATE INDEX idx_pages_source ON pages(source_id, outcome)",
    """
    CREATE TABLE listings (
        listing_id TEXT PRIMARY KEY,
        source_id TEXT NOT NULL REFERENCES sources(source_id),
        url TEXT NOT NULL, -- canonical
        item_id TEXT NOT NULL, -- the site's own number
        first_seen_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_listings_source ON listings(source_id)",
    """
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
    ) STRICT
    """,
    "CREATE INDEX idx_sightings_listing ON sightings(listing_id, sighting_id)",
    """
    CREATE TABLE page_listings (
        page_id INTEGER NOT NULL REFERENCES pages(page_id),
        listing_id TEXT NOT NULL REFERENCES listings(listing_id),
        change TEXT NOT NULL CHECK (change IN ('new', 'changed', 'unchanged')),
        PRIMARY KEY (page_id, listing_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX idx_page_listings_listing ON page_listings(listing_id, page_id)",
    """
    CREATE TABLE models (
        model_id TEXT PRIMARY KEY, -- first 12 digits of the hash of its skops file
        created_at TEXT NOT NULL,
        folder TEXT NOT NULL,
        embedder_id TEXT NOT NULL,
        threshold REAL NOT NULL CHECK (threshold BETWEEN 0 AND 1),
        card TEXT NOT NULL CHECK (json_valid(card))
    ) STRICT
    """,
    """
    CREATE TABLE promotions (
        promotion_id INTEGER PRIMARY KEY,
        model_id TEXT NOT NULL REFERENCES models(model_id),
        promoted_at TEXT NOT NULL,
        promoted_by TEXT NOT NULL,
        sentence TEXT NOT NULL -- why
    ) STRICT
    """,
    """
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
    ) STRICT
    """,
    "CREATE INDEX idx_scores_queue ON scores(model_id, p_offer)",
    "CREATE INDEX idx_scores_run ON scores(run_id, p_offer, threshold)",
    """
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
    ) STRICT
    """,
    "CREATE INDEX idx_verdicts_listing ON verdicts(listing_id, verdict_id)",
)


@migrations()
def m002_full_text_search(db: Database) -> None:
    """Index the text of listings by trigrams, so that any part of a CAS number or Chinese word is found."""
    db.table("sightings").enable_fts(
        ["title", "text", "seller_name"], tokenize="trigram", create_triggers=True
    )


@migrations()
def m003_review_queue(db: Database) -> None:
    """Create views for the queue and other common queries."""
    for statement in _M003_VIEWS:
        db.execute(statement)


_M003_VIEWS = (
    """
    CREATE VIEW run_log AS -- every run with how it ended; no ending: under way or interrupted
    SELECT runs.run_id, runs.kind, runs.source_id, runs.due_at, runs.requested_at,
           (SELECT count(*) FROM run_attempts WHERE run_attempts.run_id = runs.run_id) AS attempts,
           ended_at, outcome, sentence, counts
    FROM runs LEFT JOIN run_endings USING (run_id)
    """,
    """
    CREATE VIEW model_in_use AS -- the model promoted last
    SELECT models.*, promotion_id, promoted_at, promoted_by, sentence
    FROM promotions JOIN models USING (model_id)
    ORDER BY promotion_id DESC LIMIT 1
    """,
    """
    CREATE VIEW latest_sightings AS -- each listing as it stands now
    SELECT * FROM sightings
    WHERE NOT EXISTS (
        SELECT 1 FROM sightings AS later
        WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
    )
    """,
    """
    CREATE VIEW standing_verdicts AS -- the last decision about each listing that was not taken back
    SELECT verdicts.*, text_hash FROM verdicts JOIN sightings USING (sighting_id)
    WHERE decision <> 'undone'
      AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
      AND NOT EXISTS (
          SELECT 1 FROM verdicts AS later
          WHERE later.listing_id = verdicts.listing_id AND later.verdict_id > verdicts.verdict_id
            AND later.decision <> 'undone'
            AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = later.verdict_id)
      )
    """,
    """
    CREATE VIEW review_queue AS -- flagged by the model in use and unjudged as the listing now reads
    SELECT sightings.listing_id, scores.sighting_id, score_id, listings.source_id, url, title, seller_name,
           price_text, language, seen_at, p_offer, scores.threshold, scores.model_id,
           substances, family, tier
    FROM scores
    JOIN sightings USING (sighting_id)
    JOIN listings USING (listing_id)
    WHERE scores.model_id = (SELECT model_id FROM model_in_use)
      AND p_offer >= (SELECT threshold FROM model_in_use)
      AND NOT EXISTS (
          SELECT 1 FROM sightings AS later
          WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
      )
      AND NOT EXISTS (
          SELECT 1 FROM standing_verdicts
          WHERE standing_verdicts.listing_id = sightings.listing_id
            AND standing_verdicts.text_hash = sightings.text_hash
      )
    ORDER BY p_offer DESC, scores.sighting_id
    """,
)


@migrations()
def m004_imported_labels(db: Database) -> None:
    """Store imported labels in an append-only table beside the verdicts."""
    db.execute("""
        CREATE TABLE imported_labels (
            imported_label_id INTEGER PRIMARY KEY,
            text TEXT NOT NULL,
            text_hash TEXT NOT NULL,
            label INTEGER NOT NULL CHECK (label IN (0, 1)), -- 1 for an offer
            group_name TEXT NOT NULL, -- who sells, as far as the file said
            origin TEXT NOT NULL, -- name of the file
            imported_by TEXT NOT NULL,
            imported_at TEXT NOT NULL,
            UNIQUE (text_hash, label)
        ) STRICT
    """)
    refuse_changes(db, "imported_labels")


@migrations()
def m005_crawl_archives(db: Database) -> None:
    """Store the archive of each crawl; `pages.locator` is a position in it."""
    db.execute("""
        CREATE TABLE crawl_archives (
            archive_id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES runs(run_id),
            path TEXT NOT NULL, -- absolute
            sha256 TEXT NOT NULL, -- of a file; empty for a folder
            bytes INTEGER, -- of a file
            recorded_at TEXT NOT NULL,
            UNIQUE (run_id, path, sha256)
        ) STRICT
    """)
    refuse_changes(db, "crawl_archives")


@migrations()
def m006_typed_terms(db: Database) -> None:
    """Store the typed terms of each sighting, also as rows for queries in SQL."""
    # A comment at the end of an added column would comment out the closing parenthesis of the table.
    db.execute("""
        ALTER TABLE sightings ADD COLUMN
        terms TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(terms))
    """)
    db.execute("""
        CREATE VIEW sighting_terms AS -- e.g. WHERE name = 'cas_number' AND value = '77-92-9'
        SELECT sighting_id, listing_id, seen_at,
            json_extract(term.value, '$.name') AS name, -- see listings/terms.py
            json_extract(term.value, '$.text') AS text, -- as the page shows it
            json_extract(term.value, '$.value') AS value, -- in the form of its name
            CAST(json_extract(term.value, '$.amount') AS REAL) AS amount,
            json_extract(term.value, '$.unit') AS unit,
            json_extract(term.value, '$.rule') AS rule -- what found it
        FROM sightings, json_each(sightings.terms) AS term
    """)


M007_APPEND_ONLY = (
    "permissions", "evidence_files", "evidence_seals", "evidence_records", "page_evidence", "fetches",
    "page_readings",
)  # fmt: skip


@migrations()
def m007_permissions_and_evidence(db: Database) -> None:
    """Store permissions, requests, the WARC record of each page, and the data that a recrawl needs."""
    for statement in _M007_STATEMENTS:
        db.execute(statement)
    for table in M007_APPEND_ONLY:
        refuse_changes(db, table)


_M007_STATEMENTS = (
    """
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
    ) STRICT
    """,
    """
    CREATE TABLE evidence_files ( -- WARC files, named before they are made
        file TEXT PRIMARY KEY, -- in the folder of evidence beside the database
        run_id INTEGER NOT NULL REFERENCES runs(run_id),
        opened_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_evidence_files_run ON evidence_files(run_id)",
    """
    CREATE TABLE evidence_seals ( -- how a file stood when nothing more was to be added
        file TEXT PRIMARY KEY REFERENCES evidence_files(file),
        bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        sealed_at TEXT NOT NULL,
        sentence TEXT NOT NULL -- empty, or what an interruption left
    ) STRICT
    """,
    """
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
    ) STRICT
    """,
    "CREATE INDEX idx_evidence_records_payload ON evidence_records(payload_sha256) WHERE repeats IS NULL",
    "CREATE INDEX idx_evidence_records_file ON evidence_records(file, offset)",
    """
    CREATE TABLE page_evidence (
        page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
        record_id TEXT NOT NULL REFERENCES evidence_records(record_id)
    ) STRICT
    """,
    """
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
    ) STRICT
    """,
    "CREATE INDEX idx_fetches_run ON fetches(run_id, outcome)",
    """
    CREATE TABLE page_readings ( -- of a live page: what the next crawl asks with, and follows if unchanged
        page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
        reader TEXT NOT NULL, -- hash of the code that read it
        etag TEXT NOT NULL,
        last_modified TEXT NOT NULL,
        links TEXT NOT NULL CHECK (json_valid(links))
    ) STRICT
    """,
    "CREATE INDEX idx_pages_url ON pages(source_id, url, page_id)",
)


M008_APPEND_ONLY = ("source_declarations", "permission_withdrawals")
"""Tables that step 8 makes append-only, including `sources` of step 1."""


@migrations()
def m008_declarations_and_withdrawals(db: Database) -> None:
    """Store every declaration of a source, and every withdrawal of a permission."""
    for statement in _M008_STATEMENTS:
        db.execute(statement)
    for table in (*M008_APPEND_ONLY, "sources"):
        refuse_changes(db, table)


_M008_STATEMENTS = (
    """
    CREATE TABLE source_declarations ( -- one row each time that a source was declared in other words
        declaration_id INTEGER PRIMARY KEY,
        source_id TEXT NOT NULL REFERENCES sources(source_id),
        kind TEXT NOT NULL CHECK (kind IN ('saved', 'live')),
        name TEXT NOT NULL,
        supplied_by TEXT NOT NULL, -- who handed over a saved copy, or approved a live crawl
        supplied_on TEXT NOT NULL, -- ISO 8601 date
        declared_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_source_declarations_source ON source_declarations(source_id, declaration_id)",
    """
    INSERT INTO source_declarations (source_id, kind, name, supplied_by, supplied_on, declared_at)
    SELECT source_id, kind, name, supplied_by, supplied_on, declared_at FROM sources
    """,
    """
    CREATE VIEW declared_sources AS -- each source in the words in which it was declared last
    SELECT source_id, kind, name, supplied_by, supplied_on, declared_at FROM source_declarations
    WHERE declaration_id IN (SELECT max(declaration_id) FROM source_declarations GROUP BY source_id)
    """,
    """
    CREATE TABLE permission_withdrawals (
        permission_id TEXT PRIMARY KEY REFERENCES permissions(permission_id),
        withdrawn_at TEXT NOT NULL,
        withdrawn_by TEXT NOT NULL, -- who took it back, as the person at the keyboard wrote it
        reason TEXT NOT NULL
    ) STRICT
    """,
)


@migrations()
def m009_stage_of_a_score(db: Database) -> None:
    """Store the stage of each score: the whole model, as for all older scores, or the first stage."""
    db.execute("""
        ALTER TABLE scores ADD COLUMN stage TEXT NOT NULL DEFAULT 'transformer'
            CHECK (stage IN ('transformer', 'first'))
    """)
