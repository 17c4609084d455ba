"""The readings that a province may settle otherwise, as switches in its procedure file; pure.

A switch names the ambiguity of PROCEDURES.md that it settles. Off, the file holds as it stands; on,
the values under `[[switch.set]]` are put in place before the file is read:

    [[switch]]
    id = "A-GL-2"
    name = "Hẹn và hẹn lại là hai việc, mỗi việc một lần"
    on = false
    source = "GL-11.3"

    [[switch.set]]
    table = "act"
    match = { event = "extended" }     # every row of the table with these values
    key = "extend.times"
    value = 2                          # no value: the key is taken away
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Where = tuple[str | int, ...]


class SwitchError(ValueError):
    """A switch cannot be applied; `where` is its place in the file."""

    def __init__(self, where: Where, why: str) -> None:
        super().__init__(why)
        self.where = where


def switched(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a procedure's values with its switches applied.

    Raises:
        SwitchError: A switch that is on names a row or a key that is not there.
    """
    changed = deepcopy(dict(data))
    switches = data.get("switch", [])
    if not isinstance(switches, list):
        return changed  # said by the model, with its line
    for index, switch in enumerate(switches):
        if not isinstance(switch, dict) or switch.get("on") is not True:
            continue
        for one in switch.get("set", []):
            _apply(changed, one, index)
    return changed


def _apply(data: dict[str, Any], one: Mapping[str, Any], index: int) -> None:
    *path, last = str(one.get("key", "")).split(".")
    found = False
    for row in _rows(data, one):
        inner: Any = row
        for name in path:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            continue
        found = True
        if "value" in one:
            inner[last] = deepcopy(one["value"])
        else:
            inner.pop(last, None)
    if not found:
        why = f"no row of {one.get('table')!r} has the key {one.get('key')!r} to be set"
        raise SwitchError(("switch", index, "set"), why)


def _rows(data: Mapping[str, Any], one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    wanted = one.get("match", {})
    for row in data.get(str(one.get("table")), []):
        if isinstance(row, dict) and all(row.get(name) == v for name, v in wanted.items()):
            yield row
