"""What operators tell the other parts."""

from dataclasses import dataclass
from datetime import datetime

from telephony.operators.model import Operator, OperatorState
from tongdai.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChanged(Event):
    """An operator's state or reachability changed; `before` is the state he was in."""

    operator: Operator
    before: OperatorState
    at: datetime
