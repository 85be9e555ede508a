-- Pages that a browser drew: what was read is the drawn document, and this says from what and how it looked.

CREATE TABLE page_drawings (
    page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
    plain_record_id TEXT REFERENCES evidence_records(record_id), -- the response before any script ran
    view_record_id TEXT NOT NULL REFERENCES evidence_records(record_id), -- the screenshot, PNG
    boxes TEXT NOT NULL CHECK (json_valid(boxes)), -- of each field: left, top, width, height in pixels
    requests INTEGER NOT NULL, -- of the page that were answered
    refused INTEGER NOT NULL, -- of the page that were not: outside the permission, or never allowed
    drawn_with TEXT NOT NULL -- name and version of the browser
) STRICT;

-- append-only: page_drawings
