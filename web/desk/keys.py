"""The doors that the desk needs of other parts."""

from aiohttp import web

from escalation.acts import Acts
from tickets.attachments import Files

ACTS = web.AppKey("desk_acts", Acts)
FILES = web.AppKey("desk_files", Files)
