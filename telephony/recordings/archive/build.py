"""The archive of an installation, from its settings."""

from telephony.recordings.archive.archive import Archive
from telephony.recordings.archive.folder import FolderObjects
from telephony.recordings.archive.keyring import read
from telephony.recordings.archive.objects import Objects
from telephony.recordings.archive.s3 import S3Objects
from telephony.recordings.manifest.keys import Keys
from tongdai.settings import Settings


def make_archive(settings: Settings) -> Archive:
    """Return the archive.

    Raises:
        KeyRingUnusable: The key ring that the settings name cannot be used.
    """
    table = settings.recordings
    root = table.archive.resolve()
    objects: Objects = S3Objects(table.s3) if table.s3 else FolderObjects(root)
    ring = read(table.keyring.resolve()) if table.keyring else None
    return Archive(root, objects, ring, table.format)


def make_keys(settings: Settings) -> Keys:
    """Return the keys that sign the manifest: `[recordings] keys`, or `keys` beside the archive."""
    table = settings.recordings
    return Keys((table.keys or table.archive.parent / "keys").resolve())
