"""Builds what callers hear: menus, survey, prompts; part of tongdai.compose."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from escalation.acts import Acts
from ivr.agi import AgiServer
from ivr.book import Flowbook
from ivr.menus import Menus
from ivr.orders import Orders
from ivr.presses import Keypads
from ivr.register import Register
from ivr.speech.speaker import Speaker
from ivr.survey import Surveys
from ivr.survey_book import SurveyBook
from ivr.waiting import WaitingRoom
from telephony.waits import Waits
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.opinions import LawOfOpinions
from tongdai.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What callers hear.

    Attributes:
        loops: What runs until it is cancelled.
    """

    agi: AgiServer
    flowbook: Flowbook
    speaker: Speaker
    loops: tuple[Callable[[], Awaitable[None]], ...]


def build_voice(
    settings: Settings,
    db: Database,
    bus: Bus,
    clock: Clock,
    real: Clock,
    acts: Acts,
    *,
    waits: Waits,
    keypads: Keypads,
) -> Voice:
    """Build it; nothing runs yet.

    Raises:
        FlowError: A shipped or installed flow contradicts itself.
    """
    speaker = Speaker(settings, clock)
    ids = tuple(hotline.id for hotline in settings.hotlines)
    flowbook = Flowbook.load(ids, settings.law.folder)
    flowbook.voices = speaker.voices
    desk = Register(settings, db, bus, clock, real)
    menus = Menus(
        settings,
        db,
        clock,
        book=flowbook,
        desk=desk,
        speaker=speaker,
        calendar=acts.lawbook.calendar,
        keypads=keypads,
    )
    opinions = SurveyBook(db, LawOfOpinions(acts))
    surveys = Surveys(
        settings, opinions, clock, speaker=speaker, writer=menus.writer, keypads=keypads
    )
    waiting = WaitingRoom(
        settings,
        clock,
        waits=waits,
        desk=desk,
        speaker=speaker,
        writer=menus.writer,
        keypads=keypads,
    )
    orders = Orders(
        settings, db, clock, speaker=speaker, calendar=acts.lawbook.calendar, keypads=keypads
    )
    routes = {
        "greeting": menus.answer,
        "survey": surveys.answer,
        "trial": orders.trial,
        "prompt": orders.prompt,
        **waiting.routes(),
    }
    agi = AgiServer(settings.agi, routes, clock, also=speaker.condition)
    return Voice(
        agi=agi,
        flowbook=flowbook,
        speaker=speaker,
        loops=(agi.run, menus.run, surveys.run, partial(speaker.voices.run, db)),
    )
