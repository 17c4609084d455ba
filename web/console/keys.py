"""The doors that the console needs; compose fills them (Parts.doors)."""

from aiohttp import web

from tickets.attachments import Files
from web.ports import CallDesk, Calls, LawDoor, OperatorDesk, TransferDesk

CALLS = web.AppKey("calls", Calls)
CONTROL = web.AppKey("call_control", CallDesk)
OPERATORS = web.AppKey("operators", OperatorDesk)
TRANSFERS = web.AppKey("transfers", TransferDesk)
LAW = web.AppKey("law", LawDoor)
FILES = web.AppKey("files", Files)
