"""Which reasons go with which decision: the one table that the store, the commands and the pages ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.errors import N_, ListingsError
from store.model import Decision, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFERED = frozenset({Decision.OFFER, Decision.UNSURE, Decision.ESCALATE})
_NOT_OFFERED = frozenset({Decision.NOT_OFFER, Decision.UNSURE, Decision.ESCALATE})
_OPEN = frozenset({Decision.UNSURE, Decision.ESCALATE})

FITTING: Mapping[ReasonCode, frozenset[Decision]] = {
    ReasonCode.UNDOCUMENTED: _OFFERED,
    ReasonCode.DOCUMENTED: _OFFERED,
    ReasonCode.DISGUISED: _OFFERED,
    ReasonCode.LABORATORY_SUPPLIER: _OFFERED,
    ReasonCode.MENTION_ONLY: _NOT_OFFERED,
    ReasonCode.CONFUSABLE: _NOT_OFFERED,
    ReasonCode.NOT_A_SALE: _NOT_OFFERED,
    ReasonCode.FINISHED_DRUG: _NOT_OFFERED,
    ReasonCode.ORDINARY_GOODS: _NOT_OFFERED,
    ReasonCode.WRONG_READING: _NOT_OFFERED,
    ReasonCode.NEEDS_LAW_CHECK: _OPEN,
}
"""The decisions that each reason goes with. Whoever is unsure or escalates may say where they lean."""


class ReasonUnfit(ListingsError):
    """A reason contradicts the decision it was given for."""

    def __init__(self, reason: ReasonCode, decision: Decision) -> None:
        fitting = ", ".join(each for each in Decision if each in FITTING[reason])
        super().__init__(
            N_(
                "The reason %(reason)s contradicts the decision %(decision)s, so nothing was written: it "
                "goes with %(fitting)s. Give another reason, or none, or decide otherwise."
            ),
            reason=reason,
            decision=decision,
            fitting=fitting,
        )


def fitting_decisions(reason: ReasonCode) -> tuple[Decision, ...]:
    """Return the decisions a reason goes with, in their order."""
    return tuple(each for each in Decision if each in FITTING[reason])


def fitting_reasons(decision: Decision) -> tuple[ReasonCode, ...]:
    """Return the reasons that go with a decision, in their order."""
    return tuple(each for each in ReasonCode if decision in FITTING[each])


def check_reason(decision: Decision, reason: ReasonCode | None) -> None:
    """Refuse a reason that contradicts its decision.

    Raises:
        ReasonUnfit: If it does.
    """
    if reason is not None and decision not in FITTING[reason]:
        raise ReasonUnfit(reason, decision)
