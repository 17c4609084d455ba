"""What a message would be, without sending it: text, alphabet, parts, gateways, price; pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sms import segments, texts
from sms.exits import way_of
from sms.model import number_for_sms
from sms.routes import may_carry, network_of, route
from sms.writing import render
from tongdai.settings import HotlineTable, Settings

_SAMPLE_MOMENT = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
SAMPLES: Mapping[str, texts.Param] = {
    "ticket": "2026-000123",
    "field": "Hạ tầng đô thị, chiếu sáng",
    "unit": "Ủy ban nhân dân phường Ninh Kiều",
    "due": _SAMPLE_MOMENT,
    "since": _SAMPLE_MOMENT,
    "code": "482913",
    "minutes": 5,
    "ground": "Nội dung không thuộc phạm vi tiếp nhận",
    "guidance": "Xin liên hệ Bộ phận Một cửa của phường",
    "portal": "",
}
"""A value for every variable, to look at a template with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A gateway that would take it, and for how much (VND)."""

    gateway: str
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be sent.

    Attributes:
        to: E.164, or the number as given.
        refused: Why no SMS reaches it; "" when one does.
        network: The network that the number's prefix stands for, or "".
        text: The words.
        alphabet: ascii or ucs2.
        units: Septets or UTF-16 code units.
        parts: What is paid for.
        registered: The networks that have registered its text.
        offers: The gateways of its route, the best first.
    """

    to: str
    refused: str
    network: str
    text: str
    alphabet: str
    units: int
    parts: int
    registered: tuple[str, ...]
    offers: tuple[Offer, ...]


def preview(
    settings: Settings,
    hotline: HotlineTable,
    *,
    to: str,
    template: str,
    language: str = "vi",
    params: Mapping[str, texts.Param] | None = None,
    own: str | None = None,
    registered: Collection[str] = (),
) -> Preview:
    """Return what a message would be.

    Args:
        settings: Gateways, web address.
        hotline: Whose message.
        to: A number in any form.
        template: Its template.
        language: vi or en.
        params: Values of its variables; those left out are samples.
        own: The hotline's own words; None: the program's.
        registered: The networks that have registered them.

    Raises:
        ValueError: Template or params are wrong.
    """
    names = texts.VARIABLES.get(template, {})
    given = {n: v for n, v in SAMPLES.items() if n in names} | dict(params or {})
    stored = {"portal": hotline.portal} | {
        n: v for n, v in texts.check(template, given).items() if v
    }
    if texts.needs_link(template):
        stored["link"] = f"{settings.web.public_url}/l/{'x' * 22}"
    rendered = render(settings, hotline, template, language, stored, own)
    recipient, refused = number_for_sms(to)
    network = network_of(recipient) if not refused else ""
    tables = {table.name: table for table in settings.sms.gateway}
    all_ways = [way_of(table) for table in settings.sms.gateway]
    ways = may_carry(all_ways, route(all_ways, hotline.id, network), network, registered)
    accented = rendered.alphabet != segments.Alphabet.ASCII
    return Preview(
        to=recipient,
        refused=refused,
        network=network,
        text=rendered.text,
        alphabet=rendered.alphabet,
        units=segments.segments(rendered.text).units,
        parts=rendered.parts,
        registered=tuple(sorted(registered)),
        offers=tuple(
            Offer(
                gateway=name,
                price=tables[name].price_of(network, rendered.parts, accented=accented),
            )
            for name in ways
        ),
    )
