-- Lists of the law that an office brought in. The rows of an import count once a lead accepted it.
-- append-only: law_imports law_decisions

CREATE TABLE law_imports (
    law_import_id INTEGER PRIMARY KEY,
    file_name TEXT NOT NULL,
    law_rows TEXT NOT NULL CHECK (json_valid(law_rows)), -- of the file, as written
    why TEXT NOT NULL CHECK (trim(why) <> ''),
    brought_by TEXT NOT NULL,
    brought_at TEXT NOT NULL
) STRICT;

CREATE TABLE law_decisions (
    law_import_id INTEGER PRIMARY KEY REFERENCES law_imports(law_import_id),
    decision TEXT NOT NULL CHECK (decision IN ('accepted', 'rejected')),
    why TEXT NOT NULL CHECK (trim(why) <> ''),
    newly_flagged INTEGER, -- listings that the lead was shown; NULL without a model in use
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL
) STRICT;
