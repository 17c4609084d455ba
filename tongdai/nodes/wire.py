"""Messages in pieces that fit a notification, and put together again; pure."""

PIECE = 7000
"""Letters of a message in one notification: PostgreSQL takes less than 8000 bytes."""


def split(node: str, number: int, text: str, size: int = PIECE) -> list[str]:
    """Return the notifications that carry a message, in the order in which they must be sent.

    Args:
        node: Who sends; no spaces.
        number: Different for each message of the node, so that no two notifications are equal
            (PostgreSQL leaves out equal ones of a transaction).
        text: The message, ASCII.
        size: Letters in each.
    """
    pieces = [text[at : at + size] for at in range(0, len(text), size)] or [""]
    return [f"{node} {number} {i} {len(pieces)} {piece}" for i, piece in enumerate(pieces)]


class Joiner:
    """Puts the pieces together; each node's come in its order, or not at all."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, list[str]]] = {}

    def take(self, payload: str) -> str | None:
        """Return the message when this was its last piece.

        A message whose beginning was missed, or whose end never came, is left out.
        """
        head = payload.split(" ", 4)
        if len(head) != 5 or not (head[2].isdigit() and head[3].isdigit()):
            return None
        node, number, index, count = head[0], head[1], int(head[2]), int(head[3])
        begun, pieces = self._open.pop(node, ("", []))
        if index == 0:
            pieces = []
        elif begun != number or len(pieces) != index:
            return None
        pieces.append(head[4])
        if len(pieces) == count:
            return "".join(pieces)
        self._open[node] = (number, pieces)
        return None
