"""From recordings to pictures that networks train on: the paper's counts, splits and degradation, and a full disk."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.training import small_databases as small
from training.databases import DATABASES, DatabaseError, bosphorus, lock3dface
from training.databases.degrade import VARIANCE, degraded
from training.databases.picture import TOP_COUNT, Picture, network_input
from training.databases.prepare import (
    AS_IT_IS,
    INDEX,
    LED3D_POSES,
    PAIR_POSES,
    PICTURE_BYTES,
    PICTURES,
    Pictures,
    prepared,
)
from training.databases.protocols import PROTOCOLS, drawn_people
from training.databases.scan import Recording
from training.databases.tasks import Joined, place
from training.seeds import generator

try:
    import resource
except ImportError:  # Windows
    resource = None

ALONE = dict.fromkeys(("NU", "FE", "PS", "OC", "TM"), AS_IT_IS)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """One scan in three poses, one as it is."""
    folder = small.bosphorus(tmp_path_factory.mktemp("scans"), (2,))
    poses = {**ALONE, "NU": ((0.0, 0.0), (40.0, 0.0), (0.0, -20.0))}
    return prepared(bosphorus.recordings(folder), poses, tmp_path_factory.mktemp("made") / "scans")


def test_poses_add_up_to_the_papers_number_of_pairs():
    assert len(set(PAIR_POSES)) * (4007 + 2500) == 149_661
    assert len(set(LED3D_POSES)) == 9


def test_a_scan_is_shown_in_every_pose(scans):
    assert [(e.subset, e.yaw_deg, e.pitch_deg) for e in scans.entries] == [
        ("FE", 0, 0), ("NU", 0, 0), ("NU", 40, 0), ("NU", 0, -20),
    ]  # fmt: skip
    front, turned = scans[1], scans[2]
    for shown in (front, turned):
        assert shown.counts[62:66, 61:64].all(), "the tip of the nose stays in the middle"
        assert 0.2 < shown.valid.mean() < 0.8
    left, right = turned.valid[:, :64].sum(), turned.valid[:, 64:].sum()
    assert abs(int(left) - int(right)) > 400, "a face turned aside is not symmetric"
    assert abs(int(front.valid[:, :64].sum()) - int(front.valid[:, 64:].sum())) < 400


def test_a_picture_spans_the_networks_range_and_knows_its_millimetres(scans):
    shown = scans[1]
    value = shown.value()
    assert value[shown.valid].min() == -1
    assert value.max() == 1
    assert (value[~shown.valid] == 1).all()
    depth = shown.to_mm(value)[shown.valid]
    assert depth.min() == pytest.approx(shown.near_mm)
    assert depth.max() == pytest.approx(shown.far_mm)
    assert 60 < shown.far_mm - shown.near_mm < 110, "the depth of a face"
    again = shown.with_value(value)
    np.testing.assert_array_equal(again.counts, shown.counts)
    given = network_input(shown)
    assert {key: array.shape for key, array in given.items()} == {
        "depth": (1, 128, 128), "normals": (3, 128, 128), "valid": (1, 128, 128), "noise": (1, 1, 1),
    }  # fmt: skip
    length = np.linalg.norm(given["normals"], axis=0)[70:80, 60:68]
    np.testing.assert_allclose(length, 1, atol=1e-3)


def test_degradation_loses_detail_and_adds_the_stated_noise(scans):
    clean = scans[1]
    poor = degraded(clean, generator(3))
    np.testing.assert_array_equal(poor.valid, clean.valid)
    inside = np.zeros_like(clean.valid)
    inside[50:90, 50:78] = True
    smooth = inside & clean.valid & (np.abs(clean.value()) < 0.8)
    added = (poor.value() - clean.value())[smooth]
    assert added.std() == pytest.approx(2 * np.sqrt(VARIANCE), rel=0.15)
    assert abs(added.mean()) < 0.02
    np.testing.assert_array_equal(poor.counts, degraded(clean, generator(3)).counts)
    assert (poor.counts != degraded(clean, generator(4)).counts).any()


def test_a_flat_picture_is_not_shifted_by_dropping_pixels():
    """A ramp stays the ramp: bringing back to size must not move the face by half a pixel."""
    ramp = np.linspace(-0.9, 0.9, 128, dtype=np.float32)[None, :].repeat(128, 0)
    face = Picture(np.full((128, 128), 1, np.uint16), 900.0, 1000.0, (0.0, 0.0, 950.0)).with_value(ramp)
    back = np.mean([degraded(face, generator(k)).value() for k in range(40)], 0)
    np.testing.assert_allclose(back[:, 8:120].mean(0), ramp[0, 8:120], atol=0.006)
    assert face.counts.max() < TOP_COUNT


def test_the_same_recordings_are_not_prepared_twice(tmp_path):
    folder = small.bosphorus(tmp_path / "data", (2,))
    made = prepared(bosphorus.recordings(folder), ALONE, tmp_path / "made")
    stamp = (made.folder / PICTURES).stat().st_mtime_ns
    assert (
        prepared(bosphorus.recordings(folder), ALONE, tmp_path / "made").folder / PICTURES
    ).stat().st_mtime_ns == stamp
    poses = {**ALONE, "NU": ((0.0, 0.0), (20.0, 0.0))}
    again = prepared(bosphorus.recordings(folder), poses, tmp_path / "made")
    assert len(again) == len(made) + 1


def test_workers_give_what_one_process_gives(tmp_path):
    folder = small.bosphorus(tmp_path / "data", (2,))
    one = prepared(bosphorus.recordings(folder), ALONE, tmp_path / "one")
    two = prepared(bosphorus.recordings(folder), ALONE, tmp_path / "two", workers=2)
    assert (one.folder / PICTURES).read_bytes() == (two.folder / PICTURES).read_bytes()
    assert one.entries == two.entries


def test_pictures_travel_to_workers_by_name(scans):
    packed = pickle.dumps(Joined(scans, scans))
    assert len(packed) < 20_000
    both = pickle.loads(packed)
    np.testing.assert_array_equal(both[len(scans) + 1].counts, scans[1].counts)


def test_recordings_without_a_face_are_left_out_and_counted(tmp_path):
    small.ustc(tmp_path / "data", (8,))
    small.write_depth(tmp_path / "data" / "0000" / "9_depth.png", np.full((480, 640), 900.0))
    made = prepared(DATABASES["USTC"](tmp_path / "data"), ALONE, tmp_path / "made")
    assert (len(made), made.left_out) == (2, 1)


def test_a_broken_file_stops_preparation_and_leaves_nothing_behind(tmp_path):
    folder = small.bosphorus(tmp_path / "data", (2,))
    broken = folder / "bs000" / "bs000_N_N_0.bnt"
    broken.write_bytes(broken.read_bytes()[:5000])
    with pytest.raises(DatabaseError, match="truncated"):
        prepared(bosphorus.recordings(folder), ALONE, tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_prepared_files_that_were_cut_are_refused(tmp_path, scans):
    for name in (INDEX, PICTURES):
        (tmp_path / name).write_bytes((scans.folder / name).read_bytes())
    with (tmp_path / PICTURES).open("rb+") as file:
        file.truncate(3 * PICTURE_BYTES)
    with pytest.raises(ValueError, match="does not hold the 4 pictures"):
        Pictures(tmp_path)
    (tmp_path / INDEX).write_bytes((scans.folder / INDEX).read_bytes()[:200])
    with pytest.raises(ValueError, match="is damaged"):
        Pictures(tmp_path)


def test_a_disk_without_room_is_refused_at_once(tmp_path, monkeypatch):
    folder = small.bosphorus(tmp_path / "data", (2,))
    monkeypatch.setattr("training.databases.prepare.shutil.disk_usage", lambda _: type("Usage", (), {"free": 100})())
    with pytest.raises(OSError, match="0.0 GB free"):
        prepared(bosphorus.recordings(folder), ALONE, tmp_path / "made")


@pytest.mark.skipif(resource is None, reason="the operating system has no limit on the size of files")
def test_a_disk_that_fills_on_the_way_leaves_no_half_file(tmp_path):
    """The operating system itself refuses to write on: a limit on the size of files stands for the full disk."""
    recordings = bosphorus.recordings(small.bosphorus(tmp_path / "data", (2,)))
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, allowed[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            prepared(recordings, ALONE, tmp_path / "made")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    assert list((tmp_path / "made").iterdir()) == []


def test_every_picture_is_shown_once_per_epoch():
    epochs = [[place(1, n, 7) for n in range(7 * e, 7 * e + 7)] for e in range(3)]
    assert all(sorted(order) == list(range(7)) for order in epochs)
    assert epochs[0] != epochs[1]


def listed(people, *kinds):
    """Recordings of people, kinds as (session, subset)."""
    return [
        Recording("x", f"{person:03d}", session, subset, Path(f"{person}_{k}"), lock3dface.load)
        for person in range(people)
        for k, (session, subset) in enumerate(kinds)
    ]


def test_lock3dface_trains_on_340_people_and_tests_on_the_other_169():
    recordings = listed(509, (1, "FE"), (1, "NU"), (1, "NU"), (1, "PS"), (2, "TM"))
    split = PROTOCOLS["Lock3DFace"](recordings)
    train, test = {r.person for r in split.train}, {r.person for r in split.probes}
    assert (len(train), len(test)) == (340, 169)
    assert not train & test
    assert len(split.gallery) == 169
    assert all(r.subset == "NU" and r.session == 1 and r.path.name.endswith("_1") for r in split.gallery)
    assert len(split.probes) == 169 * 4
    again = PROTOCOLS["Lock3DFace"](recordings)
    assert [r.path for r in again.train] == [r.path for r in split.train]


@pytest.mark.parametrize("name", ["USTC", "MultiSFace"])
def test_the_others_train_on_seven_people_in_ten(name):
    split = PROTOCOLS[name](listed(30, (1, "NU"), (1, "NU")))
    assert (len({r.person for r in split.train}), len(split.gallery), len(split.probes)) == (21, 9, 9)


def test_iiitd_uses_the_folds_of_the_database():
    split = PROTOCOLS["IIIT-D"](listed(4, (1, "NU"), (2, "NU"), (2, "NU")))
    assert (len(split.train), len(split.gallery), len(split.probes)) == (4, 4, 8)


def test_at_least_one_person_is_tested():
    assert len(drawn_people(listed(2, (1, "NU")), 0.9)) == 1
