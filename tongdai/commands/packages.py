"""`tongdai recordings verify PACKAGE`: a sealed package, on any machine that has this program."""

import sys
from pathlib import Path

from telephony.recordings.archive.build import make_keys
from telephony.recordings.package.check import faults as faults_of
from tongdai.commands.support import CommandError, print_json, say, settings
from tongdai.settings import SettingsError


def package_verify(file: str, *, as_json: bool) -> None:
    """Check a package against the keys known here, else against its own; status 1: a fault.

    Raises:
        CommandError: There is no such file.
    """
    package = Path(file)
    if not package.is_file():
        message = f"{file}: there is no such file"
        raise CommandError(message)
    trusted = _trusted()
    faults = faults_of(package, trusted or None)
    for fault in faults:
        if as_json:
            print_json({"package": package.name, "why": fault})
        else:
            say(fault)
    if faults:
        sys.exit(1)
    if not as_json:
        keys = "keys known here" if trusted else "the keys in it: compare their fingerprints"
        say(f"the package is whole, by {keys}")


def _trusted() -> dict[str, str]:
    """Return the public keys of this installation; none where there is no installation."""
    try:
        return make_keys(settings()).public()
    except SettingsError:
        return {}
