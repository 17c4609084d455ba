"""A sealed package is verified by sha256sum and openssl alone; a flipped bit is found and named."""

import io
import json
import subprocess
import zipfile
from collections.abc import AsyncIterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.package.check import faults
from telephony.recordings.store import of_call
from tests.support.pages import Browser, Pages, settings_for
from tests.support.recordings import Rig, tones
from tickets.tables import Ticket
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.cli import app
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.migrate import import_tables


@dataclass
class Desk:
    """An auditor, and a recording of a ticket whose sender is secret."""

    pages: Pages
    keys: Keys
    mai: Browser
    recording: str

    async def export(self, reason: str = "Thanh tra yêu cầu") -> tuple[int, bytes]:
        """Take a package as the page does."""
        path = f"/audit/recordings/{self.recording}"
        await self.mai.get(path)
        answer = await self.mai.post(f"{path}/package", {"reason": reason})
        return answer.status, await answer.read()


@pytest.fixture
async def desk(tmp_path: Path, clock: HandClock) -> AsyncIterator[Desk]:
    import_tables()
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/desk.db", clock, Bus())
    await db.create_all()
    rig = Rig(db, tmp_path)
    keys = Keys(tmp_path / "keys")
    keys.generate()
    folders = {"archive": rig.archive, "spool": rig.spool, "floor_bytes": 0, "keys": keys.folder}
    settings = settings_for(tmp_path, recordings=folders)
    async with Pages.open(
        tmp_path, clock, db=db, settings=settings, packages=("portal", "audit")
    ) as pages:
        async with db.write() as tx:
            ticket = Ticket(
                hotline="can-tho",
                number="2026-000007",
                state="open",
                created_by="x",
                content="Đèn đường hẻm 51 không sáng",
                sender_name="Đặng Thị Hồng Gấm",
                confidential=True,
                created_at=tx.now,
                changed_at=tx.now,
            )
            tx.session.add(ticket)
        for n in range(3):  # so that the path to the head has steps
            call = await rig.call(
                f"176446440{n}.1",
                answered_at=clock.now(),
                ticket=ticket.id,
                caller_number="+84987654321",
                caller_raw="0987654321",
            )
            rig.record(f"call-176446440{n}.1.raw", tones(1 + n))
            await rig.intake().round()
        async with db.read() as session:
            (row,) = await of_call(session, call.id)
        await pages.account("mai", Role.AUDITOR)
        yield Desk(pages, keys, await pages.sign_in("mai"), row.id)
    await db.close()


def _unpacked(package: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        opened.extractall(folder)
    return folder


def _by_hand(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what README.txt says, with common tools on an empty PATH but theirs."""
    return subprocess.run(
        ["/bin/sh", str(folder / "verify.sh")],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
        check=False,
    )


async def test_a_package_verifies_with_sha256sum_and_openssl_and_by_our_command(
    desk: Desk, tmp_path: Path
) -> None:
    status, made = await desk.export()
    assert status == 200
    folder = _unpacked(made, tmp_path / "out")
    proved = _by_hand(folder)
    assert (proved.returncode, "FAIL" in proved.stdout) == (0, False), proved.stdout
    assert proved.stdout.count("OK ") >= 5
    readme = (folder / "README.txt").read_text()
    commands = [line.strip() for line in readme.splitlines() if line.startswith("     ")]
    for command in [c for c in commands if c.startswith(("sha256sum -c", "openssl pkeyutl"))]:
        step = ["/bin/sh", "-c", command]
        subprocess.run(step, cwd=folder, check=True, capture_output=True)  # noqa: ASYNC221
    (tmp_path / "p.zip").write_bytes(made)
    assert faults(tmp_path / "p.zip", desk.keys.public()) == []
    with chdir(tmp_path):  # where nobody has an installation of his own
        told = CliRunner().invoke(app, ["recordings", "verify", str(tmp_path / "p.zip")])
    assert told.exit_code == 0
    other = Keys(tmp_path / "others")
    other.generate()
    assert any("no known key" in f for f in faults(tmp_path / "p.zip", other.public()))


async def test_sound_that_was_touched_is_never_sealed_into_a_package(
    desk: Desk, tmp_path: Path
) -> None:
    for file in (tmp_path / "archive").rglob("*.flac"):
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    status, answer = await desk.export()
    assert status == 503
    assert not answer.startswith(b"PK")
    async with desk.pages.db.read() as session:
        assert await plays.page(session, PlaysWanted(how="export")) == []


async def test_one_flipped_bit_anywhere_is_found_and_named(desk: Desk, tmp_path: Path) -> None:
    _, made = await desk.export()
    folder = _unpacked(made, tmp_path / "out")
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    for name in [n for n in names if n != "verify.sh"]:
        place = folder / name
        whole = place.read_bytes()
        place.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        assert _by_hand(folder).returncode == 1, name
        place.write_bytes(whole)
        flipped = tmp_path / "flipped.zip"
        with zipfile.ZipFile(flipped, "w") as package:
            for one in names:
                data = (folder / one).read_bytes()
                package.writestr(one, whole[:20] + b"~" + whole[21:] if one == name else data)
        assert any(name.split(".")[0] in fault for fault in faults(flipped, desk.keys.public()))
    assert _by_hand(folder).returncode == 0


async def test_a_package_tells_call_and_ticket_and_keeps_a_secret_sender_secret(
    desk: Desk,
) -> None:
    _, made = await desk.export()
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        facts = json.loads(opened.read("facts.json"))
        assert opened.read("facts.pdf").startswith(b"%PDF-")
        everything = b"".join(opened.read(name) for name in opened.namelist())
    assert facts["recording"]["sides"] == {"left": "Người gọi", "right": "Phía tổng đài"}
    assert facts["ticket"]["number"] == "2026-000007"
    assert facts["call"]["answered_at"] == "2026-11-30T08:00:00+07:00"
    assert facts["export"]["reason"] == "Thanh tra yêu cầu"
    for secret in ("Đặng Thị Hồng Gấm", "987654321", "987 654 321"):
        assert secret.encode() not in everything


async def test_who_took_a_package_and_why_is_in_the_log_and_nobody_takes_one_without(
    desk: Desk,
) -> None:
    assert (await desk.export("  "))[0] == 422
    assert (await desk.export())[0] == 200
    async with desk.pages.db.read() as session:
        (play,) = await plays.page(session, PlaysWanted(how="export"))
        lines = await audit.history(session, audit.RECORDINGS, desk.recording)
    assert (play.name, play.reason) == ("Nguyễn Mai", "Thanh tra yêu cầu")
    assert [e.data["reason"] for e in lines if e.kind == "exported"] == ["Thanh tra yêu cầu"]
    await desk.pages.account("lan", Role.OPERATOR)
    lan = await desk.pages.sign_in("lan")
    path = f"/audit/recordings/{desk.recording}/package"
    assert (await lan.post(path, {"reason": "x"})).status == 403
    stranger = await desk.pages.browser()
    assert (await stranger.post(path, {"reason": "x"})).status in (303, 401, 403)
