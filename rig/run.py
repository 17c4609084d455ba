"""`make run`: the PBX, the carrier, Kannel and the service on loopback, under one command.

Everything written lies below `.run/`. The settings are made at the first start and kept from then
on. Ctrl-C (or TERM) stops all of it; after a kill -9 the kernel ends the programs, and the next
start finds nothing in its way.
"""

import asyncio
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any
from urllib.parse import urlsplit

import aiohttp

from ivr.prompt_builder import build
from rig import ready
from rig.ami import AmiError
from rig.asterisk import CHECKOUT, Asterisk
from rig.carrier import Carrier, CarrierAddress
from rig.child import Child
from rig.config import Ports, settings_text
from rig.kannel import Kannel, replies_address
from rig.ports import is_taken
from rig.supervisor import Part, Supervisor
from rig.waiting import until
from telephony.pbx_config import render
from tongdai.settings import Settings, SettingsError, load

RUN = CHECKOUT / ".run"
START_SECONDS = 60.0
# How long a dead part stays away: long enough to see that the others notice.
PBX_PAUSE_SECONDS = 10


class RunError(RuntimeError):
    """Why `make run` cannot go on, in one sentence."""


async def run(*, with_carrier: bool, with_service: bool = True) -> None:
    """Start everything, say that it is ready, watch until told to stop.

    Args:
        with_carrier: Also the simulated carrier.
        with_service: Also the service; without it a developer starts `tongdai serve` by hand.

    Raises:
        RunError: A part did not start, or keeps ending.
    """
    settings = _settings()
    await _ports_are_free(settings, with_carrier=with_carrier)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    supervisor = Supervisor(RUN / "hold")
    try:
        starting = asyncio.ensure_future(
            _start(supervisor, settings, with_carrier=with_carrier, with_service=with_service)
        )
        stop = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not starting.done():
            starting.cancel()
            return
        what = await starting
        ready.write(RUN / "ready.json", what)
        print(ready.people(what), flush=True)
        wrong = await supervisor.watch(stopping)
        if wrong:
            raise RunError(wrong)
    finally:
        (RUN / "ready.json").unlink(missing_ok=True)
        print("Đang dừng tất cả ...", flush=True)
        supervisor.stop()


async def _start(
    supervisor: Supervisor, settings: Settings, *, with_carrier: bool, with_service: bool
) -> dict[str, Any]:
    _say("Chuẩn bị lời thoại, cơ sở dữ liệu và dữ liệu mẫu ...")
    build(settings)
    initialised = asyncio.ensure_future(_init()) if with_service else None
    if with_carrier:  # first, so that the PBX finds it there when it asks
        await supervisor.add(_carrier(settings))
    await supervisor.add(_pbx(settings))
    await supervisor.add(_kannel(settings))
    if initialised is None:
        return ready.facts(settings, RUN, [], carrier=with_carrier)
    accounts = await initialised
    await supervisor.add(_service(settings))
    return ready.facts(settings, RUN, accounts, carrier=with_carrier)


def _settings() -> Settings:
    """Return the settings; made when there are none yet."""
    path = RUN / "tongdai.toml"
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(settings_text(RUN, Ports()), encoding="utf-8")
        partial.replace(path)
    os.environ["TONGDAI_CONFIG"] = str(path)
    settings = load(path)
    if not settings.pbx:
        message = f"{path}: has no [[pbx]]"
        raise RunError(message)
    return settings


async def _ports_are_free(settings: Settings, *, with_carrier: bool) -> None:
    """Refuse to start beside another program; what was killed a moment ago gets time to end."""
    pbx, ports, udp = settings.pbx[0], _kannel_ports(settings), socket.SOCK_DGRAM
    tcp = socket.SOCK_STREAM
    wanted = [
        ("web", settings.web.host, settings.web.port, tcp),
        ("FastAGI", settings.agi.host, settings.agi.port, tcp),
        ("AMI", pbx.host, pbx.port, tcp),
        ("HTTP của Asterisk", pbx.http_host, pbx.http_port, tcp),
        ("SIP", pbx.sip_host, pbx.sip_port, udp),
        ("Kannel", "127.0.0.1", ports.sendsms, tcp),
        ("Kannel (admin)", "127.0.0.1", ports.kannel_admin, tcp),
    ]
    if with_carrier:
        wanted.append(("SIP của nhà mạng", pbx.carrier_address, pbx.carrier_port, udp))
        wanted.append(("AMI của nhà mạng", "127.0.0.1", ports.carrier_ami, tcp))

    async def free() -> bool:
        return not any(is_taken(host, port, kind) for _, host, port, kind in wanted)

    with suppress(TimeoutError):
        await until(free, within=8, every=0.2)
    for name, host, port, kind in wanted:
        if is_taken(host, port, kind):
            message = f"cổng {host}:{port} ({name}) đang bị chương trình khác dùng"
            raise RunError(message)


def _pbx(settings: Settings) -> Part:
    pbx = settings.pbx[0]
    spool = pbx.spool or settings.recordings.spool
    asterisk = Asterisk(
        "asterisk", RUN / "asterisk", spool=(spool,), shown=(settings.prompts.folder,)
    )

    async def start() -> None:
        render(settings, asterisk.layout.etc, layout=asterisk.layout)
        asterisk.start()
        secret = pbx.secret.get_secret_value()
        await asterisk.booted((pbx.host, pbx.port), pbx.username, secret, START_SECONDS)

    return Part(
        name="asterisk",
        children=(asterisk.child,),
        start=start,
        stop=asterisk.stop,
        pause_seconds=PBX_PAUSE_SECONDS,
    )


def _carrier(settings: Settings) -> Part:
    where = CarrierAddress(ami_port=Ports().carrier_ami, secret=secrets.token_urlsafe(18))
    carrier = Carrier(RUN / "carrier", settings.pbx[0], where)
    path = RUN / "carrier.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"ami_port": where.ami_port, "secret": where.secret}))

    async def start() -> None:
        carrier.start()
        await carrier.ready(START_SECONDS)

    return Part(name="carrier", children=(carrier.asterisk.child,), start=start, stop=carrier.stop)


def _kannel(settings: Settings) -> Part:
    gateway = next((g for g in settings.sms.gateway if g.kind == "kannel"), None)
    if gateway is None:

        async def nothing() -> None:
            return

        return Part(name="kannel", children=(), start=nothing, stop=lambda: None)
    kannel = Kannel(
        RUN / "kannel",
        _kannel_ports(settings),
        gateway,
        RUN / "logs" / "smsc.log",
        replies=replies_address(settings, gateway.name),
    )
    return Part(
        name="kannel",
        children=kannel.children,
        start=kannel.start,
        stop=kannel.stop,
        pause_seconds=PBX_PAUSE_SECONDS,
    )


def _kannel_ports(settings: Settings) -> Ports:
    """Return the ports: sendsms' is the settings', the others are the layout's."""
    gateway = next((g for g in settings.sms.gateway if g.kind == "kannel"), None)
    port = urlsplit(gateway.url).port if gateway else None
    return replace(Ports(), sendsms=port or Ports().sendsms)


def _service(settings: Settings) -> Part:
    program = str(CHECKOUT / ".venv" / "bin" / "tongdai")
    child = Child("tongdai", [program, "serve"], RUN / "logs" / "serve.log", folder=CHECKOUT)
    address = f"http://{settings.web.host}:{settings.web.port}/healthz"

    async def answers() -> bool:
        if not child.running:
            message = f"tongdai serve đã dừng:\n{child.tail()}"
            raise RunError(message)
        try:
            async with aiohttp.ClientSession() as session, session.get(address) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def start() -> None:
        child.start()
        try:
            await until(answers, START_SECONDS, every=0.1)
        except TimeoutError as error:
            message = f"tongdai serve chưa sẵn sàng:\n{child.tail()}"
            raise RunError(message) from error

    return Part(name="service", children=(child,), start=start, stop=child.stop)


async def _init() -> list[dict[str, Any]]:
    """Make or migrate the database, load the sample data, return the sample accounts."""
    program = str(CHECKOUT / ".venv" / "bin" / "tongdai")
    process = await asyncio.create_subprocess_exec(
        program, "init", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT
    )
    output, errors = await process.communicate()
    if process.returncode:
        message = f"tongdai init: {errors.decode(errors='replace').strip()}"
        raise RunError(message)
    accounts: list[dict[str, Any]] = json.loads(output)["accounts"]
    return accounts


def _lock() -> IO[str]:
    """Hold `.run/` for this process; the kernel lets go of it when the process ends, however."""
    RUN.mkdir(exist_ok=True)
    lock = (RUN / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        message = f"make run đang chạy rồi (tiến trình {lock.read().strip() or '?'})"
        raise RunError(message) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Run; an expected failure is one sentence on standard error."""
    os.chdir(CHECKOUT)
    try:
        with _lock():
            asyncio.run(
                run(
                    with_carrier=os.environ.get("CARRIER", "yes") != "no",
                    with_service=os.environ.get("SERVICE", "yes") != "no",
                )
            )
    except (RuntimeError, SettingsError, AmiError) as error:
        sys.exit(f"make run: {error}")
    except TimeoutError:
        sys.exit(f"make run: một thành phần không khởi động kịp; xem {RUN / 'logs'}")


if __name__ == "__main__":
    main()
