"""Tells a seller's name from the buttons and notes that stand beside it."""

from __future__ import annotations

import re

from text.labels import known_label
from text.price import count_amounts

_INVITATION = re.compile(
    r"(?:chat|contact|sign in|log in|follow|message|send|inquir|enquir|view|visit|see all|more|ask|call|get |"
    r"contactar|enviar|ver |seguir|falar|mensagem|voir|contacter|kontakt|nachricht|anrufen|связаться|"
    r"написать|показать|позвонить|联系|在线|咨询|进入|查看|留言)",
    re.IGNORECASE,
)
_LONGEST_NAME = 90


def looks_like_name(text: str) -> bool:
    """Whether a text can be the name of a person or company: short, no label, no price and no invitation."""
    return (
        1 < len(text) <= _LONGEST_NAME
        and ":" not in text
        and any(map(str.isalpha, text))
        and known_label(text) is None
        and _INVITATION.match(text) is None
        and not count_amounts(text)
    )
