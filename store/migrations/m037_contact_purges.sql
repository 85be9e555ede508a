-- Sightings whose contacts were purged; they are never read again.
-- append-only: contact_purges

CREATE TABLE contact_purges (
    sighting_id INTEGER PRIMARY KEY REFERENCES sightings(sighting_id),
    purged_at TEXT NOT NULL
) STRICT;
