"""The results of a run: rows of every frame as CSV and Parquet, what they come to, and what was asked of what."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import InputError
from depthface_app.core.files import whole_file
from depthface_app.core.metrics.catalogue import CATALOGUE, FIGURES, IDENTITY, Figure
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.inspection import FrameFigures, summary
from depthface_app.pipeline.runs.parts import unwritable
from depthface_app.pipeline.runs.plan import Row

ABOUT, FRAMES, SUMMARY = "run.json", "frames.parquet", "summary.csv"
FORMAT = 1
DENOISED, DRIFT = "denoised", "identity_drift"
PERCENTILES = (5, 50, 95)
_SHA256_DIGITS = 64
AGAIN = "give the same inspect command again, which writes it anew"


@dataclass(frozen=True, slots=True)
class Inspected:
    """One input with its rows.

    given:   as it was named by whoever asked; path: the same from the root, so that it is found later
    damaged: indices of frames that cannot be read
    """

    given: str
    path: str
    stem: str
    rows: tuple[Row, ...]
    damaged: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run.

    sides:    what is compared with, and what is judged
    settings: what was asked, and the models it was asked of
    problems: of inputs that could not be inspected, one sentence each
    """

    sides: tuple[str, str]
    settings: Mapping[str, Any]
    inputs: tuple[Inspected, ...]
    problems: tuple[str, ...] = ()

    def columns(self) -> Iterator[tuple[str, str, str, Figure]]:
        """(column, side, figure's name, figure) of every column of figures; the last one belongs to both sides."""
        for side in self.sides:
            for name in FIGURES:
                yield f"{side}.{name}", side, name, CATALOGUE[name]
        yield DRIFT, DENOISED, DRIFT, IDENTITY

    def values(self, inputs: Sequence[Inspected] | None = None) -> dict[str, NDArray[np.float64]]:
        """(N,) of every column of figures over these inputs, or all of them; NaN = not measured."""
        rows = [row for each in (self.inputs if inputs is None else inputs) for row in each.rows]
        out = {DRIFT: np.array([row.identity for row in rows], np.float64)}
        for name in FIGURES:
            for k, side in enumerate(self.sides):
                found = [(row.first, row.second)[k].get(name, np.nan) for row in rows]
                out[f"{side}.{name}"] = np.array(found, np.float64)
        return {column: out[column] for column, *_ in self.columns()}


def means(rows: Sequence[Row], sides: tuple[str, str]) -> dict[str, Any]:
    """What one input comes to, as the command has always told it."""
    return summary([FrameFigures(r.number, r.faces, r.first, r.second, r.identity) for r in rows], sides)


def card_values(card: ModelCard) -> dict[str, Any]:
    """A model's whole card as plain values."""
    values: dict[str, Any] = _plain({field.name: getattr(card, field.name) for field in fields(card)})
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def begin(folder: Path, sides: tuple[str, str], settings: Mapping[str, Any]) -> None:
    """Say what the folder is for.

    Raises:
        InputError: it holds a run of other settings, or cannot be written.
    """
    about = folder / ABOUT
    values = {"format": FORMAT, "sides": list(sides), "settings": dict(settings), "is_finished": False}
    if about.exists():
        known = read_about(folder)
        apart = _differences(known["settings"], json.loads(json.dumps(_without_nan(values["settings"]))))
        if apart:
            raise InputError(
                f"The folder {folder} holds a run of other settings ({'; '.join(apart)}); give another folder."
            )
        return
    _write_json(about, values)


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return [f"{key} {_short(before.get(key))}, now {_short(now.get(key))}" for key in keys]


def _short(value: Any) -> str:
    if isinstance(value, list):
        return " + ".join(_short(each) for each in value)
    if isinstance(value, dict) and "name" in value:
        return f"{value['name']} {value.get('version', '')}".strip()
    if isinstance(value, str) and len(value) == _SHA256_DIGITS:
        return f"{value[:12]}…"
    return "not set" if value is None else str(value)


def write(run: Run, folder: Path) -> None:
    """All results of a finished run, each whole or not there. Raises InputError if one cannot be written."""
    for each in run.inputs:
        write_rows(each.rows, folder / f"{each.stem}.csv", run.sides)
    _write_parquet(run, folder / FRAMES)
    _write_summary(run, folder / SUMMARY)
    inputs = [
        {"path": each.path, "name": each.stem, "damaged": list(each.damaged), **means(each.rows, run.sides)}
        for each in run.inputs
    ]
    about = {"format": FORMAT, "sides": list(run.sides), "settings": dict(run.settings), "is_finished": True}
    _write_json(folder / ABOUT, about | {"inputs": inputs, "problems": list(run.problems)})


def write_rows(rows: Sequence[Row], target: Path, sides: tuple[str, str]) -> None:
    """One row per frame; an empty cell was not measured. Raises InputError if it cannot be written."""
    names = [f"{side}.{figure}" for side in sides for figure in FIGURES]
    try:
        with whole_file(target) as part, part.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("frame", "faces", *names, DRIFT, "index", "time_s"))
            for row in rows:
                values = [side.get(name, np.nan) for side in (row.first, row.second) for name in FIGURES]
                cells = ["" if np.isnan(value) else f"{value:.5g}" for value in (*values, row.identity)]
                table.writerow((row.number, row.faces, *cells, row.index, row.time_s))
    except OSError as error:
        raise unwritable(target, error) from error


def _write_parquet(run: Run, target: Path) -> None:
    import pyarrow as pa  # loads slowly, and the window never needs it
    import pyarrow.parquet as pq

    rows = [(each, row) for each in run.inputs for row in each.rows]
    columns: dict[str, Any] = {
        "input": pa.array([each.path for each, _ in rows], pa.string()),
        "index": pa.array([row.index for _, row in rows], pa.int64()),
        "time_s": pa.array([row.time_s for _, row in rows], pa.float64()),
        "frame": pa.array([row.number for _, row in rows], pa.int64()),
        "faces": pa.array([row.faces for _, row in rows], pa.int32()),
    }
    for column, values in run.values().items():
        columns[column] = pa.array(values, pa.float64(), mask=np.isnan(values))
    fields = [pa.field(name, array.type) for name, array in columns.items()]
    units = {column: figure.unit for column, _, _, figure in run.columns()}
    notes = {"depthface": json.dumps({"format": FORMAT, "units": units, "settings": dict(run.settings)})}
    table = pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields, metadata=notes))
    try:
        with whole_file(target) as part:
            pq.write_table(table, part, compression="zstd")
    except OSError as error:
        raise unwritable(target, error) from error


def _write_summary(run: Run, target: Path) -> None:
    """One row per input, side and figure, then the same over all inputs."""
    try:
        with whole_file(target) as part, part.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("input", "method", "figure", "unit", "count", "mean", *(f"p{p}" for p in PERCENTILES)))
            for name, inputs in (*((each.path, [each]) for each in run.inputs), ("all", list(run.inputs))):
                values = run.values(inputs)
                for column, side, figure_name, figure in run.columns():
                    known = values[column][~np.isnan(values[column])]
                    if known.size:
                        cells = (known.mean(), *_percentiles(known))
                        shown = (f"{value:.6g}" for value in cells)
                        table.writerow((name, side, figure_name, figure.unit, known.size, *shown))
    except OSError as error:
        raise unwritable(target, error) from error


def _percentiles(known: NDArray[np.float64]) -> NDArray[np.float64]:
    """PERCENTILES; of endless values too, as PSNR is where both sides are equal, and nothing lies between two such."""
    return np.percentile(known, PERCENTILES, method="linear" if np.isfinite(known).all() else "nearest")


def _write_json(target: Path, values: Mapping[str, Any]) -> None:
    try:
        with whole_file(target) as part:
            part.write_text(json.dumps(_without_nan(values), indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise unwritable(target, error) from error


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def read_about(folder: Path) -> dict[str, Any]:
    """What a run says about itself.

    Raises:
        InputError: the folder holds none, or it cannot be read.
    """
    about = folder / ABOUT
    if not about.is_file():
        raise InputError(
            f"{folder} is no run: it holds no {ABOUT}; make one with depthface inspect INPUT... -o {folder}."
        )
    try:
        values: dict[str, Any] = json.loads(about.read_text())
        if values["format"] != FORMAT or len(values["sides"]) != 2 or not isinstance(values["settings"], dict):
            raise ValueError("its format is another")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{about} cannot be read ({error}); delete it and {AGAIN}.") from error
    return values


def read(folder: Path) -> Run:
    """A finished run.

    Raises:
        InputError: it is no run, not finished, or damaged.
    """
    import pyarrow as pa  # loads slowly, and the window never needs it
    import pyarrow.parquet as pq

    about = read_about(folder)
    if not about.get("is_finished"):
        raise InputError(f"The run in {folder} was stopped before its end; give the same inspect command again.")
    target = folder / FRAMES
    try:
        table = pq.read_table(target).to_pydict()
        sides = (str(about["sides"][0]), str(about["sides"][1]))
        inputs = tuple(_inspected(each, sides, table) for each in about["inputs"])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{target} is missing or damaged ({first[:80]}); {AGAIN}.") from error
    return Run(sides, about["settings"], inputs, tuple(about["problems"]))


def _inspected(about: Mapping[str, Any], sides: tuple[str, str], table: Mapping[str, list[Any]]) -> Inspected:
    mine = [k for k, path in enumerate(table["input"]) if path == about["path"]]

    def figures(side: str, k: int) -> dict[str, float]:
        found = {name: table[f"{side}.{name}"][k] for name in FIGURES}
        return {name: value for name, value in found.items() if value is not None}

    rows = tuple(
        Row(
            table["index"][k],
            table["time_s"][k],
            table["frame"][k],
            table["faces"][k],
            figures(sides[0], k),
            figures(sides[1], k),
            float("nan") if table[DRIFT][k] is None else table[DRIFT][k],
        )
        for k in mine
    )
    if len(rows) != about["frames"]:
        raise ValueError(f"{len(rows)} of {about['frames']} frames of {about['path']} are there")
    return Inspected(about["path"], about["path"], about["name"], rows, tuple(about["damaged"]))


def plain(question: Any) -> dict[str, Any]:
    """A question as plain values."""
    return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(question).items()}
