-- The archive of each crawl; `pages.locator` is a position in it.

CREATE TABLE crawl_archives (
    archive_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs(run_id),
    path TEXT NOT NULL, -- absolute
    sha256 TEXT NOT NULL, -- of a file; empty for a folder
    bytes INTEGER, -- of a file
    recorded_at TEXT NOT NULL,
    UNIQUE (run_id, path, sha256)
) STRICT;

-- append-only: crawl_archives
