"""Write the measured figures into the README: `python -m benchmarks.tables` fills the marked place from docs/figures.

So that no number in the README was typed by hand.
"""

import json
from pathlib import Path
from typing import Any

from benchmarks.run import GOALS

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs/figures"
GENERATORS = {"ict": "ICT test people", "makehuman": "MakeHuman people (generator never trained on)"}
LEFT = {"rmse_mm": 0.7, "angle_deg": 0.6, "still_mm": 0.35}  # goals: of the best filter's error, of the raw noise
STAND_INS = {"truth": "a perfect denoiser", "raw": "no denoiser"}
CONDITIONS = ("frontal", "±20°", "±40°", "expression")


def read(name: str) -> dict[str, Any]:
    """One file of figures."""
    return json.loads((FIGURES / name).read_text())


def filled(text: str, name: str, body: str) -> str:
    """The text with this between the marks of this name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    return f"{before}{begin}\n\n{body}\n\n{end}{rest.split(end)[1]}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def best_filter(cell: dict[str, Any], filters: list[str], column: str) -> tuple[str, float]:
    """The classical filter with the least error in one column."""
    name = min(filters, key=lambda f: cell[f][column])
    return name, cell[name][column]


def denoising() -> str:
    """RMSE and normal angle per sensor family: raw, the best of the tuned filters, the first of the networks."""
    found = read("denoiser.json")
    network = next(iter(found["networks"]))
    parts = [
        "**Denoising** (simulated). Error on the face, one crop per person at a random distance, pose, hair and "
        f"expression, {found['pairs_per_cell']} people per row; in brackets the mean's 95 % interval. "
        "Each of five filters (bilateral, median, total variation, non-local means, RealSense spatial) was tuned per "
        "family on validation people, separately for each column; the best of the five stands here."
    ]
    for key, title in GENERATORS.items():
        rows = []
        for sensor, cell in found[key].items():
            row = [sensor + (" (held out)" if sensor == found["held_out_sensor"] else "")]
            for column, digits in (("rmse_mm", 2), ("angle_deg", 1)):
                name, value = best_filter(cell, found["filters"], column)
                own, (low, high) = cell[network][column], cell[network][column + "_95"]
                theirs, ours = f"{value:.{digits}f}", f"{own:.{digits}f}"
                row += [
                    f"{cell['raw'][column]:.{digits}f}",
                    (theirs if own < value else f"**{theirs}**") + f" ({name})",
                    (f"**{ours}**" if own < value else ours) + f" ({low:.{digits}f} to {high:.{digits}f})",
                ]
            rows.append(row)
        head = [title, "raw, mm", "best filter, mm", f"{network}, mm", "raw, °", "best filter, °", f"{network}, °"]
        parts.append(table(head, rows))
    return "\n\n".join((*parts, against_goals(found, network)))


def against_goals(found: dict[str, Any], network: str) -> str:
    """What one network leaves of a filter's error and of the sensor's noise, with people of another generator."""
    rows = []
    for sensor, cell in (*found["makehuman"].items(), ("all", found["pooled"]["makehuman"])):
        others = [best_filter(cell, found["filters"], column)[1] for column in ("rmse_mm", "angle_deg")]
        others.append(cell["raw"]["still_mm"])
        shares = [cell[network][column] / other for column, other in zip(LEFT, others, strict=True)]
        marked = [f"**{s:.2f}**" if s <= goal else f"{s:.2f}" for s, goal in zip(shares, LEFT.values(), strict=True)]
        rows.append([sensor + (" (held out)" if sensor == found["held_out_sensor"] else ""), *marked])
    text = (
        "What it leaves, with MakeHuman people, of the best filter's error and of the raw depth's change from frame to "
        f"frame before a still face ({found['people_for_stillness_and_identity']} people per family); bold where the "
        "goal is met."
    )
    head = ["", "RMSE (goal 0.70)", "normal angle (goal 0.60)", "noise of a still face (goal 0.35)"]
    return text + "\n\n" + table(head, rows)


def locating() -> str:
    """Found faces, nose and angle error, false faces."""
    found = read("locator.json")
    rows = []
    bands = {
        "D435 (held out), yaw up to ±45°": ("held_out_people", "yaw_to_45"),
        "… at 0.35-0.6 m": ("held_out_people", "yaw_to_45_at_350_600_mm"),
        "… at 0.6-0.9 m": ("held_out_people", "yaw_to_45_at_600_900_mm"),
        "… at 0.9-1.2 m": ("held_out_people", "yaw_to_45_at_900_1200_mm"),
        "… at 1.2-1.6 m": ("held_out_people", "yaw_to_45_at_1200_1601_mm"),
        "MakeHuman people, D435, yaw up to ±45°": ("makehuman_people", "yaw_to_45"),
    }
    for title, (who, band) in bands.items():
        cell = found[who][band]
        nose = f"{cell['nose_median_mm']:.1f} / {cell['nose_p95_mm']:.1f}"
        angle = f"{cell['angle_median_deg']:.1f} / {cell['angle_p95_deg']:.1f}"
        rows.append([title, str(cell["faces"]), f"{cell['found']:.1%}", nose, angle])
    without = found["frames_without_faces"]
    text = (
        "**Finding faces** (simulated). Random rooms with people, props and occluders; at least half of the face seen. "
        f"False faces: {without['per_1000']:.1f} per 1,000 frames of rooms, hands, balls, boxes, chairs and "
        f"turned-away heads ({without['false_faces']} in {without['frames']:,} frames). The goals are 99 % found at "
        "yaw up to ±45°, 4 mm at the nose (median) and 1 false face per 1,000 frames."
    )
    head = ["", "faces", "found", "nose error, median / p95, mm", "pose error, median / p95, °"]
    return text + "\n\n" + table(head, rows)


def speed() -> str:
    """Goals of the live program against what was measured."""
    report = read("speed.json")
    where = report["machine"]
    text = (
        f"**Speed**, one face at 640×480 on {where['cores']} cores ({where['processor']}, load {where['load']:.1f} "
        "at the start); absolute times of one shared machine, to be read as such."
    )
    rows = []
    for goal in GOALS:
        measured, sign = goal.measured(report["figures"]), "≤" if goal.at_most else "≥"
        verdict = "met" if goal.met(report["figures"]) else "missed"
        rows.append([goal.label, f"{measured:.3g}", f"{sign} {goal.value:g}", verdict])
    return text + "\n\n" + table(["", "measured", "goal", ""], rows)


def identification() -> str:
    """Rank-1 and FNIR per condition and generator."""
    parts, rows, searches = [], [], []
    for key, title in GENERATORS.items():
        found = read(f"identification_{key}.json")
        at = found["at_fpir_1_percent"]
        searches.append(f"{at['strangers']} ({title.split()[0]})")
        rows.append([title, *(f"{at[c]['rank1']:.1%} / {at[c]['fnir']:.1%}" for c in CONDITIONS)])
        own = found["at_rate_asked_of_the_program"]["0.01"]
        shipped = [f"{own[c]['rank1']:.1%} / {own[c]['fnir']:.1%}" for c in CONDITIONS]
        rows.append([f"… with the program's threshold for 1 % (FPIR {own['fpir']:.1%})", *shipped])
        probes = at["frontal"]["probes"]
        people = found["enrolled"]
    parts.append(
        f"**Identification** (simulated). {people} people enrolled with one frontal picture by a D415, looked for "
        f"again by other sensors (Kinect v1, v2, D435, TrueDepth-like) at other distances, {probes} probes per cell, "
        f"and {' and '.join(searches)} searches for strangers; whole pictures through the whole program, a face that "
        "is not found counts as an error. Rank-1 / FNIR at FPIR 1 %."
    )
    parts.append(table(["", *CONDITIONS], rows))
    return "\n\n".join(parts)


def subsets() -> str:
    """Rank-1 per subset of people of a generator that was never trained on; nothing before it was measured."""
    if not (FIGURES / "recognition_makehuman.json").is_file():
        return ""
    found = read("recognition_makehuman.json")
    rows = []
    for one in found["combinations"]:
        parts = one["subsets"]
        shares = [part["rank1"] for part in parts.values()]
        rank1 = [f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})" for share in shares]
        rates = parts["NU"]["fnir_at_fpir"]
        rows.append(
            [f"{one['denoiser']} → {one['recogniser']}", *rank1, f"{rates['missed'][rates['false'].index(0.01)]:.1%}"]
        )
    shown = {one["denoiser"] for one in found["combinations"]}
    explained = "".join(f" `{name}` stands for {what}." for name, what in STAND_INS.items() if name in shown)
    text = (
        f"**Recognition out of model** (simulated). {found['enrolled']} MakeHuman people enrolled with one frontal "
        f"picture each by a {found['enrolled_by']}, one probe per subset on another occasion by another sensor, and "
        f"{found['strangers']} strangers; a locator's errors are drawn. Rank-1 with its 95 % interval over people, and "
        f"FNIR of the neutral probes at FPIR 1 %; see `docs/metrics.md` for the subsets and the figures.{explained}"
    )
    return text + "\n\n" + table(["", *found["combinations"][0]["subsets"], "FNIR, NU"], rows)


def gallery_sizes() -> str:
    """FNIR at FPIR by size of the gallery and kind of templates; nothing before it was measured."""
    if not (FIGURES / "gallery_sizes.json").is_file():
        return ""
    found = read("gallery_sizes.json")
    kinds = {"one": "one, frontal", "five": "five, the best of them", "five_merged": "five, merged into their mean"}
    rows = []
    for size, cell in found["sizes"].items():
        for kind, each in cell.items():
            whole, asked = each["subsets"]["total"], each["program"]["0.01"]
            rates = [f"{low[0]:.1%} ({low[1]:.0%} to {low[2]:.0%})" for low in whole["fnir"].values()]
            reached = f"{asked['fpir']:.1%} / {asked['fnir']:.1%}"
            rows.append([f"{int(size):,}", kinds[kind], f"{whole['rank1']:.1%}", *rates, reached])
    searches = next(iter(found["sizes"].values()))["one"]
    text = (
        f"**Gallery size and templates** (simulated). {found['known']} of the enrolled ICT test people are looked for "
        f"on other occasions by other sensors in five subsets ({searches['searches']} searches, and "
        f"{searches['stranger_searches']:,} for strangers), enrolled by a D415 with one view or with the five poses of "
        "the program; a locator's errors are drawn. The last column is what the program's own threshold gives when "
        "asked for 1 %: the FPIR observed, and the FNIR at it."
    )
    head = ["enrolled", "templates", "rank-1", "FNIR at FPIR 0.3 %", "at 1 %", "at 3 %", "asked for 1 %: FPIR / FNIR"]
    return text + "\n\n" + table(head, rows)


def liveness() -> str:
    """APCER per species, the worst first, and BPCER; nothing before it was measured."""
    if not (FIGURES / "liveness.json").is_file():
        return ""
    found = read("liveness.json")

    def share(one: dict[str, Any]) -> str:
        return f"{one['value']:.1%} ({one['low']:.1%} to {one['high']:.1%})"

    species = sorted(found["apcer"].items(), key=lambda each: -each[1]["value"])
    rows = [
        [name, str(one["count"]), f"{one['face_found'] / one['count']:.0%}", share(one), share(one["held_out_sensor"])]
        for name, one in (*species, ("live people, BPCER", found["bpcer"]))
    ]
    worst, live = found["worst_apcer"], found["bpcer"]
    text = (
        f"**Liveness** (simulated): worst species APCER {worst['value']:.1%} ({found['worst_species']}) at BPCER "
        f"{live['value']:.1%}. Rendered attacks and unseen people before four sensors (Kinect v1, v2, D435, "
        f"TrueDepth-like), {found['frames']} frames each, through the program's locator; an attack in which no face is "
        "found has failed, a live person who is not found counts as an error. Exact 95 % intervals. No silicone mask "
        "and no bust is among them: see `docs/liveness.md`."
    )
    head = ["", "presentations", "face found", "taken for live (APCER)", "… by the D435 (held out)"]
    return text + "\n\n" + table(head, rows)


def main() -> None:
    """Fill the place between the marks."""
    readme = ROOT / "README.md"
    parts = (locating(), denoising(), identification(), subsets(), gallery_sizes(), liveness(), speed())
    body = "\n\n".join(filter(None, parts))
    readme.write_text(filled(readme.read_text(), "figures", body))


if __name__ == "__main__":
    main()
