"""The figures of an evaluation as flat rows, one number each, and as tables for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.metrics import METRICS

PEOPLE = {"ict": "ICT people (in-model)", "makehuman": "MakeHuman people (out-of-model)"}
ALL = "all sensors"
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; as a line of the CSV file.

    low, high: 95 % interval over people
    count:     what it was measured on
    """

    about: str
    people: str
    condition: str
    method: str
    figure: str
    unit: str
    value: float
    low: float
    high: float
    count: int
    data: str = SIMULATED


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people; `note` says what it shows and what is good."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def with_interval(value: float, bounds: Sequence[float], digits: int) -> str:
    """A number with its interval."""
    low, high = bounds
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def percent(value: float, low: float, high: float) -> str:
    """A share with its interval, in percent."""
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def generators_of(denoising: dict[str, Any]) -> list[str]:
    """Whose people were judged."""
    return list(denoising["pooled"])


def cells_of(denoising: dict[str, Any], generator: str) -> dict[str, dict[str, Any]]:
    """Methods by sensor family, and over all of them."""
    return {**denoising[generator], ALL: denoising["pooled"][generator]}


def sensor_title(denoising: dict[str, Any], sensor: str) -> str:
    """A sensor family, marked where it was held out of training."""
    return f"{sensor} (held out)" if sensor == denoising["held_out_sensor"] else sensor


def denoising_figures(denoising: dict[str, Any]) -> list[Figure]:
    """Every number of the denoising tables."""
    out = []
    for generator in generators_of(denoising):
        for sensor, methods in cells_of(denoising, generator).items():
            for method, found in methods.items():
                for name, metric in METRICS.items():
                    if name in found:
                        (low, high), count = found[f"{name}_95"], found[f"{name}_n"]
                        shown = (metric.title, metric.unit, found[name], low, high, count)
                        out.append(Figure("denoising", generator, sensor, method, *shown))
    return out


def denoising_tables(denoising: dict[str, Any]) -> list[Table]:
    """Per generator: all figures over all sensors, RMSE and angle per sensor, and the comparisons."""
    out = []
    pairs, few = denoising["pairs_per_cell"], denoising["people_for_stillness_and_identity"]
    for generator in generators_of(denoising):
        out.append(_overall(denoising, generator, pairs, few))
        out += [_per_sensor(denoising, generator, name, pairs) for name in ("rmse_mm", "angle_deg")]
        out.append(_per_sensor(denoising, generator, "still_mm", few))
        out.append(_compared(denoising, generator))
    return out


def _overall(denoising: dict[str, Any], generator: str, pairs: int, few: int) -> Table:
    methods = denoising["pooled"][generator]
    names = [name for name in METRICS if name in next(iter(methods.values()))]
    head = tuple(f"{METRICS[n].title}{', ' if METRICS[n].unit else ''}{METRICS[n].unit}" for n in names)
    rows = [
        (method, *(with_interval(found[n], found[f"{n}_95"], METRICS[n].digits) for n in names))
        for method, found in methods.items()
    ]
    sensors = len(denoising[generator])
    note = (
        f"Simulated. {pairs} people before each of {sensors} sensor families, one crop each; {few} of them per family "
        "for the noise of a still face and the identity kept. On face pixels with a reading. In brackets the 95 % "
        "interval over people. Small is good but for PSNR, SSIM and identity."
    )
    return Table(f"Denoising, {PEOPLE[generator]}, {ALL}", note, ("method", *head), tuple(rows))


def _per_sensor(denoising: dict[str, Any], generator: str, name: str, count: int) -> Table:
    cells, metric = cells_of(denoising, generator), METRICS[name]
    methods = list(next(iter(cells.values())))
    rows = tuple(
        (
            sensor_title(denoising, sensor),
            *(with_interval(cell[m][name], cell[m][f"{name}_95"], metric.digits) for m in methods),
        )
        for sensor, cell in cells.items()
    )
    note = f"Simulated. {count} people per sensor family; mean and 95 % interval over people. Small is good."
    return Table(f"{metric.title}, {metric.unit}, {PEOPLE[generator]}", note, ("sensor", *methods), rows)


def _compared(denoising: dict[str, Any], generator: str) -> Table:
    rows = []
    for sensor, networks in denoising["compared"][generator].items():
        for network, found in networks.items():
            cells = [sensor_title(denoising, sensor) if sensor != "all" else ALL, network]
            for key in ("rmse_mm_of_best_filter", "angle_deg_of_best_filter"):
                cells.append(f"{_ratio(found[key])} of {found[key]['filter']}")
            cells += [_ratio(found[key]) for key in ("still_of_raw", "psnr_db_behind_best_network")]
            rows.append(tuple(cells))
    note = (
        "Simulated. Ratios of means on the same crops, each with the 95 % interval over people; the best of the tuned "
        "filters in each column. Goals: RMSE at most 0.70, angle at most 0.60, noise of a still face at most 0.35 of "
        "raw, at most 0.3 dB behind the best network."
    )
    head = ("sensor", "network", "RMSE over best filter's", "angle over best filter's", "still noise over raw",
            "PSNR behind best network, dB")  # fmt: skip
    return Table(f"Against the filters, {PEOPLE[generator]}", note, head, tuple(rows))


def _ratio(estimate: dict[str, Any]) -> str:
    return with_interval(estimate["value"], (estimate["low"], estimate["high"]), 2)
