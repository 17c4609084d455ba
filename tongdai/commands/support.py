"""What every command needs: settings, words, a way to say that it cannot be done."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tongdai.settings import Settings, load

T = TypeVar("T")


class CommandError(Exception):
    """A command cannot be carried out; the text is one sentence for a person."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def settings() -> Settings:
    """Return the settings that the command works with."""
    return load()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    return asyncio.run(work)


def print_json(value: Any) -> None:
    """Print one JSON value on one line, Vietnamese as it is."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def say(line: str = "") -> None:
    """Print a line for a person."""
    sys.stdout.write(line + "\n")


def text_of(file: str) -> str:
    """Return what a file, or standard input for `-`, holds.

    Raises:
        CommandError: It cannot be read, or is not UTF-8.
    """
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror})"
        raise CommandError(message) from error
    except UnicodeDecodeError as error:
        message = f"{file}: is not UTF-8"
        raise CommandError(message) from error
