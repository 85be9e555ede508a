-- Deobfuscated texts, and texts that name a substance, indexed beside the texts as written. FTS5 tables
-- take no comment: `store/review/search.py` says what the rows hold.

CREATE VIRTUAL TABLE plain_fts USING fts5(said, substances, tokenize = 'trigram');
