"""Keys pressed while the PBX has nothing to do: it throws them away (res_agi.c, `run_agi`).

A caller who types ahead, "3 1", may press between two FastAGI commands, and the busier the service
the longer that between is. But the manager interface tells of every key that a channel gets, and
the commands return those that came while they ran: what was told and never returned fell between
two commands, and counts as pressed before the next one.

A key is told of when it has begun and ended. One that is sent by SIP INFO has no beginning, and its
end may be told several times (main/channel.c, `__ast_read`): it is not counted. A short key, or one
close behind another, is told of before a command can have it: when it was taken for lost meanwhile,
the command's is the second of one press.

Which keys belong to a dialogue the line itself says: it sends the event `TongdaiKeys` first, and
what the PBX told before that was pressed before. Where the bridge runs at another node nothing is
told here, and nothing is made up.
"""

from collections import deque
from collections.abc import Callable
from weakref import WeakValueDictionary

from telephony.ami.packets import Raw
from telephony.switch import PacketListener

KEYS = "0123456789*#"
EVENT = "TongdaiKeys"
PACKETS = ("DTMFBegin", "DTMFEnd", "UserEvent")
MOST = 64
"""Keys that are remembered of a line; nobody types more ahead."""


class Presses:
    """The keys of one line: those that the PBX told of, and those that a command returned."""

    def __init__(self) -> None:
        self._counts = False
        self._begun = ""
        self._told = deque[str](maxlen=MOST)
        self._owed = deque[str](maxlen=MOST)
        self._given = deque[str](maxlen=MOST)

    def begin(self) -> None:
        """Count from here on."""
        self._counts = True

    def began(self, key: str) -> None:
        """A key goes down."""
        self._begun = key

    def ended(self, key: str) -> None:
        """A key that went down is up again: it is one."""
        if self._begun != key or not self._counts:
            return
        self._begun = ""
        if not self._owed:
            self._told.append(key)
        elif self._owed[0] == key:
            self._owed.popleft()
        # else it was pressed before one that was acted upon already: too late

    def took(self, keys: str) -> str:
        """Take the keys that a command returned; return them with those lost before each.

        Without those that were given out as lost before: they were told of, and then returned.
        """
        whole = ""
        for key in keys:
            if key not in self._told:
                if key in self._given:
                    while self._given.popleft() != key:
                        pass
                    continue
                self._told.append(key)  # it will be told; what was told before was pressed before
                self._owed.append(key)
            self._given.clear()
            while (lost := self._told.popleft()) != key:
                whole += lost
            whole += key
        return whole

    def lost(self, most: int = MOST) -> str:
        """Return keys that fell between two commands; asked while no command runs, each once."""
        keys = "".join(self._told.popleft() for _key in range(min(most, len(self._told))))
        self._given.extend(keys)
        return keys

    def give_back(self, keys: str) -> None:
        """Let keys be lost again: they are for a later question."""
        self._told.extendleft(reversed(keys))

    def forget(self) -> None:
        """Let what was pressed so far be for nothing."""
        self.lost()


class Keypads:
    """Every line's keys, as the PBXs tell of them."""

    def __init__(self) -> None:
        self._lines = WeakValueDictionary[tuple[str, str], Presses]()

    def connect(self, on_packet: Callable[[tuple[str, ...], PacketListener], None]) -> None:
        """Listen at the bridge (telephony.switch.Switch.on_packet)."""
        on_packet(PACKETS, self.on_packet)

    def on_packet(self, pbx: str, packet: Raw) -> None:
        """Take a key, or the beginning of a dialogue."""
        presses = self._lines.get((pbx, packet["Uniqueid"]))
        if presses is None:
            return
        if packet.name == "UserEvent":
            if packet["UserEvent"] == EVENT:
                presses.begin()
        elif packet["Direction"] == "Received" and packet["Digit"] in KEYS:
            (presses.began if packet.name == "DTMFBegin" else presses.ended)(packet["Digit"])

    def line(self, pbx: str, uniqueid: str) -> Presses:
        """Return a line's keys, none yet; kept for as long as the caller keeps them."""
        presses = self._lines[(pbx, uniqueid)] = Presses()
        return presses
