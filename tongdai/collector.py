"""The garbage collector, kept from standing in everybody's way."""

import gc


def leave_alone_what_stays() -> None:
    """Keep what was built until now out of the garbage collector's sight: it lives to the end.

    Otherwise every full collection walks all modules, routes and tables, for 80 ms and more, and
    nothing moves meanwhile, no pop either.
    """
    gc.collect()
    gc.freeze()
