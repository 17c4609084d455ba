"""Why a recording cannot be taken, found or heard."""

from tongdai.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable


class RecordingUnknown(NotFound):
    """There is no such recording, or the asker may not know that there is."""

    code = "recording_unknown"


class HearingForbidden(Forbidden):
    """Only auditors and supervisors of the hotline hear recordings."""

    code = "hearing_forbidden"


class RecordingDeleted(NotFound):
    """The audio was deleted when its time had run out; the row remains."""

    code = "recording_deleted"


class AudioMissing(Unavailable):
    """The row is there, the file in the archive is not; the archive must be looked at."""

    code = "recording_audio_missing"


class SpoolFileChanged(Conflict):
    """The spool file was written while it was being read; it is taken later."""

    code = "spool_file_changed"


class SpoolFileUnreadable(Conflict):
    """The spool file is no audio that we know; it stays where it is."""

    code = "spool_file_unreadable"


class SealMismatch(Unavailable):
    """What was written into the archive does not read back the same; the spool file stays."""

    code = "recording_seal_mismatch"


class StoredDamaged(Unavailable):
    """What the archive holds is not what was stored there."""

    code = "recording_stored_damaged"


class RecordingKeyMissing(Unavailable):
    """The key that a recording is encrypted with is not in the key ring."""

    code = "recording_key_missing"


class RecordingKeyWrong(Unavailable):
    """The key of that id in the key ring is not the one that the recording is encrypted with."""

    code = "recording_key_wrong"


class KeyRingUnusable(Unavailable):
    """The key ring cannot be read, others may read it, or it contradicts itself."""

    code = "recording_key_ring_unusable"


class SigningKeyMissing(Unavailable):
    """There is no key to sign the manifest with: `tongdai recordings keygen` makes it."""

    code = "recording_signing_key_missing"


class ManifestUnsigned(Conflict):
    """No head is signed over the recording's entries yet."""

    code = "manifest_unsigned"


class ReasonMissing(Invalid):
    """Whoever hears a recording says why, before the first second."""

    code = "hearing_reason_missing"


class PlayUnknown(Forbidden):
    """No reason was given for this hearing, or it was given too long ago."""

    code = "hearing_not_begun"


class RequestUnknown(NotFound):
    """There is no such request, or the asker may not know that there is."""

    code = "recording_request_unknown"


class RequestDecided(Conflict):
    """Somebody has decided it already."""

    code = "recording_request_decided"


class RequestOwn(Forbidden):
    """Nobody decides what he asked for himself."""

    code = "recording_request_own"


class GrantEnded(Forbidden):
    """It is not granted, or the time for which it was granted is over."""

    code = "recording_grant_ended"


class RetentionForbidden(Forbidden):
    """Only an auditor holds; only auditor and administrator of the hotline propose a deletion."""

    code = "retention_forbidden"


class SamePerson(Forbidden):
    """A deletion takes two people: one an auditor, the other an administrator."""

    code = "deletion_same_person"


class ReasonNeeded(Invalid):
    """It is written down why."""

    code = "reason_needed"

    def __init__(self) -> None:
        super().__init__(fields={"reason": "required"})


class HeldAlready(Conflict):
    """The recording is held already."""

    code = "recording_held_already"


class NotHeld(Conflict):
    """The recording is not held."""

    code = "recording_not_held"


class NothingDue(Conflict):
    """No recording's time has run out."""

    code = "deletion_nothing_due"


class DeletionUnknown(NotFound):
    """There is no such list, or the asker may not know that there is."""

    code = "deletion_unknown"


class DeletionDecided(Conflict):
    """Somebody has decided on the list already."""

    code = "deletion_decided"


class DeletionNotProposed(Conflict):
    """The service made the list; nobody has taken it up yet."""

    code = "deletion_not_proposed"


class RekeyRunning(Conflict):
    """Another rekey works on this archive."""

    code = "recording_rekey_running"


class FontMissing(Unavailable):
    """The machine lacks the font that a paper is written in (Debian: fonts-dejavu-core)."""

    code = "package_font_missing"
