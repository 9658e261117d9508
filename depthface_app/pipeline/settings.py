"""What a user may choose: defaults in code, overrides in one file, and a bad override never stops the start."""

import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from depthface_app.cameras.realsense.settings import problem_of
from depthface_app.core.colour import COLOUR_MAPS, DEFAULT_COLOUR_MAP
from depthface_app.core.errors import InputError
from depthface_app.core.files import whole_file

SETTINGS_FILE = "settings.toml"


def _choice(
    kind: type,
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    among: Any = None,
    problem: Any = None,
) -> Any:
    """A field with what its value must be; where the default is None, None (left out of the file) is automatic."""
    return field(default=default, metadata={"kind": kind, "low": low, "high": high, "among": among, "problem": problem})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user may choose. None means automatic.

    source:      what the window opens with
    locator, denoiser, recogniser: model files to use in place of the shipped ones
    provider:    short name of an execution provider ("cpu", "cuda")
    threads:     threads per network
    false_positive_rate: share of searches for strangers that may name somebody
    threshold:   cosine at which a match is accepted, whatever the rate
    fine:        also decode the denoised face at twice the resolution, for display
    record_processed: the window's recordings also keep what is made of the frames
    gallery:     address of a shared gallery, postgresql://ROLE@HOST/DATABASE, in place of the one of this computer
    keep_frames: keep, sealed, the crops that people are enrolled from, for recognisers to come
    dds:         look for networked RealSense cameras
    realsense:   what to ask of every RealSense camera, written as behind the ? of an address
    """

    source: str = _choice(str, "simulated:")
    locator: str | None = _choice(str, None)
    denoiser: str | None = _choice(str, None)
    recogniser: str | None = _choice(str, None)
    provider: str | None = _choice(str, None)
    threads: int | None = _choice(int, None, low=1, high=256)
    false_positive_rate: float = _choice(float, 0.01, low=0.0001, high=0.2)
    threshold: float | None = _choice(float, None, low=-1, high=1)
    fine: bool = _choice(bool, False)
    colour_map: str = _choice(str, DEFAULT_COLOUR_MAP, among=tuple(COLOUR_MAPS))
    theme: str = _choice(str, "system", among=("system", "dark", "light"))
    record_processed: bool = _choice(bool, False)
    gallery: str | None = _choice(str, None)
    keep_frames: bool = _choice(bool, False)
    dds: bool = _choice(bool, False)
    dds_domain: int = _choice(int, 0, low=0, high=232)
    realsense: str = _choice(str, "", problem=problem_of)
    stall_after_s: float = _choice(float, 1.0, low=0.2, high=30)


def load_settings(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings of a file over the defaults, and one warning for every line that could not be used.

    A missing file is no warning; whatever is wrong, there are settings to start with.
    """
    try:
        overrides = _stored(path)
    except InputError as error:
        return Settings(), (f"{error} The defaults are used.",)
    return with_overrides(Settings(), overrides, str(path))


def with_overrides(settings: Settings, overrides: dict[str, Any], source: str) -> tuple[Settings, tuple[str, ...]]:
    """The settings with every good override applied, and one warning per bad one."""
    known = {each.name: each for each in fields(Settings)}
    good: dict[str, Any] = {}
    warnings = []
    for key, value in overrides.items():
        problem = _problem(known[key].metadata, value) if key in known else "there is no such setting"
        if problem:
            warnings.append(f"“{key}” in {source} is ignored: {problem}.")
        else:
            good[key] = float(value) if known[key].metadata["kind"] is float else value
    return replace(settings, **good), tuple(warnings)


def save_changes(path: Path, before: Settings, after: Settings) -> None:
    """Write what changed from `before` to `after` and nothing else; a default is left out of the file.

    What the command line chose for one run (a source, a number of threads) stands in both and stays out of the file.
    Lines that this program cannot use stay in it: they may be a newer one's.

    Raises:
        InputError: if the folder cannot be written, or the file is no TOML, whose other lines would be lost.
    """
    stored, defaults = _stored(path), Settings()
    for name in (each.name for each in fields(Settings)):
        value = getattr(after, name)
        if value != getattr(before, name):
            stored.pop(name, None)
            if value != getattr(defaults, name):
                stored[name] = value
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, private=True) as part:  # the address of a gallery may hold a password
            part.write_text(tomli_w.dumps(stored), encoding="utf-8")
    except OSError as error:
        raise InputError(f"The settings cannot be saved to {path}: {error.strerror}; choose another folder.") from error


def _stored(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"Nothing is saved to {path} until it is mended: it cannot be read ({error}).") from error


def _problem(rule: Any, value: Any) -> str:
    """What is wrong with a value, "" when nothing is."""
    kind = rule["kind"]
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        return f"{value!r} is not {_KIND_WORDS[kind]}"
    if rule["among"] is not None and value not in rule["among"]:
        return f"{value!r} is not one of {', '.join(rule['among'])}"
    if rule["low"] is not None and not rule["low"] <= value <= rule["high"]:
        return f"{value!r} is not between {rule['low']} and {rule['high']}"
    return str(rule["problem"](value)) if rule["problem"] is not None else ""


_KIND_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
