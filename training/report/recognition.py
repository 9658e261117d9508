"""Figures and tables of `training.identify`."""

from collections.abc import Iterator
from typing import Any

from training.report.figures import PEOPLE, Figure, Table, percent

Found = dict[str, Any]


def combination_title(one: Found) -> str:
    """A denoiser with a recogniser."""
    return f"{one['denoiser']} → {one['recogniser']}"


def recognition_figures(found: Found) -> Iterator[Figure]:
    """Every number but those of the curves."""
    people = found["generator"]
    for one in found["combinations"]:
        method = combination_title(one)
        for subset, part in one["subsets"].items():
            count, rank1, equal = part["probes"], part["rank1"], part["equal_error"]
            yield Figure("recognition", people, subset, method, "rank-1", "share", *_bounds(rank1), count)
            yield Figure("recognition", people, subset, method, "equal error rate", "share", *_bounds(equal), count)
            for kind, key in (("FNIR at FPIR", "fnir_at_fpir"), ("FNMR at FMR", "fnmr_at_fmr")):
                rates = part[key]
                for rate in rates["false"]:
                    shown = (f"{kind} {rate:g}", "share", *_rate(rates, rate), count)
                    yield Figure("recognition", people, subset, method, *shown)
        for sensor, rank1 in one["sensors"].items():
            yield Figure("recognition", people, sensor, method, "rank-1", "share", *_bounds(rank1), rank1["count"])


def _bounds(estimate: Found) -> tuple[float, float, float]:
    return estimate["value"], estimate["low"], estimate["high"]


def recognition_tables(found: Found) -> list[Table]:
    """Rank-1 and FNIR per subset, rates in total, rank-1 per sensor, and the card's threshold."""
    who = PEOPLE[found["generator"]]
    tables = [_rank1(found, who), _fnir(found, who), _total(found, who), _sensors(found, who)]
    if any("at_card_threshold" in one for one in found["combinations"]):
        tables.append(_card(found, who))
    return tables


def protocol(found: Found) -> str:
    """What was done, in two sentences."""
    low, high = found["distances_mm"][found["enrolled_by"]]
    return (
        f"Simulated. {found['enrolled']} people enrolled with one frontal picture by a {found['enrolled_by']} at "
        f"{low / 1000:g} to {high / 1000:g} m, one probe each per subset by another sensor on another occasion, and "
        f"{found['strangers']} strangers. A locator's errors are drawn, so a face that a real one would miss is not "
        "counted here. Intervals are 95 % over people."
    )


def _rank1(found: Found, who: str) -> Table:
    head, rows = _per_subset(found, lambda part: percent(*_bounds(part["rank1"])))
    return Table(f"Rank-1, {who}", f"{protocol(found)} Large is good; the goal is 90 % in total.", head, rows)


def _fnir(found: Found, who: str) -> Table:
    head, rows = _per_subset(found, lambda part: percent(*_rate(part["fnir_at_fpir"], 0.01)))
    note = (
        f"{protocol(found)} Share of searches for enrolled people that fail at the threshold which lets 1 % of the "
        "searches for strangers through, one threshold for all subsets. Small is good; the goal is 5 % for NU."
    )
    return Table(f"FNIR at FPIR 1 %, {who}", note, head, rows)


def _rate(rates: Found, at: float) -> tuple[float, float, float]:
    k = rates["false"].index(at)
    return rates["missed"][k], rates["low"][k], rates["high"][k]


def _per_subset(found: Found, cell: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    parts = found["combinations"][0]["subsets"]
    head = ("denoiser → recogniser", *(f"{name} (n = {part['probes']})" for name, part in parts.items()))
    rows = tuple(
        (combination_title(one), *(cell(part) for part in one["subsets"].values())) for one in found["combinations"]
    )
    return head, rows


def _total(found: Found, who: str) -> Table:
    rows = []
    for one in found["combinations"]:
        part = one["subsets"]["total"]
        rates = [percent(*_rate(part["fnir_at_fpir"], at)) for at in part["fnir_at_fpir"]["false"]]
        verification = percent(*_rate(part["fnmr_at_fmr"], part["fnmr_at_fmr"]["false"][0]))
        rows.append((combination_title(one), *rates, verification, percent(*_bounds(part["equal_error"]))))
    at = [
        f"FNIR at FPIR {100 * rate:g} %"
        for rate in found["combinations"][0]["subsets"]["total"]["fnir_at_fpir"]["false"]
    ]
    head = ("denoiser → recogniser", *at, "FNMR at FMR 0.1 %", "equal error")
    searches = found["strangers"] * len(found["subsets"])
    note = f"{protocol(found)} All subsets together; {searches} searches for strangers. Small is good."
    return Table(f"Error rates, {who}", note, head, tuple(rows))


def _sensors(found: Found, who: str) -> Table:
    sensors = found["combinations"][0]["sensors"]
    held_out = found["held_out_sensor"]
    head = ("denoiser → recogniser", *(
        f"{name}{' (held out)' if name == held_out else ''} (n = {one['count']})" for name, one in sensors.items()
    ))  # fmt: skip
    rows = tuple(
        (combination_title(one), *(percent(*_bounds(rank1)) for rank1 in one["sensors"].values()))
        for one in found["combinations"]
    )
    return Table(f"Rank-1 per probing sensor, {who}", f"{protocol(found)} All subsets together.", head, rows)


def _card(found: Found, who: str) -> Table:
    rows = []
    for one in found["combinations"]:
        if "at_card_threshold" in one:
            at = one["at_card_threshold"]
            missed = (percent(*_bounds(rate)) for rate in at["fnir"].values())
            rows.append((combination_title(one), f"{at['threshold']:.3f}", percent(*_bounds(at["fpir"])), *missed))
    head = (
        "denoiser → recogniser",
        "threshold",
        "FPIR",
        *(f"FNIR {name}" for name in found["combinations"][0]["subsets"]),
    )
    note = (
        f"{protocol(found)} What the threshold in the recogniser's card gives with {found['enrolled']} people enrolled;"
        " the card says which size of gallery it was chosen for."
    )
    return Table(f"At the shipped threshold, {who}", note, head, tuple(rows))
