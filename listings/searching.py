"""Full-text search: how typed words become a condition. There is no query syntax to get wrong."""

from __future__ import annotations

from listings import rows

MIN_TRIGRAM = 3
"""The index is of trigrams; a shorter word is looked for in the text itself."""


def matching(terms: str, column: str) -> tuple[str, list[object]]:
    """Return an SQL condition on a column of sighting ids, and its arguments: every word of `terms` is there.

    Words are split at white space and matched as parts of words, whatever their case, in title, text and
    seller. Of no words at all the condition is false. The column is named with its table.
    """
    words = rows.clean(terms.replace("\0", " ")).split()
    long_words = [word for word in words if len(word) >= MIN_TRIGRAM]
    conditions, arguments = [], []
    if long_words:
        conditions.append(f"{column} IN (SELECT rowid FROM sightings_fts WHERE sightings_fts MATCH ?)")  # noqa: S608 (no input)
        arguments.append(" ".join('"' + word.replace('"', '""') + '"' for word in long_words))
    for word in words:
        if len(word) < MIN_TRIGRAM:
            conditions.append(
                f"EXISTS (SELECT 1 FROM sightings AS said WHERE said.sighting_id = {column} AND "  # noqa: S608 (no input)
                "instr(lower(said.title || ' ' || said.text || ' ' || said.seller_name), lower(?)) > 0)"
            )
            arguments.append(word)
    return " AND ".join(conditions) or "false", list(arguments)
