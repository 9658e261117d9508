"""Two runs on the same frames: what one does better than the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from depthface_app.core.errors import InputError
from depthface_app.core.metrics.catalogue import CATALOGUE, FIGURES, IDENTITY, Figure
from depthface_app.pipeline.runs.plan import Row
from depthface_app.pipeline.runs.results import DENOISED, DRIFT, Inspected, Run
from depthface_app.pipeline.runs.statistics import Difference, difference, groups_of

SHOWN_INPUTS = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    apart:   settings that differ: name, value in the first, value in the second
    frames:  that both runs have
    left:    frames of the first and of the second run that the other does not have
    figures: of the denoised sides: name, figure, difference
    words:   what the intervals say, or why there are none
    """

    names: tuple[str, str]
    apart: tuple[tuple[str, str, str], ...]
    inputs: int
    frames: int
    left: tuple[int, int]
    figures: tuple[tuple[str, Figure, Difference], ...]
    words: str


def compared(first: Run, second: Run, names: tuple[str, str]) -> Compared:
    """The second run's denoised figures less the first's, frame by frame.

    Raises:
        InputError: they share no frame.
    """
    pairs = [(one, other) for one in first.inputs for other in second.inputs if one.path == other.path]
    shared = [_shared(*pair) for pair in pairs]
    shared = [pair for pair in shared if pair[0].rows]
    if not shared:
        raise InputError(
            f"The runs {names[0]} and {names[1]} share no frames: the first is of {_listed(first)}, the second of "
            f"{_listed(second)}; inspect the same recordings with both."
        )
    runs = tuple(replace(run, inputs=tuple(p[k] for p in shared)) for k, run in enumerate((first, second)))
    groups = groups_of(runs[0].inputs)
    values = [_judged(run) for run in runs]
    found = []
    is_alike = first.sides[0] == second.sides[0]  # else the two cosines are with different surfaces
    for name, figure in (*CATALOGUE.items(), *([(DRIFT, IDENTITY)] if is_alike else [])):
        apart = difference(values[0][name], values[1][name], groups.number, figure)
        if apart.change.count:
            found.append((name, figure, apart))
    frames = sum(len(each.rows) for each in runs[0].inputs)
    left = tuple(sum(len(each.rows) for each in run.inputs) - frames for run in (first, second))
    return Compared(
        names,
        tuple(_apart(first.settings, second.settings)),
        len(shared),
        frames,
        (left[0], left[1]),
        tuple(found),
        groups.words,
    )


def _shared(one: Inspected, other: Inspected) -> tuple[Inspected, Inspected]:
    """Both with the frames that both have."""
    theirs: dict[int, Row] = {row.index: row for row in other.rows}
    mine = tuple(row for row in one.rows if row.index in theirs)
    return replace(one, rows=mine), replace(other, rows=tuple(theirs[row.index] for row in mine))


def _judged(run: Run) -> dict[str, Any]:
    values = run.values()
    return {name: values[f"{DENOISED}.{name}"] for name in FIGURES} | {DRIFT: values[DRIFT]}


def _listed(run: Run) -> str:
    names = [each.stem for each in run.inputs]
    more = f" and {len(names) - SHOWN_INPUTS} more" if len(names) > SHOWN_INPUTS else ""
    return ", ".join(names[:SHOWN_INPUTS]) + more if names else "nothing"


def _apart(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    keys = [key for key in {**first, **second} if first.get(key) != second.get(key) and key != "models"]
    out = [(key, str(first.get(key)), str(second.get(key))) for key in keys]
    models = [
        {card["kind"]: f"{card['name']} {card['version']}" for card in reversed(run["models"])}
        for run in (first, second)
    ]
    for kind in {**models[0], **models[1]}:
        if models[0].get(kind) != models[1].get(kind):
            out.append((kind, str(models[0].get(kind)), str(models[1].get(kind))))
    return out


def as_values(found: Compared) -> dict[str, Any]:
    """The same as plain values."""
    figures = {
        name: {
            "unit": figure.unit,
            "first": each.first.mean,
            "second": each.second.mean,
            "change": each.change.value,
            "low": each.change.low,
            "high": each.change.high,
            "frames": each.change.count,
            "groups": each.change.people,
            "verdict": each.verdict or None,
        }
        for name, figure, each in found.figures
    }
    return {
        "first": found.names[0],
        "second": found.names[1],
        "settings_apart": [list(each) for each in found.apart],
        "inputs": found.inputs,
        "frames": found.frames,
        "frames_of_one_only": list(found.left),
        "figures": figures,
    }
