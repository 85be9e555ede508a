-- Views for the queue and other common queries.

CREATE VIEW run_log AS -- every run with how it ended; no ending: under way or interrupted
SELECT runs.run_id, runs.kind, runs.source_id, runs.due_at, runs.requested_at,
       (SELECT count(*) FROM run_attempts WHERE run_attempts.run_id = runs.run_id) AS attempts,
       ended_at, outcome, sentence, counts
FROM runs LEFT JOIN run_endings USING (run_id);

CREATE VIEW model_in_use AS -- the model promoted last
SELECT models.*, promotion_id, promoted_at, promoted_by, sentence
FROM promotions JOIN models USING (model_id)
ORDER BY promotion_id DESC LIMIT 1;

CREATE VIEW latest_sightings AS -- each listing as it stands now
SELECT * FROM sightings
WHERE NOT EXISTS (
    SELECT 1 FROM sightings AS later
    WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
);

CREATE VIEW standing_verdicts AS -- the last decision about each listing that was not taken back
SELECT verdicts.*, text_hash FROM verdicts JOIN sightings USING (sighting_id)
WHERE decision <> 'undone'
  AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
  AND NOT EXISTS (
      SELECT 1 FROM verdicts AS later
      WHERE later.listing_id = verdicts.listing_id AND later.verdict_id > verdicts.verdict_id
        AND later.decision <> 'undone'
        AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = later.verdict_id)
  );

CREATE VIEW review_queue AS -- flagged by the model in use and unjudged as the listing now reads
SELECT sightings.listing_id, scores.sighting_id, score_id, listings.source_id, url, title, seller_name,
       price_text, language, seen_at, p_offer, scores.threshold, scores.model_id,
       substances, family, tier
FROM scores
JOIN sightings USING (sighting_id)
JOIN listings USING (listing_id)
WHERE scores.model_id = (SELECT model_id FROM model_in_use)
  AND p_offer >= (SELECT threshold FROM model_in_use)
  AND NOT EXISTS (
      SELECT 1 FROM sightings AS later
      WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
  )
  AND NOT EXISTS (
      SELECT 1 FROM standing_verdicts
      WHERE standing_verdicts.listing_id = sightings.listing_id
        AND standing_verdicts.text_hash = sightings.text_hash
  )
ORDER BY p_offer DESC, scores.sighting_id;
