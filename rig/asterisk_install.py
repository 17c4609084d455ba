"""`make asterisk-install PREFIX=/etc/asterisk`: our configuration into an existing PBX.

Our files go to `PREFIX/tongdai/`; each file of the PBX that has to know of them gets one `#include`
line at its end (or in the `..._custom.conf` that a generated file includes, as FreePBX's do).
Nothing else is changed, a second run changes nothing, and a name that the PBX already uses for
something of its own stops the installation before anything is written.
"""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from telephony.pbx_config import CHANNEL_VARIABLES, Layout, render
from tongdai.settings import Settings, SettingsError, load

# Ours -> the category that must be there before ours adds to it with (+), if any.
FILES = {
    "pjsip": None,
    "extensions": None,
    "queues": None,
    "queuerules": None,
    "musiconhold": None,
    "confbridge": None,
    "manager": "general",
    "cel": "general",
    "cel_custom": "mappings",
    "cdr_custom": "mappings",
}
MARK = "; Tổng đài 1022 (make asterisk-install): everything of it lies in tongdai/"


class InstallError(RuntimeError):
    """Why nothing was installed, in one sentence."""


@dataclass(slots=True)
class Report:
    """What was done, for people."""

    changed: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def install(settings: Settings, prefix: Path) -> Report:
    """Put the files into `prefix` (a PBX's configuration folder).

    Raises:
        InstallError: `prefix` is none, or one of our names is taken there.
    """
    if not (prefix / "extensions.conf").is_file():
        message = f"{prefix}: is no configuration folder of an Asterisk (no extensions.conf)"
        raise InstallError(message)
    _refuse_taken_names(settings, prefix)
    report = Report()
    before = _contents(prefix / "tongdai")
    layout = Layout.beside(prefix)
    variables = _channel_variables(prefix)
    for path in render(settings, prefix, layout=layout, base=False, channel_variables=variables):
        _as_its_folder(path, prefix)
        if before.get(path) != path.read_bytes():
            report.changed.append(f"wrote {path}")
    _as_its_folder(prefix / "tongdai", prefix, mode=0o750)
    for name, category in FILES.items():
        _include(prefix, name, category, report)
    _hints(settings, prefix, report)
    return report


def _include(prefix: Path, name: str, category: str | None, report: Report) -> None:
    line = f"#include tongdai/{name}.conf"
    main = prefix / f"{name}.conf"
    target = _custom_file(main) or main
    text = target.read_text(encoding="utf-8", errors="surrogateescape") if target.exists() else ""
    if re.search(rf"^\s*{re.escape(line)}\s*$", text, re.MULTILINE):
        return
    known = text + (main.read_text(errors="surrogateescape") if main.exists() else "")
    opening = f"[{category}]\n" if category and not _has_category(known, category) else ""
    new = not target.exists()
    with target.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{'' if text.endswith(chr(10)) or not text else chr(10)}{MARK}\n")
        file.write(f"{opening}{line}\n")
    if new:
        _as_its_folder(target, prefix)
    report.changed.append(f"added '{line}' to {target}")


def _custom_file(main: Path) -> Path | None:
    """Return the file for additions that a generated one includes (FreePBX, Issabel)."""
    if not main.exists():
        return None
    pattern = rf'^\s*#include\s+"?({re.escape(main.stem)}(?:_general)?_custom\.conf)"?'
    found = re.search(pattern, main.read_text(errors="surrogateescape"), re.MULTILINE)
    return main.with_name(found[1]) if found else None


def _has_category(text: str, category: str) -> bool:
    return re.search(rf"^\[{category}\]", text, re.MULTILINE) is not None


def _refuse_taken_names(settings: Settings, prefix: Path) -> None:
    pbx = settings.pbx[0]
    phones = {f"{kind}-{seat}" for kind in ("web", "desk") for seat in settings.seats.extensions}
    ours = {"pjsip": phones | {"carrier"}, "manager": {pbx.username}}
    for path in sorted(prefix.glob("*.conf")):
        names = ours.get(re.split(r"[._]", path.stem)[0], set())
        for category in re.findall(
            r"^\[([^\]]+)\]", path.read_text(errors="replace"), re.MULTILINE
        ):
            if category in names or category.startswith("tongdai-"):
                message = f"{path}: [{category}] is there already, and is a name of ours"
                raise InstallError(message)


def _channel_variables(prefix: Path) -> tuple[str, ...]:
    """Return what manager.conf shows of channels: the PBX's own variables first, then ours."""
    own: list[str] = []
    for path in sorted(prefix.glob("manager*.conf")):
        for values in re.findall(r"^\s*channelvars\s*=\s*(.*)$", path.read_text(), re.MULTILINE):
            own += [value.strip() for value in values.split(";")[0].split(",") if value.strip()]
    return tuple(dict.fromkeys((*own, *CHANNEL_VARIABLES)))


def _hints(settings: Settings, prefix: Path, report: Report) -> None:
    modules = prefix / "modules.conf"
    text = modules.read_text(errors="replace") if modules.exists() else ""
    if re.search(r"^\s*autoload\s*=\s*no", text, re.MULTILINE):
        wanted = _wanted_modules()
        loaded = set(re.findall(r"^\s*(?:pre)?load\s*=>?\s*(\S+)", text, re.MULTILINE))
        missing = sorted(wanted - loaded)
        if missing:
            report.hints.append(f"modules.conf does not load: {', '.join(missing)}")
    http = prefix / "http.conf"
    served = http.read_text(errors="replace") if http.exists() else ""
    if not re.search(r"^\s*enabled\s*=\s*yes", served, re.MULTILINE):
        report.hints.append("http.conf: enabled = yes is needed for the operators' browsers")
    for what, path in (("cdr", settings.pbx[0].cdr), ("cel", settings.pbx[0].cel)):
        if path is None:
            report.hints.append(
                f"settings, [[pbx]] {what}: name <astlogdir>/{what}-custom/tongdai-{what}.csv"
            )
    report.hints.append("then, in Asterisk: core reload (or a restart); see docs/pbx.md")


def _wanted_modules() -> set[str]:
    template = Path(__file__).resolve().parents[1] / "asterisk-conf" / "base" / "modules.conf.j2"
    return set(re.findall(r"^load = (\S+)", template.read_text(), re.MULTILINE))


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.glob("*.conf")} if folder.exists() else {}


def _as_its_folder(path: Path, prefix: Path, mode: int = 0o640) -> None:
    """Give a file to the owner of the PBX's own, for it must read it."""
    owner = (prefix / "extensions.conf").stat()
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
    path.chmod(mode)


def main() -> None:
    """Install into the folder named; an expected failure is one sentence on standard error."""
    if len(sys.argv) != 2 or not sys.argv[1]:  # the folder alone
        sys.exit("make asterisk-install: say where: PREFIX=/etc/asterisk")
    try:
        report = install(load(), Path(sys.argv[1]).resolve())
    except (InstallError, SettingsError, ValueError, OSError) as error:
        sys.exit(f"make asterisk-install: {error}")
    for line in report.changed or ["nothing to change: all is there already"]:
        print(line)
    for line in report.hints:
        print(f"note: {line}")


if __name__ == "__main__":
    main()
