-- Cases have members: the journal says who joined and who left.
-- `case_entries` is made anew, because SQLite cannot widen a CHECK; older rows keep their columns and hashes.

CREATE TABLE case_entries_with_members ( -- a case's journal; what the case holds is derived from it
    entry_id INTEGER PRIMARY KEY,
    case_id INTEGER NOT NULL REFERENCES cases(case_id),
    kind TEXT NOT NULL CHECK (kind IN ('listing', 'seller', 'note', 'listing_removed', 'seller_removed',
                                       'closed', 'reopened', 'handed_over', 'member', 'member_removed')),
    listing_id TEXT REFERENCES listings(listing_id),
    source_id TEXT REFERENCES sources(source_id), -- of a seller
    seller_name TEXT NOT NULL,
    note TEXT NOT NULL,
    written_by TEXT NOT NULL,
    written_at TEXT NOT NULL,
    sighting_id INTEGER REFERENCES sightings(sighting_id), -- pinned when the listing was filed
    score_id INTEGER REFERENCES scores(score_id), -- of it, by the model in use at that time
    payload_sha256 TEXT, -- of its page
    law TEXT, -- JSON list: the entries of its substances in the law as it stood
    handed_to TEXT -- who keeps the case from now on, or joins or leaves its members
) STRICT;

INSERT INTO case_entries_with_members
SELECT entry_id, case_id, kind, listing_id, source_id, seller_name, note, written_by, written_at, sighting_id,
       score_id, payload_sha256, law, handed_to
FROM case_entries ORDER BY entry_id;

DROP TABLE case_entries;

ALTER TABLE case_entries_with_members RENAME TO case_entries;

CREATE INDEX idx_case_entries_case ON case_entries(case_id);

CREATE INDEX idx_case_entries_listing ON case_entries(listing_id) WHERE listing_id IS NOT NULL;

-- append-only: case_entries
