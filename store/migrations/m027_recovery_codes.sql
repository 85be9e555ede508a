-- Codes that let a person in once each without the device of their second factor.

ALTER TABLE users ADD COLUMN recovery_hashes TEXT; -- JSON list: SHA-256 of each code that is left; NULL: none
