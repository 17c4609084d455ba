"""A flow file read, or refused with the line and the reason; pure but for `shipped` and `find`."""

import hashlib
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ivr.flow.graph import contradictions
from ivr.flow.model import Flow
from tongdai.calendar import line_of
from tongdai.settings import SettingsError
from tongdai.text import nfc

_FLOW = TypeAdapter(Flow)


class FlowError(SettingsError):
    """The flow cannot be used; the message is one sentence with file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A flow with the text it was read from; `id` is the text's SHA-256."""

    id: str
    text: str
    flow: Flow


def parse_flow(text: str, source: str) -> Flow:
    """Read a flow in the format of ivr/flows/.

    Raises:
        FlowError: It is no flow, or contradicts itself: file, line, reason.
    """
    text = nfc(text)
    try:
        flow = _FLOW.validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"{source}: is not TOML: {error}"
        raise FlowError(message) from error
    except ValidationError as error:
        # a misspelt key before the one that it left out
        found = sorted(error.errors(include_url=False), key=lambda e: e["type"] == "missing")
        first = found[0]
        raise FlowError(_sentence(text, source, first["loc"], first["msg"])) from error
    for (table, index, key), why in contradictions(flow):
        line = line_of(text, table, index, key)
        message = f"{source}, line {line}: {'.'.join(filter(None, (table, key)))}: {why}"
        raise FlowError(message)
    return flow


def read_version(text: str, source: str) -> Version:
    """Read a flow with the hash under which it is kept.

    Raises:
        FlowError: It contradicts itself.
    """
    return Version(
        id=hashlib.sha256(text.encode()).hexdigest(), text=text, flow=parse_flow(text, source)
    )


def shipped() -> tuple[str, ...]:
    """Return the hotlines for which a flow is shipped."""
    names = (file.name for file in resources.files("ivr").joinpath("flows").iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".toml")))


def of_hotline(hotline: str, folder: Path | None = None) -> Version | None:
    """Return a hotline's flow: from the installation's own folder, else as shipped.

    Args:
        hotline: Its id.
        folder: `[law] folder`; its `flows/<hotline>.toml` comes before the shipped one.

    Raises:
        FlowError: It contradicts itself.
    """
    for home in filter(None, (folder, resources.files("ivr"))):
        file = home.joinpath("flows").joinpath(f"{hotline}.toml")
        if file.is_file():
            return read_version(file.read_text(encoding="utf-8"), f"{hotline}.toml")
    return None


def find_flow(name: str, folder: Path | None = None) -> Flow:
    """Return a flow by its hotline's id, or the one in a file.

    Raises:
        FlowError: There is none, or it contradicts itself.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        try:
            return parse_flow(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            message = f"{path}: cannot be read"
            raise FlowError(message) from error
    found = of_hotline(name, folder)
    if found is None:
        message = f"no flow {name!r} (known: {', '.join(shipped())})"
        raise FlowError(message)
    return found.flow


def _sentence(text: str, source: str, where: tuple[Any, ...], why: str) -> str:
    """Say where it is wrong; of a step pydantic names its kind too, which is no key."""
    names = [part for part in where if isinstance(part, str)]
    if names[:1] == ["step"] and len(names) > 1:
        names.pop(1)
    index = next((part for part in where if isinstance(part, int)), 0)
    in_table = len(where) > 1 and len(names) > 1
    if in_table:
        line = line_of(text, names[0], index, names[1])
    elif len(where) > 1:
        line = line_of(text, names[0], index)
    else:
        line = line_of(text, "", 0, names[0] if names else "")
    return f"{source}, line {line}: {'.'.join(names)}: {why.removeprefix('Value error, ')}"
