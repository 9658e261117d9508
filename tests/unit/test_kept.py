"""A kept view: what comes back is what was kept, and whatever is not a view is refused in one sentence."""

import json
import shutil
import zipfile
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.errors import InputError
from depthface_app.pipeline.comparison import DENOISED, RAW, Wanted, seen_by
from depthface_app.pipeline.kept import FORMAT, LARGEST_BYTES, KeptView, load_view, save_view
from depthface_app.pipeline.maps import DEPTH
from depthface_app.pipeline.methods import FIXED_METHODS, is_raw
from tests.unit.test_comparison import moment
from tests.unit.test_inspection import truth

LOOKS = {"mode": "four", "point": None, "line": [[0.1, 0.5], [0.9, 0.5]]}


def view(**changes):
    now = moment(3, truth_mm=truth(), serial="S1")
    faces = dict(seen_by(now, Wanted(((RAW, DEPTH), ("median", DEPTH))), FIXED_METHODS).faces)
    side = now.crop.depth_mm.shape[0]
    fine = np.full((2 * side, 2 * side), 600.5, np.float32)
    sure = np.full((side, side), 0.75, np.float32)
    faces[DENOISED] = replace(faces[DENOISED], fine_depth_mm=fine, surface=sure)
    labels = {name: name.title() for name in faces}
    models = {DENOISED: "dmdnet 1.0+abc"}
    return replace(KeptView(now, faces, models, labels, LOOKS), **changes)


@pytest.fixture
def file(tmp_path):
    save_view(tmp_path / "a.dfview", view())
    return tmp_path / "a.dfview"


def test_everything_comes_back(file):
    kept, found = view(), load_view(file)
    assert found.models == kept.models
    assert found.labels == kept.labels
    assert found.looks == LOOKS
    assert found.moment.location == kept.moment.location
    before, after = kept.moment.frame, found.moment.frame
    np.testing.assert_array_equal(after.depth_mm, before.depth_mm)
    np.testing.assert_array_equal(after.truth_mm, before.truth_mm)
    assert after.depth_mm.dtype == before.depth_mm.dtype
    assert (after.intrinsics, after.number, after.serial) == (before.intrinsics, before.number, before.serial)
    assert not after.is_live
    for name, face in kept.faces.items():
        again = found.faces[name]
        np.testing.assert_array_equal(again.depth_mm, face.depth_mm)
        np.testing.assert_allclose(again.normals, face.normals, atol=1e-6)
        assert again.crop is found.moment.crop
    assert is_raw(found.faces[RAW])
    assert not is_raw(found.faces["median"])
    np.testing.assert_array_equal(found.faces[DENOISED].fine_depth_mm, kept.faces[DENOISED].fine_depth_mm)
    assert found.faces[DENOISED].surface.mean() == 0.75


def test_a_file_with_a_face_in_it_is_its_owners_alone(file):
    assert file.stat().st_mode & 0o077 == 0


def rewritten(file, change=lambda table: None, without=(), **parts):
    """The same archive with another table or other parts."""
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    table = json.loads(content["view.json"])
    changed = change(table)
    content["view.json"] = json.dumps(table if changed is None else changed).encode()
    content |= {name.replace("__", "."): data for name, data in parts.items()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            if name not in without:
                archive.writestr(name, data)
    return file


def set_in(*path, value):
    def change(table):
        for key in path[:-1]:
            table = table[key]
        table[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (set_in("version", value=2), "newer version of this program"),
        (set_in("version", value="x"), "newer version"),
        (set_in("format", value="holiday"), "no kept view"),
        (lambda table: [1, 2], "no kept view"),
        (set_in("frame", "intrinsics", "fx", value=float("nan")), "damaged"),
        (set_in("frame", "intrinsics", "width", value=7), "damaged"),
        (set_in("frame", "intrinsics", value=None), "damaged"),
        (set_in("location", "nose_mm", value=[1, 2]), "damaged"),
        (set_in("location", "nose_mm", value="abc"), "damaged"),
        (set_in("crop", "window_mm", value=[]), "damaged"),
        (set_in("methods", value=["raw"]), "damaged"),
        (set_in("methods", value=["raw", "median", "denoised", "more"]), "damaged"),
        (set_in("labels", value={}), "damaged"),
        (set_in("looks", value=3), "damaged"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(file, change, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        load_view(rewritten(file, change))
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["frame.depth.npy", "crop.depth.npy", "face0.depth.npy", "view.json"])
def test_a_part_that_is_missing_or_no_picture_is_refused(file, part):
    whole = file.read_bytes()
    with pytest.raises(InputError, match=r"damaged|no kept view"):
        load_view(rewritten(file, without=(part,)))
    file.write_bytes(whole)
    if part != "view.json":
        with pytest.raises(InputError, match="damaged"):
            load_view(rewritten(file, **{part.replace(".", "__"): b"no picture"}))


def test_every_cut_is_refused_and_whatever_is_flipped_is_read_or_refused(file):
    whole, rng = file.read_bytes(), np.random.default_rng(1)
    for length in range(0, len(whole), max(len(whole) // 40, 1)):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError):
            load_view(file)
    for _ in range(150):
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole), 8):
            damaged[at] ^= int(rng.integers(1, 256))
        file.write_bytes(damaged)
        with suppress(InputError):
            load_view(file)


def test_a_part_that_would_fill_the_memory_is_refused(tmp_path):
    save_view(tmp_path / "a.dfview", view(moment=moment(3)))
    with zipfile.ZipFile(tmp_path / "a.dfview", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("frame.truth.npy", bytes(LARGEST_BYTES + 1))
    with pytest.raises(InputError, match="larger than"):
        load_view(tmp_path / "a.dfview")


def test_other_files_are_refused(tmp_path):
    text = tmp_path / "notes.dfview"
    text.write_text("nothing", encoding="utf-8")
    with pytest.raises(InputError, match="no kept view"):
        load_view(text)
    with zipfile.ZipFile(tmp_path / "other.dfview", "w") as archive:
        archive.writestr("readme.txt", FORMAT)
    with pytest.raises(InputError, match="an archive but no kept view"):
        load_view(tmp_path / "other.dfview")
    with pytest.raises(InputError, match="cannot be read"):
        load_view(tmp_path / "missing.dfview")


def test_a_folder_that_is_not_there_is_said_and_an_old_file_stays(tmp_path, file):
    with pytest.raises(InputError, match="cannot be written"):
        save_view(tmp_path / "nowhere" / "a.dfview", view())
    shutil.copy(file, tmp_path / "b.dfview")
    broken = view(looks={"a": object()})
    with pytest.raises(TypeError):
        save_view(tmp_path / "b.dfview", broken)
    assert load_view(tmp_path / "b.dfview").looks == LOOKS
