-- Nothing compared it: when the rules of linking change, a migration queues all accounts.

ALTER TABLE supplier_links DROP COLUMN rule_version;
