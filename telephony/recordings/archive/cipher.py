"""The container of an encrypted recording: AES-256-GCM in chunks, of which any can be read alone.

    4 bytes  `TDE1`
   32 bytes  id of the key that wraps, ASCII, filled up with zero bytes
    4 bytes  bytes of a chunk of plain text (big-endian, as all numbers)
    8 bytes  bytes of the plain text
    7 bytes  random beginning of the chunks' nonces
   12 bytes  nonce of the wrapped key
   48 bytes  the file's own random key, by AES-256-GCM under the key that wraps; authenticated with
             it: magic, sizes and beginning (23 bytes)
  then the chunks, each with its 16 bytes of tag; nonce: the 7 bytes, the chunk's index (4 bytes),
  1 for the last chunk and else 0; authenticated with it: the same 23 bytes.

So no chunk can be changed, moved, left out, repeated or cut off unseen (STREAM: Hoang,
Reyhanitabar, Rogaway and Vizár, CRYPTO 2015). Another wrapping key changes the head alone.
"""

import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telephony.recordings.errors import RecordingKeyWrong, StoredDamaged

MAGIC = b"TDE1"
CHUNK_BYTES = 1 << 16
KEY_BYTES = 32
TAG_BYTES = 16
LONGEST_ID = 32
_HEAD = struct.Struct(">4s32sIQ7s12s48s")
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a container; see the module."""

    key: str
    chunk: int
    length: int
    beginning: bytes
    wrap_nonce: bytes
    wrapped: bytes

    @property
    def bound(self) -> bytes:
        """What every part is authenticated with."""
        return struct.pack(">4sIQ7s", MAGIC, self.chunk, self.length, self.beginning)

    @property
    def chunks(self) -> int:
        """How many chunks there are: at least one, so that an empty text has an end, too."""
        return max(1, -(-self.length // self.chunk))

    def packed(self) -> bytes:
        """Return the head's bytes."""
        return _HEAD.pack(
            MAGIC,
            self.key.encode("ascii"),
            self.chunk,
            self.length,
            self.beginning,
            self.wrap_nonce,
            self.wrapped,
        )

    def stored_span(self, first: int, last: int) -> tuple[int, int]:
        """Return where chunks `first` to `last` lie in the container: start and length in bytes."""
        step = self.chunk + TAG_BYTES
        end = min(HEAD_BYTES + (last + 1) * step, stored_bytes(self.length, self.chunk))
        return HEAD_BYTES + first * step, end - HEAD_BYTES - first * step


def stored_bytes(length: int, chunk: int = CHUNK_BYTES) -> int:
    """Return how large the container of `length` bytes is."""
    return HEAD_BYTES + length + TAG_BYTES * max(1, -(-length // chunk))


def parse(head: bytes) -> Head:
    """Return what a container's first HEAD_BYTES say.

    Raises:
        StoredDamaged: They are no head.
    """
    if len(head) != HEAD_BYTES or head[:4] != MAGIC:
        raise StoredDamaged
    _, key, chunk, length, beginning, nonce, wrapped = _HEAD.unpack(head)
    if not 0 < chunk <= 1 << 24:
        raise StoredDamaged
    return Head(
        key=key.rstrip(b"\0").decode("ascii", "replace"),
        chunk=chunk,
        length=length,
        beginning=beginning,
        wrap_nonce=nonce,
        wrapped=wrapped,
    )


def wrap(head: Head, own: bytes, key_id: str, key: bytes) -> Head:
    """Return the head with the file's own key wrapped under another key."""
    nonce = os.urandom(12)
    wrapped = AESGCM(key).encrypt(nonce, own, head.bound)
    return replace(head, key=key_id, wrap_nonce=nonce, wrapped=wrapped)


def unwrap(head: Head, key: bytes) -> bytes:
    """Return the file's own key.

    Raises:
        RecordingKeyWrong: The key is not the one that wrapped it, or the head was changed.
    """
    try:
        return AESGCM(key).decrypt(head.wrap_nonce, head.wrapped, head.bound)
    except InvalidTag as error:
        raise RecordingKeyWrong(key=head.key) from error


def open_chunk(head: Head, own: bytes, index: int, stored: bytes) -> bytes:
    """Return a chunk's plain text.

    Raises:
        StoredDamaged: It is not what was sealed in this place.
    """
    try:
        return AESGCM(own).decrypt(_nonce(head, index), stored, head.bound)
    except InvalidTag as error:
        raise StoredDamaged(chunk=index) from error


def encrypt(source: Path, target: Path, key_id: str, key: bytes) -> None:
    """Write `source` into `target` as a container, synced. Blocking.

    Raises:
        OSError: The disk refuses.
    """
    own = AESGCM.generate_key(256)
    head = wrap(
        Head(
            key=key_id,
            chunk=CHUNK_BYTES,
            length=source.stat().st_size,
            beginning=os.urandom(7),
            wrap_nonce=b"",
            wrapped=b"",
        ),
        own,
        key_id,
        key,
    )
    sealer = AESGCM(own)
    with source.open("rb") as plain, target.open("wb") as file:
        file.write(head.packed())
        for index in range(head.chunks):
            block = plain.read(CHUNK_BYTES)
            file.write(sealer.encrypt(_nonce(head, index), block, head.bound))
        file.flush()
        os.fsync(file.fileno())


def _nonce(head: Head, index: int) -> bytes:
    return head.beginning + struct.pack(">IB", index, index == head.chunks - 1)
