-- Every decision on permissions: withdrawals, and approvals after a withdrawal. `permission_withdrawals`,
-- with one row per permission, does not change.

CREATE TABLE permission_decisions (
    decision_id INTEGER PRIMARY KEY,
    permission_id TEXT NOT NULL REFERENCES permissions(permission_id),
    decision TEXT NOT NULL CHECK (decision IN ('withdrawn', 'approved')),
    decided_at TEXT NOT NULL,
    decided_by TEXT NOT NULL, -- a person's name, as written at the keyboard
    reason TEXT NOT NULL
) STRICT;

INSERT INTO permission_decisions (permission_id, decision, decided_at, decided_by, reason)
SELECT permission_id, 'withdrawn', withdrawn_at, withdrawn_by, reason
FROM permission_withdrawals ORDER BY withdrawn_at;

-- append-only: permission_decisions
