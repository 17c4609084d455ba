"""A line of JSON, as the law engine's commands read it; pure."""

import json
from typing import Any, NoReturn


def read_json(line: str | bytes) -> Any:
    """Read a line strictly: UTF-8 without more, and none of Python's own NaN and Infinity.

    Raises:
        ValueError: It is not JSON, or nested deeper than can be read.
    """
    text = line if isinstance(line, str) else line.decode()
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def _refuse(word: str) -> NoReturn:
    message = f"{word} is no JSON"
    raise ValueError(message)
