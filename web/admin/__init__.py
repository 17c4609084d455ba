"""The administration: accounts, units and people, fields, what was changed, the law to read."""

from aiohttp import web

from web.admin import (
    accounts,
    changes,
    fields,
    flow_call,
    flows,
    law,
    law_edit,
    overview,
    prompts,
    units,
    wordings,
)
from web.admin.words import REFUSALS
from web.words import add


def setup(app: web.Application) -> None:
    """Add the routes and the words; needs ACTS and OPERATORS, and the doors of web.admin.flows."""
    add(REFUSALS)
    add(prompts.REFUSALS)
    for pages in (overview, accounts, units, fields, changes, law, law_edit, flows, wordings):
        app.add_routes(pages.routes)
    app.add_routes(flow_call.routes)
    app.add_routes(prompts.routes)
