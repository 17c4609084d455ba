"""What can be found wrong. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """What is not as it was written.

    An object: `missing`, `changed`, `swapped` (it holds another recording's bytes), `no_row`
    (nobody put it there), `deleted_but_there`. A row: `row_changed`, `row_missing`,
    `not_in_manifest`. The manifest: `entry_missing`, `entry_changed`, `entry_misplaced` (it does
    not follow the one before), `tip_changed`, `head_missing`, `head_changed`, `head_unsigned`,
    `unsigned`, `line_missing`, `line_changed` (of a file beside the archive).
    """

    MISSING = "missing"
    CHANGED = "changed"
    SWAPPED = "swapped"
    NO_ROW = "no_row"
    DELETED_BUT_THERE = "deleted_but_there"
    ROW_CHANGED = "row_changed"
    ROW_MISSING = "row_missing"
    NOT_IN_MANIFEST = "not_in_manifest"
    ENTRY_MISSING = "entry_missing"
    ENTRY_CHANGED = "entry_changed"
    ENTRY_MISPLACED = "entry_misplaced"
    TIP_CHANGED = "tip_changed"
    HEAD_MISSING = "head_missing"
    HEAD_CHANGED = "head_changed"
    HEAD_UNSIGNED = "head_unsigned"
    UNSIGNED = "unsigned"
    LINE_MISSING = "line_missing"
    LINE_CHANGED = "line_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it was written.

    Attributes:
        recording: The recording's id, the file's stem where there is no row, or nothing.
        path: The object's name, `manifest entry 12`, `manifest head 3`, or a manifest file's name.
        why: See Why.
        detail: Which columns differ, or what was found instead.
    """

    recording: str
    path: str
    why: str
    detail: str = ""
