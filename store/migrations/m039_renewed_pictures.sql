-- A sighting gets a picture again if the evidence of the picture was removed and a later crawl keeps it anew.
-- `sighting_pictures` is made anew, because SQLite cannot widen a UNIQUE; its rows keep their columns and hashes.

CREATE TABLE sighting_pictures_renewed ( -- the pictures that a sighting names and whose bytes are kept
    sighting_picture_id INTEGER PRIMARY KEY,
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    place INTEGER NOT NULL, -- among the kept pictures of the sighting, from 0
    url TEXT NOT NULL, -- as the page names it
    record_id TEXT NOT NULL REFERENCES evidence_records(record_id),
    sha256 TEXT NOT NULL, -- of the bytes
    UNIQUE (sighting_id, sha256, record_id)
) STRICT;

INSERT INTO sighting_pictures_renewed
SELECT sighting_picture_id, sighting_id, place, url, record_id, sha256
FROM sighting_pictures ORDER BY sighting_picture_id;

DROP TABLE sighting_pictures;

ALTER TABLE sighting_pictures_renewed RENAME TO sighting_pictures;

CREATE INDEX idx_sighting_pictures_sha256 ON sighting_pictures(sha256, sighting_id);

CREATE INDEX idx_sighting_pictures_record ON sighting_pictures(record_id);

-- append-only: sighting_pictures
