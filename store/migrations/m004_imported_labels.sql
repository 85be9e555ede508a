-- Imported labels, in an append-only table beside the verdicts.

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
) STRICT;

-- append-only: imported_labels
