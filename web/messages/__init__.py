"""The messages of a hotline: search, what became of each, what a person does by hand, the cost."""

from aiohttp import web

from web.messages import costs, replies, views
from web.words import N_, add


def setup(app: web.Application) -> None:
    """Add the routes and the words."""
    add(
        {
            "deed_refused": N_("Trạng thái của tin nhắn không cho phép việc này."),
            "reply_unknown": N_("Không có tin trả lời này, hoặc tin không thuộc tổng đài của bạn."),
            "message_unknown": N_("Không có tin nhắn này, hoặc tin không thuộc tổng đài của bạn."),
        }
    )
    app.add_routes(costs.routes)  # before views: costs is no message
    app.add_routes(replies.routes)
    app.add_routes(views.routes)
