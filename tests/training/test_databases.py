"""Readers of the face databases, on small files in their formats: what they give, and what they say of broken ones."""

import gzip

import cv2
import numpy as np
import pytest

from tests.training import small_databases as small
from training.databases import DATABASES, DatabaseError, bosphorus, bu3dfe, frgc, lock3dface
from training.databases.depth_pictures import read_depth_picture
from training.databases.scan import NoFace

ROUND_A_TIP_MM = 7.0  # depth of the 12 mm around the tip of a nose, and what the locator is off by


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small.write_all(tmp_path_factory.mktemp("databases"))


@pytest.mark.parametrize("name", DATABASES)
def test_every_recording_gives_the_face_that_was_written(folder, name):
    """The crop's middle is the tip of the nose: the nearest point of the face, 200 mm of which fill the window."""
    recordings = DATABASES[name](folder / name)
    assert recordings
    scan = recordings[0].load()
    crop = scan.crop()
    assert crop.depth_mm.shape == (128, 128)
    assert 0.4 < (~np.isnan(crop.depth_mm)).mean() < 0.95
    middle = crop.depth_mm[60:68, 60:68]
    assert abs(np.nanmin(crop.depth_mm[30:98, 30:98]) - np.nanmin(middle)) < 2.5, "the nose is not in the middle"
    assert abs(np.nanmedian(middle) - crop.nose_mm[2]) < ROUND_A_TIP_MM


def test_people_sessions_and_subsets_are_those_of_the_names(folder):
    def told(name):
        return [(r.person, r.session, r.subset, r.frame) for r in DATABASES[name](folder / name)]

    assert told("FRGCv2") == [
        ("04201", 1, "NU", 0),
        ("04202", 1, "NU", 0),
        ("04201", 2, "NU", 0),
        ("04202", 2, "NU", 0),
    ]
    assert told("Bosphorus") == [
        ("bs000", 1, "FE", 0),
        ("bs000", 1, "NU", 0),
        ("bs001", 1, "FE", 0),
        ("bs001", 1, "NU", 0),
    ]
    assert told("BU3DFE") == [("F0001", 1, "FE", 0), ("F0001", 1, "NU", 0)]
    assert told("Lock3DFace")[:4] == [
        ("001", 1, "FE", 0),
        ("001", 1, "NU", 0),
        ("001", 1, "NU", 0),
        ("001", 1, "OC", 0),
    ]
    assert told("Lock3DFace")[-1] == ("003", 2, "TM", 0)
    assert told("USTC")[:3] == [("0000", 1, "NU", 0), ("0000", 1, "NU", 0), ("0001", 1, "NU", 0)]
    assert told("IIIT-D") == [("000", 1, "NU", 0), ("001", 1, "NU", 0), ("000", 2, "NU", 0), ("001", 2, "NU", 0)]


def test_a_scanner_grid_is_read_in_its_place(tmp_path):
    """Depth of the surface is the same through the text of FRGC, the binary of Bosphorus and its own points."""
    points = small.scan_points(0)
    small.write_abs(tmp_path / "1d1.abs.gz", points)
    small.write_bnt(tmp_path / "bs000_N_N_0.bnt", points)
    np.testing.assert_allclose(frgc.read_abs(tmp_path / "1d1.abs.gz"), points, atol=1e-5)
    np.testing.assert_allclose(bosphorus.read_bnt(tmp_path / "bs000_N_N_0.bnt"), points, atol=1e-9)


def test_the_numbers_of_an_abs_file_worked_by_hand(tmp_path):
    path = tmp_path / "1d1.abs"
    path.write_text(
        "2 rows\n3 columns\npixels (flag X Y Z):\n1 1 0 1 0 1\n1 2 3 4 5 6\n7 8 9 10 11 12\n-1 -2 -3 -4 -5 -6\n"
    )
    grid = frgc.read_abs(path)
    np.testing.assert_array_equal(grid[1, 2], (6, 12, -6))
    assert np.isnan(grid[0, 2]).all()
    assert np.isnan(grid[1, 1]).all()


def test_vrml_polygons_become_triangles_and_obj_reads_alike(tmp_path):
    path = tmp_path / "square.wrl"
    path.write_text(
        "#VRML V2.0 utf8\nShape { geometry IndexedFaceSet {\n"
        "coord Coordinate { point [ 0 0 0, 1 0 0, 1 1 0, 0 1 2.5e0 ] }\ncoordIndex [ 0, 1, 2, 3, -1, ] } }"
    )
    mesh = bu3dfe.read_wrl(path)
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.vertices_mm[3].tolist() == [0, 1, 2.5]
    obj = tmp_path / "square.obj"
    obj.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 2.5\nf 1 2 3\nf 1 3 4\n")
    again = bu3dfe.read_obj(obj)
    np.testing.assert_allclose(again.vertices_mm, mesh.vertices_mm)
    assert again.triangles.tolist() == mesh.triangles.tolist()


def test_videos_as_raw_files_and_as_pictures_are_the_same(tmp_path, folder):
    raw = folder / "Lock3DFace" / "session1" / "001_Kinect_NU_1DEPTH.RAW"
    depth = lock3dface.read_raw(raw, 1)
    place = tmp_path / "session1" / "001_Kinect_NU_1DEPTH"
    for n in range(1, 12):
        small.write_depth(place / f"{n:02d}.png", depth)
    (tmp_path / "session2").mkdir()
    recordings = lock3dface.recordings(tmp_path)
    assert [r.path.name for r in recordings] == ["01.png", "10.png"], "one picture in nine"
    np.testing.assert_array_equal(recordings[0].load().depth_mm, depth)


def test_a_hidden_label_is_made_up_for(tmp_path, folder):
    source = folder / "Lock3DFace" / "session1" / "001_Kinect_NU_1DEPTH.RAW"
    (tmp_path / "session1").mkdir()
    (tmp_path / "session2").mkdir()
    (tmp_path / "session1" / source.name).write_bytes(source.read_bytes())
    (tmp_path / "session1" / "001_Kinect_NU_1INFRARED.txt").write_text("x:1 y:1\nx:0 y:0\nx:0 y:0\nx:0 y:0\nx:0 y:0\n")
    nose = lock3dface.recordings(tmp_path)[0].load().nose_mm
    assert np.linalg.norm(np.array(nose) - small.NOSE_MM) < 8


def test_landmarks_that_bosphorus_leaves_out_are_found(tmp_path):
    small.bosphorus(tmp_path, (2,))
    recording = bosphorus.recordings(tmp_path)[1]
    labelled = recording.load().nose_mm
    recording.path.with_suffix(".lm3").unlink()
    assert np.linalg.norm(np.subtract(recording.load().nose_mm, labelled)) < 6


def cut(path, keep):
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])


def sentence(error):
    text = str(error.value)
    assert "\n" not in text, text
    return text


@pytest.mark.parametrize("name", DATABASES)
def test_a_folder_of_the_wrong_kind_is_one_sentence(tmp_path, name):
    with pytest.raises(DatabaseError, match="is not a folder") as error:
        DATABASES[name](tmp_path / "nowhere")
    sentence(error)
    (tmp_path / "holiday.jpg").write_bytes(b"jpeg")
    with pytest.raises(DatabaseError, match="is not a folder") as error:
        DATABASES[name](tmp_path)
    assert str(tmp_path) in sentence(error)


def test_truncated_and_wrong_files_are_one_sentence_each(tmp_path):
    packed = tmp_path / "1d1.abs.gz"
    small.write_abs(packed, small.scan_points(0))
    holed, whole = tmp_path / "5d1.abs.gz", packed.read_bytes()
    holed.write_bytes(whole[:30] + b"\xff" * 30 + whole[60:])
    cut(packed, 0.5)
    plain = tmp_path / "2d1.abs"
    small.write_abs(plain, small.scan_points(0))
    cut(plain, 0.9)
    other = tmp_path / "3d1.abs"
    other.write_text("a letter\nof\nmany\nlines\n")
    fake = tmp_path / "4d1.abs.gz"
    fake.write_bytes(b"not gzip at all")
    grid = tmp_path / "bs000_N_N_0.bnt"
    small.write_bnt(grid, small.scan_points(0))
    wrong = tmp_path / "bs001_N_N_0.bnt"
    wrong.write_bytes(bytes(range(200)) * 3)
    cut(grid, 0.7)
    marks = tmp_path / "a.lm3"
    small.write_lm3(marks)
    cut(marks, 0.5)
    mesh = tmp_path / "a.wrl"
    small.write_wrl(mesh, *small.face_mesh(0))
    cut(mesh, 0.8)
    text = tmp_path / "b.wrl"
    text.write_text("<html></html>")
    missing = tmp_path / "c.wrl"
    missing.write_text("#VRML V2.0 utf8\nCoordinate { point [0 0 0, 1 0 0, 1 1 0] } coordIndex [0, 1, 7, -1]")
    shape = tmp_path / "d.obj"
    shape.write_text("v 0 0 0\n")
    features = tmp_path / "a.bnd"
    small.write_bnd(features)
    cut(features, 0.5)
    labels = tmp_path / "a.txt"
    labels.write_text("x:277 y:228\nx:30")
    for read, path, what in (
        (frgc.read_abs, packed, "truncated"), (frgc.read_abs, plain, "truncated"),
        (frgc.read_abs, other, "not an .abs"), (frgc.read_abs, fake, "not a gzip"),
        (frgc.read_abs, holed, "not a gzip"),
        (bosphorus.read_bnt, grid, "truncated"), (bosphorus.read_bnt, wrong, "not a .bnt"),
        (bosphorus.read_lm3, marks, "truncated"),
        (bu3dfe.read_wrl, mesh, "truncated"), (bu3dfe.read_wrl, text, "not a VRML"),
        (bu3dfe.read_wrl, missing, "point 7 of 3"),
        (bu3dfe.read_obj, shape, "no faces"), (bu3dfe.read_bnd, features, "truncated"),
        (lock3dface.read_labels, labels, "truncated"),
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match=what) as error:
            read(path)
        assert str(path) in sentence(error)


def test_broken_depth_maps_are_one_sentence_each(tmp_path, folder):
    good = folder / "USTC" / "0000" / "0_depth.png"
    short = tmp_path / "short.png"
    short.write_bytes(good.read_bytes()[:40])
    empty = tmp_path / "empty.png"
    empty.touch()
    colour = tmp_path / "colour.png"
    cv2.imwrite(str(colour), np.zeros((480, 640, 3), np.uint8))
    for path, size, what in (
        (short, (640, 480), "truncated"), (empty, (640, 480), "truncated"),
        (colour, (640, 480), "one channel of 16 bits"),
        (good, (512, 424), "640 × 480 pixels; 512 × 424"),
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match=what) as error:
            read_depth_picture(path, size)
        assert str(path) in sentence(error)


def test_a_video_that_ends_inside_a_picture_is_refused_when_it_is_listed(tmp_path, folder):
    (tmp_path / "session1").mkdir()
    (tmp_path / "session2").mkdir()
    source = folder / "Lock3DFace" / "session1" / "001_Kinect_NU_1DEPTH.RAW"
    broken = tmp_path / "session1" / source.name
    broken.write_bytes(source.read_bytes()[:-7])
    with pytest.raises(DatabaseError, match="not a whole number") as error:
        lock3dface.recordings(tmp_path)
    sentence(error)
    broken.write_bytes(source.read_bytes()[: lock3dface.PICTURE_BYTES])
    with pytest.raises(DatabaseError, match="ends before picture 2"):
        lock3dface.read_raw(broken, 1)


def test_a_picture_without_a_face_says_so(tmp_path):
    wall = tmp_path / "0000" / "0_depth.png"
    small.write_depth(wall, np.full((480, 640), 900.0))
    with pytest.raises(NoFace, match="shows no face") as error:
        DATABASES["USTC"](tmp_path)[0].load()
    sentence(error)


def test_gzip_content_that_ends_early_is_named(tmp_path):
    path = tmp_path / "1d1.abs.gz"
    with gzip.open(path, "wt") as file:
        file.write("2 rows\n3 columns\npixels (flag X Y Z):\n1 1 0 1 0 1\n1 2 3\n")
    with pytest.raises(DatabaseError, match="3 of 6 pixels"):
        frgc.read_abs(path)
