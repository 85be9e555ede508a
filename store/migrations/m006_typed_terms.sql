-- The typed terms of each sighting, also as rows for queries in SQL. A comment at the end of an added
-- column would comment out the closing parenthesis of the table.

ALTER TABLE sightings ADD COLUMN
terms TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(terms));

CREATE VIEW sighting_terms AS -- e.g. WHERE name = 'cas_number' AND value = '77-92-9'
SELECT sighting_id, listing_id, seen_at,
    json_extract(term.value, '$.name') AS name, -- see listings/terms.py
    json_extract(term.value, '$.text') AS text, -- as the page shows it
    json_extract(term.value, '$.value') AS value, -- in the form of its name
    CAST(json_extract(term.value, '$.amount') AS REAL) AS amount,
    json_extract(term.value, '$.unit') AS unit,
    json_extract(term.value, '$.rule') AS rule -- what found it
FROM sightings, json_each(sightings.terms) AS term;
