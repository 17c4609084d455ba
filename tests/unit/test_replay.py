"""Replay of raw captures and journals: the same calls, and refusals that say what is wrong."""

import gzip
from pathlib import Path

import pytest
from pydantic import SecretStr

from telephony.calls import checkpoint, store
from telephony.calls.model import CallView
from telephony.calls.registry import Registry
from telephony.journal.records import Kind, dump, frame
from telephony.replay import Replayed, ReplayRefused, replay
from tests.scenarios.ami_story import ANSWER, GOODBYE, RING, RULES, Story, play
from tongdai.db import Database
from tongdai.ids import HotlineId
from tongdai.settings import HotlineTable, PbxTable, SeatsTable, Settings

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def settings_of(contexts: dict[str, HotlineId] | None = None) -> Settings:
    return Settings(
        pbx=(PbxTable(secret=SecretStr("s"), contexts=contexts or {}),),
        seats=SeatsTable(key=SecretStr("k")),
        hotline=(
            HotlineTable(
                id="can-tho",
                name="Cần Thơ",
                title="1022",
                number="02921022",
                sender_name="x",
                brandname="TD1022",
            ),
        ),
    )


def capture(text: str) -> bytes:
    return BANNER + b"".join(packet + b"\r\n\r\n" for packet in Story().packets(text))


async def rebuild(
    path: Path, db: Database, settings: Settings | None = None
) -> tuple[Replayed, list[CallView]]:
    done = await replay(path, db, settings or settings_of())
    async with db.read() as session:
        return done, list(await store.page(session, [HotlineId("can-tho")], limit=100))


@pytest.mark.parametrize("form", ["plain", "gzip", "line ends of an editor"])
async def test_a_raw_capture_gives_its_calls(database: Database, tmp_path: Path, form: str) -> None:
    data = capture(RING + ANSWER + GOODBYE)
    path = tmp_path / "ami.txt"
    forms = {"plain": data, "gzip": gzip.compress(data)}
    path.write_bytes(forms.get(form, data.replace(b"\r\n", b"\n")))
    done, [call] = await rebuild(path, database)
    assert (done.calls, done.legs) == (1, 3)
    assert call == play(RING + ANSWER + GOODBYE).events[-1].call


async def test_a_foreign_capture_is_read_by_what_the_settings_say(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "ami.txt"
    text = (RING + ANSWER + GOODBYE).replace("tongdai-from-carrier", "from-trunk")
    path.write_bytes(capture(text.replace("02921022", "s").replace("hotline=can-tho", "")))
    done, [call] = await rebuild(path, database, settings_of({"from-trunk": HotlineId("can-tho")}))
    assert (done.calls, call.outcome, call.called_number) == (1, "answered", "02921022")


async def test_another_pbxs_telephones_are_operators_too(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "ami.txt"
    path.write_bytes(
        capture(RING + ANSWER + GOODBYE).replace(b"PJSIP/web-1001-00000001", b"SIP/101-00000001")
    )
    _, [call] = await rebuild(path, database)
    assert (call.outcome, call.operator, call.seat) == ("answered", "anna", "SIP/101")


def journal(*records: tuple[Kind, bytes]) -> bytes:
    empty = checkpoint.dump(Registry("main", RULES))
    text = frame(Kind.CHECKPOINT, 1.0, empty)
    return gzip.compress(text + b"".join(frame(kind, 1.0, data) for kind, data in records))


async def test_a_journal_in_several_segments_gives_its_calls(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "journal" / "main"
    folder.mkdir(parents=True)
    ring, rest = (capture(text)[len(BANNER) :] for text in (RING, ANSWER + GOODBYE))
    (folder / "1.journal.gz").write_bytes(journal((Kind.PACKETS, ring)))
    (folder / "2.journal.gz").write_bytes(journal((Kind.PACKETS, rest)))
    done, [call] = await rebuild(tmp_path / "journal", database)
    assert (done.calls, call.outcome) == (1, "answered")


async def test_after_a_hole_the_checkpoint_counts(database: Database, tmp_path: Path) -> None:
    ring, rest = (capture(text)[len(BANNER) :] for text in (RING, ANSWER + GOODBYE))
    live = checkpoint.dump(play(RING).registry)
    held = gzip.compress(
        frame(Kind.CHECKPOINT, 1.0, live)
        + frame(Kind.NOTE, 1.0, dump({"hole": True}))
        + frame(Kind.PACKETS, 1.0, rest)
    )
    (tmp_path / "1.journal.gz").write_bytes(journal())
    (tmp_path / "2.journal.gz").write_bytes(held)
    _, [call] = await rebuild(tmp_path, database)
    assert call == play(RING + ANSWER + GOODBYE).events[-1].call
    assert ring


REFUSED = {
    "no capture": (b"\x00\x01binary\r\n\r\nmore", "neither a journal nor a capture"),
    "nothing": (b"", "neither a journal nor a capture"),
    "no packet's end": (b"x" * 5_000_000, "neither a journal nor a capture"),
    "no timestamps": (
        b"Event: Newchannel\r\nUniqueid: 1\r\n\r\n",
        "timestampevents=yes in manager.conf",
    ),
    "other contexts": (
        capture(RING.replace("tongdai-from-carrier", "from-pstn").replace("hotline=can-tho", "")),
        r"from-pstn \(02921022\).*\[\[pbx\]\] contexts",
    ),
    "damaged gzip": (gzip.compress(capture(RING))[:60], "damaged gzip"),
    "damaged journal": (gzip.compress(b"@K 1.0 2\n{}\n"), "validation error"),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_cannot_be_replayed_is_refused_in_a_sentence(
    database: Database, tmp_path: Path, kind: str
) -> None:
    data, sentence = REFUSED[kind]
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ReplayRefused, match=sentence):
        await rebuild(tmp_path / "file", database)


async def test_a_database_that_is_not_empty_is_refused(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(capture(RING))
    await rebuild(tmp_path / "file", database)
    with pytest.raises(ReplayRefused, match="not empty"):
        await rebuild(tmp_path / "file", database)


@pytest.mark.parametrize("what", ["missing", "empty folder"])
async def test_what_is_not_there_is_refused(database: Database, tmp_path: Path, what: str) -> None:
    path = tmp_path / "none" if what == "missing" else tmp_path
    with pytest.raises(ReplayRefused):
        await rebuild(path, database)
