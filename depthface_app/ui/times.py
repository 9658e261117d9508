"""Times of a recording in words, and back."""

import re

_CLOCK = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,7}(?:[.,]\d{0,6})?)")


def time_text(time_s: float, longest_s: float = 0.0) -> str:
    """`1:23.4`, or `0:01:23.4` where the longest time has hours."""
    tenths = round(max(time_s, 0.0) * 10)
    minutes, rest = divmod(tenths, 600)
    if max(time_s, longest_s) < 3600:
        return f"{minutes}:{rest // 10:02d}.{rest % 10}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"


def seconds_of(text: str) -> float | None:
    """Seconds of `83.5`, `1:23.5` or `1:02:03`; None for anything else."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def frame_of(text: str) -> int | None:
    """Frame number of `#250`; None for anything else."""
    match = re.fullmatch(r"#\s*(\d{1,9})", text.strip())
    return None if match is None else int(match[1])
