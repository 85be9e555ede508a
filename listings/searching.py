"""Full-text search: how typed words become a condition. There is no query syntax to get wrong."""

from __future__ import annotations

from listings import rows

MIN_TRIGRAM = 3
"""The index is of trigrams; a shorter word is looked for in the text itself."""


def is_indexed(terms: str) -> bool:
    """Return whether any word is long enough for the full-text index."""
    return any(len(word) >= MIN_TRIGRAM for word in _words(terms))


def matching(terms: str, column: str, *, is_joined: bool = False) -> tuple[str, list[object]]:
    """Return an SQL condition on a column of sighting ids, and its arguments: every word of `terms` is there.

    Words are split at white space and matched as parts of words, whatever their case, in title, text and
    seller. Of no words at all the condition is false. The column is named with its table.

    Args:
        terms: As typed.
        column: Of the sightings' ids.
        is_joined: The query reads from `sightings_fts` itself, which then gives its order, too.
    """
    words = _words(terms)
    long_words = [word for word in words if len(word) >= MIN_TRIGRAM]
    conditions, arguments = [], []
    if long_words:
        within = "SELECT rowid FROM sightings_fts WHERE sightings_fts MATCH ?"
        conditions.append("sightings_fts MATCH ?" if is_joined else f"{column} IN ({within})")
        arguments.append(" ".join('"' + word.replace('"', '""') + '"' for word in long_words))
    for word in words:
        if len(word) < MIN_TRIGRAM:
            conditions.append(
                f"EXISTS (SELECT 1 FROM sightings AS said WHERE said.sighting_id = {column} AND "  # noqa: S608 (no input)
                "instr(lower(said.title || ' ' || said.text || ' ' || said.seller_name), lower(?)) > 0)"
            )
            arguments.append(word)
    return " AND ".join(conditions) or "false", list(arguments)


def _words(terms: str) -> list[str]:
    return rows.clean(terms.replace("\0", " ")).split()
