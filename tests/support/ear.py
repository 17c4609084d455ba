"""What a citizen's telephone hears, as it is heard: recorded at the carrier's end of the line."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rig.carrier import Carrier, PlacedCall
from tests.support.sound import LOUD, RATE
from tests.support.wait import until

_FRAME = 4
"""Bytes of a moment: what comes (left) and what the citizen says (right), 16 bits each."""
_HALF = RATE // 2


class Ear:
    """The citizen's ear; `hears` waits for what comes from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    async def at(cls, carrier: Carrier, call: PlacedCall) -> Self:
        """Listen to a call from now on."""
        path = carrier.asterisk.home / f"ear-{call.uniqueid}.raw"
        async with carrier.ami() as ami:
            await ami.action("MixMonitor", Channel=call.channel, File=str(path), options="D")
        return cls(path)

    async def hears(self, hertz: int, within: float = 20) -> None:
        """Wait until a tone is the loudest for half a second."""
        await self._until_halves_are(hertz, within)

    async def hears_nothing(self, within: float = 20) -> None:
        """Wait until half a second is quiet."""
        await self._until_halves_are(0, within)

    async def _until_halves_are(self, hertz: int, within: float) -> None:
        start = self._size()
        heard: list[int] = []

        def there() -> bool:
            heard[:] = [_loudest(half) for half in self._halves(start)]
            return any(abs(tone - hertz) <= 6 for tone in heard)

        try:
            await until(there, within=within, every=0.1)
        except AssertionError as late:
            late.add_note(f"heard since (Hz by half seconds, 0 is silence): {heard}")
            raise

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _halves(self, start: int) -> list[NDArray[np.float64]]:
        if not self._path.exists():
            return []
        data = self._path.read_bytes()[start - start % _FRAME :]
        whole = data[: len(data) // _FRAME * _FRAME]
        comes = np.frombuffer(whole, dtype="<i2").reshape(-1, 2)[:, 0].astype(np.float64)
        return [comes[at : at + _HALF] for at in range(0, len(comes) - _HALF + 1, _HALF)]


def _loudest(sound: NDArray[np.float64]) -> int:
    """Return the strongest tone (Hz), 0 for silence."""
    if float(np.sqrt(np.mean(sound**2))) <= LOUD:
        return 0
    return int(np.abs(np.fft.rfft(sound)).argmax() * RATE / len(sound))
