"""/api/v1/openapi.json: written from the table that checks the requests."""

import re
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.api.endpoint import PREFIX, Endpoint, Table
from web.api.models import Refused
from web.auth import public
from web.keys import SETTINGS

_REFUSALS = {
    HTTPStatus.UNAUTHORIZED: "No token, or one that is not valid any more",
    HTTPStatus.FORBIDDEN: "The asker's role does not reach that far",
    HTTPStatus.NOT_FOUND: "There is no such thing, or the asker may not know that there is",
    HTTPStatus.CONFLICT: "Not possible now, or already so",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What was sent cannot be taken; `fields` says which part",
    HTTPStatus.SERVICE_UNAVAILABLE: "A part that is needed does not answer now",
}


def setup(app: web.Application, table: Table) -> None:
    """Answer /api/v1/openapi.json; it holds nothing secret."""

    @public
    async def describe(request: web.Request) -> web.Response:
        server = request.app[SETTINGS].web.public_url
        return web.json_response(document(table, server))

    app.router.add_get(f"{PREFIX}/openapi.json", describe)


def document(table: Table, server: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a table."""
    models: list[type[BaseModel]] = [Refused]
    for endpoint in table.endpoints:
        models += [m for m in (endpoint.answer,) if m is not None]
        models += [endpoint.asked] if endpoint.method != "GET" else []
    answers = [(m, "serialization") for m in dict.fromkeys(models)]
    refs, schemas = models_json_schema(
        answers,  # type: ignore[arg-type]  # the literal "serialization"
        ref_template="#/components/schemas/{model}",
    )
    names: dict[object, str] = {model: ref["$ref"] for (model, _), ref in refs.items()}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table.endpoints:
        entry = paths.setdefault(PREFIX + endpoint.path, {})
        entry[endpoint.method.lower()] = _operation(endpoint, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tổng đài 1022", "version": "1"},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, names: dict[object, str]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": _operation_id(endpoint),
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
        "responses": {
            str(endpoint.status): _good(endpoint, names),
            **{
                str(int(status)): {
                    "description": words,
                    "content": {"application/json": {"schema": {"$ref": names[Refused]}}},
                }
                for status, words in _REFUSALS.items()
            },
        },
    }
    if endpoint.roles:
        operation["description"] = f"Roles: {', '.join(endpoint.roles)}"
    if endpoint.method != "GET":
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": names[endpoint.asked]}}},
        }
    return operation


def _good(endpoint: Endpoint, names: dict[object, str]) -> dict[str, Any]:
    if endpoint.answer is None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        words = "The sound; Range requests are answered"
        return {
            "description": words if endpoint.media.startswith("audio/") else "The file",
            "content": {endpoint.media: binary},
        }
    schema = {"$ref": names[endpoint.answer]}
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.method != "GET":
        return []
    schema = endpoint.asked.model_json_schema()
    needed = schema.get("required", [])
    found = []
    for name, wanted in schema.get("properties", {}).items():
        shown = _without_null(wanted)
        words = shown.pop("description", wanted.get("description", ""))
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in needed,
                "description": words,
                "schema": shown,
            }
        )
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: one that is not sent is left out, never null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    shown = dict(kinds[0]) if len(kinds) == 1 else dict(schema)
    if shown.get("default", ...) is None:
        del shown["default"]
    shown.pop("title", None)
    return shown


def _operation_id(endpoint: Endpoint) -> str:
    words = re.sub(r"[{}]", "", endpoint.path).strip("/").replace("/", "_")
    return f"{endpoint.method.lower()}_{words}"
