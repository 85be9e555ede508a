-- The materialised queue: a row for each review item, and counts of items, maintained by triggers. A page
-- of the queue reads only its own rows.

CREATE TABLE review_items ( -- kept by triggers, never written to; review_items_now says what it holds
    listing_id TEXT PRIMARY KEY,
    sighting_id INTEGER NOT NULL, -- the newest
    score_id INTEGER, -- of it, by the model in use
    source_id TEXT NOT NULL,
    seller_name TEXT NOT NULL,
    language TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    p_offer REAL,
    place REAL NOT NULL, -- in the queue: p_offer, or for a sample a number that tells nothing
    family TEXT NOT NULL,
    tier INTEGER,
    kinds TEXT NOT NULL, -- of the evidence, each with a comma on both sides
    is_flagged INTEGER NOT NULL,
    is_sample INTEGER NOT NULL,
    assignee TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'second', 'adjudication', 'decided')),
    is_open INTEGER NOT NULL, -- waiting, or waiting for somebody else
    verdict_id INTEGER, -- that stands, on the text as it now reads
    decision TEXT,
    decided_by TEXT NOT NULL,
    decided_at TEXT
) STRICT;

CREATE INDEX idx_review_items_place ON review_items(is_open, place DESC, sighting_id);
CREATE INDEX idx_review_items_seen ON review_items(is_open, seen_at, sighting_id);
CREATE INDEX idx_review_items_source ON review_items(is_open, source_id, place DESC, sighting_id);
CREATE INDEX idx_review_items_seller ON review_items(is_open, seller_name, place DESC, sighting_id);
CREATE INDEX idx_review_items_assignee ON review_items(assignee, is_open, place DESC, sighting_id)
WHERE assignee <> '';
CREATE INDEX idx_review_items_state ON review_items(state, place DESC, sighting_id);
CREATE INDEX idx_review_items_decided ON review_items(decided_by, state) WHERE decided_by <> '';
CREATE INDEX idx_review_items_sighting ON review_items(sighting_id);

CREATE TABLE review_counts ( -- kept by triggers: how many review items there are, by state and facet
    facet TEXT NOT NULL, -- all, source, family, tier, language, band, assignee
    value TEXT NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (facet, value, state)
) STRICT, WITHOUT ROWID;

CREATE VIEW review_items_now AS -- what review_items must hold; slow over a whole store
    WITH standing_now AS (
        SELECT listings.listing_id, listings.source_id, newest.sighting_id, newest.seller_name,
               newest.language, newest.seen_at, scores.score_id, scores.p_offer, scores.family, scores.tier,
               scores.reasons, standing.verdict_id, standing.decision, standing.reviewer,
               standing.decided_at, second.decision AS second_decision,
               second_reviews.why,
               ifnull(scores.p_offer >= (SELECT threshold FROM model_in_use), 0) AS is_flagged,
               EXISTS (
                   SELECT 1 FROM sample_members JOIN sightings AS drawn USING (sighting_id)
                   WHERE sample_members.listing_id = listings.listing_id
                     AND drawn.text_hash = newest.text_hash
               ) AS is_sample
        FROM listings
        JOIN sightings AS newest ON newest.sighting_id = (
            SELECT max(sighting_id) FROM sightings WHERE sightings.listing_id = listings.listing_id
        )
        LEFT JOIN scores ON scores.sighting_id = newest.sighting_id
            AND scores.model_id = (SELECT model_id FROM model_in_use)
        LEFT JOIN verdicts AS standing ON standing.verdict_id = (
                SELECT given.verdict_id FROM verdicts AS given
                WHERE given.listing_id = listings.listing_id AND given.decision <> 'undone'
                  AND given.stage IS NOT 'second'
                  AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = given.verdict_id)
                ORDER BY given.verdict_id DESC LIMIT 1
            )
            AND newest.text_hash = (
                SELECT judged.text_hash FROM sightings AS judged
                WHERE judged.sighting_id = standing.sighting_id
            )
        LEFT JOIN second_reviews ON second_reviews.verdict_id = standing.verdict_id
        LEFT JOIN verdicts AS second ON second.verdict_id = (
            SELECT answer.verdict_id FROM verdicts AS answer
            WHERE answer.answers = standing.verdict_id AND answer.stage = 'second' AND answer.decision <> 'undone'
              AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = answer.verdict_id)
            ORDER BY answer.verdict_id DESC LIMIT 1
        )
    ),
    stated AS (
        SELECT *, CASE
            WHEN verdict_id IS NULL THEN 'waiting'
            WHEN why IS NULL THEN 'decided'
            WHEN second_decision IS NULL THEN 'second'
            WHEN second_decision = decision AND decision <> 'escalate' THEN 'decided'
            ELSE 'adjudication'
        END AS state
        FROM standing_now
        WHERE is_flagged OR is_sample OR verdict_id IS NOT NULL
    )
    SELECT stated.listing_id, stated.sighting_id, score_id, source_id, seller_name, language, seen_at,
           p_offer,
           CASE WHEN is_sample AND NOT is_flagged
                THEN 1 - (1 - (SELECT threshold FROM model_in_use))
                    * (stated.sighting_id * 7919 % 1000) / 1000.0
                ELSE ifnull(p_offer, 0.0) END AS place,
           ifnull(family, '') AS family, tier,
           ifnull((
               SELECT ',' || group_concat(DISTINCT json_extract(value, '$.kind')) || ','
               FROM json_each(reasons, '$.spans')
           ), '') AS kinds,
           is_flagged, is_sample, ifnull(assignee, '') AS assignee, state,
           state IN ('waiting', 'second') AS is_open,
           verdict_id, decision, ifnull(reviewer, '') AS decided_by, decided_at
    FROM stated LEFT JOIN assignments USING (listing_id);

CREATE TRIGGER review_items_counted_insert AFTER INSERT ON review_items
BEGIN
    INSERT INTO review_counts (facet, value, state, items)
    SELECT changed.*, NEW.state, 1 FROM (SELECT 'all', ''
        UNION ALL SELECT 'source', NEW.source_id
        UNION ALL SELECT 'family', NEW.family
        UNION ALL SELECT 'tier', ifnull(CAST(NEW.tier AS TEXT), '')
        UNION ALL SELECT 'language', NEW.language
        UNION ALL SELECT 'band', CAST(min(9, CAST(NEW.place * 10 AS INTEGER)) AS TEXT)
        UNION ALL SELECT 'assignee', NEW.assignee) AS changed WHERE true
    ON CONFLICT DO UPDATE SET items = items + 1;
END;

CREATE TRIGGER review_items_counted_delete AFTER DELETE ON review_items
BEGIN
    INSERT INTO review_counts (facet, value, state, items)
    SELECT changed.*, OLD.state, -1 FROM (SELECT 'all', ''
        UNION ALL SELECT 'source', OLD.source_id
        UNION ALL SELECT 'family', OLD.family
        UNION ALL SELECT 'tier', ifnull(CAST(OLD.tier AS TEXT), '')
        UNION ALL SELECT 'language', OLD.language
        UNION ALL SELECT 'band', CAST(min(9, CAST(OLD.place * 10 AS INTEGER)) AS TEXT)
        UNION ALL SELECT 'assignee', OLD.assignee) AS changed WHERE true
    ON CONFLICT DO UPDATE SET items = items + -1;
END;

CREATE TRIGGER review_items_seen AFTER INSERT ON sightings
WHEN EXISTS (SELECT 1 FROM review_items WHERE listing_id = NEW.listing_id)
  OR EXISTS (SELECT 1 FROM verdicts WHERE listing_id = NEW.listing_id)
BEGIN
    DELETE FROM review_items WHERE listing_id = NEW.listing_id;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = NEW.listing_id;
END;

CREATE TRIGGER review_items_judged AFTER INSERT ON verdicts WHEN true
BEGIN
    DELETE FROM review_items WHERE listing_id = NEW.listing_id;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = NEW.listing_id;
END;

CREATE TRIGGER review_items_drawn AFTER INSERT ON sample_members WHEN true
BEGIN
    DELETE FROM review_items WHERE listing_id = NEW.listing_id;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = NEW.listing_id;
END;

CREATE TRIGGER review_items_assigned AFTER INSERT ON assignments WHEN true
BEGIN
    DELETE FROM review_items WHERE listing_id = NEW.listing_id;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = NEW.listing_id;
END;

CREATE TRIGGER review_items_reassigned AFTER UPDATE ON assignments WHEN true
BEGIN
    DELETE FROM review_items WHERE listing_id = NEW.listing_id;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = NEW.listing_id;
END;

CREATE TRIGGER review_items_unassigned AFTER DELETE ON assignments WHEN true
BEGIN
    DELETE FROM review_items WHERE listing_id = OLD.listing_id;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = OLD.listing_id;
END;

CREATE TRIGGER review_items_scored AFTER INSERT ON scores
WHEN NEW.model_id = (SELECT model_id FROM model_in_use)
  AND (NEW.p_offer >= (SELECT threshold FROM model_in_use) OR EXISTS (
      SELECT 1 FROM review_items JOIN sightings USING (listing_id)
      WHERE sightings.sighting_id = NEW.sighting_id
  ))
BEGIN
    DELETE FROM review_items
    WHERE listing_id = (SELECT listing_id FROM sightings WHERE sighting_id = NEW.sighting_id);
    INSERT INTO review_items SELECT * FROM review_items_now
    WHERE listing_id = (SELECT listing_id FROM sightings WHERE sighting_id = NEW.sighting_id);
END;

CREATE TRIGGER review_items_second AFTER INSERT ON second_reviews
BEGIN
    DELETE FROM review_items
    WHERE listing_id = (SELECT listing_id FROM verdicts WHERE verdict_id = NEW.verdict_id);
    INSERT INTO review_items SELECT * FROM review_items_now
    WHERE listing_id = (SELECT listing_id FROM verdicts WHERE verdict_id = NEW.verdict_id);
END;

CREATE TRIGGER review_items_promoted AFTER INSERT ON promotions
BEGIN
    DELETE FROM review_items;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id IN (
        SELECT sightings.listing_id FROM scores JOIN sightings USING (sighting_id)
        WHERE model_id = (SELECT model_id FROM model_in_use) AND p_offer >= (SELECT threshold FROM model_in_use)
        UNION SELECT listing_id FROM verdicts
        UNION SELECT listing_id FROM sample_members
    );
END;

DROP VIEW review_queue;

CREATE VIEW review_queue AS -- flagged by the model in use and unjudged as the listing now reads
SELECT review_items.listing_id, review_items.sighting_id, review_items.score_id, review_items.source_id,
       url, title, sightings.seller_name, price_text, sightings.language, sightings.seen_at,
       scores.p_offer, scores.threshold, scores.model_id, substances, scores.family, scores.tier
FROM review_items
JOIN sightings USING (sighting_id)
JOIN listings ON listings.listing_id = review_items.listing_id
JOIN scores ON scores.score_id = review_items.score_id
WHERE state = 'waiting' AND is_flagged
ORDER BY place DESC, review_items.sighting_id;

INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id IN (
    SELECT sightings.listing_id FROM scores JOIN sightings USING (sighting_id)
    WHERE model_id = (SELECT model_id FROM model_in_use) AND p_offer >= (SELECT threshold FROM model_in_use)
    UNION SELECT listing_id FROM verdicts
    UNION SELECT listing_id FROM sample_members
);
