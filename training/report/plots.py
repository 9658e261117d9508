"""The report's plots, as SVG files."""

import io
import math
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from training.metrics import METRICS
from training.report.figures import PEOPLE, cells_of, sensor_title
from training.report.recognition import combination_title

# Okabe & Ito's colours, which people with any colour vision can tell apart; yellow is left out on white paper.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7F7F7F")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
STYLE: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "depthface"}
LEAST_RATE = 1e-4


def svg(canvas: Canvas) -> bytes:
    """A drawing as a file, the same for the same figures."""
    out = io.BytesIO()
    with rc_context(STYLE):
        canvas.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
    return out.getvalue()


def _axes(width: float, height: float) -> tuple[Canvas, Axes]:
    with rc_context(STYLE):
        canvas = Canvas(figsize=(width, height), layout="constrained")
        return canvas, canvas.add_subplot()


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8)


def per_sensor(denoising: dict[str, Any], generator: str, name: str) -> bytes:
    """One figure of every method by sensor family, with intervals."""
    cells, metric = cells_of(denoising, generator), METRICS[name]
    methods = list(next(iter(cells.values())))
    canvas, axes = _axes(8.2, 3.4)
    for m, method in enumerate(methods):
        found = [cell[method] for cell in cells.values()]
        x = [k + 0.8 * ((m + 0.5) / len(methods) - 0.5) for k in range(len(cells))]
        value = [each[name] for each in found]
        low = [each[name] - each[f"{name}_95"][0] for each in found]
        high = [each[f"{name}_95"][1] - each[name] for each in found]
        colour, mark = COLOURS[m % len(COLOURS)], MARKS[m % len(MARKS)]
        axes.errorbar(x, value, (low, high), fmt=mark, color=colour, ms=4.5, capsize=2, lw=1, label=method)
    for border in range(1, len(cells)):
        axes.axvline(border - 0.5, color="#dddddd", lw=0.8, zorder=0)
    axes.set_xticks(range(len(cells)), [sensor_title(denoising, s).replace(" (", "\n(") for s in cells])
    axes.set_xlim(-0.5, len(cells) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"{metric.title}, {metric.unit}")
    axes.set_title(
        f"{metric.title}, {PEOPLE[generator]}, simulated; 95 % intervals over people", fontsize=9, loc="left"
    )
    _legend(axes)
    return svg(canvas)


def cumulative_match(found: dict[str, Any], subset: str) -> bytes:
    """How often the right person is among the first k."""
    canvas, axes = _axes(6.6, 3.4)
    lowest = 1.0
    for k, one in enumerate(found["combinations"]):
        curve = one["subsets"][subset]["cmc"]
        ranks = range(1, len(curve["value"]) + 1)
        colour = COLOURS[k % len(COLOURS)]
        axes.plot(ranks, curve["value"], color=colour, lw=1.5, label=combination_title(one))
        axes.fill_between(ranks, curve["low"], curve["high"], color=colour, alpha=0.15, lw=0)
        lowest = min(lowest, *curve["low"])
    axes.set_xlabel("rank k")
    axes.set_ylabel("share of probes found among the first k")
    axes.set_xlim(1, len(ranks))
    axes.set_xticks([1, *range(5, len(ranks) + 1, 5)])
    axes.set_ylim(math.floor(10 * lowest) / 10, 1.005)
    who, probes = PEOPLE[found["generator"]], found["combinations"][0]["subsets"][subset]["probes"]
    axes.set_title(f"Cumulative match, {who}, {subset}, {probes} probes, simulated", fontsize=9, loc="left")
    axes.grid(color="#eeeeee")
    _legend(axes)
    return svg(canvas)


def trade_off(found: dict[str, Any], kind: str, false: str, missed: str) -> bytes:
    """Detection error trade-off on logarithmic axes, with intervals as bands.

    kind: "det_identification" or "det_verification".
    """
    canvas, axes = _axes(6.6, 4.0)
    least = 1.0
    for k, one in enumerate(found["combinations"]):
        curve, colour = one[kind], COLOURS[k % len(COLOURS)]
        shown = [n for n, rate in enumerate(curve["false"]) if rate >= LEAST_RATE]
        x = [curve["false"][n] for n in shown]
        value, low, high = ([max(curve[key][n], LEAST_RATE) for n in shown] for key in ("missed", "low", "high"))
        axes.plot(x, value, color=colour, lw=1.5, label=combination_title(one))
        axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
        least = min(least, *(v for v in value if v > LEAST_RATE), 0.01)
    axes.set(xscale="log", yscale="log", xlabel=false, ylabel=missed, ylim=(least / 2, 1.0))
    axes.set_title(
        f"Detection error trade-off, {PEOPLE[found['generator']]}, all subsets, simulated", fontsize=9, loc="left"
    )
    axes.grid(color="#eeeeee", which="both", lw=0.6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    _legend(axes)
    return svg(canvas)
