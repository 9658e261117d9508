"""Reports and comparisons of runs: every number with unit, count and a sentence, in one file that needs no other."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats

from depthface_app.cli import main
from depthface_app.cli.inspecting import write_report
from depthface_app.core.errors import InputError
from depthface_app.core.links import moment_of
from depthface_app.core.metrics.catalogue import CATALOGUE, IDENTITY
from depthface_app.pipeline.runs import results
from depthface_app.pipeline.runs.comparing import as_values, compared
from depthface_app.pipeline.runs.plan import Question, Row
from depthface_app.pipeline.runs.report import content, html, pdf, worst
from depthface_app.pipeline.runs.report.plots import FIRST, INK, LINE, SECOND, distribution, png, svg
from depthface_app.pipeline.runs.report.roughness import mean_roughness
from depthface_app.pipeline.runs.results import Inspected, Run
from depthface_app.pipeline.runs.statistics import difference, groups_of, spread
from tests.unit.test_inspection import noisy
from tests.unit.test_runs import read, runner, tools, write_session

SETTINGS = {"version": "1", "against": "raw", "models": [{"kind": "denoiser", "name": "DMD", "version": "1"}]}
FRAMES = 8


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    return write_session(folder / "a <b>.mcap", [noisy(number) for number in range(FRAMES)])


@pytest.fixture(scope="module")
def run(recording):
    return runner(None, Question(identity_every=2)).run([recording])


@pytest.fixture(scope="module")
def report(run):
    return content.report_of(run, tools(), read)


def invented(values, stem="a", path=None, **settings) -> Run:
    """A run whose denoised temporal noise is known: a row per value."""
    rows = tuple(
        Row(k, k / 30, k, 1, {"temporal_noise_mm": 2.0}, {"temporal_noise_mm": float(value)})
        for k, value in enumerate(values)
    )
    path = path or f"/{stem}.mcap"
    return Run(("raw", "denoised"), {**SETTINGS, **settings}, (Inspected(path, path, stem, rows),))


def test_every_number_has_a_unit_a_count_and_a_sentence(report, run):
    titles = {figure.title for figure in (*CATALOGUE.values(), IDENTITY)}
    assert {"fill rate", "spatial noise", "temporal noise"} <= {line.title for line in report.lines} <= titles
    for line in report.lines:
        assert int(line.count.replace(",", "")) > 0
        assert line.good.endswith(".")
        assert line.unit or "cosine" in line.title
    (noise,) = (line for line in report.lines if line.title == "temporal noise")
    values = run.values()["raw.temporal_noise_mm"]
    assert noise.count == str(FRAMES - 1)
    assert noise.first.startswith(f"{np.nanmean(values):.2f} ")
    for figure in (*CATALOGUE.values(), IDENTITY):
        assert figure.good.endswith(".")
        assert figure.unit or figure.title in ("SSIM", IDENTITY.title, "cosine to the enrolled person")


def test_the_page_stands_alone_and_names_are_escaped(report):
    page = html.page(report)
    assert "<b>" not in page
    assert "a &lt;b&gt;" in page
    assert all(source.startswith("data:image/png;base64,") for source in re.findall(r'src="([^"]*)"', page))
    assert "<script" not in page
    assert "<link" not in page
    assert not re.findall(r'href="(?!#|depthface:)', page)
    for line in report.lines:
        assert line.good.replace("'", "&#39;") in page


def test_the_page_holds_every_models_whole_card():
    card = {"kind": "denoiser", "name": "DMD", "version": "1", "figures": {"psnr_db": 41.5}, "attributions": ["a", "b"]}
    report = content.report_of(invented([1.0], models=[card]), tools(), read)
    assert [row[-1] for row in report.models.rows] == ["a; b"]
    assert "41.5" in html.page(report)
    (name, text), *_ = report.cards
    assert (name, json.loads(text)) == ("DMD 1", card)


def test_the_page_says_which_camera_it_was(report):
    assert report.inputs.head[2] == "camera"
    assert [row[2] for row in report.inputs.rows] == ["Fake"]


def test_a_click_leads_to_the_frame_and_the_command_says_the_same(report, recording):
    (_, frames), *_ = report.worst
    for bad in frames:
        moment = moment_of(bad.link)
        assert moment.recording == str(recording)
        assert f"frame {moment.frame}," in bad.where
        assert bad.command == f"depthface app '{bad.link}'"


def test_the_paper_has_the_figures_and_pages(report):
    data = pdf.document(report)
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", data)) >= 3
    assert data.count(b"/Subtype /Image") >= len(report.plots)


def test_a_run_without_a_face_says_so_on_the_page_and_on_paper():
    rows = (Row(0, 0.0, 0, 0), Row(1, 0.1, 1, 0))
    empty = Run(("raw", "denoised"), SETTINGS, (Inspected("/a", "/a", "a", rows, (2,)),), ("b.mcap is damaged.",))
    report = content.report_of(empty, tools(), read)
    page = html.page(report)
    assert "No face was found in any frame" in page
    assert "There are no frames to show." in page
    assert "Not inspected: b.mcap is damaged." in page
    assert pdf.document(report).startswith(b"%PDF-")


def test_a_recording_that_is_gone_costs_its_pictures_only():
    values = np.linspace(1, 2, 100)
    report = content.report_of(invented(values), tools(), read)
    assert report.worst == ()
    assert report.unpictured == worst.EACH
    assert "cannot be pictured" in html.page(report)


def test_the_worst_frames_are_a_second_apart_and_none_is_shown_twice():
    values = np.ones(200)
    values[[10, 11, 12, 100, 160]] = [5, 9, 7, 4, 3]
    ((figure, places),) = worst.ranked(invented(values))
    assert figure.title == "temporal noise"
    assert [place.index for place in places] == [11, 100, 160]
    assert places[0].share == pytest.approx(11 / 199)


def test_of_a_figure_that_shall_be_large_the_smallest_is_worst(run):
    rankings = {figure.title: places for figure, places in worst.ranked(run)}
    identity = [row.identity for row in run.inputs[0].rows]
    assert rankings[IDENTITY.title][0].value == np.nanmin(identity)


def test_a_drawing_follows_the_theme_of_the_page():
    figure = CATALOGUE["spatial_noise_mm"]
    first, second = np.random.default_rng(0).normal(2, 1, (2, 300))
    drawn = svg(distribution(first, second, figure))
    ElementTree.fromstring(drawn)
    assert all(colour not in drawn for colour in (INK, LINE, FIRST, SECOND))
    assert "var(--first)" in drawn
    assert "currentColor" in drawn
    assert "spatial noise, mm" in drawn
    assert png(distribution(first, np.full(3, np.nan), figure)).startswith(b"\x89PNG")


def test_the_spectrum_is_that_of_the_noise_that_was_added(run):
    wavelength_mm, first, second, frames = mean_roughness(run, tools(), read)
    assert frames == FRAMES
    np.testing.assert_allclose(wavelength_mm[[0, -1]], (25, 3.125))
    bands = np.sqrt([np.sum(first[(wavelength_mm < high) & (wavelength_mm >= low)] ** 2) for low, high in ((3, 6.2),)])
    assert bands[0] == pytest.approx(np.mean([row.first["noise_fine_mm"] for row in run.inputs[0].rows]), rel=0.25)
    assert second.max() < 0.01 * first.max()
    assert mean_roughness(invented([1.0]), tools(), read)[3] == 0


def test_the_report_is_written_beside_the_results(run, tmp_path):
    page, paper = write_report(run, tmp_path, tools(), read)
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert paper.read_bytes().startswith(b"%PDF-")
    with pytest.raises(InputError, match="report.html cannot be written"):
        write_report(run, tmp_path / "nowhere", tools(), read)


# ---- statistics


def test_a_paired_difference_and_its_interval_are_those_of_scipy():
    rng = np.random.default_rng(4)
    first = rng.normal(2, 0.3, 400)
    second = first - 0.2 + rng.normal(0, 0.1, 400)
    groups = np.arange(400)
    found = difference(first, second, groups, CATALOGUE["spatial_noise_mm"])
    expected = stats.bootstrap((second - first,), np.mean, method="percentile", rng=np.random.default_rng(1))
    assert found.change.value == pytest.approx((second - first).mean())
    assert found.change.low == pytest.approx(expected.confidence_interval.low, abs=2e-3)
    assert found.change.high == pytest.approx(expected.confidence_interval.high, abs=2e-3)
    assert (found.change.count, found.verdict) == (400, "better")
    assert difference(second, first, groups, CATALOGUE["spatial_noise_mm"]).verdict == "worse"
    assert difference(first, first, groups, CATALOGUE["spatial_noise_mm"]).verdict == "no telling"
    tiny = difference(first, first + 1e-4, groups, CATALOGUE["spatial_noise_mm"])
    assert tiny.verdict == "no telling"  # sure, and too small to be shown
    assert difference(first, second, groups, CATALOGUE["bias_mm"]).verdict == ""


def test_too_few_groups_give_no_interval_and_no_verdict():
    found = difference(np.ones(8), np.zeros(8), np.repeat((0, 1), 4), CATALOGUE["spatial_noise_mm"])
    assert found.change.value == -1
    assert np.isnan(found.change.low)
    assert found.verdict == ""


def test_recordings_are_drawn_again_if_there_are_enough_else_stretches():
    few = invented(np.ones(130)).inputs
    assert set(groups_of(few).number) == {0, 1, 2}
    assert "too few frames for intervals" in groups_of(few).words
    assert "6 stretches of 60 frames" in groups_of(few + few).words
    many = groups_of(few * 5)
    assert (many.number.max(), len(many.number)) == (4, 650)
    assert "the 5 recordings" in many.words


def test_a_spread_is_that_of_numpy():
    values = np.append(np.arange(101.0), np.nan)
    found = spread(values)
    assert (found.count, found.mean, found.p5, found.p50, found.p95) == (101, 50, 5, 50, 95)
    assert np.isnan(spread(np.full(3, np.nan)).mean)


# ---- two runs


def test_two_runs_are_compared_on_the_frames_that_both_have():
    rng = np.random.default_rng(5)
    values = rng.normal(1, 0.1, 600)
    found = compared(invented(values), invented(values[:400] - 0.3, against="median"), ("one", "two"))
    ((name, _, apart),) = found.figures
    assert (name, found.frames, found.left) == ("temporal_noise_mm", 400, (200, 0))
    assert apart.change.value == pytest.approx(-0.3)
    assert apart.verdict == "better"
    assert found.apart == (("against", "raw", "median"),)
    plain = as_values(found)["figures"]["temporal_noise_mm"]
    assert (plain["frames"], plain["groups"], plain["unit"]) == (400, 7, "mm")


def test_identity_is_compared_only_where_both_were_held_against_the_same():
    def with_identity(against):
        run = invented(np.ones(3), against=against)
        rows = tuple(replace(row, identity=0.9) for row in run.inputs[0].rows)
        return replace(run, sides=(against, "denoised"), inputs=(replace(run.inputs[0], rows=rows),))

    names = [
        [name for name, _, _ in compared(with_identity("raw"), with_identity(other), ("one", "two")).figures]
        for other in ("raw", "median")
    ]
    assert names == [["temporal_noise_mm", "identity_drift"], ["temporal_noise_mm"]]


def test_other_models_are_named():
    others = invented([1.0], models=[{"kind": "denoiser", "name": "DMD", "version": "2"}])
    assert compared(invented([1.0]), others, ("one", "two")).apart == (("denoiser", "DMD 1", "DMD 2"),)


def test_runs_without_a_common_frame_are_one_sentence():
    with pytest.raises(InputError, match="The runs one and two share no frames: the first is of a, the second of b; "):
        compared(invented([1.0]), invented([1.0], "b"), ("one", "two"))
    other = invented([1.0])
    moved = replace(other.inputs[0], rows=(replace(other.inputs[0].rows[0], index=7),))
    with pytest.raises(InputError, match="share no frames"):
        compared(other, replace(other, inputs=(moved,)), ("one", "two"))


def test_the_command_compares_folders_as_table_json_and_page(recording, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        runner(tmp_path / name).run([recording])
    assert main(["compare", "one", "two", "--json", "-o", "page.html"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["frames"] == FRAMES
    assert found["figures"]["spatial_noise_mm"]["change"] == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "nothing: the same settings and models" in page
    assert "The first run is one, the second two." in page
    assert "8 frames of 1 input are in both." in page
    assert main(["compare", "one", "two"]) == 0
    assert "spatial_noise_mm" in capsys.readouterr().out
    assert main(["compare", "one", "nothing"]) == 1
    assert capsys.readouterr().err.startswith("depthface: nothing is no run: it holds no run.json")


def test_a_run_that_is_read_back_gives_the_same_report(recording, tmp_path):
    run = runner(tmp_path / "out").run([recording])
    back = results.read(tmp_path / "out")
    assert content.report_of(back, tools(), read).lines == content.report_of(run, tools(), read).lines
