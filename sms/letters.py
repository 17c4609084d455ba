"""Letters by e-mail: owed in the same outbox as the SMS (CT-9.1.4, the report to the leaders)."""

from collections.abc import Mapping

from sms.model import Channel, Purpose
from sms.outbox import Owing
from sms.texts import Param


def letter(
    *,
    key: str,
    hotline: str,
    to: str,
    params: Mapping[str, Param],
    ticket_id: str,
) -> Owing:
    """Return the letter of an overdue report, to be owed; see sms.outbox.Owing."""
    return Owing(
        key=key,
        hotline=hotline,
        to=to,
        purpose=Purpose.OVERDUE_REPORT,
        params=params,
        ticket_id=ticket_id,
        channel=Channel.MAIL,
    )
