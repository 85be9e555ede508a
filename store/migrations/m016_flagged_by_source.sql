-- Flagged items by source: without the index, `status` would read all items to count them.

CREATE INDEX idx_review_items_flagged ON review_items(source_id, is_flagged) WHERE is_flagged;
