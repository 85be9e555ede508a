-- Notices of class rules tell how the compound is related to the parent.

ALTER TABLE notices ADD COLUMN relation TEXT; -- JSON of a Relation; NULL for other kinds
