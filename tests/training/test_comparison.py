"""The published comparison says what the files of figures say."""

import json
import statistics

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
    cells |= {name: cell(0.5) for name in comparison.SHIPPED.values()}
    found = {"filters": ["median", "bilateral"], "pooled": {"ict": cells, "makehuman": cells}}
    (figures / "comparison_denoisers.json").write_text(json.dumps(found))
    lines = comparison.denoisers().splitlines()
    first = [line.split(" | ")[0].strip("| ") for line in lines[2:11]]
    assert first == ["nothing", "best tuned filter of each column", *comparison.COMPARED, *comparison.SHIPPED]
    assert "1.80 (median) | 15.0 (bilateral)" in lines[3]
    assert "1.10 (0.99 to 1.21)" in lines[5]


def test_a_row_is_set_against_the_whole_network_seed_by_seed(figures):
    whole, apart = (1.0, 1.4, 1.2), (0.1, 0.3, 0.2)
    cells = {f"{row}-{seed}": cell(whole[seed - 1]) for row in comparison.ROWS for seed in (1, 2, 3)}
    cells |= {f"l1-{seed}": cell(whole[seed - 1] + apart[seed - 1]) for seed in (1, 2, 3)}
    (figures / "comparison_ablations.json").write_text(json.dumps({"pooled": {"ict": cells, "makehuman": cells}}))
    row = next(line for line in comparison.ablations().splitlines() if line.startswith("| L1 alone"))
    assert f"| 1.40 ± {statistics.stdev(a + b for a, b in zip(whole, apart, strict=True)):.2f} |" in row
    assert "| +0.20 ± 0.10 | +0.0 ± 0.0 |" in row
    own = next(line for line in comparison.ablations().splitlines() if line.startswith("| all three"))
    assert own.endswith("|  |  |")
