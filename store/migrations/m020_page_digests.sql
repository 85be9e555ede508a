-- Digests that a supplied archive states and its bytes do not have. Pages of earlier crawls have no row,
-- because nothing was compared.

CREATE TABLE page_digests ( -- pages whose bytes do not match, or were not compared with, a stated digest
    page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
    result TEXT NOT NULL CHECK (result IN ('mismatch', 'unchecked')),
    details TEXT NOT NULL -- digests as stated and as computed
) STRICT;

-- append-only: page_digests
