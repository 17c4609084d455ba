"""What a transfer does at the PBX: Redirect, Originate, Hangup. Nothing here decides."""

import structlog

from telephony.ami.client import Originated
from telephony.calls.errors import PbxAway
from telephony.calls.transfer import Effect, Kind
from telephony.switch import Pbx
from telephony.transfers.live import Live
from tongdai.errors import Unavailable
from tongdai.settings import HotlineTable

log = structlog.get_logger()

LEASE = "4"
"""Rounds of five seconds until the caller goes back by himself; renewed while we live."""


async def hold(pbx: Pbx, live: Live) -> None:
    """Send the caller to the music and the operator into the room, in one step.

    Raises:
        Unavailable: The PBX does not answer, or one of the two is gone; the caller is on his way
            back to the operator, or first in the queue.
    """
    for channel in (live.caller, live.operator):
        done = await pbx.action("Setvar", Channel=channel, Variable="TONGDAI_ROOM", Value=live.id)
        if not done.ok:
            raise PbxAway(pbx=live.pbx)
    done = await pbx.action(
        "Redirect",
        Channel=live.caller,
        Context="tongdai-hold",
        Exten=live.hotline,
        Priority=1,
        ExtraChannel=live.operator,
        ExtraContext="tongdai-room",
        ExtraExten="operator",
        ExtraPriority=1,
    )
    if not done.ok:
        await carry_out(pbx, live, Effect.BRING_CALLER)
        raise PbxAway(pbx=live.pbx)


async def call(
    pbx: Pbx,
    live: Live,
    channel: str,
    hotline: HotlineTable,
    why: str = "",
    *,
    recorded: bool = True,
) -> Originated:
    """Call the person; return when the leg is up, or has failed.

    Args:
        pbx: Where.
        live: The transfer.
        channel: Whom (`numbers.dial_of`).
        hotline: How long it rings, whose number it shows, and whether a key is asked for.
        why: The sound that says what it is about, without its ending; nothing for the general one.
        recorded: Whether a consultation is; not after the call's recording was stopped (CT-3.7).

    Raises:
        Unavailable: The PBX does not answer.
    """
    asks = hotline.accept_by_key
    keys = asks == "always" or (asks == "blind" and live.course.kind is Kind.BLIND)
    seconds = int((live.started_at.timestamp()) % 1_000_000)
    variables = {
        "__TONGDAI_HOTLINE": hotline.id,
        "__TONGDAI_TRANSFER": live.id,
        "TONGDAI_WHY": why,
    }
    if live.course.kind is Kind.WARM and live.linkedid and recorded:
        variables["TONGDAI_CONSULTATION"] = f"{live.linkedid}-{seconds}"
    return await pbx.originate(
        channel,
        variables={name: value for name, value in variables.items() if value},
        ring_seconds=hotline.ring_seconds,
        Context="tongdai-called",
        Exten=f"keys-{hotline.id}" if keys else "straight",
        Priority=1,
        CallerID=f"<{hotline.number}>",
        ChannelId=live.leg,
    )


async def renew(pbx: Pbx, live: Live) -> None:
    """Let the caller wait a little longer; not being able to is no failure of ours."""
    if live.caller is not None:
        await _try(pbx, "Setvar", Channel=live.caller, Variable="TONGDAI_LEASE", Value=LEASE)


async def carry_out(pbx: Pbx, live: Live, effect: Effect) -> None:
    """Do one effect; what cannot be done is logged (the PBX brings the caller back by itself)."""
    match effect:
        case Effect.DROP_PERSON:
            await _try(pbx, "Hangup", Channel=live.person)
        case Effect.RELEASE_OPERATOR:
            await _try(pbx, "Hangup", Channel=live.operator)
        case Effect.STOP_CONSULTATION:
            if live.course.kind is Kind.WARM:
                await _try(pbx, "StopMixMonitor", Channel=live.person)
        case Effect.BRING_CALLER:
            await _try(
                pbx,
                "Redirect",
                Channel=live.caller,
                Context="tongdai-back",
                Exten=live.hotline,
                Priority=1,
            )


async def hang_up(pbx: Pbx, channel: str) -> None:
    """Hang a channel up; one that is gone already is left alone."""
    await _try(pbx, "Hangup", Channel=channel)


async def _try(pbx: Pbx, name: str, **headers: str | int | None) -> None:
    if headers["Channel"] is None:
        return
    try:
        done = await pbx.action(name, timeout=5.0, **headers)
    except Unavailable as away:
        log.warning("transfer.not_done", action=name, why=str(away))
        return
    if not done.ok:
        log.info("transfer.refused", action=name, said=done.message)
