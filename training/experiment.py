"""Experiments are TOML files; one may build on another, and several may be laid over each other.

`base = "../paper.toml"` begins with that file, which lies relative to the one that names it. Tables are merged key by
key, and what is said later wins: a row of a table of the paper then is a few words, and `small.toml` behind any of
them makes a run of it that two cores can finish.
"""

import tomllib
from pathlib import Path
from typing import Any

TABLES = ("task", "model", "data", "loss", "loop")
NEEDED = ("task", "model", "loop")


def read_experiment(*paths: Path) -> dict[str, Any]:
    """The experiment that these files make together.

    Raises:
        FileNotFoundError: if a file or its base is not there.
        ValueError: if a file is no TOML or builds on itself, or what they make together has a table that no experiment
            has, or a value in the place of a table.
    """
    experiment: dict[str, Any] = {}
    for path in paths:
        experiment = merged(experiment, _with_base(path, ()))
    unknown = sorted(set(experiment) - set(TABLES))
    if unknown:
        raise ValueError(f"{paths[-1]}: an experiment has no {', '.join(unknown)}; it has {', '.join(TABLES)}")
    for name, value in experiment.items():
        if isinstance(value, dict) == (name == "task"):
            kind = 'a word, task = "denoise"' if name == "task" else f"a table, [{name}]"
            raise ValueError(f"{paths[-1]}: {name} = {value!r}, but it must be {kind}")
    return experiment


def whole_experiment(*paths: Path) -> dict[str, Any]:
    """The experiment that these files make together, with all that is needed to begin it: files may say less.

    Raises:
        FileNotFoundError: if a file or its base is not there.
        ValueError: if they make no experiment, or lack a table that every experiment has.
    """
    experiment = read_experiment(*paths)
    missing = [name for name in NEEDED if name not in experiment]
    if missing:
        raise ValueError(f"{paths[-1]}: an experiment needs {', '.join(missing)}")
    return experiment


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Both, `over` winning; tables are merged key by key."""
    out = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if both else value
    return out


def _with_base(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in above:
        raise ValueError(f"{path} builds on itself")
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no experiment {path}" + (f", which {above[-1].name} builds on" if above else "")
        )
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is no TOML file: {error}") from error
    base = values.pop("base", None)
    if base is None:
        return values
    return merged(_with_base(path.parent / base, (*above, path.resolve())), values)
