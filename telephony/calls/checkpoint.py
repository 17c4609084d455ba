"""A registry as JSON and back: what a segment of the journal begins with."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from telephony.calls.model import Call, CallView
from telephony.calls.registry import Registry, Stranger
from tongdai.ids import CallId, TransferId, Uniqueid


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """All that a registry holds."""

    pbx: str
    epoch: int
    offset: timedelta
    alive_at: datetime | None
    live: tuple[Call, ...]
    ended: tuple[CallView, ...]
    transfers: dict[TransferId, CallId] = field(default_factory=dict)
    strangers: dict[Uniqueid, Stranger] = field(default_factory=dict)


_ADAPTER = TypeAdapter(Checkpoint)


def dump(registry: Registry) -> bytes:
    """Return the registry's checkpoint."""
    return _ADAPTER.dump_json(
        Checkpoint(
            pbx=registry.pbx,
            epoch=registry.epoch,
            offset=registry.offset,
            alive_at=registry.alive_at,
            live=tuple(registry.live.values()),
            ended=tuple(registry.ended.values()),
            transfers=registry.transfers,
            strangers=registry.strangers,
        )
    )


def load(registry: Registry, data: bytes) -> None:
    """Fill an empty registry from a checkpoint.

    Raises:
        ValueError: It is not one, or of a version that cannot be read.
    """
    checkpoint = _ADAPTER.validate_json(data)
    registry.epoch, registry.offset = checkpoint.epoch, checkpoint.offset
    registry.alive_at = checkpoint.alive_at
    for call in checkpoint.live:
        registry.adopt(call)
    for view in checkpoint.ended:
        registry.ended[view.id] = view
    registry.transfers.update(checkpoint.transfers)
    registry.strangers.update(checkpoint.strangers)


def pbx_of(data: bytes) -> str:
    """Return the name of the PBX whose checkpoint it is.

    Raises:
        ValueError: It is none.
    """
    return _ADAPTER.validate_json(data).pbx
