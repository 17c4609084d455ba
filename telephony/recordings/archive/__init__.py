"""The archive: where sealed recordings lie, under which names, encrypted or not."""

from telephony.recordings.archive.archive import INCOMING, Archive

__all__ = ["INCOMING", "Archive"]
