"""Holds a JSON value against a JSON Schema: as much of it as our own description uses."""

from datetime import datetime
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = {
    "$ref", "anyOf", "type", "enum", "const", "format", "properties", "required", "items",
    "additionalProperties", "title", "description", "default", "maxLength", "minimum", "maximum",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "$") -> list[str]:
    """Return what is wrong with `value`; empty when it fits. A word we do not know is a fault."""
    unknown = set(schema) - _KNOWN
    if unknown:
        return [f"{at}: schema says {sorted(unknown)}, which this checker does not know"]
    if "$ref" in schema:
        return faults(value, _resolve(schema["$ref"], whole), whole, at)
    if "anyOf" in schema:
        tried = [faults(value, one, whole, at) for one in schema["anyOf"]]
        return [] if not all(tried) else [f"{at}: fits none of {len(tried)}: {tried}"]
    wanted = _TYPES[schema["type"]] if "type" in schema else (object,)
    if not isinstance(value, wanted) or (
        isinstance(value, bool) and bool not in wanted and wanted != (object,)
    ):
        return [f"{at}: {value!r} is no {schema['type']}"]
    return [*_plain(value, schema, at), *_inner(value, schema, whole, at)]


def _plain(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']!r}")
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).utcoffset() is None:
        found.append(f"{at}: {value!r} has no offset")
    return found


def _inner(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, list) and "items" in schema:
        for i, one in enumerate(value):
            found += faults(one, schema["items"], whole, f"{at}[{i}]")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found += [
            f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value
        ]
        for name, one in value.items():
            if name in properties:
                found += faults(one, properties[name], whole, f"{at}.{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                found += faults(one, schema["additionalProperties"], whole, f"{at}.{name}")
            elif not schema.get("additionalProperties") and properties:
                found.append(f"{at}: {name} is not described")
    return found


def _resolve(ref: str, whole: dict[str, Any]) -> dict[str, Any]:
    found: Any = whole
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)
