-- The record: one line for each row of every evidential table, chained by hashes.
-- `store.audit.chain.follow_schema` records the existing rows and adds the triggers.

CREATE TABLE record ( -- every row written to an evidential table, in the order of writing
    seq INTEGER PRIMARY KEY, -- without a gap
    table_name TEXT NOT NULL, -- or `schema`
    key ANY NOT NULL, -- of the row; of a schema the newest migration
    operation TEXT NOT NULL CHECK (operation IN ('I', 'U', 'D')), -- inserted, updated, deleted
    digest BLOB, -- SHA-256 of the row as written; NULL where rows never change
    hash BLOB NOT NULL -- SHA-256 of the hash before, the digest, and what this line says
) STRICT;

CREATE INDEX idx_record_versions ON record(table_name, key, seq) WHERE digest IS NOT NULL;

-- append-only: record
