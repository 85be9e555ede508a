-- Every declaration of a source, and every withdrawal of a permission. `sources` is of step 1.

CREATE TABLE source_declarations ( -- one row each time that a source was declared in other words
    declaration_id INTEGER PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES sources(source_id),
    kind TEXT NOT NULL CHECK (kind IN ('saved', 'live')),
    name TEXT NOT NULL,
    supplied_by TEXT NOT NULL, -- who handed over a saved copy, or approved a live crawl
    supplied_on TEXT NOT NULL, -- ISO 8601 date
    declared_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_source_declarations_source ON source_declarations(source_id, declaration_id);

INSERT INTO source_declarations (source_id, kind, name, supplied_by, supplied_on, declared_at)
SELECT source_id, kind, name, supplied_by, supplied_on, declared_at FROM sources;

CREATE VIEW declared_sources AS -- each source in the words in which it was declared last
SELECT source_id, kind, name, supplied_by, supplied_on, declared_at FROM source_declarations
WHERE declaration_id IN (SELECT max(declaration_id) FROM source_declarations GROUP BY source_id);

CREATE TABLE permission_withdrawals (
    permission_id TEXT PRIMARY KEY REFERENCES permissions(permission_id),
    withdrawn_at TEXT NOT NULL,
    withdrawn_by TEXT NOT NULL, -- who took it back, as the person at the keyboard wrote it
    reason TEXT NOT NULL
) STRICT;

-- append-only: source_declarations permission_withdrawals sources
