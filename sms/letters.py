"""Letters by e-mail: owed in the same outbox as the SMS (CT-9.1.4, the report to the leaders)."""

from collections.abc import Mapping

from sms import outbox
from sms.model import Channel, Purpose
from sms.texts import Param
from tongdai.db import Tx
from tongdai.ids import MessageId


async def owe(
    tx: Tx,
    *,
    key: str,
    hotline: str,
    to: str | None,
    params: Mapping[str, Param],
    ticket_id: str,
    purpose: Purpose | str = Purpose.OVERDUE_REPORT,
    language: str = "vi",
) -> MessageId:
    """Write down that a letter is owed; see outbox.owe.

    Raises:
        ValueError: The purpose has no letter, or the params are wrong.
    """
    if Purpose(purpose) is not Purpose.OVERDUE_REPORT:
        message = f"no letter for {purpose}"
        raise ValueError(message)
    return await outbox.owe(
        tx,
        key=key,
        hotline=hotline,
        to=to,
        purpose=purpose,
        params=params,
        ticket_id=ticket_id,
        language=language,
        channel=Channel.MAIL,
    )
