"""Scenes, banks and networks of the locator."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from depthface_app.core.face import HeadPose
from depthface_app.core.finding import Candidate, location
from depthface_app.core.frame import Intrinsics
from depthface_app.core.locating import look_rotation, overview
from depthface_app.core.sensors import SENSORS, observe, sigma_mm
from training import locator_export, sightings
from training.checkpoint import Checkpoint
from training.crowd import make_person
from training.export import CARD_KEY
from training.locate import (
    LOOPS,
    AlignerTask,
    OverviewBank,
    ScoutTask,
    WindowBank,
    begin,
    focal_loss,
    recalled,
    scout_targets,
)
from training.locator_export import set_figures
from training.locator_figures import HEAD_FIELDS, StoredFrame, Tally, face_figures, judge_frame, other_figures
from training.mesh import box, bumpy, joined, random_rotation, solid
from training.models.locator import SLOPE_SCALE, Aligner, Scout, mean_depth, rotation_of, softened
from training.props import TURNED, UPRIGHT
from training.quantise import stored_card
from training.scenes import HELD_OUT_SENSOR, TRAINED_SENSORS, draw_scene, draw_sensor
from training.seeds import generator
from training.sightings import FACE, face_window, judged, make_shard, proposed_windows, trained_proposer
from training.sightings import TURNED as AWAY
from training.train import Run

MODELS = Path(__file__).parents[2] / "assets" / "models"
SMALL_CANVAS = Intrinsics(128, 128, 120.0, 120.0, 63.5, 63.5)


@pytest.fixture(scope="module")
def people(faces):
    return [faces.sample_identity(generator(k)) for k in range(8)]


def make_scene(faces, people, key, facing):
    rng = generator(5, key)
    sensor = SENSORS["kinect2"]
    scene = draw_scene(rng, faces, people, sensor, facing)
    return scene, observe(scene.clean_mm, scene.intrinsics, sensor, rng)


@pytest.fixture(scope="module")
def bank_folder(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    patch = pytest.MonkeyPatch()
    patch.setattr(sightings, "IDENTITIES_PER_SHARD", 8)
    make_shard(faces, (1, 2), 0, None, scenes=24).save(folder / "1_0000.npz")
    patch.undo()
    return folder


def test_solids_have_the_size_asked_for():
    assert np.abs(solid((30, 50, 20)).vertices_mm).max(0) == pytest.approx((30, 50, 20), rel=0.01)
    assert np.ptp(box((1, 2, 3)).vertices_mm, axis=0) == pytest.approx((2, 4, 6))
    both = joined((box((1, 1, 1)), box((2, 2, 2))))
    assert both.triangles.max() == len(both.vertices_mm) - 1


def test_bumps_move_a_surface_along_its_own_direction():
    before = solid((80, 80, 80))
    after = bumpy(before, np.random.default_rng(0), 5, 40)
    moved = np.linalg.norm(after.vertices_mm, axis=1) - 80
    assert 1 < moved.std() < 15


def test_random_rotations_are_rotations():
    turn = random_rotation(np.random.default_rng(3))
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.parametrize("family", [*TURNED, *UPRIGHT], ids=lambda f: f.__name__)
def test_every_prop_is_a_whole_mesh(family):
    mesh = family(np.random.default_rng(1))
    assert np.isfinite(mesh.vertices_mm).all()
    assert mesh.triangles.max() < len(mesh.vertices_mm)
    assert np.ptp(mesh.vertices_mm, axis=0).max() < 3000


def test_the_held_out_family_is_never_drawn():
    rng = generator(0)
    drawn = {draw_sensor(rng).name for _ in range(200)}
    assert HELD_OUT_SENSOR not in drawn
    assert drawn == set(TRAINED_SENSORS)


def noise_at_1_m(sensor):
    pinhole = sensor.intrinsics()
    flat = np.full((4, 4), 1000, np.float32)
    return float(sigma_mm(flat, np.zeros_like(flat), pinhole, sensor)[0, 0])


def test_invented_units_reach_from_quiet_to_noisy_with_lenses_of_their_own():
    rng = generator(1)
    units = [draw_sensor(rng) for _ in range(400)]
    stereo = [unit for unit in units if unit.kind == "active stereo"]
    noise = np.array([noise_at_1_m(unit) for unit in stereo])
    assert noise.min() < 1.2
    assert noise.max() > 6
    assert np.ptp([unit.hfov_deg for unit in stereo]) > 40
    assert np.ptp([unit.baseline_mm for unit in stereo]) > 35
    assert len({unit.width for unit in stereo}) >= 4
    assert len({unit.correlation_px for unit in units}) < 20  # every length is a bank of its own


def test_a_person_stands_where_they_were_put(faces, people):
    nose, turned = np.array((100.0, -50.0, 800.0), np.float32), HeadPose(20, 5, -10)
    person = make_person(faces, people[0], turned, look_rotation(nose), nose, generator(1))
    assert person.head.vertices_mm[faces.nose_tip] == pytest.approx(nose, abs=0.01)
    assert HeadPose.of_matrix(look_rotation(nose).T @ person.rotation).yaw_deg == pytest.approx(20)
    assert (person.rest.vertices_mm[:, 1] > 200).any()


def test_a_scene_is_the_same_for_the_same_seed(faces, people):
    (one, seen), (two, again) = make_scene(faces, people, 1, 2), make_scene(faces, people, 1, 2)
    assert np.array_equal(seen, again, equal_nan=True)
    assert [head.nose_mm for head in one.heads] == [head.nose_mm for head in two.heads]


def test_truth_agrees_with_the_picture(faces, people):
    checked = 0
    for key in range(10):
        scene, seen = make_scene(faces, people, key, 2)
        for head in judged(seen, scene):
            if head.kind != FACE or head.truth.visible < 0.97 or head.truth.turn_deg > 40:
                continue
            x, y = scene.intrinsics.project(np.array(head.truth.nose_mm)).astype(int)
            around = scene.clean_mm[y : y + 2, x : x + 2]
            assert np.nanmin(around) == pytest.approx(head.truth.nose_mm[2], abs=12)
            checked += 1
    assert checked >= 2


def test_scenes_without_faces_hold_none(faces, people):
    for key in range(5):
        scene, seen = make_scene(faces, people, key, 0)
        assert all(head.kind == AWAY for head in judged(seen, scene))


def test_a_window_knows_its_own_offset(faces, people):
    for key in range(8):
        scene, seen = make_scene(faces, people, key, 1)
        heads = [head for head in judged(seen, scene) if head.kind == FACE]
        if heads:
            nose, shift = np.array(heads[0].truth.nose_mm), np.array((20, -10, 15))
            sample = face_window(seen, scene.intrinsics, nose + shift, heads[0])
            assert nose + shift + sample.look.rotation @ sample.offset_mm == pytest.approx(nose)
            assert sample.look.rotation @ sample.rotation == pytest.approx(heads[0].rotation)
            return
    pytest.fail("no scene had a face")


def test_a_bank_keeps_what_was_drawn(faces, people, bank_folder):
    bank, windows = OverviewBank.load([bank_folder]), WindowBank.load([bank_folder])
    assert len(bank.depth) == 24
    assert all(d.shape == (k.height, k.width) for d, k in zip(bank.depth, bank.pinholes, strict=True))
    assert windows.is_face.any()
    assert not windows.is_face.all()
    inside = np.abs(windows.window[windows.window > -32768].astype(float)) / 100
    assert inside.max() <= 140.01


def test_mirrored_samples_mirror_their_truth(bank_folder):
    bank = WindowBank.load([bank_folder])
    k = int(np.flatnonzero(bank.is_face)[0])
    plain, seen = bank.sample(k), set()
    for seed in range(12):
        turned = bank.sample(k, generator(seed))
        assert np.linalg.det(turned["rotation"]) == pytest.approx(1, abs=1e-3)
        seen.add(bool(np.allclose(turned["offset"], plain["offset"])))
        assert np.allclose(np.abs(turned["offset"]), np.abs(plain["offset"]))
    assert seen == {True, False}


def test_targets_lie_where_the_nose_is():
    heads = np.array(((50.0, 20.0, 700.0, FACE, 10.0, 1.0), (-200.0, 0.0, 700.0, 0, 10.0, 0.3)), np.float32)
    targets = scout_targets(SMALL_CANVAS, heads)
    row, column = np.unravel_index(targets["heat"][0].argmax(), targets["heat"][0].shape)
    x, y = targets["place"][:2, row, column] + (column * 4 + 1.5, row * 4 + 1.5)
    assert (x, y) == pytest.approx((120 * 50 / 700 + 63.5, 120 * 20 / 700 + 63.5), abs=1e-3)
    assert targets["place"][2, row, column] == pytest.approx(0.7)
    assert targets["weight"][0, 15, 7] == 0
    assert targets["weight"][0, row, column] == 1


def test_a_perfect_map_costs_nothing_and_a_missed_nose_does():
    heat = torch.zeros(1, 1, 4, 4)
    heat[0, 0, 1, 2] = 1
    sure = torch.where(heat > 0, 12.0, -12.0)
    one = torch.ones_like(heat)
    assert focal_loss(sure, heat, one) < 1e-3
    assert focal_loss(-sure, heat, one) > 5
    assert focal_loss(-sure, heat, 0 * one) == 0


def test_rotations_are_rotations_whatever_the_network_says():
    numbers = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    turns = rotation_of(numbers[:, :3], numbers[:, 3:])
    assert torch.allclose(turns @ turns.transpose(1, 2), torch.eye(3).expand(5, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turns), torch.ones(5), atol=1e-5)


def test_cells_without_readings_borrow_the_depth_of_their_neighbours():
    overview = torch.zeros(1, 6, 16, 16)
    overview[:, 5, :, 4:] = 1
    overview[:, 0, :, 4:] = 0.5 - 1
    depth = mean_depth(overview)
    assert torch.allclose(depth, torch.full((1, 1, 4, 4), 0.5))


def test_networks_answer_for_any_picture_and_any_number_of_windows():
    heat, place = Scout()(torch.zeros(1, 6, 48, 80))
    assert heat.shape == (1, 1, 12, 20)
    assert place.shape == (1, 3, 12, 20)
    score, offset, rotation = Aligner()(torch.zeros(3, 5, 64, 64))
    assert (score.shape, offset.shape, rotation.shape) == ((3,), (3, 3), (3, 3, 3))
    assert sum(p.numel() for p in Scout().parameters()) + sum(p.numel() for p in Aligner().parameters()) < 2_000_000


@pytest.mark.parametrize("task_of", [ScoutTask, AlignerTask])
def test_one_batch_is_learned_by_heart(task_of, bank_folder):
    task = task_of([bank_folder], bank_folder)
    data = task.data(1, 16, 8)
    batch = {key: torch.from_numpy(np.stack([data[k][key] for k in range(8)])) for key in data[0]}
    torch.manual_seed(0)
    model = task.model()
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3)
    losses = []
    for _ in range(25):
        loss = task.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_answers_are_judged_by_where_the_heads_are():
    def head(x, kind):
        return (x, 0.0, 800.0, 0.0, 0.0, 0.0, 0.0, 1.0, kind, 0.0)

    heads = np.array((head(0.0, FACE), head(400.0, 0), head(-400.0, AWAY)))
    found = [
        location(Candidate(np.array((x, 0.0, 800.0)), 0.5, score, np.eye(3)), SMALL_CANVAS)
        for x, score in ((6.0, 0.9), (390.0, 0.8), (-395.0, 0.7))
    ]
    rows, false = judge_frame(StoredFrame(np.zeros((128, 128), np.float32), SMALL_CANVAS, heads), found)
    assert len(rows) == 1
    assert rows[0][-3:] == pytest.approx([0.9, 6.0, 0.0], abs=1e-6)
    assert false == pytest.approx([0.7])
    counted = Tally(10, np.array(rows), np.array(false), np.ones(10))
    assert face_figures(counted, 0.5)["yaw_to_45"]["found"] == 1
    assert face_figures(counted, 0.95)["yaw_to_45"]["found"] == 0
    assert other_figures(counted, 0.5) == {"frames": 10, "false_faces": 1, "per_1000": 100}
    assert len(HEAD_FIELDS) == heads.shape[1]


def test_overviews_of_scenes_are_what_the_bank_stores(faces, people, bank_folder):
    bank = OverviewBank.load([bank_folder])
    scene, seen = make_scene(faces, people, 3, 1)
    assert overview(seen, scene.intrinsics).intrinsics.fx == pytest.approx(bank.pinholes[0].fx, rel=0.02)


def test_what_the_shipped_files_look_at_holds_the_face(faces, people):
    scene, seen = make_scene(faces, people, 2, 1)
    places = trained_proposer(MODELS)(seen, scene.intrinsics)
    asked = [head for head in judged(seen, scene) if head.kind == FACE]
    assert asked
    for head in asked:
        assert min(np.linalg.norm(place - head.truth.nose_mm) for place in places) < 40
    mined = proposed_windows(lambda depth, pinhole: places, seen, scene, asked)
    assert any(window.is_face and np.linalg.norm(window.offset_mm) < 40 for window in mined)


def test_a_softened_window_shows_slopes_under_noise_and_holes():
    rng = np.random.default_rng(1)
    column, row = np.meshgrid(np.arange(64), np.arange(64))
    window = np.zeros((1, 5, 64, 64), np.float32)
    window[0, 0] = 0.02 * column - 0.01 * row + rng.normal(0, 0.05, (64, 64))
    window[0, 4] = rng.random((64, 64)) > 0.2
    depth, across, down = softened(torch.from_numpy(window))[0, :, 8:-8, 8:-8].numpy()
    assert across.mean() == pytest.approx(2 * 0.02 * SLOPE_SCALE, rel=0.1)
    assert down.mean() == pytest.approx(-2 * 0.01 * SLOPE_SCALE, rel=0.1)
    assert (depth - (0.02 * column - 0.01 * row)[8:-8, 8:-8]).std() < 0.03
    assert not softened(torch.zeros(1, 5, 64, 64)).any()


def test_training_dwells_on_what_a_trained_aligner_finds_hardest(bank_folder, tmp_path):
    task = AlignerTask([bank_folder], bank_folder)
    start = Checkpoint.load(recalled(task, MODELS / "aligner.onnx", tmp_path / "start.pt"))
    aligner = task.model()
    aligner.load_state_dict(start.average)
    task.learn_from(aligner.eval())
    hard_faces, hard_others = task.hardest
    assert task.bank.is_face[hard_faces].all()
    assert not task.bank.is_face[hard_others].any()

    def logits(chosen):
        return aligner(torch.from_numpy(np.stack([task.bank.sample(int(k))["window"] for k in chosen])))[0].detach()

    everyone = np.flatnonzero(task.bank.is_face)
    assert logits(hard_faces).max() <= logits(np.setdiff1d(everyone, hard_faces)).min()


def test_a_run_that_goes_on_dwells_on_the_same_windows(bank_folder, tmp_path):
    start = recalled(AlignerTask([bank_folder], bank_folder), MODELS / "aligner.onnx", tmp_path / "start.pt")

    def hardest():
        task = AlignerTask([bank_folder], bank_folder)
        run = Run(task, LOOPS["aligner"], {}, tmp_path / "run")
        begin(run, task, start)
        return run, task.hardest

    run, first = hardest()
    torch.nn.init.normal_(run.average.head[-1].weight)  # as if much had been learned since
    run.step = 1
    run.save({})
    _, again = hardest()
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_new_figures_leave_the_rest_of_a_file_as_it_was(tmp_path):
    path = tmp_path / "locator.onnx"
    path.write_bytes((MODELS / "locator.onnx").read_bytes())
    set_figures(path, {"found": 0.5})
    before, after = (onnx.load(file) for file in (MODELS / "locator.onnx", path))
    assert before.graph == after.graph
    old, new = (json.loads(next(e.value for e in m.metadata_props if e.key == CARD_KEY)) for m in (before, after))
    assert new == {**old, "figures": {"found": 0.5}}


def exported(monkeypatch, folder, *words):
    """The card of either file of this folder, by name, after the command was given."""
    monkeypatch.setattr(sys, "argv", ["locator_export", *map(str, words), "--out", str(folder)])
    locator_export.main()
    return {path.stem: stored_card(path, path.stem) for path in folder.glob("*.onnx")}


def test_exporting_one_network_leaves_the_other_and_its_figures(tmp_path, monkeypatch):
    def write(checkpoint, path, rules, figures):  # exporting takes ten seconds and is not what is asked here
        path.write_bytes((MODELS / path.name).read_bytes())
        set_figures(path, figures)
        return 0.0

    monkeypatch.setattr(locator_export, "export_aligner", write)
    assert exported(monkeypatch, tmp_path, "--aligner", "last.pt").keys() == {"aligner"}
    (tmp_path / "locator.onnx").write_bytes((MODELS / "locator.onnx").read_bytes())
    shipped = stored_card(MODELS / "locator.onnx", "locator")
    assert shipped["figures"]
    assert exported(monkeypatch, tmp_path, "--aligner", "last.pt")["locator"] == shipped
    found = exported(monkeypatch, tmp_path, "--figures", MODELS.parents[1] / "docs/figures/locator.json")
    assert found["locator"]["figures"] == found["aligner"]["figures"] != {}
