-- Scores of suppliers, for lists in their order, and the weekly reports that were sent. Scores are computed
-- and can be computed again, so they are not in the record.

CREATE TABLE supplier_scores ( -- as of the last linking; a supplier without flagged or judged listings has none
    supplier_id INTEGER PRIMARY KEY REFERENCES suppliers(supplier_id),
    score REAL NOT NULL, -- from 0 to 100
    flagged_count INTEGER NOT NULL,
    offer_count INTEGER NOT NULL, -- listings that people judged to be offers
    tier INTEGER, -- the lowest of its flagged listings
    substances TEXT NOT NULL CHECK (json_valid(substances)), -- of its flagged listings
    computed_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_supplier_scores_score ON supplier_scores(score DESC, supplier_id);

CREATE TABLE weekly_reports ( -- sent ones; the next begins where the last one ended
    report_id INTEGER PRIMARY KEY,
    since TEXT NOT NULL,
    until TEXT NOT NULL UNIQUE,
    sent_at TEXT NOT NULL,
    sent_to INTEGER NOT NULL -- number of addresses
) STRICT;

-- append-only: weekly_reports
