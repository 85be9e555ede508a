-- Who offers: the accounts of sellers, the contacts that listings state, and how far sightings were read.
-- All of it is read from sightings and can be read again, so none of it is in the record (decision 72).

CREATE TABLE seller_accounts (
    seller_account_id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, even if the row is removed
    site TEXT NOT NULL, -- registered domain of the marketplace; the source if listings have no web address
    account_key TEXT NOT NULL, -- normalised address of the shop, or else the comparable form of the name
    name TEXT NOT NULL, -- as last seen, without ratings, badges and counts
    shop_url TEXT NOT NULL,
    country TEXT NOT NULL, -- ISO 3166-1 alpha-2, or empty
    city TEXT NOT NULL,
    member_since TEXT NOT NULL, -- ISO 8601 year, month or date, or empty
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    UNIQUE (site, account_key)
) STRICT;

CREATE TABLE listing_accounts ( -- the current account of each listing whose seller is known
    listing_id TEXT PRIMARY KEY REFERENCES listings(listing_id),
    seller_account_id INTEGER NOT NULL REFERENCES seller_accounts(seller_account_id),
    since TEXT NOT NULL -- time of the sighting that named this account first
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_seller_accounts_name ON seller_accounts(site, name);

CREATE INDEX idx_listing_accounts_account ON listing_accounts(seller_account_id);

CREATE TABLE contacts (
    contact_id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, even if the row is removed
    kind TEXT NOT NULL, -- see `store.suppliers.contacts.ContactKind`
    keep TEXT NOT NULL CHECK (keep IN ('plain', 'encrypted', 'hashed')), -- how `value` and `raw` are kept
    value TEXT CHECK ((value IS NULL) = (keep = 'hashed')), -- normalised
    value_hash BLOB NOT NULL, -- keyed hash; equal for a number, whichever messenger it was given for
    first_seen_at TEXT NOT NULL,
    UNIQUE (kind, value_hash)
) STRICT;

CREATE INDEX idx_contacts_hash ON contacts(value_hash);

CREATE TABLE contact_mentions (
    mention_id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contacts(contact_id),
    seller_account_id INTEGER REFERENCES seller_accounts(seller_account_id), -- NULL if no seller is named
    listing_id TEXT NOT NULL REFERENCES listings(listing_id),
    sighting_id INTEGER NOT NULL REFERENCES sightings(sighting_id),
    raw TEXT, -- as written, at most 200 characters; NULL when hashed
    field TEXT NOT NULL, -- column of the sighting, e.g. `text`, `seller_name`
    span_start INTEGER NOT NULL, -- in characters of the field
    span_end INTEGER NOT NULL,
    rule TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    read_at TEXT NOT NULL,
    UNIQUE (sighting_id, field, span_start, contact_id)
) STRICT;

CREATE INDEX idx_contact_mentions_contact ON contact_mentions(contact_id);

CREATE INDEX idx_contact_mentions_account ON contact_mentions(seller_account_id);

CREATE INDEX idx_contact_mentions_listing ON contact_mentions(listing_id);

CREATE TABLE supplier_progress ( -- how far each step of `link` has come
    step TEXT PRIMARY KEY, -- `contacts`, `links`
    last_sighting_id INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
