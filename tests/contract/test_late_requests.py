"""A unit's request that nobody decided in time stands first, in red, and in /metrics (CT-11.1b)."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from telephony.recordings.hearing.tables import RecordingRequest
from tests.support.pages import Pages
from tongdai.accounts.model import Role
from tongdai.clock import HandClock

LATE, OPEN = 3, 40
"""Requests past their deadline, and those that wait in all."""
COUNT = r'<span class="mark bad"[^>]*>(\d+) quá hạn</span>'


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, packages=("portal", "audit", "api")) as made:
        await made.account("mai", Role.AUDITOR)
        await asked(made)
        yield made


async def asked(pages: Pages) -> None:
    """Let requests be due an hour after one another, the first LATE of them in the past."""
    async with pages.db.write() as tx:
        for n in range(OPEN + 2):
            tx.session.add(
                RecordingRequest(
                    hotline="gia-lai" if n == OPEN else "can-tho",
                    ticket="t",
                    recording="r",
                    unit="u",
                    unit_name=f"Đơn vị {n}",
                    asked_by="x",
                    asked_name="x",
                    asked_at=tx.now - timedelta(days=2, seconds=-n),
                    reason="x",
                    basis="x",
                    due_at=tx.now + timedelta(hours=n - LATE, minutes=30),
                    state="refused" if n == OPEN + 1 else "open",
                )
            )


async def test_what_is_late_stands_first_with_how_late_it_is(pages: Pages) -> None:
    mai = await pages.sign_in("mai")
    shown, path = [], "/audit/requests"
    while path:
        text = await (await mai.get(path)).text()
        shown.append(re.findall(r"<h2>Đơn vị (\d+)</h2>", text))
        if path == "/audit/requests":
            late = re.findall(r'<span class="mark bad">(quá hạn [^<]+)</span>', text)
            assert len(late) == LATE, "how late each of them is"
            assert re.findall(COUNT, text) == [str(LATE)]
        following = re.search(r'rel="next" href="([^"]*)"', text)
        path = unescape(following[1]) if following else ""
    assert [len(leaf) for leaf in shown] == [30, 10]
    assert [int(n) for leaf in shown for n in leaf] == list(range(OPEN)), "none of another hotline"
    everything = await (await mai.get("/audit/requests?show=all")).text()
    assert "Đơn vị 41" in everything, "decided ones too, newest first"


async def test_the_late_ones_are_counted_on_every_page_and_in_the_metrics(pages: Pages) -> None:
    mai = await pages.sign_in("mai")
    for path in ("/audit", "/audit/plays", "/audit/unmatched", "/audit/checks"):
        assert re.findall(COUNT, await (await mai.get(path)).text()) == [str(LATE)], path
    told = await (await mai.get("/metrics")).text()
    assert f'tongdai_recording_requests{{hotline="can-tho"}} {OPEN}.0' in told
    assert f'tongdai_recording_requests_late{{hotline="can-tho"}} {LATE}.0' in told
