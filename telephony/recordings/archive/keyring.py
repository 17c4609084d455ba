"""The key ring: what recordings are encrypted with, by id, and which hotline uses which. Blocking.

A TOML file, for the service's account alone (0600):

    [keys]
    "can-tho-20261126-a1b2" = "32 random bytes, base64"
    [use]
    default = "..."
    can-tho = "can-tho-20261126-a1b2"
"""

import base64
import binascii
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from telephony.recordings.archive.cipher import KEY_BYTES, LONGEST_ID
from telephony.recordings.errors import KeyRingUnusable, RecordingKeyMissing

DEFAULT = "default"
_ID = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by id, and the id of the key that each hotline uses now; `default` for the others."""

    keys: dict[str, bytes]
    use: dict[str, str]

    def current(self, hotline: str | None) -> str:
        """Return the id of the key that a hotline's recordings are encrypted with from now on."""
        return self.use.get(hotline or DEFAULT, self.use[DEFAULT])

    def key(self, key_id: str) -> bytes:
        """Return a key.

        Raises:
            RecordingKeyMissing: It is not in the ring.
        """
        try:
            return self.keys[key_id]
        except KeyError:
            raise RecordingKeyMissing(key=key_id) from None


def read(file: Path) -> KeyRing:
    """Read a key ring.

    Raises:
        KeyRingUnusable: It cannot be read, others may read it, or it contradicts itself.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise KeyRingUnusable(file=str(file), why="others may read it: chmod 600")
        text = file.read_text(encoding="utf-8")
        found = tomllib.loads(text)
        keys = {k: base64.b64decode(v, validate=True) for k, v in found["keys"].items()}
        ring = KeyRing(keys, dict(found["use"]))
    except OSError as error:
        raise KeyRingUnusable(file=str(file), why=error.strerror or "") from error
    except (tomllib.TOMLDecodeError, KeyError, binascii.Error, TypeError, AttributeError) as error:
        raise KeyRingUnusable(file=str(file), why=f"not as it should be: {error}") from error
    why = _contradiction(ring)
    if why:
        raise KeyRingUnusable(file=str(file), why=why)
    return ring


def add(file: Path, hotline: str | None, key_id: str) -> KeyRing:
    """Make a new key that a hotline (None: every other) uses from now on; make the ring if needed.

    Raises:
        KeyRingUnusable: There is one that cannot be used, or the id is taken.
    """
    ring = read(file) if file.exists() else KeyRing({}, {})
    if key_id in ring.keys or not _ID.fullmatch(key_id):
        raise KeyRingUnusable(file=str(file), why=f"the id {key_id} is taken or no id")
    keys = {**ring.keys, key_id: os.urandom(KEY_BYTES)}
    use = {DEFAULT: key_id, **ring.use, hotline or DEFAULT: key_id}
    _write(file, KeyRing(keys, use))
    return KeyRing(keys, use)


def _contradiction(ring: KeyRing) -> str:
    for key_id, key in ring.keys.items():
        if not _ID.fullmatch(key_id) or len(key_id) > LONGEST_ID:
            return f"{key_id!r} is no id: small letters, digits, hyphens, at most 32"
        if len(key) != KEY_BYTES:
            return f"key {key_id} has {len(key)} bytes, not {KEY_BYTES}"
    if DEFAULT not in ring.use:
        return "[use] names no default"
    lost = sorted(set(ring.use.values()) - set(ring.keys))
    return f"[use] names {lost[0]}, which is not in [keys]" if lost else ""


def _write(file: Path, ring: KeyRing) -> None:
    lines = ["[keys]"]
    lines += [f'"{k}" = "{base64.b64encode(v).decode()}"' for k, v in ring.keys.items()]
    lines += ["", "[use]", *(f'"{hotline}" = "{k}"' for hotline, k in ring.use.items()), ""]
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("\n".join(lines))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
