-- The changes that a waiting import would make are counted by the scoring that completes the scores under it.

CREATE TABLE law_previews (
    law_import_id INTEGER PRIMARY KEY REFERENCES law_imports(law_import_id),
    counted_at TEXT NOT NULL,
    counted_under TEXT NOT NULL, -- model, newest sighting and flagging kinds of notices; others make it stale
    entering INTEGER NOT NULL, -- listings newly flagged by their score
    noticed INTEGER NOT NULL, -- further listings newly flagged by a notice
    leaving INTEGER NOT NULL, -- listings no longer flagged by their score
    newcomers TEXT NOT NULL CHECK (json_valid(newcomers)) -- the first of those that enter
) STRICT;
