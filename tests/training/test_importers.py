"""The face-model files are built from checkouts of the public repositories; here, from miniature ones."""

import gzip
import json

import numpy as np
import pytest

from tests.training.small_checkouts import ICT_LAYOUT, write_ict_checkout, write_makehuman_checkout
from training.faces import import_ict, import_makehuman
from training.faces.ict import IctModel
from training.faces.makehuman import MakeHumanModel
from training.faces.shape import Appearance
from training.faces.sources import write_model
from training.seeds import generator


@pytest.fixture
def ict(tmp_path):
    return write_ict_checkout(tmp_path / "ICT-FaceKit")


@pytest.fixture
def mpfb(tmp_path):
    return write_makehuman_checkout(tmp_path / "mpfb2")


def cut(path, keep=0.5):
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])


def test_ict_file_holds_the_model(ict, tmp_path):
    arrays = import_ict.import_ict(ict, ICT_LAYOUT)
    write_model(tmp_path / "ict_face_model.npz", arrays)
    faces = IctModel.load(tmp_path / "ict_face_model.npz")
    assert faces.nose_tip == faces.mean[:, 2].argmax()
    assert faces.mean[:, 2].max() == pytest.approx(104, abs=3)  # centimetres became millimetres
    assert faces.mean[:, 2].min() > -95  # the back of the head is gone
    assert len(arrays["id_basis"]) == ICT_LAYOUT.modes
    assert faces.ex_names == ["jawOpen", "mouthSmile_L"]
    assert arrays["triangles"].max() == len(arrays["mean"]) - 1
    np.testing.assert_allclose(np.abs(arrays["id_basis"][1]).max(), 2.0, rtol=0.02)
    assert set(arrays["tri_part"]) == {0, 1}
    moved = faces.vertices(faces.sample_identity(generator(1)), Appearance(faces.sample_expression(generator(2))))
    assert np.isfinite(moved).all()


def test_makehuman_file_holds_the_model(mpfb, tmp_path):
    arrays = import_makehuman.import_makehuman(mpfb)
    write_model(tmp_path / "makehuman_face_model.npz", arrays)
    faces = MakeHumanModel.load(tmp_path / "makehuman_face_model.npz", hair=True)
    assert arrays["base"][:, 1].min() > 500  # the body below the neck is gone
    assert arrays["base"][faces.nose_tip, 2] == arrays["base"][:, 2].max()
    names = list(arrays["detail_names"])
    assert names[:2] == ["head/head-fat-decr", "head/head-fat-incr"]
    assert not any("trans" in name for name in names)
    incr = arrays["detail"][names.index("head/head-fat-incr")]
    np.testing.assert_allclose(np.abs(incr).max(), 5.0, rtol=0.01)  # decimetres became millimetres
    identity = faces.sample_identity(generator(1))
    neutral = np.zeros(len(arrays["expr"]), np.float32)
    bare = faces.vertices(identity, Appearance(neutral))
    fuller = faces.vertices(identity, Appearance(neutral, weight_mm=2.0))
    bearded = faces.vertices(identity, Appearance(neutral, hair_mm=9.0, fringe_mm=40.0))
    assert 1.0 < np.linalg.norm(fuller - bare, axis=1).max() < 2.1  # subdivision flattens single points
    assert 4 < np.linalg.norm(bearded - bare, axis=1).max() < 25
    np.testing.assert_array_equal(faces.neutral_shape(identity), faces.neutral_shape(identity))


def test_makehuman_without_hair_stays_bald(mpfb, tmp_path):
    write_model(tmp_path / "m.npz", import_makehuman.import_makehuman(mpfb))
    faces = MakeHumanModel.load(tmp_path / "m.npz")
    identity, neutral = faces.sample_identity(generator(1)), np.zeros(2, np.float32)
    looks = [faces.vertices(identity, Appearance(neutral, hair_mm=hair, beard_mm=hair)) for hair in (0.0, 9.0)]
    np.testing.assert_array_equal(*looks)


def test_unpacked_targets_of_the_older_layout_are_read(mpfb):
    packed = import_makehuman.import_makehuman(mpfb)
    older = mpfb / "makehuman"
    (mpfb / "src/mpfb").rename(older)
    for path in list(older.rglob("*.target.gz")):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    unpacked = import_makehuman.import_makehuman(mpfb)
    for key, value in packed.items():
        np.testing.assert_array_equal(unpacked[key], value)


def test_wrong_folder_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkout of ICT-FaceKit: FaceXModel/generic_neutral_mesh.obj"):
        import_ict.import_ict(tmp_path, ICT_LAYOUT)
    with pytest.raises(FileNotFoundError, match="no checkout of mpfb2: src/mpfb/data/3dobjs/base.obj"):
        import_makehuman.import_makehuman(tmp_path)


def test_another_mesh_is_told(ict):
    with pytest.raises(ValueError, match=f"has {ICT_LAYOUT.vertices} vertices instead of 26719"):
        import_ict.import_ict(ict)


@pytest.mark.parametrize("name", ["identity001.obj", "mouthSmile_L.obj", "vertex_indices.json"])
def test_missing_ict_file_is_named(ict, name):
    (ict / "FaceXModel" / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing; is the checkout complete"):
        import_ict.import_ict(ict, ICT_LAYOUT)


@pytest.mark.parametrize("name", ["generic_neutral_mesh.obj", "identity001.obj", "jawOpen.obj", "vertex_indices.json"])
def test_truncated_ict_file_is_named(ict, name):
    cut(ict / "FaceXModel" / name, 0.2)
    with pytest.raises(ValueError, match=name):
        import_ict.import_ict(ict, ICT_LAYOUT)


def test_landmarks_outside_the_face_are_told(ict):
    path = ict / "FaceXModel/vertex_indices.json"
    about = json.loads(path.read_text())
    about["idx_to_landmark_verts"][3] = ICT_LAYOUT.vertices - 1
    path.write_text(json.dumps(about))
    with pytest.raises(ValueError, match="landmarks outside the face"):
        import_ict.import_ict(ict, ICT_LAYOUT)


def test_missing_and_truncated_targets_are_named(mpfb):
    targets = mpfb / "src/mpfb/data/targets"
    path = targets / "macrodetails/asian-male-old.target.gz"
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"asian-male-old.target is missing"):
        import_makehuman.import_makehuman(mpfb)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"asian-male-old.target.gz is cut off or damaged"):
        import_makehuman.import_makehuman(mpfb)
    path.write_bytes(gzip.compress(b"0 .1 .2 .3\n1 .4"))
    with pytest.raises(ValueError, match=r"asian-male-old.target.gz: line 2 is cut off"):
        import_makehuman.import_makehuman(mpfb)
    path.write_bytes(gzip.compress(b"99999 .1 .2 .3\n"))
    with pytest.raises(ValueError, match=r"line 1 names vertex 99999, but the mesh has"):
        import_makehuman.import_makehuman(mpfb)
    path.write_bytes(whole)
    for file in (targets / "nose").iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError, match="nose holds no targets"):
        import_makehuman.import_makehuman(mpfb)


def test_truncated_base_mesh_is_told(mpfb):
    base = mpfb / "src/mpfb/data/3dobjs/base.obj"
    text = base.read_text()
    base.write_text(text[: text.index("g helper-r-eye")])
    with pytest.raises(ValueError, match="no group 'helper-r-eye'; the file is incomplete"):
        import_makehuman.import_makehuman(mpfb)
    base.write_text(text[:300])
    with pytest.raises(ValueError, match="base.obj"):
        import_makehuman.import_makehuman(mpfb)


@pytest.mark.parametrize("importer", [import_ict, import_makehuman])
def test_command_says_one_sentence_and_leaves_no_file(importer, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["import", str(tmp_path), str(tmp_path / "out.npz")])
    with pytest.raises(SystemExit, match="is no checkout of"):
        importer.main()
    assert list(tmp_path.iterdir()) == []


def test_command_writes_the_file(mpfb, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["import", str(mpfb), str(tmp_path / "out.npz")])
    import_makehuman.main()
    assert "vertices" in capsys.readouterr().out
    assert MakeHumanModel.load(tmp_path / "out.npz").nose_tip >= 0
