"""The archive: work in `.incoming`, then one object under a name that is its own hash."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from telephony.recordings.archive import cipher
from telephony.recordings.archive.folder import FolderObjects
from telephony.recordings.archive.keyring import KeyRing
from telephony.recordings.archive.objects import Objects
from telephony.recordings.errors import AudioMissing, RecordingKeyMissing, StoredDamaged
from telephony.recordings.model import Format
from telephony.recordings.tables import Recording

INCOMING = ".incoming"
ENCRYPTED = ".enc"


class Archive:
    """Sealed recordings by date, hotline and call; nothing in it is ever written a second time.

    Attributes:
        root: The local folder: work in progress, the manifest's files, and the objects themselves
            unless `objects` are elsewhere.
        objects: Where the objects are kept.
        ring: The keys they are encrypted with; None: they are not.
        format: What a recording is written as.
    """

    def __init__(
        self,
        root: Path,
        objects: Objects | None = None,
        ring: KeyRing | None = None,
        sound_format: Format = "flac",
    ) -> None:
        """Take what is needed; nothing is touched yet.

        Args:
            root: The local folder.
            objects: Where the objects are kept; without, in the local folder.
            ring: The keys to encrypt with.
            sound_format: flac, wav or opus.
        """
        self.root, self.ring, self.format = root, ring, sound_format
        self.objects = objects or FolderObjects(root)

    def must_encrypt_for(self, hotline: str | None) -> None:
        """Refuse what could not be encrypted, before any work is done for it.

        Raises:
            RecordingKeyMissing: The hotline's present key is not in the ring.
        """
        if self.ring is not None:
            self.ring.key(self.ring.current(hotline))

    def prepare(self, pbx: str) -> None:
        """Make the folders that an intake works in. Blocking."""
        self._incoming(pbx).mkdir(parents=True, exist_ok=True, mode=0o750)

    def incoming(self, pbx: str, recording_id: str) -> Path:
        """Return where a recording of `pbx` is worked on before it is sealed."""
        return self._incoming(pbx) / f"{recording_id}.{self.format}"

    def left_behind(self, pbx: str) -> list[Path]:
        """Return the files that an interrupted intake of `pbx` left behind. Blocking."""
        return sorted(p for p in self._incoming(pbx).iterdir() if p.is_file())

    def is_on_its_way(self, recording_id: str) -> bool:
        """Say whether a recording's object is in the work folder, about to be placed. Blocking."""
        return any((self.root / INCOMING).glob(f"*/{recording_id}.*"))

    async def place(self, work: Path, name: str) -> None:
        """Move a finished file to its place, durably.

        Raises:
            OSError: The disk or the store refuses; the work file is still there.
        """
        await self.objects.put(work, name)

    def free_bytes(self) -> int:
        """Return how much room is left on the local disk. Blocking."""
        return shutil.disk_usage(self.root).free

    async def proves(self, row: Recording) -> bool:
        """Say whether a recording's object is there, byte for byte as it was stored.

        Raises:
            OSError: The store does not answer.
        """
        try:
            return await self.stored_sha256(row.path) == row.stored_sha256
        except FileNotFoundError:
            return False

    async def stored_sha256(self, name: str) -> str:
        """Return the SHA-256 of an object's bytes.

        Raises:
            FileNotFoundError: There is no such object.
            OSError: The store does not answer.
        """
        return await self.objects.sha256(name)

    async def read(
        self, row: Recording, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the sound of a recording, or a part of it; what is encrypted is decrypted.

        Args:
            row: The recording.
            start: The first byte of the sound.
            length: Bytes, or None for all that follow.

        Raises:
            AudioMissing: The archive lacks the object.
            RecordingKeyMissing, RecordingKeyWrong: It cannot be decrypted.
            StoredDamaged: It is not what was stored.
            OSError: The store does not answer.
        """
        left = row.bytes - start if length is None else min(length, row.bytes - start)
        try:
            if row.key is None:
                async for block in self.objects.read(row.path, start, left):
                    yield block
            else:
                async for block in self._decrypted(row, start, left):
                    yield block
        except FileNotFoundError as error:
            raise AudioMissing(recording=row.id) from error

    @asynccontextmanager
    async def sound_file(self, row: Recording) -> AsyncIterator[Path]:
        """Give the sound as a local file, for those that need a whole one; read it only.

        It is the archived file itself where that is local and not encrypted, else a copy that goes
        when the block ends.

        Raises:
            See `read`.
        """
        if row.key is None and isinstance(self.objects, FolderObjects):
            place = self.objects.place(row.path)
            if not await asyncio.to_thread(place.is_file):
                raise AudioMissing(recording=row.id)
            yield place
            return
        with TemporaryDirectory(prefix="tongdai-sound-") as folder:
            copy = Path(folder) / f"sound.{row.format}"
            with copy.open("wb") as file:
                async for block in self.read(row):
                    file.write(block)
            yield copy

    async def _decrypted(self, row: Recording, start: int, length: int) -> AsyncIterator[bytes]:
        if length <= 0:
            return
        head, own = await self.opened(row)
        first, last = start // head.chunk, (start + length - 1) // head.chunk
        where, span = head.stored_span(first, last)
        index, held = first, b""
        step, skip, left = head.chunk + cipher.TAG_BYTES, start - first * head.chunk, length
        async for block in self.objects.read(row.path, where, span):
            held += block
            while held and len(held) >= min(step, span):
                plain = cipher.open_chunk(head, own, index, held[:step])
                held, index, span = held[step:], index + 1, span - step
                part = plain[skip : skip + left]
                skip, left = 0, left - len(part)
                yield part
        if index <= last:
            raise StoredDamaged(recording=row.id)

    async def opened(self, row: Recording) -> tuple[cipher.Head, bytes]:
        """Return the head of an encrypted recording and its own key.

        Raises:
            RecordingKeyMissing, RecordingKeyWrong: It cannot be decrypted.
            StoredDamaged: It has no head.
        """
        if self.ring is None:
            raise RecordingKeyMissing(key=row.key)
        stored = [b async for b in self.objects.read(row.path, 0, cipher.HEAD_BYTES)]
        head = cipher.parse(b"".join(stored))
        return head, cipher.unwrap(head, self.ring.key(head.key))

    def _incoming(self, pbx: str) -> Path:
        return self.root / INCOMING / pbx
