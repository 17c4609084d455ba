"""The ways out of a channel: each gateway with its rate, its circuit and how it is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sms.circuit import Circuit
from sms.gateways.base import Gateway, Outcome, Result
from sms.pace import Pace
from sms.routes import Way, may_carry, route
from sms.tables import Message
from tongdai.clock import Clock
from tongdai.health import Condition, State
from tongdai.settings import Settings, SmsGatewayTable

Registered = Mapping[tuple[str, str, str], frozenset[str]]
SLOTS = 16
"""Messages on their way to one gateway at the same time."""
_REMEMBERED = {
    Outcome.CONFIGURATION: timedelta(minutes=1),
    Outcome.AMBIGUOUS: timedelta(minutes=1),
    Outcome.RETRY_LATER: timedelta(seconds=4),
}
"""For how long a probe that answers does not outweigh the send that failed."""


class Exit:
    """One gateway in use."""

    def __init__(self, gateway: Gateway, table: SmsGatewayTable | None, real: Clock) -> None:
        """Describe it.

        Args:
            gateway: Hands messages over.
            table: Its settings; None (letters, tests) takes everything.
            real: The machine's clock.
        """
        self.gateway = gateway
        self.table = table
        self.condition = Condition(real, State.OK)
        self.outcomes: Counter[str] = Counter()
        self.flying = 0
        self.pace = Pace(gateway.per_second)
        self.way = way_of(table) if table else Way(name=gateway.name)
        self.circuit = Circuit(
            gateway.name,
            failures=table.breaker_failures if table else 5,
            seconds=table.breaker_seconds if table else 30,
            real=real,
        )
        self._real = real
        self._refused_until: datetime | None = None
        self._unreached = False

    @property
    def name(self) -> str:
        """The gateway's name."""
        return self.gateway.name

    @property
    def room(self) -> int:
        """How many messages it takes now."""
        return max(0, min(SLOTS - self.flying, self.pace.available()))

    def begin(self) -> None:
        """Note that a message goes to it."""
        self.flying += 1
        self.pace.take(1)
        self.circuit.begin()

    def end(self) -> None:
        """Note that it came back."""
        self.flying -= 1

    def price(self, row: Message) -> int:
        """Return what a message costs by this gateway's tariff, in VND."""
        accented = row.alphabet != "ascii"
        return self.table.price_of(row.network, row.parts, accented=accented) if self.table else 0

    def noted_by_send(self, result: Result) -> None:
        """Keep how a message fared."""
        well = result.outcome in (Outcome.ACCEPTED, Outcome.FINAL)
        self.outcomes[result.outcome] += 1
        self._unreached = result.unreached
        wait = _REMEMBERED.get(result.outcome)
        self._refused_until = None if wait is None else self._real.now() + wait
        self.circuit.note(well=well)
        self._note(result)

    def noted_by_probe(self, result: Result) -> None:
        """Keep what a probe says; that it answers does not outweigh what it refused just now.

        One that was not reached and is there again is well at once.
        """
        if result.outcome not in (Outcome.ACCEPTED, Outcome.FINAL):
            self._note(result)
        elif self._unreached:
            self._unreached = False
            self._refused_until = None
            self.circuit.close()
            self._note(result)
        elif self._refused_until is None or self._real.now() >= self._refused_until:
            self._note(result)

    def _note(self, result: Result) -> None:
        match result.outcome:
            case Outcome.ACCEPTED | Outcome.FINAL:
                self.condition.set(State.OK)
            case Outcome.CONFIGURATION:
                self.condition.set(
                    State.DEGRADED, f"refuses us ({result.words}): check its table in the settings"
                )
            case Outcome.RETRY_LATER | Outcome.AMBIGUOUS:
                self.condition.set(
                    State.DEGRADED, f"takes nothing now ({result.words}): see whether it runs"
                )


class Exits:
    """All gateways of a channel, and which of them a message takes now."""

    def __init__(self, exits: Sequence[Exit]) -> None:
        self.all = tuple(exits)
        self._by_name = {one.name: one for one in self.all}
        self.registered: Registered = {}
        """Which networks have registered which texts, as of the last claim."""

    @property
    def ask_registered(self) -> bool:
        """Whether a gateway takes registered texts only."""
        return any(one.way.registered_only for one in self.all)

    def nowhere(self, row: Message) -> bool:
        """Say that no gateway of its route may send a message's text to its network."""
        return bool(self.all) and not self._route(row)

    def room(self) -> int:
        """Return how many messages can go now, to whichever."""
        return sum(one.room for one in self.all)

    def wait_seconds(self) -> float:
        """Return after how many seconds one may take a message by its rate; 0: now."""
        waits = [one.pace.wait_seconds() for one in self.all if one.flying < SLOTS]
        return min(waits, default=0.0)

    def choose(self, row: Message) -> Exit | None:
        """Return the gateway that a due message takes, None while it has to wait.

        The first of its route that has not refused it and whose circuit lets it through; when no
        circuit does, the first of all: its own growing pause spares a gateway that is away.
        """
        ways = [self._by_name[n] for n in self._route(row)]
        fresh = [one for one in ways if one.name not in row.tried] or ways
        through = [one for one in fresh if one.circuit.lets_through()]
        chosen = next(iter(through or fresh), None)
        return chosen if chosen is not None and chosen.room > 0 else None

    def others(self, row: Message, failed: Exit) -> bool:
        """Say whether another gateway can take a message that one has refused, at once."""
        return any(
            name != failed.name
            and name not in row.tried
            and self._by_name[name].circuit.lets_through()
            for name in self._route(row)
        )

    def _route(self, row: Message) -> tuple[str, ...]:
        if row.bound_to in self._by_name:
            return (row.bound_to,)
        networks = self.registered.get((row.hotline, row.template, row.language), frozenset())
        ways = [one.way for one in self.all]
        return may_carry(ways, route(ways, row.hotline, row.network), row.network, networks)


def way_of(table: SmsGatewayTable) -> Way:
    """Return what a gateway takes by the settings."""
    return Way(
        name=table.name,
        priority=table.priority,
        hotlines=table.hotlines,
        networks=table.networks,
        registered_only=table.registered_only,
    )


def exits_of(settings: Settings, gateways: Sequence[Gateway], real: Clock) -> Exits:
    """Return the ways out of SMS: the gateways with their tables in the settings."""
    tables = {table.name: table for table in settings.sms.gateway}
    return Exits([Exit(gateway, tables.get(gateway.name), real) for gateway in gateways])
