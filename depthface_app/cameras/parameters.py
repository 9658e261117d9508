"""Parameters of a source address, read one by one; every mistake is one sentence."""

from collections.abc import Collection, Mapping
from math import isfinite

from depthface_app.core.errors import CameraError

YES, NO = ("1", "true", "yes"), ("0", "false", "no")


def check_known(prefix: str, parameters: Mapping[str, str], known: Collection[str]) -> None:
    """Raise CameraError for a parameter that sources of this prefix do not have."""
    for name in parameters:
        if name not in known:
            knows = f"it knows {', '.join(known)}" if known else "it knows none"
            raise CameraError(f"{prefix}: has no parameter {name!r}; {knows}.")


def flag(prefix: str, parameters: Mapping[str, str], name: str) -> bool:
    """The value of a switch, off when it is not given."""
    text = parameters.get(name, "0").lower()
    if text not in YES + NO:
        raise CameraError(f"{prefix}:?{name}={text} cannot be had; {name} must be 1 or 0.")
    return text in YES


def number(prefix: str, parameters: Mapping[str, str], name: str, least: float, most: float) -> float | None:
    """The value of a number, None when it is not given."""
    if name not in parameters:
        return None
    text = parameters[name]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not (isfinite(value) and least <= value <= most):
        raise CameraError(f"{prefix}:?{name}={text} cannot be had; {name} must be from {least:g} to {most:g}.")
    return value


def choice(prefix: str, parameters: Mapping[str, str], name: str, choices: Collection[str]) -> str | None:
    """One of several words, None when it is not given."""
    text = parameters.get(name)
    if text is not None and text not in choices:
        raise CameraError(f"{prefix}:?{name}={text} cannot be had; {name} must be one of {', '.join(choices)}.")
    return text
