"""The commands as scripts see them: stdout, one line of trouble, exit status. Networks are fakes; the rest is real."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthface_app.build import camera_maker
from depthface_app.cameras.base import BackendReport
from depthface_app.cli import main
from depthface_app.cli.checks import Check, Verdict
from depthface_app.cli.program import with_command
from depthface_app.gallery.store import GalleryStore
from depthface_app.inference.denoiser import Denoiser
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser, axis_vector
from tests.fakes import FakeCamera, fake_frame

FRAME = fake_frame(size=(240, 320))
ROOT = str(Path(__file__).parents[2])


class Seeing:
    """Which axis the fake recogniser sees."""

    who = 0


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    seeing = Seeing()
    recogniser = FakeRecogniser(lambda location: axis_vector(seeing.who, lean=0.2))
    monkeypatch.setattr(Locator, "open", lambda path, options=None: FakeLocator())
    monkeypatch.setattr(Denoiser, "open", lambda path, options=None: FakeDenoiser())
    monkeypatch.setattr(Recogniser, "open", lambda path, options=None: recogniser)
    return seeing


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder: (status, stdout lines, stderr lines)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def ada(tmp_path):
    path = tmp_path / "ada.png"
    path.write_bytes(cv2.imencode(".png", FRAME.depth_mm)[1].tobytes())
    pinhole = FRAME.intrinsics
    values = {key: getattr(pinhole, key) for key in ("fx", "fy", "cx", "cy", "width", "height")}
    path.with_suffix(".json").write_text(json.dumps(values))
    return path


@pytest.fixture
def empty(tmp_path):
    path = tmp_path / "room.npz"
    np.savez(path, depth_mm=np.full((240, 320), 2500, np.uint16))
    return path


# ---- inspect


def test_inspect_measures_raw_and_denoised_and_keeps_a_row_per_frame(run, tmp_path):
    status, lines, _ = run(
        "inspect", "-s", "simulated:", "--frames", 3, "--reference", "truth", "--region", "0,0,40,30", "-o", "out",
        "--json",
    )  # fmt: skip
    (found,) = map(json.loads, lines)
    assert status == 0
    assert (found["input"], found["frames"]) == ("simulated:", 3)
    assert found["raw"].keys() == found["denoised"].keys() >= {"fill_rate", "temporal_noise_mm", "rmse_mm", "ssim"}
    assert found["raw"]["plane_rms_mm"] > 0
    rows = (tmp_path / "out" / "source.csv").read_text().splitlines()
    assert len(rows) == 4
    assert rows[0].startswith("frame,faces,raw.fill_rate")


def test_inspect_takes_a_picture_for_reference(run, ada):
    status, lines, _ = run("inspect", ada, "--reference", ada, "--json")
    (found,) = map(json.loads, lines)
    assert status == 0
    assert found["raw"]["rmse_mm"] == pytest.approx(0, abs=1e-3)
    assert found["raw"]["temporal_noise_mm"] is None
    status, lines, _ = run("inspect", ada)
    assert status == 0
    assert any("fill_rate" in line for line in lines)


def test_inspect_measures_a_picture_anew_when_the_intrinsics_beside_it_changed(run, ada, tmp_path):
    def figures(*said):
        status, _, err = run("inspect", ada, "-o", "out")
        assert (status, err) == (0, list(said))
        return (tmp_path / "out" / "ada.csv").read_text()

    first = figures()
    assert figures() == first
    beside = ada.with_suffix(".json")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"fx": 300.0}))
    changed = f"depthface: {ada} has changed since it was inspected into this folder; it is measured anew."
    assert figures(changed) != first


def write_reference(path, change):
    with path.open("wb") as file:
        np.savez(file, depth_mm=FRAME.depth_mm + 1 + change)


def write_intrinsics(path, change):
    values = {key: getattr(FRAME.intrinsics, key) for key in ("fy", "cx", "cy", "width", "height")}
    path.write_text(json.dumps(values | {"fx": FRAME.intrinsics.fx + change}))


@pytest.mark.parametrize(("what", "write"), [("reference", write_reference), ("intrinsics", write_intrinsics)])
def test_inspect_does_not_go_on_where_a_file_of_the_same_size_says_something_else(run, ada, tmp_path, what, write):
    command = ("inspect", ada, "-o", "out", f"--{what}", "given")
    write(tmp_path / "given", 0)
    size = (tmp_path / "given").stat().st_size
    assert run(*command)[0] == 0
    assert run(*command)[0] == 0
    write(tmp_path / "given", 1)
    assert (tmp_path / "given").stat().st_size == size
    status, _, err = run(*command)
    assert (status, len(err)) == (1, 1)
    assert f"holds a run of other settings ({what}_sha256 " in err[0]
    assert "…, now " in err[0]


def test_inspect_compares_with_a_filter_or_another_model_too(run, ada):
    _, lines, _ = run("inspect", ada, "--json")
    raw = json.loads(lines[0])
    status, lines, _ = run("inspect", ada, "--against", "bilateral", "--json")
    (found,) = map(json.loads, lines)
    assert status == 0
    assert (raw["against"], found["against"]) == ("raw", "bilateral")
    assert found["bilateral"]["spatial_noise_mm"] < raw["raw"]["spatial_noise_mm"]
    assert found["denoised"]["fill_rate"] == raw["denoised"]["fill_rate"]
    status, lines, _ = run("inspect", ada, "--against", "denoiser", "--json")
    (found,) = map(json.loads, lines)
    assert found["denoiser"] == found["denoised"]


def test_inspect_measures_how_like_an_enrolled_person_each_side_is(run, ada):
    assert run("enroll", "Ada", ada)[0] == 0
    status, lines, _ = run("inspect", ada, "--person", "Ada", "--json")
    (found,) = map(json.loads, lines)
    assert status == 0
    assert found["raw"]["similarity"] == found["denoised"]["similarity"] == pytest.approx(1)
    _, lines, _ = run("inspect", ada, "--nearest", "--json")
    assert json.loads(lines[0])["raw"]["similarity"] == pytest.approx(1)
    status, _, err = run("inspect", ada, "--person", "Bob")
    assert status == 1
    assert "Nobody called Bob is enrolled" in err[-1]


def test_a_report_needs_a_folder_and_a_person_is_either_named_or_nearest(run, ada):
    assert run("inspect", ada, "--report")[0] == 2
    assert run("inspect", ada, "--person", "Ada", "--nearest")[0] == 2


def test_inspect_writes_a_report_beside_its_results(run, ada, tmp_path):
    status, _, err = run("inspect", ada, "-o", "out", "--report")
    assert status == 0
    assert {"ada.csv", "frames.parquet", "summary.csv", "run.json", "report.html", "report.pdf"} == {
        path.name for path in (tmp_path / "out").iterdir() if path.is_file()
    }
    assert [line.endswith("is written.") for line in err] == [True, True]


def test_a_link_that_leads_nowhere_is_said(run):
    status, _, err = run("app", "depthface:enrol?recording=a.mcap&frame=3")
    assert (status, len(err)) == (1, 1)
    assert "leads nowhere" in err[0]
    assert run("app", "depthface:inspect?recording=a.mcap&frame=3", "-s", "simulated:")[0] == 2


def test_inspect_names_the_methods_when_it_does_not_know_one(run, ada):
    status, _, err = run("inspect", ada, "--against", "magic")
    assert status == 1
    assert "magic is no method; give one of raw, bilateral, median" in err[-1]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (("--reference", "small.npz"), "is 64x48 pixels and the input 320x240"),
        (("--reference", "truth"), "has no surface for frame"),
        (("--region", "1,2,3"), "is no region"),
        (("--region", "310,0,20,20"), "reaches beyond the picture"),
    ],
)
def test_inspect_refuses_what_does_not_fit_in_one_sentence(run, ada, tmp_path, extra, words):
    np.savez(tmp_path / "small.npz", depth_mm=np.full((48, 64), 600, np.uint16))
    status, lines, said = run("inspect", ada, *extra, "--json")
    assert (status, lines) == (1, [])
    assert words in said[-1]


def test_inspect_wants_an_input_or_so_many_frames_of_a_source(run):
    assert run("inspect")[0] == 2
    assert run("inspect", "-s", "simulated:")[0] == 2


# ---- denoise


def test_denoise_writes_what_is_promised(run, ada, tmp_path):
    status, out, err = run("denoise", ada, "-o", tmp_path / "out", "--json")
    assert (status, err) == (0, [])
    assert json.loads(out[0])["faces"] == 1
    with np.load(tmp_path / "out" / "ada.npz") as data:
        depth, mask, normals = data["depth_mm"], data["face_mask"], data["normals"]
        (face,) = json.loads(str(data["faces"]))
    assert (depth.dtype, depth.shape) == (np.float32, (240, 320))
    assert (mask.dtype, mask.shape) == (np.bool_, (240, 320))
    np.testing.assert_array_equal(depth[~mask], FRAME.depth_mm[~mask])
    assert mask.sum() > 1000
    np.testing.assert_allclose(np.linalg.norm(normals[mask], axis=-1), 1, atol=1e-5)
    assert len(face["nose_mm"]) == 3
    assert cv2.imread(str(tmp_path / "out" / "ada.png")).shape[2] == 3
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["ada.npz", "ada.png"]


def test_denoised_files_are_inputs_again(run, ada, tmp_path):
    run("denoise", ada, "-o", tmp_path / "out")
    status, out, err = run("denoise", tmp_path / "out" / "ada.npz", "-o", tmp_path / "again")
    assert (status, err) == (0, [])
    assert "1 face" in out[0]


def test_denoise_without_a_face_is_no_error(run, empty, tmp_path):
    status, out, _ = run("denoise", empty, "-o", tmp_path / "out", "--json")
    assert status == 0
    assert json.loads(out[0])["faces"] == 0
    with np.load(tmp_path / "out" / "room.npz") as data:
        assert not data["face_mask"].any()
        assert (data["depth_mm"] == 2500).all()


def test_one_bad_input_does_not_stop_the_others_and_leaves_nothing_behind(run, ada, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(ada.read_bytes()[:500])
    status, out, err = run("denoise", bad, ada, "-o", tmp_path / "out")
    assert status == 1
    assert len(out) == 1
    assert err == [f"depthface: {bad} is a truncated or damaged PNG; copy or record it again."]
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["ada.npz", "ada.png"]


def test_inputs_that_would_become_the_same_file_are_refused_before_any_work(run, ada, tmp_path):
    status, _, err = run("denoise", ada, tmp_path / "ada.npz", "-o", tmp_path / "out")
    assert status == 1
    assert "would both become ada.npz" in err[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["empty", "ada"])  # an .npz and a .png: both are written
def test_an_input_is_never_written_over(run, request, name):
    path = request.getfixturevalue(name)
    before = path.read_bytes()
    status, _, err = run("denoise", path, "-o", path.parent)
    assert status == 1
    assert f"{path.name} would be written over" in err[-1]
    assert path.read_bytes() == before


def test_a_full_disk_leaves_no_half_file(run, ada, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    status, _, err = run("denoise", ada, "-o", tmp_path / "out")
    assert status == 1
    assert "No space left on device; nothing of it was kept" in err[0]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_recording_is_denoised_frame_by_frame(run, tmp_path):
    run("record", "-s", "simulated:?seed=2", "-o", "a.mcap", "--frames", "2")
    status, out, err = run("denoise", "a.mcap", "-o", "out", "--json")
    assert (status, err) == (0, [])
    assert len(out) == 2
    assert len(list((tmp_path / "out").glob("a-*.npz"))) == 2


# ---- enroll, identify, people


def test_enrol_then_identify(run, ada, networks):
    status, out, err = run("enroll", "Ada", ada, ada, "--json")
    assert (status, err) == (0, [])
    assert json.loads(out[0]) == {"name": "Ada", "added": 2, "templates": 2}
    status, out, _ = run("identify", ada, "--json", "--top", 3)
    (face,) = json.loads(out[0])["faces"]
    assert status == 0
    assert face["name"] == "Ada"
    assert face["similarity"] == pytest.approx(1, abs=1e-3)
    assert face["runner_up"] is None
    assert face["threshold"] == 0.6
    assert face["live"] is None
    assert 0 <= face["quality"] <= 1
    assert len(face["nose_xy"]) == 2
    assert face["distance_mm"] == pytest.approx(610, abs=20)
    assert face["candidates"] == [["Ada", pytest.approx(1, abs=1e-3)]]
    networks.who = 3
    _, out, _ = run("identify", ada, "--json")
    assert json.loads(out[0])["faces"][0]["name"] is None
    _, out, _ = run("identify", ada)
    assert "unknown" in out[0]


def test_a_face_that_was_denied_is_not_taken_for_that_person_until_it_is_taken_back(run, ada, empty):
    run("enroll", "Ada", ada)
    named = run("identify", ada)[1]
    assert run("people", "deny", "Ada", ada)[0] == 0
    assert json.loads(run("identify", ada, "--json")[1][0])["faces"][0]["similarity"] == -1
    assert "shows no face; nothing was changed" in run("people", "deny", "Ada", empty)[2][-1]
    assert run("people", "take-back", "Ada")[1] == ["1 face taken back"]
    assert run("identify", ada)[1] == named


def test_identify_without_people_or_without_a_face(run, ada, empty):
    status, out, _ = run("identify", ada, empty, "--json")
    first, second = (json.loads(line) for line in out)
    assert status == 0
    assert first["faces"][0]["name"] is None
    assert first["faces"][0]["similarity"] is None
    assert (second["faces"], second["frame"]) == ([], None)


def test_identify_goes_on_after_a_bad_input(run, ada):
    status, out, err = run("identify", "none.png", ada)
    assert status == 1
    assert len(out) == 1
    assert err == ["depthface: none.png cannot be read: No such file or directory."]


def test_identify_a_source_has_one_line_per_frame_and_face(run):
    status, out, err = run("identify", "--source", "simulated:?realtime=0", "--frames", 3, "--json")
    lines = [json.loads(line) for line in out]
    assert (status, err) == (0, [])
    assert len({line["frame"] for line in lines}) == 3
    assert all(line["input"] == "simulated:?realtime=0" for line in lines)


def test_enrolling_from_a_picture_without_a_face_adds_nobody(run, ada, empty, own_folders):
    status, out, err = run("enroll", "Ada", ada, empty)
    assert (status, out) == (1, [])
    assert "shows no face; nothing was changed" in err[-1]
    assert GalleryStore(own_folders / "depthface" / "gallery.sqlite3").people() == ()


@pytest.mark.parametrize(
    "arguments", [("enroll", "Ada"), ("identify",), ("identify", "a.png", "--source", "simulated:")]
)
def test_neither_input_nor_source_or_both_is_wrong_use(run, arguments):
    status, out, err = run(*arguments)
    assert (status, out) == (2, [])
    assert "INPUT" in err[-1]


def test_enrolling_from_a_source_guides_and_keeps_what_came_together(run, monkeypatch):
    monkeypatch.setattr(
        "depthface_app.cli.inputs.camera_maker", lambda *_, **__: lambda: FakeCamera(lambda _: FRAME, fps=60)
    )
    status, out, err = run("enroll", "Ada", "--source", "fake:", "--seconds", 5, "--json")
    assert status == 0
    assert json.loads(out[0])["added"] == 1
    assert err[0] == "depthface: hold still"
    assert err[-1] == "depthface: turn a little left"


def test_a_source_without_a_face_enrols_nobody(run):
    status, out, err = run("enroll", "Ada", "--source", "simulated:?empty=1&realtime=0", "--seconds", 1)
    assert (status, out) == (1, [])
    assert "nobody was enrolled" in err[-1]
    assert run("people", "list", "--json")[1] == []


def test_people_are_listed_shown_renamed_removed_exported_and_imported(run, ada):
    assert run("people", "list")[1] == ["Nobody is enrolled."]
    assert run("people", "list", "--json")[1] == []
    run("enroll", "Ada", ada)
    listed = json.loads(run("people", "list", "--json")[1][0])
    assert (listed["name"], listed["templates"], listed["models"]) == ("Ada", 1, ["fake-recogniser 1"])
    shown = json.loads(run("people", "show", "ada", "--json")[1][0])
    assert shown["views"][0]["source"] == "ada.png"
    assert run("people", "export", "all.json")[0] == 0
    assert run("people", "rename", "Ada", "Ada L.")[1] == ["Ada is now Ada L."]
    assert run("people", "remove", "ada l.")[0] == 0
    assert run("people", "import", "all.json")[1] == ["all.json: 1 person, 1 new view"]
    assert "Ada: 1 view" in run("people", "list")[1][0]
    status, out, err = run("people", "remove", "Eve")
    assert (status, out) == (1, [])
    assert err == ["depthface: Nobody called “Eve” is enrolled; `people list` shows who is."]


# ---- record, cameras, settings


def test_record_then_play(run, tmp_path):
    status, out, _ = run("record", "-s", "simulated:?realtime=0", "-o", "a.mcap", "--frames", 5, "--json")
    values = json.loads(out[0])
    assert status == 0
    assert (values["frames"], values["dropped"]) == (5, 0)
    assert len({json.loads(line)["frame"] for line in run("identify", "a.mcap", "--json")[1]}) == 5
    before = (tmp_path / "a.mcap").read_bytes()
    status, _, err = run("record", "-s", "simulated:", "-o", "a.mcap", "--frames", 5)
    assert status == 1
    assert "exists already" in err[0]
    assert (tmp_path / "a.mcap").read_bytes() == before


def test_a_recording_cut_in_the_middle_is_used_up_to_there(run, tmp_path):
    run("record", "-s", "simulated:?realtime=0", "-o", "a.mcap", "--frames", 6)
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) * 6 // 10])
    status, out, _ = run("identify", "cut.mcap", "--json")
    frames = {json.loads(line)["frame"] for line in out}
    assert status == 0
    assert 1 <= len(frames) < 6


def test_a_camera_that_vanishes_while_recording_keeps_what_was_recorded(run, monkeypatch):
    camera = FakeCamera(fps=0)

    def frame(number):
        if number == 9:
            camera.vanish()
        return fake_frame(number)

    camera.make_frame = frame
    monkeypatch.setattr("depthface_app.cli.inputs.camera_maker", lambda *_, **__: lambda: camera)
    status, out, err = run("record", "-s", "fake:", "-o", "a.mcap", "--frames", 50)
    assert (status, out) == (1, [])
    assert err == [
        "depthface: The fake camera FAKE1 was unplugged; plug it in again. The 10 frames until then are kept in a.mcap."
    ]
    assert len({json.loads(line)["frame"] for line in _plain(run, monkeypatch, "identify", "a.mcap", "--json")}) == 10


def _plain(run, monkeypatch, *arguments):
    """Standard output of a command on real cameras again."""
    monkeypatch.setattr("depthface_app.cli.inputs.camera_maker", camera_maker)
    return run(*arguments)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes, which Windows does not have")
def test_a_full_disk_while_recording_keeps_whole_frames_and_says_so(run, tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))"
    program = f"{limit}; from depthface_app.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, "record", "-s", "simulated:?realtime=0", "-o", "a.mcap", "--frames", "60"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ROOT})
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "What was recorded until then is kept" in done.stderr
    assert len(run("identify", "a.mcap", "--json")[1]) >= 1


@pytest.mark.parametrize(
    ("source", "words"),
    [("nonsense:", "no kind of source"), ("kinect1:0", "Kinect v1"), ("none.mcap", "no source and no file")],
)
def test_sources_that_cannot_be_are_one_sentence(run, source, words):
    status, out, err = run("identify", "--source", source)
    assert (status, out, len(err)) == (1, [], 1)
    assert words in err[0]


def test_cameras_lists_every_family(run):
    status, out, _ = run("cameras", "--json")
    assert status == 0
    assert {"simulated", "realsense"} <= {json.loads(line)["backend"] for line in out}
    assert any("simulated:" in line for line in run("cameras")[1])


def test_cameras_says_what_stands_in_a_cameras_way(run, monkeypatch):
    slow = Check("USB", Verdict.WARNING, "Femto Bolt runs at USB 2 speed", "Use a USB 3 port.")
    well = Check("rights", Verdict.GOOD, "Femto Bolt may be opened")
    monkeypatch.setattr("depthface_app.cli.cameras.check_connections", lambda _: [("orbbec", slow), ("orbbec", well)])
    monkeypatch.setattr("depthface_app.cli.cameras.list_cameras", lambda _: (BackendReport("orbbec", (), "", "files"),))
    _, out, _ = run("cameras", "--json")
    assert json.loads(out[0])["warnings"] == [slow.as_json()]
    assert run("cameras")[1] == [
        "orbbec: nothing plugged in", "  Femto Bolt runs at USB 2 speed: Use a USB 3 port.", "  tried with: files"
    ]  # fmt: skip


def test_a_bad_settings_file_warns_and_the_command_works(run, own_folders):
    folder = own_folders / "depthface"
    folder.mkdir(parents=True)
    (folder / "settings.toml").write_text("threads = 'many'\ncolour = 1\n")
    status, out, err = run("people", "list")
    assert (status, out) == (0, ["Nobody is enrolled."])
    assert len(err) == 2
    assert all("is ignored" in line for line in err)


def test_the_data_folder_is_chosen_by_option_before_environment(run, ada, tmp_path):
    run("--data-dir", tmp_path / "mine", "enroll", "Ada", ada)
    assert run("people", "list")[1] == ["Nobody is enrolled."]
    assert len(run("--data-dir", tmp_path / "mine", "people", "list")[1]) == 1


def test_a_data_folder_that_cannot_be_is_one_sentence(run, ada):
    status, out, err = run("--data-dir", ada, "people", "list")
    assert (status, out, len(err)) == (1, [], 1)


def test_version_and_wrong_use(run):
    status, out, _ = run("--version")
    assert status == 0
    assert out[0].startswith("depthface ")
    assert run("nonsense")[0] == 2
    assert run("--threads", "0", "people", "list")[0] == 2
    assert run("record", "-s", "simulated:")[0] == 2


def test_what_nobody_foresaw_is_one_line_too(run, ada, monkeypatch):
    monkeypatch.setattr(FakeLocator, "locate", lambda self, frame: 1 / 0)
    status, out, err = run("identify", ada)
    assert (status, out, len(err)) == (1, [], 1)
    assert "ZeroDivisionError" in err[0]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["app"]),
        (["--source", "simulated:"], ["app", "--source", "simulated:"]),
        (["--data-dir", "x", "--kiosk"], ["--data-dir", "x", "app", "--kiosk"]),
        (["--data-dir=x", "-v", "people", "list"], ["--data-dir=x", "-v", "people", "list"]),
        (["--version"], ["--version"]),
        (["--threads", "2"], ["--threads", "2", "app"]),
        (["bench", "--json"], ["bench", "--json"]),
    ],
)
def test_the_window_is_the_command_when_none_is_named(given, meant):
    assert with_command(given) == meant
