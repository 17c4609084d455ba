"""asterisk-conf/*.conf.j2 with the settings filled in.

`asterisk-conf/base/` is a whole Asterisk's own configuration; what lies beside it is ours, all of
it named `tongdai-...`, and is rendered into `tongdai/` below the target, whence the base includes
it. An existing PBX gets the second part only (rig/asterisk_install.py).
"""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from tongdai.settings import PbxTable, Settings, seat_secret
from tongdai.settings_queue import OVERFLOW_PENALTY

TEMPLATES = Path(__file__).resolve().parents[1] / "asterisk-conf"
CHANNEL_VARIABLES = ("TONGDAI_HOTLINE", "TONGDAI_TRANSFER")
# The longest greeting, and what is given up for a FastAGI server that hangs (seconds).
GREETING_LIMIT_SECONDS = 20
SAID_LIMIT_SECONDS = 40
"""The longest announcement to one who waits."""
PLACE_SECONDS = 150_000_000
"""Of eleven priorities each has so many places, a second each: together below 2^31."""
_FORBIDDEN = frozenset("\r\n;\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where one instance of Asterisk keeps its files; all paths absolute, as Asterisk sees them."""

    etc: Path
    state: Path
    run: Path
    log: Path
    modules: Path = Path("/usr/lib/x86_64-linux-gnu/asterisk/modules")
    data: Path = Path("/usr/share/asterisk")

    @classmethod
    def beside(cls, etc: Path, modules: Path | None = None) -> "Layout":
        """Return the layout of the instance configured in `etc`: state, run, log lie beside it."""
        home = etc.resolve().parent
        layout = cls(etc=etc.resolve(), state=home / "state", run=home / "run", log=home / "log")
        if modules is None:
            return layout
        return cls(
            etc=layout.etc, state=layout.state, run=layout.run, log=layout.log, modules=modules
        )

    def folders(self) -> tuple[Path, ...]:
        """Return every folder that must exist and belong to the PBX's user."""
        state = [self.state / name for name in ("lib/keys", "db", "agi-bin", "spool")]
        logs = [self.log, self.log / "cdr-custom", self.log / "cel-custom"]
        return (self.run, *state, *logs)


def render(
    settings: Settings,
    target: Path,
    *,
    pbx: PbxTable | None = None,
    layout: Layout | None = None,
    base: bool = True,
    channel_variables: tuple[str, ...] = CHANNEL_VARIABLES,
    greeting_limit_seconds: int = GREETING_LIMIT_SECONDS,
) -> list[Path]:
    """Write the configuration of one PBX into `target` and return the files written.

    Args:
        settings: The whole installation's settings.
        target: The folder that Asterisk knows as its astetcdir; made when it is not there.
        pbx: Which PBX; the first of the settings by default.
        layout: The instance's folders; by default beside `target`.
        base: Also the files of a whole Asterisk, not only ours in `target/tongdai`.
        channel_variables: What manager.conf shows with each channel's events.
        greeting_limit_seconds: When a greeting that the service plays is given up.

    Raises:
        ValueError: The settings hold no PBX, or a value that cannot stand in such a file.
    """
    pbx = pbx or next(iter(settings.pbx), None)
    if pbx is None:
        message = "the settings name no [[pbx]]"
        raise ValueError(message)
    values = _values(settings, pbx, layout or Layout.beside(target), channel_variables)
    values["greeting_limit_seconds"] = greeting_limit_seconds
    values["overflow_penalty"] = OVERFLOW_PENALTY
    values["said_limit_seconds"], values["place_seconds"] = SAID_LIMIT_SECONDS, PLACE_SECONDS
    environment = _environment()
    written: list[Path] = []
    for template in sorted(environment.list_templates(extensions=["j2"])):
        folder, _, name = template.rpartition("/")
        if folder == "base" and not base:
            continue
        path = target / ("" if folder == "base" else "tongdai") / name.removesuffix(".j2")
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, environment.get_template(template).render(values))
        written.append(path)
    return written


def spool_of(settings: Settings, pbx: PbxTable) -> Path:
    """Return the folder in which this PBX's recordings appear, absolute."""
    return (pbx.spool or settings.recordings.spool).resolve()


def _values(
    settings: Settings, pbx: PbxTable, layout: Layout, channel_variables: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "settings": settings,
        "pbx": pbx,
        "agi": settings.agi,
        "hotlines": settings.hotlines,
        "seats": [
            {
                "extension": extension,
                "web": seat_secret(settings, "web", extension),
                "desk": seat_secret(settings, "desk", extension),
            }
            for extension in settings.seats.extensions
        ],
        "prompts": settings.prompts.folder.resolve(),
        "spool": spool_of(settings, pbx),
        "layout": layout,
        "loopback": _is_loopback,
        "manager_permit": "127.0.0.1/255.0.0.0" if _is_loopback(pbx.host) else "0.0.0.0/0.0.0.0",
        "channelvars": ",".join(channel_variables),
    }


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - not HTML; _plain refuses what a .conf file would misread
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _plain(value: Any) -> Any:
    """Let only values through that cannot end a line or begin a comment of a .conf file."""
    if not _FORBIDDEN.isdisjoint(str(value)):
        message = f"{value!r} cannot stand in an Asterisk configuration"
        raise ValueError(message)
    return value


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, readable by its owner and group alone (it holds secrets)."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.chmod(0o640)
    partial.replace(path)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
