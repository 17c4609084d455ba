"""Lengths of sound as people read them: 0:42, 12:05, 3:12:34; pure."""


def clock(seconds: float) -> str:
    """Return a length as minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def read(text: str) -> float | None:
    """Return the seconds that 1:30 or 1:02:03 stands for; None: it is neither."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        return None
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return float(seconds)
