"""Who helps out where: a caller who has waited long is offered to other hotlines' operators; pure.

The caller stays in his one queue, at his place: helpers are members of it with a penalty, which
app_queue lets in for him by a queue rule (asterisk-conf/queuerules.conf.j2). So he is counted once,
and nobody is handed on in a circle.
"""

from collections.abc import Collection

from tongdai.ids import HotlineId
from tongdai.settings import Settings


def helps_out(
    settings: Settings, signed_on: Collection[HotlineId], allowed: Collection[HotlineId]
) -> tuple[HotlineId, ...]:
    """Return the hotlines that an operator helps out.

    Args:
        settings: Which hotlines take help from which.
        signed_on: In whose queues he is.
        allowed: Whose operator he may be: without the right he could not file what he is told.
    """
    return tuple(
        hotline.id
        for hotline in settings.hotlines
        if hotline.id in allowed
        and hotline.id not in signed_on
        and not set(signed_on).isdisjoint(hotline.queue.overflow_to)
    )
