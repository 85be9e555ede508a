"""A kept page made harmless: text and tables stay; scripts, styles, forms, links, images and frames go."""

from __future__ import annotations

import nh3

MAX_HTML_CHARS = 2_000_000
"""A longer page is cut here."""

TAGS = {
    "abbr", "address", "article", "aside", "b", "bdi", "blockquote", "br", "caption", "center", "cite",
    "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "ins", "kbd", "li", "main",
    "mark", "nav", "ol", "p", "pre", "q", "s", "section", "small", "span", "strong", "sub", "summary",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul",
}  # fmt: skip
"""What may stay: nothing that loads, links, runs or sends."""

DROPPED = {
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "select",
    "textarea", "title", "audio", "video",
}  # fmt: skip
"""What goes with all that is in it."""

ATTRIBUTES = {
    "*": {"lang", "dir"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}


def make_inert(html: str) -> str:
    """Return the page's HTML with only what `TAGS` names, for a sandboxed frame under the app's policy."""
    return nh3.clean(
        html[:MAX_HTML_CHARS],
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        link_rel=None,
        strip_comments=True,
    )
