"""The message of a task, for whoever deals with it; each hearing is a line of the audit log."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from ivr.followups import acts, store
from ivr.followups.errors import NoSuchCallBack
from telephony.recordings import store as recordings
from telephony.recordings.model import RecordingState
from telephony.recordings.store import Listed
from telephony.recordings.tables import Recording
from tongdai.errors import NotFound
from tongdai.i18n import _
from web.api.sound import play_to
from web.auth import viewer
from web.keys import DB


class CallBackMessageMissing(NotFound):
    """There is no message, or it is not in the archive yet."""

    code = "callback_no_message"


async def recording_of(session: AsyncSession, call: str) -> str | None:
    """Return the message that lies in the archive for a call."""
    query = select(col(Recording.id)).where(
        col(Recording.call) == call,
        col(Recording.kind) == "message",
        col(Recording.state) != RecordingState.DELETED,
    )
    return (await session.execute(query.order_by(col(Recording.n).desc()).limit(1))).scalar()


async def play(request: web.Request, task_id: str) -> web.StreamResponse:
    """Send a task's message to an operator or supervisor of its hotline.

    The message was left for them (HB-3.2); what was said with a person stays with the auditors
    (CT-3.4).

    Raises:
        NoSuchCallBack: There is none at the viewer's hotlines.
        CallBackMessageMissing: See there.
        AudioMissing: The archive lacks the file.
    """
    who = viewer(request)
    async with request.app[DB].read() as session:
        task = await store.get(session, task_id)
        if task is None or not who.has_any(acts.DOERS, task.hotline):
            raise NoSuchCallBack(callback=task_id)
        recording = await recording_of(session, task.call)
        listed: Listed | None = await recordings.get(session, recording) if recording else None
    if listed is None:
        raise CallBackMessageMissing(callback=task_id)
    reason = _("Nghe lời nhắn để gọi lại")
    return await play_to(request, listed, who, how="callback", reason=reason)
