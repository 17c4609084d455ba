"""The last step before a recording has its name: encrypted where there is a key. Blocking."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from telephony.recordings.archive import cipher
from telephony.recordings.archive.archive import ENCRYPTED
from telephony.recordings.archive.keyring import KeyRing
from telephony.recordings.errors import SealMismatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A finished work file.

    Attributes:
        work: The file, still in the work folder.
        bytes: Its size.
        sha256: Its digest.
        key: The id of the key that it is encrypted with; None: it is not.
    """

    work: Path
    bytes: int
    sha256: str
    key: str | None


def finish(work: Path, ring: KeyRing | None, hotline: str | None) -> Stored:
    """Encrypt a sealed work file for its hotline, read it back, and say what it is.

    Raises:
        SealMismatch: What was written does not decrypt to the same bytes.
        OSError: The disk refuses.
    """
    if ring is None:
        return stored(work, None)
    key_id = ring.current(hotline)
    target = work.with_name(work.name + ENCRYPTED)
    cipher.encrypt(work, target, key_id, ring.key(key_id))
    if _decrypted_sha256(target, ring.key(key_id)) != _sha256(work):
        raise SealMismatch(file=work.name)
    work.unlink()
    return stored(target, key_id)


def stored(work: Path, key: str | None) -> Stored:
    """Say what a finished work file is."""
    return Stored(work=work, bytes=work.stat().st_size, sha256=_sha256(work), key=key)


def _decrypted_sha256(path: Path, key: bytes) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = cipher.parse(file.read(cipher.HEAD_BYTES))
        own = cipher.unwrap(head, key)
        for index in range(head.chunks):
            block = file.read(head.chunk + cipher.TAG_BYTES)
            digest.update(cipher.open_chunk(head, own, index, block))
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
