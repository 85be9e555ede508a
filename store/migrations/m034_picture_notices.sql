-- Evidence in a picture is a notice of its own kind, which puts a listing before a person unless a lead says no.

DROP VIEW notice_kinds_flagged;

CREATE VIEW notice_kinds_flagged AS -- kinds that put a listing before a person; see ReviewSettings
SELECT column1 AS kind FROM (VALUES ('watch'), ('equipment'), ('rule'), ('class'), ('picture'))
WHERE ifnull((
    SELECT CAST(value AS REAL) FROM review_settings WHERE name = 'flag_' || column1
    ORDER BY setting_id DESC LIMIT 1
), column1 IN ('class', 'picture')) > 0;
