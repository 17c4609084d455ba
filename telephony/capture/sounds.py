"""The rows of what was measured."""

from telephony.capture.sound import Sound
from telephony.capture.tables import RecordingSound
from tongdai.db import Tx


def keep(tx: Tx, recording: str, sound: Sound) -> None:
    """Keep what was measured, in the transaction that writes the recording down."""
    tx.session.add(
        RecordingSound(
            recording=recording,
            seconds=sound.seconds,
            left=sound.sides[0],
            right=sound.sides[1] if len(sound.sides) > 1 else b"",
            clipped_left=sound.clipped[0],
            clipped_right=sound.clipped[1] if len(sound.clipped) > 1 else 0.0,
            holes=[list(hole) for hole in sound.holes],
        )
    )


def of_row(row: RecordingSound) -> Sound:
    """Return what a row holds."""
    stereo = bool(row.right) or not row.left
    return Sound(
        seconds=row.seconds,
        holes=tuple((at, seconds) for at, seconds in row.holes),
        sides=(row.left, row.right) if stereo else (row.left,),
        clipped=(row.clipped_left, row.clipped_right) if stereo else (row.clipped_left,),
    )
