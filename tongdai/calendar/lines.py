"""Where something stands in a TOML text: tomllib tells what, a person wants the line."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\"-]+)\s*\]\]?")


def line_of(text: str, table: str = "", index: int = 0, key: str = "") -> int:
    """Return the line (from 1) of a key, else of its table's header, else 1.

    Args:
        text: The TOML text.
        table: Name of the table, `stage` or `stage.expiry`; empty for the top.
        index: Which one of an array of tables, from 0; for a sub-table, which one of its parent.
        key: The key inside the table, empty for the header.
    """
    top = table.split(".", maxsplit=1)[0]
    count, inside, header = -1, not table, 1
    for number, line in enumerate(text.splitlines(), start=1):
        found = _HEADER.match(line)
        if found:
            name = found[2].replace('"', "")
            count += name == top
            inside = bool(table) and name == table and count == index
            if inside or (name == top and count == index):
                header = number
            if inside and not key:
                return number
        elif inside and key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*[=.]", line):
            return number
    return header
