"""The names that hold everywhere: TIMELINE.md's acts, DESIGN.md's roles."""

from typing import Literal

Event = Literal[
    "received",
    "accepted",
    "rejected",
    "answered_directly",
    "referred",
    "returned",
    "extended",
    "answered",
    "approved",
    "sent_back",
    "published",
    "rated",
    "rework",
    "clarification_requested",
    "clarified",
    "level_changed",
    "force_majeure_began",
    "force_majeure_ended",
]
Score = Literal["satisfied", "acceptable", "unsatisfied"]
Level = Literal["urgent", "normal", "complex"]
Ground = Literal["form", "inadequate", "unsatisfied"]
Role = Literal[
    "operator",
    "supervisor",
    "focal_point",
    "unit_head",
    "coordinator",
    "one_stop",
    "city_office",
    "leadership",
    "auditor",
    "administrator",
    "sender",
]
By = Literal["sms", "system", "ticket_channel"]
Purpose = Literal["referral", "forwarding", "result", "rejection", "copy", "alert", "extension"]
Do = Literal["start", "moved", "notify", "remind", "missed", "overdue", "report", "refuse", "close"]

NEW, INTAKE, CLOSED = "new", "intake", "closed"
"""What a ticket is in when no stage runs: not there yet, with the operator, at its end."""
