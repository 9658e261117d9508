"""The published comparison says what the files of figures say."""

import json

import pytest

from benchmarks import comparison, tables


def cell(rmse_mm, angle_deg=9.0):
    values = {"psnr_db": 40.0, "ssim": 0.95, "rmse_mm": rmse_mm, "angle_deg": angle_deg}
    return values | {f"{name}_95": [value * 0.9, value * 1.1] for name, value in values.items()}


@pytest.fixture(autouse=True)
def figures(tmp_path, monkeypatch):
    for module in (tables, comparison):
        monkeypatch.setattr(module, "FIGURES", tmp_path)
    return tmp_path


def test_networks_stand_between_no_denoising_and_what_is_shipped(figures):
    cells = {"raw": cell(3.0), "median": cell(1.8, 20.0), "bilateral": cell(1.9, 15.0)}
    cells |= {name: cell(1.0 + k / 10) for k, name in enumerate(comparison.COMPARED)}
    found = {"filters": ["median", "bilateral"], "pooled": {"ict": cells, "makehuman": cells}}
    (figures / "comparison_denoisers.json").write_text(json.dumps(found))
    shipped = {"live": cell(0.5), "reference": cell(0.4)}
    own = {"networks": dict.fromkeys(shipped, "hash"), "pooled": dict.fromkeys(("ict", "makehuman"), shipped)}
    (figures / "denoiser.json").write_text(json.dumps(own))
    lines = comparison.denoisers().splitlines()
    first = [line.split(" | ")[0].strip("| ") for line in lines[2:11]]
    expected = ["nothing", "best tuned filter of each column", *comparison.COMPARED]
    assert first == [*expected, "*live, as shipped*", "*reference, as shipped*"]
    assert "0.50 (0.45 to 0.55)" in lines[9]
    assert "1.80 (median) | 15.0 (bilateral)" in lines[3]
    assert "1.10 (0.99 to 1.21)" in lines[5]


def test_seeds_of_one_network_are_one_row_with_their_range(figures, monkeypatch):
    monkeypatch.setattr(comparison, "PARTS", {"input": (("depth", "depth"), ("depth, normals", "dmdnet"))})
    cells = {"raw": cell(3.0), "dmdnet 1": cell(1.0), "dmdnet 2": cell(2.0, 11.0), "depth 1": cell(3.0)}
    (figures / "comparison_parts.json").write_text(json.dumps({"pooled": {"makehuman": cells}}))
    fixed = "40.00 (40.00 to 40.00) | 0.950 (0.950 to 0.950)"
    assert comparison.parts().splitlines() == [
        "| input | seeds | PSNR, dB | SSIM | RMSE, mm | normal angle, ° |",
        "| --- | --- | --- | --- | --- | --- |",
        f"| depth | 1 | {fixed} | 3.00 (3.00 to 3.00) | 9.0 (9.0 to 9.0) |",
        f"| depth, normals | 2 | {fixed} | 1.50 (1.00 to 2.00) | 10.0 (9.0 to 11.0) |",
    ]


def test_candidates_are_rounded_and_keep_their_order(figures):
    (figures / "search.csv").write_text(
        "name,parameters,multiply_adds,time_ratio,rmse_mm,angle_deg,samples\nunet,1942020,774,0.684,2.316,14.49,8000\n"
    )
    assert comparison.candidates().splitlines()[2] == "| unet | 0.68 | 774 | 1,942,020 | 2.32 | 14.5 |"


def test_a_recogniser_is_shown_with_its_subsets_and_what_it_misses(figures):
    rates = {"false": [0.001, 0.01], "missed": [0.4, 0.25]}
    share = {"rank1": {"value": 0.5, "low": 0.4, "high": 0.6}, "fnir_at_fpir": rates}
    one = {"recogniser": "Led3D", "denoiser": "raw", "subsets": {"NU": share, "total": share}}
    (figures / "comparison_recognisers.json").write_text(json.dumps({"combinations": [one]}))
    head, _, row = comparison.recognisers().splitlines()
    assert head == "| recogniser | on | NU, % | total, % | FNIR, NU, % |"
    assert row == "| Led3D | raw | 50.0 | 50.0 (40.0 to 60.0) | 25.0 |"


def test_goals_that_are_met_are_bold():
    cells = {"raw": {"still_mm": 1.0}, "filter": {"rmse_mm": 2.0, "angle_deg": 10.0}}
    cells["net"] = {"rmse_mm": 1.4, "angle_deg": 7.0, "still_mm": 0.3}
    found = {"makehuman": {"d435": cells}, "pooled": {"makehuman": cells}, "filters": ["filter"]}
    found |= {"held_out_sensor": "d435", "people_for_stillness_and_identity": 20}
    assert "| d435 (held out) | **0.70** | 0.70 | **0.30** |" in tables.against_goals(found, "net")
