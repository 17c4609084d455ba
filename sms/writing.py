"""Writes a message's words at its first claim, and what its gateway is handed."""

from collections.abc import Mapping, Sequence

from sms import links, outbox, texts, wording
from sms.gateways.base import Gateway, Request
from sms.model import Channel, Signal
from sms.tables import Message
from tongdai.clock import Clock
from tongdai.db import Tx
from tongdai.ids import HotlineId, MessageId, TicketId
from tongdai.settings import HotlineTable, Settings


class Writer:
    """Puts a message's variables into its template."""

    def __init__(self, settings: Settings, real: Clock) -> None:
        self._settings = settings
        self._real = real

    async def write(self, tx: Tx, rows: Sequence[Message]) -> list[bool]:
        """Write the words, once; what cannot be written is refused, not tried again."""
        own = {
            (w.hotline, w.template, w.language): w.text
            for hotline in {row.hotline for row in rows if not row.text}
            for w in await wording.of_hotline(tx.session, hotline)
        }
        return [self._write(tx, row, own) for row in rows]

    def _write(self, tx: Tx, row: Message, own: Mapping[tuple[str, str, str], str]) -> bool:
        if row.text:
            return True
        hotline = self._settings.hotline_by_id(row.hotline)
        if hotline is None:
            row.reason = "hotline_unknown"
            outbox.move(tx, row, Signal.REFUSED)
            return False
        params = {"portal": hotline.portal, **{k: v for k, v in row.params.items() if v}}
        if texts.needs_link(row.template):
            params["link"] = self._link(tx, row)
        if row.channel == Channel.MAIL:
            rendered = texts.letter(row.template, row.language, params, sender_name=hotline.title)
        else:
            words = own.get((row.hotline, row.template, row.language))
            rendered = render(self._settings, hotline, row.template, row.language, params, words)
        row.text, row.subject, row.shown = rendered.text, rendered.subject, rendered.values
        row.alphabet, row.parts = rendered.alphabet, rendered.parts
        return True

    def request(self, row: Message, gateway: Gateway) -> Request:
        """Return what a gateway is handed."""
        hotline = self._settings.hotline_by_id(row.hotline)
        mail = row.channel == Channel.MAIL
        sender = (hotline.title if mail else hotline.brandname) if hotline else row.hotline
        base = self._settings.sms.receipt_url or self._settings.web.public_url
        return Request(
            id=MessageId(row.id),
            to=row.recipient,
            sender=sender,
            template=row.template,
            params=dict(row.shown),
            hotline=row.hotline,
            language=row.language,
            text=row.text,
            subject=row.subject,
            alphabet=row.alphabet,
            receipt_url=f"{base}/sms/receipts/{gateway.name}/{row.id}/{row.receipt_token}"
            if gateway.reports
            else "",
        )

    def _link(self, tx: Tx, row: Message) -> str:
        token = links.create(
            tx,
            ticket_id=TicketId(row.ticket_id or ""),
            hotline=HotlineId(row.hotline),
            message_id=MessageId(row.id),
            real=self._real,
        )
        return f"{self._settings.web.public_url}/l/{token}"


def render(
    settings: Settings,
    hotline: HotlineTable,
    template: str,
    language: str,
    params: dict[str, str],
    own: str | None,
) -> texts.Rendered:
    """Return the SMS of checked `params`, in the hotline's own words where it has some."""
    return texts.sms(
        template,
        language,
        params,
        sender_name=hotline.sender_name,
        brandname=hotline.brandname,
        unaccented=settings.sms.unaccented,
        own=own,
    )
