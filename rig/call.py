"""`make call`: a citizen calls a hotline of the running `make run`."""

import asyncio
import json
import os
import sys

from rig.ami import AmiError
from rig.carrier import CallRefusedError, Carrier, CarrierAddress
from rig.run import RUN
from tongdai.settings import Settings, SettingsError, load


async def call(settings: Settings) -> str:
    """Place the call that the environment describes; return what to tell.

    Raises:
        ValueError: A value is not of its form.
        OSError: The carrier is not there.
        CallRefusedError: The PBX did not take it.
    """
    wanted = os.environ.get("HOTLINE", "can-tho")
    hotline = settings.hotline_by_id(wanted)
    if hotline is None:
        known = ", ".join(h.id for h in settings.hotlines)
        message = f"HOTLINE={wanted!r}: one of {known}"
        raise ValueError(message)
    seconds = os.environ.get("CALL_SECONDS", "30")
    if not seconds.isdecimal():
        message = f"SECONDS={seconds!r} is no number of seconds"
        raise ValueError(message)
    caller = os.environ.get("FROM", "0912345678")
    where = json.loads((RUN / "carrier.json").read_text())
    carrier = Carrier(RUN / "carrier", settings.pbx[0], CarrierAddress(**where))
    await carrier.place_call(
        hotline.number,
        caller,
        os.environ.get("NAME", ""),
        seconds=int(seconds),
        keys=os.environ.get("KEYS", ""),
    )
    return f"{caller} đang gọi {hotline.title} ({hotline.number}), trong {seconds} giây."


def main() -> None:
    """Place the call; an expected failure is one sentence on standard error."""
    try:
        print(asyncio.run(call(load(RUN / "tongdai.toml"))))
    except (ValueError, CallRefusedError, SettingsError) as error:
        _fail(str(error))
    except (OSError, AmiError, TimeoutError):
        _fail('the carrier does not answer: start "make run" (with the carrier) first')


def _fail(sentence: str) -> None:
    print(f"make call: {sentence}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
