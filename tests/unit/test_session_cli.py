"""`depthface session` and `replay` as scripts see them. Networks are fakes; files and formats are real."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthface_app.cameras.pictures import read_picture
from depthface_app.cameras.session import SessionReader
from depthface_app.cli import main
from depthface_app.inference.denoiser import Denoiser
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser
from tests.fakes import fake_frame
from tests.kinect_dumps import raw_of, write_dump
from tests.realsense_files import write_recording

FRAMES = 6
ROOT = str(Path(__file__).parents[2])


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    for kind, fake in ((Locator, FakeLocator), (Denoiser, FakeDenoiser), (Recogniser, FakeRecogniser)):
        monkeypatch.setattr(kind, "open", lambda path, options=None, fake=fake: fake())


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def recorded(run, tmp_path):
    """A recording with a result beside every frame."""
    source = "simulated:?realtime=0&sensor=kinect2"
    assert run("record", "-s", source, "-o", "a.mcap", "--frames", FRAMES, "--processed")[0] == 0
    return tmp_path / "a.mcap"


def test_raw_frames_stay_raw_and_results_stand_beside_them(run, recorded):
    with SessionReader(recorded) as reader:
        assert len(reader) == FRAMES
        assert reader.with_results == tuple(range(FRAMES))
        assert reader.processing["tracks"] == "fresh"
        assert len(reader.processing["model.denoiser.sha256"]) == 64
        assert len(reader.result(0).faces) == 1
    status, out, _ = run("session", "info", "a.mcap", "--json")
    facts = json.loads(out[0])
    assert (status, facts["frames"], facts["results"], facts["complete"]) == (0, FRAMES, FRAMES, True)


def test_verify_says_what_is_damaged_by_its_exit_status(run, recorded):
    status, out, _ = run("session", "verify", "a.mcap")
    assert status == 0
    assert f"sound, {FRAMES} frames" in out[0]
    with SessionReader(recorded) as reader:
        offsets = [int(entry["offset"]) for entry in reader.entries if entry["channel"] == 1]
    data = bytearray(recorded.read_bytes())
    for index in (1, 2, 4):
        data[offsets[index] + 500] ^= 1
    recorded.write_bytes(data)
    status, out, _ = run("session", "verify", "a.mcap", "--json")
    assert status == 1
    assert json.loads(out[0])["damaged_frames"] == [1, 2, 4]
    assert "frames 1-2, 4 damaged" in run("session", "verify", "a.mcap")[1][0]
    status, _, err = run("session", "verify", "nowhere.mcap")
    assert status == 1
    assert "no such file" in err[0]


def test_marks_from_the_command_line(run, recorded):
    assert run("session", "mark", "a.mcap", "begins", "--frame", 2)[0] == 0
    assert run("session", "mark", "a.mcap", "a quiet room")[0] == 0
    listed = run("session", "info", "a.mcap")[1]
    assert listed[-2] == "  mark at the whole recording: a quiet room"
    assert listed[-1].endswith("frame 2: begins")
    status, _, err = run("session", "mark", "a.mcap", "late", "--at", 9999)
    assert status == 1
    assert "there is nothing at 9999 s" in err[0]
    assert run("session", "mark", "a.mcap", "x", "--at", 1, "--frame", 1)[0] == 2


@pytest.mark.parametrize("kind", ["png", "npz", "ply", "pcd"])
def test_exported_pictures_hold_the_same_depth_and_are_read_by_denoise(run, recorded, tmp_path, kind):
    status, out, _ = run("session", "export", "a.mcap", "-o", "out", "--as", kind, "--every", 3, "--json")
    assert status == 0
    assert json.loads(out[0])["frames"] == 2
    with SessionReader(recorded) as reader:
        frame = reader.read(3)
    picture = read_picture(tmp_path / "out" / f"a-000003.{kind}")
    assert all("metres" not in warning for warning in picture.warnings)
    rounding_mm = 0.5 if kind == "png" and frame.depth_mm.dtype != np.uint16 else 1e-3
    np.testing.assert_allclose(picture.frame.depth_mm, frame.depth_mm, atol=rounding_mm)
    assert picture.frame.intrinsics.fx == pytest.approx(frame.intrinsics.fx, rel=1e-6)
    status, out, _ = run("denoise", f"out/a-000003.{kind}", "-o", "denoised", "--json")
    assert (status, json.loads(out[0])["faces"]) == (0, 1)


def test_exported_pngs_import_again_with_their_times(run, recorded, tmp_path):
    run("session", "export", "a.mcap", "-o", "out", "--as", "png")
    assert run("session", "import", "out", "-o", "b.mcap")[1] == [f"b.mcap: {FRAMES} frames"]
    with SessionReader(recorded) as before, SessionReader(tmp_path / "b.mcap") as after:
        np.testing.assert_allclose(after.times_s, before.times_s, atol=2e-6)
        for index in range(FRAMES):
            one, other = before.read(index), after.read(index)
            np.testing.assert_array_equal(np.rint(one.depth_mm), other.depth_mm)
            np.testing.assert_array_equal(one.infrared, other.infrared)
            assert (one.number, one.intrinsics) == (other.number, other.intrinsics)


def test_an_export_ends_where_it_is_told_at_the_first_frame_too(run, recorded):
    with SessionReader(recorded) as reader:
        third_s = float(reader.times_s[2])
    for end, frames in ((0, 1), (third_s, 3), (1e6, FRAMES)):
        status, out, _ = run("session", "export", "a.mcap", "-o", f"to{end}", "--as", "png", "--to", end, "--json")
        assert (status, json.loads(out[0])["frames"]) == (0, frames)


def test_processed_exports_have_the_faces_denoised(run, recorded, tmp_path):
    assert run("session", "export", "a.mcap", "-o", "out", "--as", "npz", "--processed", "--to", 0)[0] == 0
    with np.load(tmp_path / "out" / "a-000000.npz") as data, SessionReader(recorded) as reader:
        face = reader.result(0).faces[0]
        mask, depth = data["face_mask"], data["depth_mm"]
        assert mask.sum() > 500
        np.testing.assert_array_equal(depth[~mask], data["raw_depth_mm"][~mask])
        assert abs(np.median(depth[mask]) - np.nanmedian(face.depth_mm)) < 10
    run("record", "-s", "simulated:?realtime=0", "-o", "raw.mcap", "--frames", 1)
    status, _, err = run("session", "export", "raw.mcap", "-o", "none", "--as", "png", "--processed")
    assert status == 1
    assert "holds no results" in err[0]


def test_the_table_has_one_row_per_face(run, recorded, tmp_path):
    assert run("session", "export", "a.mcap", "-o", "faces.csv", "--as", "csv")[0] == 0
    with (tmp_path / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with SessionReader(recorded) as reader:
        face = reader.result(2).faces[0]
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    assert float(rows[2]["nose_z_mm"]) == pytest.approx(face.location.nose_mm[2], abs=0.01)
    assert rows[2]["person"] == ""


def test_the_film_plays_and_shows_the_panes_side_by_side(run, recorded, tmp_path):
    assert run("session", "export", "a.mcap", "-o", "out", "--as", "mp4")[0] == 0
    film = cv2.VideoCapture(str(tmp_path / "out" / "a.mp4"))
    pictures = []
    while (read := film.read())[0]:
        pictures.append(read[1])
    film.release()
    with SessionReader(recorded) as reader:
        height, width = reader.read(0).depth_mm.shape
    assert len(pictures) == FRAMES
    assert pictures[0].shape == (height // 2 * 2, 3 * width // 2 * 2, 3)
    raw, infrared = pictures[0][40:, :width], pictures[0][40:, 2 * width :]
    assert raw.std() > 10
    assert np.abs(np.diff(infrared.astype(int), axis=2)).mean() < 3  # grey


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes, which Windows does not have")
def test_a_film_that_the_disk_has_no_room_for_is_refused_and_the_older_one_stays(recorded, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"the older one")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    program = f"{limit}; from depthface_app.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, "session", "export", "a.mcap", "-o", "a.mp4", "--as", "mp4"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ROOT})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"depthface: a.mp4 cannot be written: 0 of its {FRAMES} pictures can be played; make room on the disk.\n"
    )
    assert (tmp_path / "a.mp4").read_bytes() == b"the older one"
    assert not list(tmp_path.glob(".a-*"))


def test_times_without_a_frame_are_refused(run, recorded):
    status, _, err = run("session", "export", "a.mcap", "-o", "out", "--as", "png", "--from", 1e6)
    assert status == 1
    assert "has no frame between" in err[0]


def test_a_realsense_file_is_imported_with_every_frame_and_its_pace(run, tmp_path):
    write_recording(tmp_path / "a.db3", 5)
    status, out, _ = run("session", "import", "a.db3", "-o", "b.mcap", "--json")
    assert (status, json.loads(out[0])["frames"]) == (0, 5)
    with SessionReader(tmp_path / "b.mcap") as reader:
        assert reader.notes["serial"] == "SOFTWARE1"
        np.testing.assert_allclose(np.diff(reader.times_s), 1 / 30, atol=1e-3)
        assert reader.read(4).colour is not None


def test_a_kinect_dump_is_imported_in_millimetres(run, tmp_path):
    seen = [fake_frame(number, (480, 640)) for number in range(3)]
    write_dump(tmp_path / "dump", seen, fps=30)
    assert run("session", "import", "dump", "-o", "k.mcap")[0] == 0
    with SessionReader(tmp_path / "k.mcap") as reader:
        assert len(reader) == 3
        depth = reader.read(2).depth_mm
        np.testing.assert_allclose(np.diff(reader.times_s), 1 / 30, atol=1e-4)
    wanted = seen[2].depth_mm.astype(float)
    np.testing.assert_array_equal(raw_of(depth)[wanted > 0], raw_of(wanted)[wanted > 0])
    half_step_mm = 0.5 * wanted**2 * 0.1042 / (4 * 10 * 120 * 7.5)
    assert (np.abs(depth - wanted) <= half_step_mm * 1.05 + 1e-3).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "holds no depth pictures"),
        (lambda path: path.write_text("nothing"), "no recording"),
        (lambda path: None, "no file and no folder"),
        (lambda path: (path.mkdir(), (path / "INDEX.txt").write_text("")), "names no depth picture"),
        (lambda path: (path.mkdir(), (path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")), "truncated or damaged"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence_and_leaves_nothing(run, tmp_path, make, words):
    make(tmp_path / "thing")
    status, out, err = run("session", "import", "thing", "-o", "b.mcap")
    assert (status, out) == (1, [])
    assert words in err[-1]
    assert not (tmp_path / "b.mcap").exists()


def test_replay_says_the_same_three_times_and_as_recorded(run, recorded):
    reports = [json.loads(run("replay", "a.mcap", "--json")[1][0]) for _ in range(3)]
    assert len({report["sha256"] for report in reports}) == 1
    assert reports[0]["equal"] == reports[0]["compared"] == FRAMES
    assert "identical bit by bit" in run("replay", "a.mcap")[1][2]
