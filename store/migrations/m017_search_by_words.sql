-- The words of all normalised texts, and the distinct words by trigrams. FTS5 tables take no comment:
-- `store/review/search.py` says what the rows hold.

CREATE VIRTUAL TABLE said_fts USING fts5(title, text, seller_name, content = '', tokenize = 'ascii');

CREATE VIRTUAL TABLE named_fts USING fts5(said, substances, tokenize = 'ascii');

CREATE TABLE words ( -- each that stands in any text as it is read
    word_id INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
) STRICT;

CREATE VIRTUAL TABLE words_fts USING fts5(
    word, content = 'words', content_rowid = 'word_id', columnsize = 0, tokenize = 'trigram'
);

CREATE TRIGGER words_met AFTER INSERT ON words
BEGIN INSERT INTO words_fts (rowid, word) VALUES (NEW.word_id, NEW.word); END;
