"""Refusals of the law."""

from escalation.state import Line
from tongdai.errors import Conflict


class ActRefused(Conflict):
    """The regulation does not allow the act now.

    Attributes:
        line: The `refuse` line, with `why` (Vietnamese) and `source` (REQUIREMENTS' id).
    """

    code = "act_refused"

    def __init__(self, ticket: str, line: Line) -> None:
        super().__init__(ticket=ticket, event=line.event, source=line.source)
        self.line = line

    @property
    def why(self) -> str:
        """The reason, in Vietnamese."""
        return self.line.why or ""

    @property
    def source(self) -> str:
        """The row of REQUIREMENTS.md that forbids it."""
        return self.line.source or ""


class NoProcedure(Conflict):
    """The hotline's procedure is not there yet: nothing can be referred or escalated."""

    code = "no_procedure"
