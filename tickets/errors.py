"""Refusals of the register."""

from tongdai.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchTicket(NotFound):
    """There is no such ticket, or the asker may not know of it."""

    code = "no_such_ticket"


class NoSuchUnit(NotFound):
    """There is no such unit in this hotline, or it is not valid now."""

    code = "no_such_unit"


class NoSuchPerson(NotFound):
    """There is no such person in this hotline."""

    code = "no_such_person"


class NoSuchContact(NotFound):
    """There is no such contact in this hotline."""

    code = "no_such_contact"


class NoSuchAttachment(NotFound):
    """There is no such file at this ticket."""

    code = "no_such_attachment"


class TicketForbidden(Forbidden):
    """The asker sees the ticket and may not do this to it."""

    code = "ticket_forbidden"


class DirectoryForbidden(Forbidden):
    """Only an administrator or the Office changes units, people and contacts (CT-14.2)."""

    code = "directory_forbidden"


class TicketChangedMeanwhile(Conflict):
    """Somebody changed the ticket, or its form, since it was read."""

    code = "ticket_changed_meanwhile"


class WrongState(Conflict):
    """The ticket's state does not allow this (a draft is needed, or an open ticket)."""

    code = "wrong_ticket_state"


class FormIncomplete(Invalid):
    """The form cannot be filed as it stands; `fields` says why (CT-6.2, CT-6.3)."""

    code = "form_incomplete"


class AttachmentRefused(Invalid):
    """Not a picture, video, sound or PDF, or too large (CT-6.4)."""

    code = "attachment_refused"


class UnknownGround(Invalid):
    """The procedure knows no such ground for a refusal."""

    code = "unknown_ground"
