"""The console's door to pause, resume and stop, over a floor of fakes."""

from dataclasses import dataclass, field

from telephony.capture.errors import RecordingStopped
from telephony.capture.events import KeepingChanged
from telephony.capture.model import Keeping, Kept
from tests.support.floor import Floor
from tongdai.accounts.model import Viewer
from tongdai.ids import CallId


@dataclass
class Recorder:
    """A RecordingDesk without a PBX."""

    floor: Floor
    _kept: dict[CallId, Kept] = field(default_factory=dict)

    def kept(self) -> tuple[Kept, ...]:
        return tuple(self._kept.values())

    async def pause(self, call_id: CallId, by: Viewer) -> Kept:
        return self._switch(call_id, by, Keeping.PAUSED)

    async def resume(self, call_id: CallId, by: Viewer) -> Kept:
        return self._switch(call_id, by, Keeping.ON)

    async def stop(self, call_id: CallId, by: Viewer) -> Kept:
        return self._switch(call_id, by, Keeping.STOPPED)

    def _switch(self, call_id: CallId, by: Viewer, keeping: Keeping) -> Kept:
        known = self._kept.pop(call_id, None)
        if known is not None and known.keeping is Keeping.STOPPED is not keeping:
            self._kept[call_id] = known
            raise RecordingStopped(None, call=call_id)
        now = self.floor.clock.now()
        kept = Kept(call=call_id, keeping=keeping, since=now, by=by.id, by_name=by.name)
        if keeping is not Keeping.ON:
            self._kept[call_id] = kept
        self.floor.bus.publish(KeepingChanged(kept=kept))
        return kept
