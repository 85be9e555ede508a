-- An office's own terms put listings before a person, whatever the model says. The expected worth counts the
-- price against the usual, and how new the seller and the listing are. A listing that was judged and has
-- changed stays a review item even if its new text is scored below the threshold.

CREATE TABLE office_terms ( -- names, code words and product numbers that an office added
    office_term_id INTEGER PRIMARY KEY,
    term TEXT NOT NULL CHECK (trim(term) <> ''),
    substance TEXT NOT NULL, -- that the office takes the term to mean, or empty
    why TEXT NOT NULL CHECK (trim(why) <> ''),
    added_by TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;

CREATE TABLE office_term_retirements (
    office_term_id INTEGER PRIMARY KEY REFERENCES office_terms(office_term_id),
    why TEXT NOT NULL CHECK (trim(why) <> ''),
    retired_by TEXT NOT NULL,
    retired_at TEXT NOT NULL
) STRICT;

CREATE TABLE office_term_hits ( -- sightings that name a term; a hit stays when its term is retired
    office_term_id INTEGER NOT NULL REFERENCES office_terms(office_term_id),
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    spans TEXT NOT NULL, -- JSON: start and end of each place in the text; empty if only the seller is so named
    run_id INTEGER REFERENCES runs(run_id), -- the scoring
    found_at TEXT NOT NULL,
    PRIMARY KEY (office_term_id, sighting_id)
) STRICT;

CREATE INDEX idx_office_term_hits_sighting ON office_term_hits(sighting_id);

CREATE INDEX idx_office_term_hits_run ON office_term_hits(run_id);

CREATE TABLE office_term_progress ( -- up to which sighting a term was looked for
    office_term_id INTEGER PRIMARY KEY REFERENCES office_terms(office_term_id),
    sighting_id INTEGER NOT NULL
) STRICT;

CREATE TABLE unit_prices ( -- of the substance that a sighting offers, against the usual when it was scored
    sighting_id INTEGER PRIMARY KEY REFERENCES sightings(sighting_id),
    listing_id TEXT NOT NULL,
    substance TEXT NOT NULL,
    unit TEXT NOT NULL, -- kg, L or pcs
    currency TEXT NOT NULL, -- ISO 4217
    amount REAL NOT NULL, -- for one unit
    usual REAL, -- median of earlier listings
    compared INTEGER NOT NULL -- how many earlier listings
) STRICT;

CREATE INDEX idx_unit_prices_substance ON unit_prices(substance, unit, currency, sighting_id);

-- append-only: office_terms office_term_retirements office_term_hits

DROP VIEW review_items_now;

DROP VIEW review_points;

CREATE VIEW review_points AS -- what a look at a sighting is expected to be worth, in points
SELECT newest.sighting_id, newest.listing_id,
    CASE scores.tier WHEN 1 THEN 3.0 WHEN 2 THEN 2.0 WHEN 3 THEN 1.0 ELSE 1.5 END AS tier_points,
    CASE scores.family WHEN 'opioid' THEN 1.0 WHEN 'amphetamine-type' THEN 0.5 ELSE 0.0 END AS family_points,
    (
        SELECT CASE WHEN max(kg) >= 25 THEN 1.0 WHEN max(kg) >= 1 THEN 0.5 ELSE 0.0 END FROM (
            SELECT CAST(json_extract(value, '$.amount') AS REAL)
                * CASE json_extract(value, '$.unit') WHEN 'kg' THEN 1 WHEN 'L' THEN 1 WHEN 't' THEN 1000
                       WHEN 'g' THEN 0.001 WHEN 'mL' THEN 0.001 ELSE 0 END AS kg
            FROM json_each(newest.terms)
            WHERE json_extract(value, '$.name') IN ('pack_size', 'minimum_order')
        )
    ) AS quantity_points,
    (
        SELECT min(1.5, 0.5 * count(DISTINCT json_extract(value, '$.note')))
        FROM json_each(scores.reasons, '$.spans')
        WHERE json_extract(value, '$.kind') = 'trade' AND json_extract(value, '$.note') IN (
            'stealth', 'customs promise', 'crypto', 'controlled hint', 'no papers', 'stands in',
            'name withheld', 'code number', 'number spoken', 'to those who know', 'of papers not needed',
            'of a name not written', 'of a list not shown', 'of its own way of sending',
            'of what is lost on the way', 'of buyers who stay unknown', 'of passing customs',
            'of labels left off', 'of bans and lists', 'of what others no longer sell',
            'of other goods on the papers', 'of a substance by what it is like'
        )
    ) AS evasion_points,
    (
        newest.seller_name <> '' AND NOT EXISTS (
            SELECT 1 FROM sightings AS earlier
            WHERE earlier.seller_name = newest.seller_name AND earlier.seller_name <> ''
              AND earlier.sighting_id < newest.sighting_id
              AND earlier.seen_at < strftime('%Y-%m-%dT%H:%M:%S', newest.seen_at, '-30 days')
        )
    ) * 0.2 + (
        newest.seller_name <> '' AND NOT EXISTS (
            SELECT 1 FROM sightings AS earlier
            WHERE earlier.seller_name = newest.seller_name AND earlier.seller_name <> ''
              AND earlier.listing_id <> newest.listing_id AND earlier.sighting_id < newest.sighting_id
        )
    ) * 0.3 AS seller_points,
    (julianday(newest.seen_at) - julianday(listings.first_seen_at) < 7) * 0.3 AS listing_points,
    CASE WHEN compared < 5 OR usual IS NULL THEN 0.0
         WHEN amount >= 4 * usual OR amount <= usual / 4 THEN 1.0
         WHEN amount >= 2 * usual OR amount <= usual / 2 THEN 0.5
         ELSE 0.0 END AS price_points,
    EXISTS (
        SELECT 1 FROM office_term_hits WHERE office_term_hits.sighting_id = newest.sighting_id
          AND office_term_id NOT IN (SELECT office_term_id FROM office_term_retirements)
    ) * 3.0 AS office_points,
    EXISTS (
        SELECT 1 FROM sightings AS earlier
        WHERE earlier.text_hash = newest.text_hash AND earlier.listing_id <> newest.listing_id
          AND earlier.sighting_id < newest.sighting_id
    ) * -2.0 AS repeat_points
FROM sightings AS newest
JOIN listings USING (listing_id)
LEFT JOIN unit_prices ON unit_prices.sighting_id = newest.sighting_id
LEFT JOIN scores ON scores.sighting_id = newest.sighting_id
    AND scores.model_id = (SELECT model_id FROM model_in_use);

CREATE VIEW review_items_now AS -- what review_items must hold; slow over a whole store
    WITH standing_now AS (
        SELECT listings.listing_id, listings.source_id, newest.sighting_id, newest.seller_name,
               newest.language, newest.seen_at, scores.score_id, scores.p_offer, scores.family, scores.tier,
               scores.reasons, standing.verdict_id, standing.decision, standing.reviewer,
               standing.decided_at, second.decision AS second_decision,
               second_reviews.why,
               ifnull(scores.p_offer >= (SELECT threshold FROM model_in_use), 0) OR office_points > 0
                   AS is_flagged,
               office_points > 0 AS names_office_term,
               EXISTS (
                   SELECT 1 FROM sample_members JOIN sightings AS drawn USING (sighting_id)
                   WHERE sample_members.listing_id = listings.listing_id
                     AND drawn.text_hash = newest.text_hash
               ) AS is_sample,
               standing.verdict_id IS NULL AND EXISTS (
                   SELECT 1 FROM verdicts AS given
                   WHERE given.listing_id = listings.listing_id AND given.decision <> 'undone'
                     AND given.stage IS NOT 'second'
                     AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = given.verdict_id)
               ) AS is_changed,
               max(0.1, tier_points + family_points + quantity_points + evasion_points + seller_points
                   + listing_points + price_points + office_points + repeat_points) AS points
        FROM listings
        JOIN sightings AS newest ON newest.sighting_id = (
            SELECT max(sighting_id) FROM sightings WHERE sightings.listing_id = listings.listing_id
        )
        JOIN review_points ON review_points.sighting_id = newest.sighting_id
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
        END AS state,
        CASE WHEN is_sample AND NOT is_flagged
             THEN 1 - (1 - (SELECT threshold FROM model_in_use)) * (sighting_id * 7919 % 1000) / 1000.0
             WHEN names_office_term
             THEN max(ifnull(p_offer, 0.0), ifnull((SELECT threshold FROM model_in_use), 0.0))
             ELSE ifnull(p_offer, 0.0) END AS place
        FROM standing_now
        WHERE is_flagged OR is_sample OR verdict_id IS NOT NULL OR is_changed
    )
    SELECT stated.listing_id, stated.sighting_id, score_id, source_id, seller_name, language, seen_at,
           p_offer, place,
           ifnull(family, '') AS family, tier,
           ifnull((
               SELECT ',' || group_concat(DISTINCT json_extract(value, '$.kind')) || ','
               FROM json_each(reasons, '$.spans')
           ), '') || CASE WHEN names_office_term THEN ',office_term,' ELSE '' END AS kinds,
           is_flagged, is_sample, ifnull(assignee, '') AS assignee, state,
           state IN ('waiting', 'second') AS is_open,
           verdict_id, decision, ifnull(reviewer, '') AS decided_by, decided_at, is_changed,
           place * points AS worth
    FROM stated LEFT JOIN assignments USING (listing_id);

DROP TRIGGER review_items_promoted;

CREATE TRIGGER review_items_promoted AFTER INSERT ON promotions
BEGIN
    DELETE FROM review_items;
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id IN (
        SELECT sightings.listing_id FROM scores JOIN sightings USING (sighting_id)
        WHERE model_id = (SELECT model_id FROM model_in_use) AND p_offer >= (SELECT threshold FROM model_in_use)
        UNION SELECT listing_id FROM verdicts
        UNION SELECT listing_id FROM sample_members
        UNION SELECT listing_id FROM office_term_hits JOIN sightings USING (sighting_id)
    );
END;

CREATE TRIGGER review_items_office_term AFTER INSERT ON office_term_hits WHEN true
BEGIN
    DELETE FROM review_items
    WHERE listing_id = (SELECT listing_id FROM sightings WHERE sighting_id = NEW.sighting_id);
    INSERT INTO review_items SELECT * FROM review_items_now
    WHERE listing_id = (SELECT listing_id FROM sightings WHERE sighting_id = NEW.sighting_id);
END;

CREATE TRIGGER review_items_office_term_retired AFTER INSERT ON office_term_retirements WHEN true
BEGIN
    DELETE FROM review_items WHERE listing_id IN (
        SELECT listing_id FROM office_term_hits JOIN sightings USING (sighting_id)
        WHERE office_term_id = NEW.office_term_id
    );
    INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id IN (
        SELECT listing_id FROM office_term_hits JOIN sightings USING (sighting_id)
        WHERE office_term_id = NEW.office_term_id
    );
END;

DELETE FROM review_items;

INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id IN (
    SELECT sightings.listing_id FROM scores JOIN sightings USING (sighting_id)
        WHERE model_id = (SELECT model_id FROM model_in_use) AND p_offer >= (SELECT threshold FROM model_in_use)
        UNION SELECT listing_id FROM verdicts
        UNION SELECT listing_id FROM sample_members
        UNION SELECT listing_id FROM office_term_hits JOIN sightings USING (sighting_id)
);
