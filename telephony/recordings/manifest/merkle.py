"""A Merkle tree over a head's entries, of text that sha256sum can hash. Pure.

The shape is RFC 6962's (section 2.1): the left half is the largest power of two smaller than the
whole. A leaf is an entry's hash; a node is the SHA-256 of the text `node LEFT RIGHT` and a line
feed, so that `echo node LEFT RIGHT | sha256sum` gives it. An entry begins with `{`: no entry can
be taken for a node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telephony.recordings.manifest.lines import START, digest


@dataclass(frozen=True, slots=True)
class Step:
    """One step from an entry to its head's root: the neighbour's hash, and on which side it is."""

    side: Literal["left", "right"]
    hash: str


def node(left: str, right: str) -> str:
    """Return the hash of the node over two hashes."""
    return digest(f"node {left} {right}")


def root(leaves: Sequence[str]) -> str:
    """Return the root; of no leaves, 64 zeros."""
    if not leaves:
        return START
    if len(leaves) == 1:
        return leaves[0]
    half = _half(len(leaves))
    return node(root(leaves[:half]), root(leaves[half:]))


def path(leaves: Sequence[str], index: int) -> tuple[Step, ...]:
    """Return the steps from leaf `index` up to the root; none when it is alone.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return ()
    half = _half(len(leaves))
    if index < half:
        return (*path(leaves[:half], index), Step("right", root(leaves[half:])))
    return (*path(leaves[half:], index - half), Step("left", root(leaves[:half])))


def climb(leaf: str, steps: Sequence[Step]) -> str:
    """Return the root that a leaf and its path give."""
    for step in steps:
        leaf = node(step.hash, leaf) if step.side == "left" else node(leaf, step.hash)
    return leaf


def _half(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1
