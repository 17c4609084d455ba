"""The objects of other parts that several packages of pages use; compose fills them once.

What one package alone needs stands in its own keys.py.
"""

from aiohttp import web

from escalation.acts import Acts
from ivr.followups.rules import Rulebook
from tickets.attachments import Files
from web.ports import CallDesk, Calls, OperatorDesk, RecordingDesk, TransferDesk

CALLS = web.AppKey("calls", Calls)
CONTROL = web.AppKey("call_control", CallDesk)
RECORDER = web.AppKey("recording_control", RecordingDesk)
OPERATORS = web.AppKey("operators", OperatorDesk)
TRANSFERS = web.AppKey("transfers", TransferDesk)
ACTS = web.AppKey("acts", Acts)
"""The one door for acts on tickets, with the law behind it."""
FILES = web.AppKey("files", Files)
CALLBACK_RULES = web.AppKey("callback_rules", Rulebook)
"""The hotlines' rules of calling back."""
