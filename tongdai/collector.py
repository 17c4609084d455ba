"""The garbage collector, kept from standing in everybody's way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def leave_alone_what_stays() -> None:
    """Keep what was built until now out of the garbage collector's sight: it lives to the end.

    Otherwise every full collection walks all modules, routes and tables, for 80 ms and more, and
    nothing moves meanwhile, no pop either.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def away() -> Iterator[None]:
    """Let nobody collect while the block makes much that stays: its looks find nothing.

    To import the whole service takes an eighth less of a processor's time so.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
