-- Notices: what a listing shows apart from its score. They are computed and can be computed again, so they are
-- not in the record. A notice makes a listing a review item if a lead chose its kind; weak ones never do.

CREATE TABLE notices ( -- of the newest sightings
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    kind TEXT NOT NULL, -- watch, equipment, rule or class
    code TEXT NOT NULL, -- the substance, the machine, the marketplace's rule, or the rule of the law
    name TEXT NOT NULL, -- what was found, for people
    why TEXT NOT NULL, -- the law or rule that names it
    is_weak INTEGER NOT NULL, -- ordinary goods, which never flag
    spans TEXT NOT NULL CHECK (json_valid(spans)), -- start and end of each place in the text
    run_id INTEGER REFERENCES runs(run_id), -- the scoring
    found_at TEXT NOT NULL,
    PRIMARY KEY (sighting_id, kind, code)
) STRICT;

CREATE INDEX idx_notices_kind ON notices(kind, code, sighting_id);

CREATE INDEX idx_notices_run ON notices(run_id);

CREATE TABLE notice_progress ( -- up to which sighting the notices were read, and with which rules
    read_with TEXT PRIMARY KEY,
    sighting_id INTEGER NOT NULL
) STRICT;

CREATE VIEW notice_kinds_flagged AS -- kinds that put a listing before a person; see ReviewSettings
SELECT column1 AS kind FROM (VALUES ('watch'), ('equipment'), ('rule'), ('class'))
WHERE ifnull((
    SELECT CAST(value AS REAL) FROM review_settings WHERE name = 'flag_' || column1
    ORDER BY setting_id DESC LIMIT 1
), column1 = 'class') > 0;

DROP VIEW review_items_now;

CREATE VIEW review_items_now AS -- what review_items must hold; slow over a whole store
    WITH standing_now AS (
        SELECT listings.listing_id, listings.source_id, newest.sighting_id, newest.seller_name,
               newest.language, newest.seen_at, scores.score_id, scores.p_offer, scores.family, scores.tier,
               scores.reasons, standing.verdict_id, standing.decision, standing.reviewer,
               standing.decided_at, second.decision AS second_decision,
               second_reviews.why,
               ifnull(scores.p_offer >= (SELECT threshold FROM model_in_use), 0) OR office_points > 0 OR EXISTS (
                   SELECT 1 FROM notices WHERE notices.sighting_id = newest.sighting_id AND NOT is_weak
                     AND kind IN (SELECT kind FROM notice_kinds_flagged)
               ) AS is_flagged,
               office_points > 0 AS names_office_term,
               EXISTS (
                   SELECT 1 FROM notices WHERE notices.sighting_id = newest.sighting_id AND NOT is_weak
                     AND kind IN (SELECT kind FROM notice_kinds_flagged)
               ) AS flags_notice,
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
             WHEN names_office_term OR flags_notice
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
           ), '') || CASE WHEN names_office_term THEN ',office_term,' ELSE '' END
               || ifnull((
                   SELECT ',' || group_concat(DISTINCT kind) || ',' FROM notices
                   WHERE notices.sighting_id = stated.sighting_id
               ), '') AS kinds,
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
        UNION SELECT listing_id FROM notices JOIN sightings USING (sighting_id)
    );
END;
