-- The stage of each score: the whole model, as for all older scores, or the first stage.

ALTER TABLE scores ADD COLUMN stage TEXT NOT NULL DEFAULT 'transformer'
    CHECK (stage IN ('transformer', 'first'));
