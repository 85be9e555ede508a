-- Pictures of listings. Which evidence record holds a picture is evidence; what was read in it is derived and
-- can be read again, so it is not in the record.

CREATE TABLE sighting_pictures ( -- the pictures that a sighting names and whose bytes are kept
    sighting_picture_id INTEGER PRIMARY KEY,
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    place INTEGER NOT NULL, -- among the kept pictures of the sighting, from 0
    url TEXT NOT NULL, -- as the page names it
    record_id TEXT NOT NULL REFERENCES evidence_records(record_id),
    sha256 TEXT NOT NULL, -- of the bytes
    UNIQUE (sighting_id, sha256)
) STRICT;

CREATE INDEX idx_sighting_pictures_sha256 ON sighting_pictures(sha256, sighting_id);

CREATE INDEX idx_sighting_pictures_record ON sighting_pictures(record_id);

CREATE TABLE pictures ( -- what was read in each picture, once
    sha256 TEXT PRIMARY KEY,
    format TEXT NOT NULL, -- e.g. JPEG, or empty
    width INTEGER NOT NULL, -- in pixels
    height INTEGER NOT NULL,
    sentence TEXT NOT NULL, -- what was not read and why, or empty
    text TEXT NOT NULL, -- the lines from top to bottom, then the texts of QR codes
    lines TEXT NOT NULL CHECK (json_valid(lines)), -- text, box, confidence and reader of each
    unread_lines INTEGER NOT NULL, -- lines seen that no reader here can read
    codes TEXT NOT NULL CHECK (json_valid(codes)), -- format, text and box of each QR or bar code
    perceptual_hash BLOB, -- 64 bits; NULL if the picture is too small or too plain to be told from others
    shown BLOB, -- a copy for the reviewer, encoded anew as WebP without metadata
    read_with TEXT NOT NULL, -- the readers
    read_at TEXT NOT NULL
) STRICT;

CREATE TABLE picture_bands ( -- pictures that share one of eight bytes of the perceptual hash may be the same
    band INTEGER NOT NULL, -- 256 times the number of the byte, plus its value
    sha256 TEXT NOT NULL REFERENCES pictures(sha256),
    PRIMARY KEY (band, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_picture_bands_sha256 ON picture_bands(sha256);

-- append-only: sighting_pictures
