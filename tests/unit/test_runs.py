"""Runs over many inputs: cut as one likes and the same, kept, gone on with, refused. Networks are fakes."""

import errno
import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from depthface_app.build import Setup
from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session import SessionReader, SessionWriter
from depthface_app.cli.inputs import frames_of
from depthface_app.cli.inspecting import Bench, Known, Runner
from depthface_app.cli.searching import files_in, stems_of
from depthface_app.core import files
from depthface_app.core.errors import InputError, ModelError
from depthface_app.core.frame import Frame
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.methods import fixed_methods
from depthface_app.pipeline.runs import plan, results
from depthface_app.pipeline.runs.parts import Parts
from depthface_app.pipeline.runs.plan import Measured, Question, Row, Span, spans_of
from depthface_app.pipeline.runs.run import Job
from depthface_app.pipeline.runs.work import Tools, measure
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import Models
from tests.fake_models import FakeLocator, FakeRecogniser, axis_vector, fake_models
from tests.unit.test_inspection import PerfectDenoiser, noisy

FRAMES = 7
SETUP = Setup(Settings(), Path())


def tools(against="raw") -> Tools:
    """Module-level, so that processes of a run can make them too."""
    return Tools(Models(FakeLocator(), PerfectDenoiser(), FakeRecogniser()), lambda: fixed_methods()[against])


def write_session(path: Path, frames: list[Frame]) -> Path:
    writer = SessionWriter(path, CameraInfo("fake:", "Fake"))
    for frame in frames:
        writer.add(frame.at(100 + frame.number / 30))
    writer.finish()
    return path


@pytest.fixture
def recording(tmp_path):
    return write_session(tmp_path / "a.mcap", [noisy(number) for number in range(FRAMES)])


@pytest.fixture
def short_spans(monkeypatch):
    monkeypatch.setattr(plan, "SPAN_FRAMES", 3)


def read(path: Path):
    return frames_of(path, SETUP)


def runner(folder: Path | None, question: Question | None = None, workers: int = 1, **settings) -> Runner:
    question = question or Question()
    job = Job(question, partial(tools, question.against), read)
    values = {"version": "1", "models": [], **results.plain(question), **settings}
    return Runner(Bench(SETUP, job, tools(question.against), values), workers, folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("against", ["raw", "bilateral"])
def test_a_recording_cut_into_spans_gives_what_it_gives_whole(recording, short_spans, against):
    question = Question(against, identity_every=2)
    whole = measure(Span(recording, 0, FRAMES), tools(against), question, read)
    spans = spans_of(recording, question, whole=False)
    assert [(span.begin, span.end) for span in spans] == [(0, 3), (3, 6), (6, 7)]
    cut = [row for span in spans for row in measure(span, tools(against), question, read).rows]
    assert str(cut) == str(list(whole.rows))  # text, as NaN is not equal to itself
    assert [row.index for row in cut] == list(range(FRAMES))
    assert cut[3].time_s == pytest.approx(0.1, abs=1e-5)
    assert "temporal_noise_mm" in cut[3].first  # across the cut
    assert [not np.isnan(row.identity) for row in cut] == [True, False] * 3 + [True]


def test_two_processes_write_the_same_bytes_as_one(recording, short_spans, tmp_path):
    for workers, name in ((1, "one"), (2, "two")):
        run = runner(tmp_path / name, workers=workers).run([recording])
        assert len(run.inputs[0].rows) == FRAMES
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_run_that_was_stopped_goes_on_and_ends_the_same(recording, short_spans, tmp_path, monkeypatch):
    runner(tmp_path / "whole").run([recording])
    measured = []

    def stopping(self, span, found):
        if len(measured) == 2:
            raise KeyboardInterrupt
        measured.append(span)
        keep(self, span, found)

    keep = Parts.keep
    monkeypatch.setattr(Parts, "keep", stopping)
    with pytest.raises(KeyboardInterrupt):
        runner(tmp_path / "stopped").run([recording])
    with pytest.raises(InputError, match="was stopped before its end; give the same inspect command again"):
        results.read(tmp_path / "stopped")
    again = []
    monkeypatch.setattr(Parts, "keep", lambda self, span, found: (again.append(span), keep(self, span, found)))
    runner(tmp_path / "stopped").run([recording])
    assert [span.begin for span in measured + again] == [0, 3, 6]
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


def test_a_truncated_part_is_measured_again(recording, short_spans, tmp_path):
    runner(tmp_path / "out").run([recording])
    before = contents(tmp_path / "out")
    part = sorted((tmp_path / "out" / ".parts").rglob("*.json"))[1]
    part.write_bytes(part.read_bytes()[:100])
    runner(tmp_path / "out").run([recording])
    assert contents(tmp_path / "out") == before
    assert json.loads(part.read_text())["rows"]


def test_a_recording_that_changed_is_measured_anew_and_said_so(recording, tmp_path, capsys):
    runner(tmp_path / "out").run([recording])
    recording.unlink()
    write_session(recording, [noisy(number, sd_mm=4.0) for number in range(FRAMES)])
    run = runner(tmp_path / "out").run([recording])
    assert f"{recording} has changed since it was inspected into this folder; it is measured anew." in (
        capsys.readouterr().err
    )
    assert np.mean([row.first["spatial_noise_mm"] for row in run.inputs[0].rows]) > 1.2


def test_a_folder_with_a_run_of_other_settings_is_refused_and_left_as_it_is(recording, tmp_path):
    runner(tmp_path / "out").run([recording])
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match=r"holds a run of other settings \(against raw, now median\); give another"):
        runner(tmp_path / "out", Question("median")).run([recording])
    with pytest.raises(InputError, match=r"\(models , now LDNF 2\)"):
        runner(tmp_path / "out", models=[{"name": "LDNF", "version": "2"}]).run([recording])
    assert contents(tmp_path / "out") == before


def damage(path: Path, index: int) -> None:
    with SessionReader(path) as reader:
        offset = int(reader._frames["offset"][index])
    with path.open("r+b") as file:
        file.seek(offset + 200)
        file.write(bytes(64))


def test_a_damaged_frame_is_left_out_and_named_and_nothing_is_compared_across_it(recording, short_spans, tmp_path):
    damage(recording, 2)
    run = runner(tmp_path / "out").run([recording])
    (found,) = run.inputs
    assert found.damaged == (2,)
    assert [row.index for row in found.rows] == [0, 1, 3, 4, 5, 6]
    assert "temporal_noise_mm" not in found.rows[2].first
    assert "temporal_noise_mm" in found.rows[3].first
    assert results.read(tmp_path / "out").inputs[0].damaged == (2,)


def test_one_bad_input_does_not_keep_the_others_from_being_measured(recording, tmp_path):
    bad = tmp_path / "bad.mcap"
    bad.write_bytes(b"\x89MCAP0\r\n" + bytes(100))
    for workers in (1, 2):
        run = runner(None, workers=workers).run([bad, recording, tmp_path / "nothing.png"])
        assert [each.stem for each in run.inputs] == ["a"]
        assert len(run.problems) == 2
        assert all("\n" not in problem for problem in run.problems)


def test_an_input_that_does_not_fit_its_reference_fails_alone(recording, tmp_path):
    short = write_session(tmp_path / "short.mcap", [noisy(number) for number in range(3)])
    for workers in (1, 2):
        asked = Question(reference=str(short))
        run = runner(None, asked, workers).run([recording, short])
        assert [each.stem for each in run.inputs] == ["short"]
        assert run.problems == (f"{recording}: {short} has no surface for frame 3; give one that covers all.",)
        assert run.inputs[0].rows[0].first["rmse_mm"] == pytest.approx(0, abs=1e-4)


def test_the_reference_of_a_cut_recording_keeps_in_step(recording, short_spans, tmp_path):
    exact = write_session(
        tmp_path / "exact.mcap", [replace(noisy(k), depth_mm=noisy(k).depth_mm) for k in range(FRAMES)]
    )
    run = runner(None, Question(reference=str(exact))).run([recording])
    assert [row.first["rmse_mm"] for row in run.inputs[0].rows] == [pytest.approx(0, abs=1e-4)] * FRAMES


def test_methods_that_look_back_are_told_from_those_that_do_not():
    at_once = {name for name, method in fixed_methods().items() if not plan.looks_back(method)}
    assert {"raw", "bilateral", "median", "tv", "nlm"} <= at_once
    assert not at_once & {"temporal", "realsense-temporal", "realsense", "fused"}
    assert not plan.looks_back(fake_models().denoiser)


def test_a_method_that_looks_back_sees_the_whole_recording(recording, short_spans):
    assert spans_of(recording, Question("temporal"), whole=True) == (Span(recording, 0, FRAMES),)
    run = runner(None, Question("temporal")).run([recording])
    assert len(run.inputs[0].rows) == FRAMES
    assert run.inputs[0].rows[-1].first["spatial_noise_mm"] < 0.6 * run.inputs[0].rows[0].first["spatial_noise_mm"]


def full_disk(after: int):
    """A stand-in for `os.replace` on a disk that is full after so many files."""
    done = []
    replace_file = os.replace

    def replacing(part, path):
        done.append(path)
        if len(done) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_file(part, path)

    return replacing


def test_on_a_full_disk_nothing_is_lost(recording, short_spans, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(files.os, "replace", full_disk(3))
        with pytest.raises(InputError, match="No space left on device; what was measured so far is kept; make room"):
            runner(tmp_path / "out").run([recording])
    kept = list((tmp_path / "out" / ".parts").rglob("*.json"))
    assert len(kept) == 2
    assert not list((tmp_path / "out").rglob(".*-*.json"))  # no half file
    runner(tmp_path / "out").run([recording])
    runner(tmp_path / "whole").run([recording])
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_folder_that_cannot_be_made_is_one_sentence(recording, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made: .*; give another one"):
        runner(tmp_path / "file" / "out").run([recording])


def deadly_tools() -> Tools:
    """What kills the process that measures with it, as a crash or a lack of memory would."""
    os._exit(9)


def test_a_process_that_dies_is_one_sentence(recording, short_spans, tmp_path):
    dying = runner(tmp_path / "out", workers=2)
    dying = replace(dying, bench=replace(dying.bench, job=replace(dying.bench.job, open_tools=deadly_tools)))
    with pytest.raises(
        InputError, match="A process of the run died, .* what was measured is kept: give the same command"
    ):
        dying.run([recording])


def test_a_network_that_fails_ends_the_run(recording):
    broken = fake_models()
    broken.denoiser.failure = "The network broke."
    failing = runner(None)
    job = Job(Question(), lambda: Tools(broken, lambda: fixed_methods()["raw"]), read)
    failing = replace(failing, bench=replace(failing.bench, job=job))
    with pytest.raises(ModelError, match="The network broke"):
        failing.run([recording])


def test_results_come_back_as_they_were_written(recording, tmp_path):
    run = runner(tmp_path / "out", Question(identity_every=3)).run([recording])
    back = results.read(tmp_path / "out")
    assert back.sides == ("raw", "denoised")
    for name, values in run.values().items():
        np.testing.assert_array_equal(back.values()[name], values, err_msg=name)
    assert [row.time_s for row in back.inputs[0].rows] == [row.time_s for row in run.inputs[0].rows]


def test_parquet_has_a_row_per_frame_and_units(recording, tmp_path):
    runner(tmp_path / "out").run([recording])
    table = pq.read_table(tmp_path / "out" / "frames.parquet")
    assert table.num_rows == FRAMES
    assert table.column("raw.temporal_noise_mm")[0].as_py() is None
    assert table.column("input")[0].as_py() == str(recording)
    units = json.loads(table.schema.metadata[b"depthface"])["units"]
    assert units["raw.spatial_noise_mm"] == "mm"
    summary = (tmp_path / "out" / "summary.csv").read_text().splitlines()
    assert summary[0] == "input,method,figure,unit,count,mean,p5,p50,p95"
    assert any(line.startswith("all,denoised,spatial_noise_mm,mm,7,") for line in summary)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "run.json").unlink(), "is no run: it holds no run.json"),
        (lambda folder: (folder / "run.json").write_text("{"), "run.json cannot be read"),
        (lambda folder: (folder / "frames.parquet").unlink(), "frames.parquet is missing or damaged"),
        (lambda folder: (folder / "frames.parquet").write_bytes(b"PAR1"), "frames.parquet is missing or damaged"),
        (
            lambda folder: pq.write_table(
                pq.read_table(folder / "frames.parquet").slice(0, 3), folder / "frames.parquet"
            ),
            "3 of 7 frames",
        ),
    ],
)
def test_spoilt_results_are_one_sentence(recording, tmp_path, spoil, words):
    runner(tmp_path / "out").run([recording])
    spoil(tmp_path / "out")
    with pytest.raises(InputError, match=words) as raised:
        results.read(tmp_path / "out")
    assert "\n" not in str(raised.value)


def test_folders_hold_recordings_and_depth_pictures_and_nothing_else(recording, tmp_path):
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / "colour.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(16) + bytes((8, 2)))
    (tmp_path / "depth.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(16) + bytes((16, 0)))
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "b.mcap").write_bytes(b"\x89MCAP0\r\n")
    found, problems = files_in([tmp_path, recording, tmp_path / "empty"])
    assert found == (recording, tmp_path / "depth.png")
    assert files_in([tmp_path / ".hidden"])[0] == (tmp_path / ".hidden" / "b.mcap",)
    assert problems == (f"The folder {tmp_path / 'empty'} holds no recording and no depth picture.",)


def test_inputs_of_one_name_have_results_of_different_names():
    paths = [Path("one/a.mcap"), Path("two/a.mcap"), Path("two/a.bag"), Path("b.mcap")]
    assert list(stems_of(paths).values()) == ["a", "two-a", "two-a-2", "b"]


def test_whoever_is_most_alike_counts():
    gallery = Gallery.of("fake 1", [("Ada", axis_vector(0)[None]), ("Bob", axis_vector(2)[None])])
    assert Known(gallery)(axis_vector(2, lean=0.2)) == pytest.approx(1 / np.hypot(1, 0.2))


def test_a_row_survives_being_kept(recording, tmp_path):
    parts, span = Parts(tmp_path, {"against": "raw"}), Span(recording, 0, 1)
    row = Row(0, 0.1, 4, 1, {"rmse_mm": 0.1 + 0.2}, {"ssim": float("nan")})
    parts.keep(span, Measured((row,), (3,)))
    assert str(parts.load(span)) == str(Measured((row,), (3,)))
    assert replace(parts, settings={"against": "median"}).load(span) is None


def test_a_recording_that_is_its_own_reference_has_endless_psnr(recording, tmp_path):
    runner(tmp_path / "out", Question(reference=str(recording))).run([recording])
    rows = [line.split(",") for line in (tmp_path / "out" / "summary.csv").read_text().splitlines()]
    (psnr,) = [row for row in rows if row[:3] == ["all", "raw", "psnr_db"]]
    assert psnr[5:] == ["inf"] * 4
