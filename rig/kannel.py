"""Kannel for one rig: bearerbox, smsbox, and the far end of its fake SMSC."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import jinja2

from rig import smsc
from rig.asterisk import CHECKOUT
from rig.child import Child
from rig.config import Ports
from rig.ports import is_taken
from rig.waiting import until
from tongdai.settings import Settings, SmsGatewayTable

TEMPLATE = Path(__file__).resolve().parent / "kannel.conf.j2"


def replies_address(settings: Settings, gateway: str) -> str:
    """Return where a gateway brings what people write back; "" where none is taken."""
    secret = settings.sms.reply_secret.get_secret_value()
    base = settings.sms.receipt_url or settings.web.public_url
    return f"{base}/sms/replies/{gateway}/{secret}" if secret else ""


class Kannel:
    """The three programs; what the SMSC received is in `log` (and `messages`)."""

    def __init__(
        self,
        home: Path,
        ports: Ports,
        gateway: SmsGatewayTable,
        log: Path,
        replies: str = "",
    ) -> None:
        """Describe it.

        Args:
            home: Its folder.
            ports: Where it listens.
            gateway: The service's account with it.
            log: Where the fake SMSC writes what it received (logs/smsc.log).
            replies: The address that what people write back is brought to; empty: nowhere.
        """
        self.home = home.resolve()
        self.log = log.resolve()
        self.queue_limit = 1_000_000
        """How many wait for the SMSC before sendsms answers 503; from the next start on."""
        self._ports = ports
        self._gateway = gateway
        self._replies = replies
        conf = str(self.home / "kannel.conf")
        logs = self.home / "log"
        python = [sys.executable, "-m", "rig.smsc", str(ports.smsc), str(self.log)]
        self.bearerbox = Child(
            "bearerbox", ["/usr/sbin/bearerbox", "-v", "2", conf], logs / "bearerbox.out"
        )
        self.smsbox = Child("smsbox", ["/usr/sbin/smsbox", "-v", "2", conf], logs / "smsbox.out")
        self.smsc = Child("smsc", python, logs / "smsc.out", folder=CHECKOUT)

    @property
    def children(self) -> tuple[Child, ...]:
        """Its programs, in the order of their start."""
        return (self.smsc, self.bearerbox, self.smsbox)

    @property
    def messages(self) -> list[dict[str, str | int]]:
        """What the SMSC received: from, to, text, parts, at."""
        return smsc.messages(self.log)

    def say(self, sender: str, text: str, to: str = "1022") -> None:
        """Have somebody write from a telephone (MO)."""
        with smsc.said_in(self.log).open("a", encoding="ascii") as file:
            file.write(smsc.mobile_originated(sender, to, text) + "\n")

    async def start(self, within: float = 60) -> None:
        """Start it and return when a message would be taken.

        Raises:
            TimeoutError: It is not ready within so many seconds.
        """
        self._render()
        self.smsc.start()
        self.bearerbox.start()
        async with asyncio.timeout(within):
            await self._until_open(self._ports.smsbox)
            self.smsbox.start()
            await self._until_open(self._ports.sendsms)
            await until(self._online, within)

    def stop(self) -> None:
        """Stop all three; what the SMSC has not taken stays in the store."""
        for child in reversed(self.children):
            child.stop(within=5)

    async def restart(self) -> None:
        """Stop bearerbox and smsbox as their administrator does, and start them again."""
        for child in (self.smsbox, self.bearerbox):
            await asyncio.to_thread(child.stop, 10)
        await self.start()

    def kill(self) -> None:
        """`kill -9` bearerbox and smsbox; the SMSC waits for them to come again."""
        self.smsbox.kill()
        self.bearerbox.kill()

    async def _until_open(self, port: int) -> None:
        async def is_open() -> bool:
            return is_taken("127.0.0.1", port)

        await until(is_open, within=20)

    async def _online(self) -> bool:
        """Whether the SMSC is connected and the smsbox, too."""
        password = self._gateway.password.get_secret_value()
        address = f"http://127.0.0.1:{self._ports.kannel_admin}/status.txt"
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(address, params={"password": password}) as answer:
                    text = await answer.text()
            except aiohttp.ClientError:
                return False
        return "(online" in text and "smsbox" in text

    def _render(self) -> None:
        for folder in (self.home, self.home / "store", self.home / "log", self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        template = jinja2.Template(
            TEMPLATE.read_text(), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
        )
        text = template.render(
            admin_port=self._ports.kannel_admin,
            smsbox_port=self._ports.smsbox,
            smsc_port=self._ports.smsc,
            sendsms_port=self._ports.sendsms,
            username=self._gateway.username,
            password=self._gateway.password.get_secret_value(),
            store=self.home / "store",
            queue_limit=self.queue_limit,
            log=self.home / "log",
            replies=self._replies,
        )
        path = self.home / "kannel.conf"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
