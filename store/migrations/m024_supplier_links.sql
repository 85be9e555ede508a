-- Links between accounts of sellers, and the suppliers that the links make. Links, keys and current suppliers
-- are computed and can be computed again, so they are not in the record; decisions of people, declared common
-- contacts, weights, and every move of an account from one supplier to another are in the record.

CREATE TABLE accounts_to_link ( -- kept by triggers: accounts that changed since their keys were computed
    seller_account_id INTEGER PRIMARY KEY,
    change INTEGER NOT NULL -- ascending, so that a change during the work is not lost
) STRICT;

CREATE INDEX idx_accounts_to_link_change ON accounts_to_link(change);

CREATE TRIGGER link_queue_new_account AFTER INSERT ON seller_accounts
BEGIN
    INSERT INTO accounts_to_link
    VALUES (NEW.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_seen_account AFTER UPDATE ON seller_accounts
BEGIN
    INSERT INTO accounts_to_link
    VALUES (NEW.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_gone_account AFTER DELETE ON seller_accounts
BEGIN
    INSERT INTO accounts_to_link
    VALUES (OLD.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_new_listing AFTER INSERT ON listing_accounts
BEGIN
    INSERT INTO accounts_to_link
    VALUES (NEW.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_moved_listing AFTER UPDATE ON listing_accounts
BEGIN
    INSERT INTO accounts_to_link
    SELECT moved.account, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link)
    FROM (SELECT OLD.seller_account_id AS account UNION SELECT NEW.seller_account_id) AS moved WHERE true
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_gone_listing AFTER DELETE ON listing_accounts
BEGIN
    INSERT INTO accounts_to_link
    VALUES (OLD.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_new_mention AFTER INSERT ON contact_mentions
WHEN NEW.seller_account_id IS NOT NULL
BEGIN
    INSERT INTO accounts_to_link
    VALUES (NEW.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TRIGGER link_queue_gone_mention AFTER DELETE ON contact_mentions
WHEN OLD.seller_account_id IS NOT NULL
BEGIN
    INSERT INTO accounts_to_link
    VALUES (OLD.seller_account_id, (SELECT ifnull(max(change), 0) + 1 FROM accounts_to_link))
    ON CONFLICT (seller_account_id) DO UPDATE SET change = excluded.change;
END;

CREATE TABLE accounts_to_score ( -- accounts whose keys are computed and whose links are not yet
    seller_account_id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE link_profiles ( -- what is compared of an account, beside its keys
    seller_account_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL, -- comparable form
    country TEXT NOT NULL,
    city TEXT NOT NULL -- comparable form
) STRICT;

CREATE TABLE link_keys ( -- hashes of what accounts may have in common
    kind TEXT NOT NULL, -- contact, name, word, spelling, place, text, price
    key INTEGER NOT NULL, -- 64-bit hash
    seller_account_id INTEGER NOT NULL,
    PRIMARY KEY (kind, key, seller_account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_link_keys_account ON link_keys(seller_account_id);

CREATE TABLE link_models ( -- weights that links were computed with; the newest is in use
    model_id TEXT PRIMARY KEY, -- first 12 digits of the hash of its settings
    created_at TEXT NOT NULL,
    settings TEXT NOT NULL CHECK (json_valid(settings)), -- of Splink, with all weights
    sentence TEXT NOT NULL -- what the weights were estimated from
) STRICT;

CREATE TABLE supplier_links ( -- evidence that two accounts have one supplier, above the threshold
    link_id INTEGER PRIMARY KEY,
    seller_account_id INTEGER NOT NULL, -- the lower number of the two
    other_account_id INTEGER NOT NULL,
    kind TEXT NOT NULL, -- of the shared contact; or name, place, texts, prices
    key INTEGER NOT NULL, -- of the shared contact; 0 for other kinds
    contact_id INTEGER, -- the shared contact
    match_weight REAL NOT NULL, -- log2 of the odds that the accounts have one supplier
    probability REAL NOT NULL,
    parts TEXT NOT NULL CHECK (json_valid(parts)), -- match weight by comparison; with the weight before any evidence they add up
    is_left_out INTEGER NOT NULL, -- 1: does not join, because of the greatest size of a supplier or a cut
    rule_version INTEGER NOT NULL,
    model_id TEXT NOT NULL,
    first_linked_at TEXT NOT NULL,
    CHECK (seller_account_id < other_account_id),
    UNIQUE (seller_account_id, other_account_id, kind, key)
) STRICT;

CREATE INDEX idx_supplier_links_other ON supplier_links(other_account_id);

CREATE INDEX idx_supplier_links_contact ON supplier_links(contact_id) WHERE contact_id IS NOT NULL;

CREATE TABLE link_decisions ( -- of people, on a pair of accounts; the newest row of a pair stands
    decision_id INTEGER PRIMARY KEY,
    seller_account_id INTEGER NOT NULL, -- the lower number of the two
    other_account_id INTEGER NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('confirmed', 'cut', 'withdrawn')),
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    evidence TEXT NOT NULL CHECK (json_valid(evidence)), -- both accounts and their links as they stood
    decided_by TEXT NOT NULL CHECK (trim(decided_by) <> ''),
    decided_at TEXT NOT NULL,
    CHECK (seller_account_id < other_account_id)
) STRICT;

CREATE INDEX idx_link_decisions_pair ON link_decisions(seller_account_id, other_account_id, decision_id);

CREATE INDEX idx_link_decisions_other ON link_decisions(other_account_id);

CREATE VIEW standing_link_decisions AS -- the newest decision on each pair, unless it was withdrawn
SELECT * FROM link_decisions AS given
WHERE decision <> 'withdrawn' AND NOT EXISTS (
    SELECT 1 FROM link_decisions AS later
    WHERE later.seller_account_id = given.seller_account_id
      AND later.other_account_id = given.other_account_id AND later.decision_id > given.decision_id
);

CREATE TABLE common_contacts ( -- contacts that link nobody, such as a hotline; the newest row of a hash stands
    declaration_id INTEGER PRIMARY KEY,
    value_hash TEXT NOT NULL, -- of the contact, hexadecimal
    is_common INTEGER NOT NULL, -- 0: links again
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    declared_by TEXT NOT NULL CHECK (trim(declared_by) <> ''),
    declared_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_common_contacts_hash ON common_contacts(value_hash, declaration_id);

CREATE TABLE suppliers ( -- a supplier without accounts was merged into another, and comes back if they part
    supplier_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL, -- of the account with most listings
    account_count INTEGER NOT NULL,
    listing_count INTEGER NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_suppliers_size ON suppliers(account_count DESC, listing_count DESC, supplier_id);

CREATE TABLE supplier_accounts ( -- the current supplier of each account
    seller_account_id INTEGER PRIMARY KEY,
    supplier_id INTEGER NOT NULL REFERENCES suppliers(supplier_id)
) STRICT;

CREATE INDEX idx_supplier_accounts_supplier ON supplier_accounts(supplier_id);

CREATE TABLE supplier_moves ( -- every change of the supplier of an account
    move_id INTEGER PRIMARY KEY,
    seller_account_id INTEGER NOT NULL,
    supplier_id INTEGER, -- NULL: the account is gone
    from_supplier_id INTEGER, -- NULL: the account is new
    kind TEXT NOT NULL CHECK (kind IN ('founded', 'joined', 'merged', 'split', 'restored', 'gone')),
    moved_at TEXT NOT NULL
) STRICT;

CREATE INDEX idx_supplier_moves_account ON supplier_moves(seller_account_id, move_id);

CREATE INDEX idx_supplier_moves_supplier ON supplier_moves(supplier_id);

CREATE INDEX idx_supplier_moves_from ON supplier_moves(from_supplier_id) WHERE from_supplier_id IS NOT NULL;

INSERT INTO accounts_to_link SELECT seller_account_id, row_number() OVER () FROM seller_accounts;

-- append-only: link_models link_decisions common_contacts supplier_moves
