"""Evaluation in miniature: what is measured is what the metrics say, is kept, and reaches the report unchanged."""

import base64
import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from benchmarks import tables
from depthface_app.core.canonical import SIZE_PX
from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.filters import bilateral, median
from training import cells, evaluate, identify, looks
from training.cells import Cell, Job, run_cell, tune
from training.json_file import read_json
from training.looks import PROBED_BY, RAW, TRUTH, Batch, embed_batch, look_at
from training.mean_face import mean_face
from training.methods import named_file, network_method, raw
from training.metrics import Denoised, Truth, scores
from training.parts import Parts
from training.report.__main__ import write_report
from training.report.pictures import error_scale_mm
from training.subsets import SUBSETS

SIDE = (SIZE_PX, SIZE_PX)
DEPTH, NORMALS = (1, 1, *SIDE), (1, 3, *SIDE)


def tensor(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def write(path, nodes, inputs, outputs, metadata=None):
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", inputs, outputs), opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    )
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory):
    """Hands the sensor's readings on: what it is given is what it gives."""
    nodes = [helper.make_node("Identity", [a], [b]) for a, b in (("depth", "denoised"), ("valid", "surface"))]
    inputs = [tensor("depth", DEPTH), tensor("valid", DEPTH)]
    outputs = [tensor("denoised", DEPTH), tensor("surface", DEPTH)]
    return write(tmp_path_factory.mktemp("models") / "echo.onnx", nodes, inputs, outputs)


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory, faces):
    """The registered depth itself as an embedding, with the mean face of the miniature model."""
    mean = io.BytesIO()
    np.savez(mean, depth_mm=mean_face(faces).depth_mm.astype(np.float16))
    metadata = {
        "depthface.mean_face": base64.b64encode(mean.getvalue()).decode(),
        "depthface.card": json.dumps({"threshold": 0.9}),
    }
    nodes = [helper.make_node("Flatten", ["depth"], ["embedding"])]
    path = tmp_path_factory.mktemp("models") / "flat.onnx"
    return write(path, nodes, [tensor("depth", DEPTH)], [tensor("embedding", (1, SIZE_PX**2))], metadata)


@pytest.fixture
def job(tmp_path, faces_folder, denoiser, recogniser, monkeypatch):
    monkeypatch.setattr(cells, "make_filters", lambda: {"bilateral": bilateral, "median": median})
    networks = (("echo", denoiser),)
    return Job(faces_folder, "ict", "truedepth", 3, 2, networks, recogniser, tmp_path / "work", "code")


@pytest.fixture
def truth(job):
    return Cell(job).truths[0]


def test_the_truth_has_no_error(truth):
    found = scores(truth, Denoised(truth.value, ~np.isnan(truth.depth_mm)))
    assert (found["rmse_mm"], found["p95_mm"], found["flying"]) == (0, 0, 0)
    assert found["ssim"] == pytest.approx(1)
    assert found["angle_deg"] < 0.6  # normals at the outline lean on the wall behind
    assert found["psnr_db"] == np.inf


def test_a_shift_in_mm_is_counted_in_mm_and_in_the_papers_range(truth):
    shifted = truth.value + np.float32(2 / DEPTH_RANGE_MM)
    found = scores(truth, Denoised(shifted, np.ones(SIDE, bool)))
    assert found["rmse_mm"] == pytest.approx(2, abs=1e-3)
    assert found["rmse"] == pytest.approx(0.02, abs=1e-5)
    assert found["psnr_db"] == pytest.approx(20 * np.log10(2 / 0.02), abs=1e-2)


def test_what_lies_outside_the_judged_pixels_does_not_count(truth):
    spoilt = np.where(truth.judged, truth.value, np.float32(-1))
    found = scores(truth, Denoised(spoilt, np.ones(SIDE, bool)))
    assert found["rmse_mm"] == 0
    assert found["ssim"] == pytest.approx(1)


def test_an_echo_is_as_good_as_raw(job):
    found = run_cell(job, {})
    for name in ("rmse_mm", "psnr_db", "still_mm", "identity"):
        np.testing.assert_allclose(found["echo"][name], found["raw"][name], rtol=1e-5)
    assert [len(found["raw"][name]) for name in ("rmse_mm", "still_mm", "identity")] == [3, 2, 2]
    assert all(0.5 < value < 1 for value in found["raw"]["identity"])


def test_filters_are_tuned_to_do_better_than_nothing(job):
    tuned = tune(job)
    assert set(tuned) == {"bilateral", "median"}
    found = run_cell(job, tuned)
    assert np.mean(found["bilateral"]["angle_deg"]) < np.mean(found["raw"]["angle_deg"])
    assert np.mean(found["bilateral"]["still_mm"]) < np.mean(found["raw"]["still_mm"])


def test_what_is_measured_is_not_measured_again(job, monkeypatch):
    tuned = tune(job)
    first = run_cell(job, tuned)
    monkeypatch.setattr(cells, "scores", None)
    monkeypatch.setattr(cells, "make_pair", None)
    assert run_cell(job, tune(job)) == first
    with pytest.raises(TypeError):
        run_cell(replace(job, code="other code"), tuned)


def test_a_part_that_was_cut_off_is_measured_again(tmp_path):
    parts = Parts(tmp_path)

    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parts.values({"a": 1}, killed)
    assert parts.values({"a": 1}, lambda: [1.5]) == [1.5]
    assert parts.values({"a": 1}, killed) == [1.5]
    assert parts.values({"a": 2}, lambda: [2.5]) == [2.5]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.fixture
def denoising(job, monkeypatch):
    monkeypatch.setattr(evaluate, "SENSORS", {"truedepth": None, "d435": None})
    monkeypatch.setattr(evaluate, "in_turn", lambda calls, workers, what: (call(*given) for call, given in calls))
    return evaluate.evaluate(job, ["ict"], 2, 1)


def test_tables_are_means_with_intervals(denoising, job):
    cell = denoising["ict"]["truedepth"]["raw"]
    values = Cell(job)._measure(raw)["rmse_mm"]
    assert cell["rmse_mm"] == pytest.approx(np.mean(values), rel=1e-3)
    assert min(values) * 0.999 <= cell["rmse_mm_95"][0] <= cell["rmse_mm"] <= cell["rmse_mm_95"][1]
    both = [denoising["ict"][sensor]["raw"]["rmse_mm"] for sensor in ("truedepth", "d435")]
    assert denoising["pooled"]["ict"]["raw"]["rmse_mm"] == pytest.approx(np.mean(both), rel=1e-3)
    assert denoising["pooled"]["ict"]["raw"]["rmse_mm_n"] == 6
    versus = denoising["compared"]["ict"]["truedepth"]["echo"]
    assert versus["still_of_raw"]["value"] == pytest.approx(1, rel=1e-4)
    assert versus["psnr_db_behind_best_network"]["value"] == 0
    assert versus["rmse_mm_of_best_filter"]["filter"] in denoising["filters"]


@pytest.fixture
def batch(tmp_path, faces_folder, denoiser, recogniser):
    methods = ((TRUTH, None), (RAW, None), ("echo", denoiser))
    return Batch(faces_folder, "ict", methods, (("flat", recogniser),), (2_000_001, 2_000_002), True, tmp_path, "code")


def test_a_batch_is_embedded_once(batch, monkeypatch):
    found = embed_batch(batch)
    assert set(found) == {(name, "flat") for name in (TRUTH, RAW, "echo")}
    assert found[TRUTH, "flat"].shape == (2, 1 + len(SUBSETS), SIZE_PX**2)
    np.testing.assert_allclose(np.linalg.norm(found[RAW, "flat"], axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(found["echo", "flat"], found[RAW, "flat"], atol=1e-5)
    monkeypatch.setattr(looks, "make_pair", None)
    np.testing.assert_array_equal(embed_batch(batch)[RAW, "flat"], found[RAW, "flat"])


def test_nobody_is_probed_by_the_sensor_that_enrolled_them(faces):
    assert looks.ENROLLED_BY not in PROBED_BY
    gallery, probe = look_at(faces, 2_000_001, looks.GALLERY), look_at(faces, 2_000_001, "TM")
    assert gallery.view.sensor.name == looks.ENROLLED_BY
    assert probe.view.sensor.name in PROBED_BY
    assert gallery.appearance.texture != probe.appearance.texture
    low, high = looks.DISTANCES_MM[probe.view.sensor.name]
    assert low <= probe.view.nose_mm[2] <= high


def unit_rows(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def comparison():
    """Sixty people whose probes are themselves plus noise, but for every fourth probe of PS, which is someone else."""
    rng = np.random.default_rng(0)
    people = unit_rows(rng.normal(size=(60, 32)))
    rows = np.stack([people] * 6, 1) + rng.normal(0, 0.05, (60, 6, 32))
    rows[::4, 3] = np.roll(people, 1, axis=0)[::4]
    strangers = rng.normal(size=(40, 5, 32))
    return identify.Comparison.of(unit_rows(rows), unit_rows(strangers), list(range(60)))


def test_rank1_and_fnir_count_who_was_confused(comparison):
    found = identify.figures(comparison, 0.5)
    rank1 = {name: part["rank1"]["value"] for name, part in found["subsets"].items()}
    assert rank1 == {"NU": 1, "FE": 1, "PS": 0.75, "OC": 1, "TM": 1, "total": 0.95}
    assert found["subsets"]["PS"]["fnir_at_fpir"]["missed"][1] >= 0.25
    assert found["subsets"]["total"]["rank1"]["people"] == 60
    assert found["subsets"]["total"]["probes"] == 300
    assert found["subsets"]["NU"]["cmc"]["value"][0] == 1
    assert sum(found["sensors"][name]["count"] for name in PROBED_BY) == 300
    card = found["at_card_threshold"]
    assert card["fpir"]["value"] == pytest.approx(np.mean(comparison.strangers.similarity >= 0.5), abs=1e-4)


@pytest.fixture
def recognition(comparison, faces_folder):
    facts = {"data": "simulated", "commit": "0" * 40, "generator": "ict", "enrolled": 60, "strangers": 40}
    facts |= {
        "enrolled_by": "d415",
        "distances_mm": {"d415": [550, 700]},
        "held_out_sensor": "d435",
        "subsets": SUBSETS,
    }
    one = {"denoiser": "echo", "recogniser": "flat", **identify.figures(comparison, 0.5)}
    return json.loads(json.dumps(facts | {"combinations": [one]}))


@pytest.fixture
def report(denoising, recognition, job, tmp_path):
    write_report(denoising, job.work, [recognition], tmp_path / "report")
    return tmp_path / "report"


def test_the_page_stands_alone_and_says_that_it_is_simulated(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=[\"'](?!data:|#)", page)
    notes = re.findall(r"</h3>\s*<p>(.*?)</p>", page, re.DOTALL)
    assert len(notes) >= 10
    assert all(note.startswith("Simulated.") for note in notes)
    drawn = [base64.b64decode(text).decode() for text in re.findall(r"svg\+xml;base64,([^\"]+)", page)]
    assert len(drawn) == 6
    assert page.count("image/png") == 4  # two people before each of two sensors


def test_the_same_figures_stand_in_all_three_forms(report, denoising):
    rows = list(csv.DictReader(io.StringIO((report / "figures.csv").read_text(encoding="utf-8"))))
    assert all(row["data"] == "simulated" for row in rows)
    assert all(float(row["low"]) <= float(row["high"]) for row in rows)
    chosen = [r for r in rows if (r["condition"], r["method"], r["figure"]) == ("d435", "median", "RMSE")]
    assert float(chosen[0]["value"]) == denoising["ict"]["d435"]["median"]["rmse_mm"]
    shown = f"{denoising['ict']['d435']['median']['rmse_mm']:.2f} ("
    for name in ("index.html", "tables.md"):
        assert shown in (report / name).read_text(encoding="utf-8")


def test_error_scales_are_round_and_hold_most_errors():
    assert error_scale_mm(np.linspace(-1.9, 1.9, 100)) == 2.0
    assert error_scale_mm(np.full(10, 300.0)) == 20.0


def test_files_that_are_not_figures_are_refused_in_one_sentence(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"combinations": [')
    with pytest.raises(ValueError, match="is no JSON"):
        read_json(broken, "combinations")
    broken.write_text("{}")
    with pytest.raises(ValueError, match="has no “pooled”"):
        read_json(broken, "pooled")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_json(tmp_path / "none.json", "pooled")
    with pytest.raises(FileNotFoundError, match="there is no model file"):
        named_file(f"live={tmp_path / 'none.onnx'}")


def test_a_file_is_named_after_itself_unless_told(denoiser):
    assert named_file(str(denoiser)) == ("echo", denoiser)
    assert named_file(f"DMDNet live={denoiser}") == ("DMDNet live", denoiser)
    assert network_method(denoiser) is not None


def test_truth_of_a_pair_has_the_judged_pixels_of_the_face(job):
    truth = Cell(job).truths[0]
    assert isinstance(truth, Truth)
    assert 0.1 < truth.judged.mean() < 0.9
    assert not np.isnan(truth.depth_mm[truth.judged]).any()


def test_the_readme_gets_the_figures_of_the_file(recognition, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "FIGURES", tmp_path)
    assert tables.subsets() == ""
    (tmp_path / "recognition_makehuman.json").write_text(json.dumps(recognition))
    text = tables.subsets()
    assert "(simulated)" in text
    assert "| echo → flat | 100.0% (94.0% to 100.0%) | 100.0% (94.0% to 100.0%) | 75.0% (" in text
    assert "stands for" not in text
    recognition["combinations"][0]["denoiser"] = "raw"
    (tmp_path / "recognition_makehuman.json").write_text(json.dumps(recognition))
    assert "`raw` stands for no denoiser." in tables.subsets()
    assert "truth" not in tables.subsets()


def test_the_readme_counts_the_searches_of_each_generator(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "FIGURES", tmp_path)
    rates = {"rank1": 1.0, "fnir": 0.1, "probes": 20}
    for key, strangers in (("ict", 397), ("makehuman", 398)):
        at = dict.fromkeys(tables.CONDITIONS, rates) | {"strangers": strangers, "fpir": 0.01}
        found = {"enrolled": 10, "at_fpir_1_percent": at, "at_rate_asked_of_the_program": {"0.01": at}}
        (tmp_path / f"identification_{key}.json").write_text(json.dumps(found))
    assert "and 397 (ICT) and 398 (MakeHuman) searches for strangers;" in tables.identification()
