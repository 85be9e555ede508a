-- Each alarm is one row, and its events are rows of another table.

CREATE TABLE alarms (
    alarm_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, -- what was found, e.g. run_failed
    subject TEXT NOT NULL, -- a source, or empty for the whole product
    raised_at TEXT NOT NULL,
    sentence TEXT NOT NULL -- for a person: what was found, what was expected, what to do
) STRICT;

CREATE INDEX idx_alarms_kind ON alarms(kind, subject);

CREATE TABLE alarm_events (
    event_id INTEGER PRIMARY KEY,
    alarm_id INTEGER NOT NULL REFERENCES alarms(alarm_id),
    event TEXT NOT NULL CHECK (event IN ('told', 'acknowledged', 'resolved', 'told_resolved')),
    happened_at TEXT NOT NULL,
    by TEXT NOT NULL, -- a person, or `service`
    note TEXT NOT NULL,
    UNIQUE (alarm_id, event)
) STRICT;

CREATE INDEX idx_alarm_events_event ON alarm_events(event, alarm_id);

CREATE VIEW alarm_log AS -- every alarm with what became of it; no resolved_at: it stands
SELECT alarms.*,
       (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id AND event = 'told')
           AS told_at,
       (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id
           AND event = 'acknowledged') AS acknowledged_at,
       (SELECT by FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id AND event = 'acknowledged')
           AS acknowledged_by,
       (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id
           AND event = 'resolved') AS resolved_at,
       (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id
           AND event = 'told_resolved') AS told_resolved_at
FROM alarms;

-- append-only: alarms alarm_events
