"""The loop under misfortune and in company: killed, out of disk, mis-typed, shared by two processes."""

import errno
import io
import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from tests.training.tiny_task import LOOP, NoisyTask
from training import train
from training.checkpoint import Checkpoint, build
from training.examples import Illustrated
from training.experiment import read_experiment
from training.share import Numbers, Share
from training.tasks import DenoiseTask
from training.train import LoopConfig, Run
from training.trouble import said_plainly, sentence

ROOT = Path(__file__).resolve().parents[2]
ONE_CORE = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
MODEL = """[model]
channels = 8
blocks = 1
hidden = [8, 8]
encoding = 4
head = "direct"
"""
DENOISER = f"""
task = "denoise"
{MODEL}[loop]
steps = 2
batch = 4
learning_rate = 1e-3
precision = "float32"
warm_up = 1
save_every = 50
"""


@pytest.fixture(autouse=True)
def one_thread():
    """As in the processes that are started here: sums over several threads round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(folder, **loop):
    return Run(NoisyTask(), build(LoopConfig, {**LOOP, **loop}), {"loop": LOOP}, folder)


def same(one, other):
    """Whether two trees of plain values and tensors are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(tmp_path):
    tiny(tmp_path / "whole").train(minutes=None, workers=0)
    command = [sys.executable, "-m", "tests.training.killed_run", str(tmp_path / "broken"), "7"]
    (tmp_path / "broken").mkdir()
    died = subprocess.run(command, cwd=ROOT, env=ONE_CORE, stderr=subprocess.PIPE)
    assert died.returncode == -9, died.stderr.decode()
    assert Checkpoint.load(tmp_path / "broken/last.pt").step == 6
    resumed = tiny(tmp_path / "broken")
    assert resumed.step == 6
    resumed.train(minutes=None, workers=0)
    whole, broken = (Checkpoint.load(tmp_path / name / "last.pt") for name in ("whole", "broken"))
    assert whole.step == broken.step == 9
    for part in ("weights", "average", "optimiser", "figures"):
        assert same(getattr(whole, part), getattr(broken, part)), part


def test_dropout_is_in_what_resumes(tmp_path):
    """Without it the test above could not fail for the random numbers' sake."""
    one, other = tiny(tmp_path / "a"), tiny(tmp_path / "b", seed=6)
    batch = {"x": torch.ones(4, 6), "y": torch.ones(4, 1)}
    other.model.load_state_dict(one.model.state_dict())
    assert one.one_step(batch, 0.0) != other.one_step(batch, 0.0)


def test_a_gradient_that_is_no_number_changes_no_weight(tmp_path):
    one = tiny(tmp_path)
    before = [weight.clone() for weight in one.model.parameters()]

    with pytest.raises(ValueError, match="not finite"):
        one.one_step({"x": torch.full((4, 6), torch.nan), "y": torch.ones(4, 1)}, 0.0)
    assert same(before, [weight.detach() for weight in one.model.parameters()])


def test_a_checkpoint_of_before_goes_on(tmp_path):
    """Checkpoints are eight fields since the first issue."""
    run = tiny(tmp_path)
    run.save({})
    assert set(torch.load(tmp_path / "last.pt", weights_only=True)) == {
        "config", "weights", "average", "optimiser", "step", "elapsed_s", "commit", "figures",
    }  # fmt: skip


def test_two_processes_learn_what_one_learns_from_the_joint_batch(tmp_path, faces_folder):
    config = tmp_path / "denoiser.toml"
    config.write_text(DENOISER)
    command = ["-m", "training.train", str(config), "--faces", str(faces_folder), "--workers", "0", "--out"]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*launcher, *command, str(tmp_path / "two")], cwd=ROOT, env=ONE_CORE, check=True)
    experiment = read_experiment(config)
    alone = Run(
        DenoiseTask(experiment, faces_folder), build(LoopConfig, experiment["loop"]), experiment, tmp_path / "one"
    )
    alone.train(minutes=None, workers=0)
    one, two = (Checkpoint.load(tmp_path / name / "last.pt") for name in ("one", "two"))
    assert one.step == two.step == 2
    assert len((tmp_path / "two/figures.jsonl").read_text().splitlines()) == 1  # one of the two speaks
    untrained = DenoiseTask(experiment, faces_folder)
    fresh = Run(untrained, alone.config, experiment, tmp_path / "fresh").model.state_dict()
    for key in one.weights:
        torch.testing.assert_close(one.weights[key], two.weights[key], rtol=0, atol=2e-5)
    assert max(float((one.weights[key] - fresh[key]).abs().max()) for key in fresh) > 5e-4
    for key, state in one.optimiser["state"].items():
        gradient = state["exp_avg"]
        scale = float(gradient.abs().max())
        torch.testing.assert_close(gradient, two.optimiser["state"][key]["exp_avg"], rtol=0, atol=1e-4 * scale)


def test_processes_part_a_batch_without_gap_or_overlap():
    parts = [list(Numbers(range(3, 5), 6, Share(rank, 3))) for rank in range(3)]
    assert parts[0] == [[18, 19], [24, 25]]
    assert sorted(n for part in parts for step in part for n in step) == list(range(18, 30))
    with pytest.raises(ValueError, match="evenly"):
        Numbers(range(1), 4, Share(0, 3))


def test_a_full_disk_is_one_sentence_and_the_old_checkpoint_survives(tmp_path, monkeypatch, capsys):
    run = tiny(tmp_path)
    run.save({"loss": 1.0})
    before = (tmp_path / "last.pt").read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("training.checkpoint.os.fsync", full)
    with pytest.raises(SystemExit), said_plainly():
        run.train(minutes=None, workers=0)
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("the disk is full")
    assert (tmp_path / "last.pt").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.pt")] == ["last.pt"]


@pytest.mark.parametrize("kept", [0, 100, 0.5, 0.99])
def test_a_truncated_checkpoint_is_one_sentence(tmp_path, kept):
    tiny(tmp_path).save({})
    path = tmp_path / "last.pt"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(ValueError, match="no whole checkpoint") as caught:
        tiny(tmp_path)
    assert "\n" not in sentence(caught.value)


def test_a_network_with_nothing_to_train_takes_no_steps(tmp_path):
    task = NoisyTask()
    task.model = lambda: torch.nn.Linear(6, 1).requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to train"):
        Run(task, build(LoopConfig, LOOP), {}, tmp_path)
    Run(task, build(LoopConfig, {**LOOP, "steps": 0}), {}, tmp_path)


def test_another_models_run_is_not_continued(tmp_path):
    tiny(tmp_path).save({})
    task = NoisyTask()
    task.model = lambda: torch.nn.Linear(6, 1)
    with pytest.raises(ValueError, match="choose another --out"):
        Run(task, build(LoopConfig, LOOP), {}, tmp_path)


def begun_from_tiny(folder, *layers):
    """A run of these layers, begun with the tiny network's; what fits is that of the same number and shape."""
    tiny(folder / "first").save({})
    task = NoisyTask()
    task.model = lambda: torch.nn.Sequential(*layers)
    run = Run(task, build(LoopConfig, LOOP), {}, folder / "second")
    run.start_from(folder / "first/last.pt")
    return run


def test_a_start_that_fits_in_part_says_how_much(tmp_path, caplog):
    with caplog.at_level("INFO"):
        run = begun_from_tiny(tmp_path, torch.nn.Linear(6, 8), torch.nn.Linear(8, 2))
    start = Checkpoint.load(tmp_path / "first/last.pt").average
    for model in (run.model, run.average):
        assert torch.equal(model[0].weight, start["0.weight"])
    assert same(run.model.state_dict(), run.average.state_dict())
    assert "56 of 74 weights fit" in caplog.text


def test_a_start_that_does_not_fit_at_all_is_refused(tmp_path):
    with pytest.raises(ValueError, match="nothing of it fits"):
        begun_from_tiny(tmp_path, torch.nn.Linear(6, 3), torch.nn.BatchNorm1d(3))  # which share a counter of batches


def command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        train.main()
    return ended.value.code


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("channels =", "chanels =", "chanels"),
        ("warm_up =", "warmup =", "warmup"),
        ("[loop]", "[loopp]", "loopp"),
        ('"denoise"', '"denoize"', "denoize"),
        ('task = "denoise"', "", "needs task"),
        ('task = "denoise"', "[task]", "must be a word"),
        (MODEL, "", "needs model"),
        (MODEL, 'model = "dmdnet"\n', "must be a table, [model]"),
        ("steps = 2\n", "", "needs steps"),
        ('"float32"', '"float16"', "float16"),
        ("channels = 8", "channels == 8", "TOML"),
        ('head = "direct"', 'head = "direct"\n[loss]\nangel = 1.0', "angel"),
        ('head = "direct"', 'head = "direct"\n[data]\nsubpixel = true', "subpixel"),
    ],
)
def test_a_mistyped_experiment_is_one_sentence(tmp_path, faces_folder, monkeypatch, capsys, old, new, word):
    config = tmp_path / "wrong.toml"
    assert old in DENOISER
    config.write_text(DENOISER.replace(old, new))
    assert command(monkeypatch, config, "--faces", faces_folder, "--out", tmp_path / "run") == 1
    said = capsys.readouterr().err.strip()
    assert word in said
    assert "\n" not in said


def test_missing_and_truncated_files_are_one_sentence(tmp_path, faces_folder, monkeypatch, capsys):
    config = tmp_path / "good.toml"
    config.write_text(DENOISER)
    whole = (faces_folder / "ict_face_model.npz").read_bytes()
    folder = tmp_path / "faces"
    folder.mkdir()
    other = io.BytesIO()
    np.savez(other, mean=np.zeros(3))
    for content, word in (
        (None, "there is no data file"),
        (b"", "truncated"),
        (whole[: len(whole) // 2], "truncated"),
        (whole[:2000] + bytes(3000) + whole[5000:], "truncated"),
        (b"no archive at all", "truncated"),
        (other.getvalue(), "has no id_basis"),
    ):
        if content is not None:
            (folder / "ict_face_model.npz").write_bytes(content)
        assert command(monkeypatch, config, "--faces", folder, "--out", tmp_path / "run") == 1
        said = capsys.readouterr().err.strip()
        assert word in said
        assert "\n" not in said
    command(monkeypatch, config, "--faces", faces_folder, "--out", tmp_path / "run", "--start-from", tmp_path / "no.pt")
    assert "there is no checkpoint" in capsys.readouterr().err


def test_out_of_memory_is_one_sentence():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50, dtype=torch.uint8)
    assert "out of memory" in sentence(caught.value)
    assert "out of memory" in sentence(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"))
    assert sentence(RuntimeError("a bug")) is None
    assert sentence(KeyError("a bug")) is None


class Broken(Dataset):
    def __init__(self, error):
        self.error = error

    def __getitem__(self, n):
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("x.npz is truncated"), "x.npz is truncated"),
        (zipfile.BadZipFile("no end"), "a data file is truncated or damaged (no end); fetch it again"),
        (OSError(errno.ENOSPC, "No space left on device", "x.npz"), "the disk is full; what was saved"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory"),
        (np._core._exceptions._ArrayMemoryError((2**40,), np.dtype(np.uint8)), "out of memory"),
        (RuntimeError("a bug"), None),
    ],
)
def test_trouble_in_a_worker_is_the_same_sentence(error, said):
    with pytest.raises((ValueError, OSError, RuntimeError, MemoryError, zipfile.BadZipFile)) as caught:
        next(iter(DataLoader(Broken(error), batch_sampler=[[0]], num_workers=1)))
    plain = sentence(caught.value)
    assert plain is None if said is None else plain.startswith(said) and "\n" not in plain


def test_a_worker_that_is_killed_is_one_sentence():
    with pytest.raises(BrokenProcessPool) as caught, ProcessPoolExecutor(1) as pool:
        pool.submit(os._exit, 9).result()
    assert "a worker was killed" in sentence(caught.value)


def test_a_bug_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="a bug"), said_plainly():
        raise RuntimeError("a bug")


def test_the_seed_of_the_command_line_is_the_runs(tmp_path, faces_folder, monkeypatch):
    config = tmp_path / "good.toml"
    config.write_text(DENOISER.replace("steps = 2", "steps = 0"))
    monkeypatch.setattr(
        sys, "argv",
        ["train", str(config), "--faces", str(faces_folder), "--out", str(tmp_path / "run"), "--seed", "9"],
    )  # fmt: skip
    train.main()
    assert Checkpoint.load(tmp_path / "run/last.pt").config["loop"]["seed"] == 9


def test_curves_and_pictures_are_drawn(tmp_path, faces_folder):
    drawn = {}

    class Board:
        def add_scalar(self, name, value, step):
            drawn[name] = (value, step)

        def add_image(self, name, picture, step, dataformats):
            drawn[name] = picture

        def flush(self):
            drawn["flushed"] = True

    experiment = {"model": {"channels": 8, "blocks": 1, "hidden": [8, 8], "encoding": 4, "head": "gated"}}
    task = DenoiseTask(experiment, faces_folder)
    assert isinstance(task, Illustrated)
    assert not isinstance(NoisyTask(), Illustrated)
    run = Run(task, build(LoopConfig, LOOP), experiment, tmp_path)
    figures = run.judge(Board())
    assert drawn["flushed"]
    assert drawn["rmse_mm/kinect1"] == (figures["rmse_mm.kinect1"], 0)
    assert (drawn["d415"].shape, drawn["d415"].dtype) == ((128, 512, 3), np.uint8)
    assert drawn["d415"].std() > 10


def test_tensorboard_reads_what_a_run_writes(tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    tiny(tmp_path).train(minutes=None, workers=0)
    values = []
    for file in sorted(tmp_path.glob("events.*")):
        content = file.read_bytes()
        while content:
            size = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + size])
            values += [(event.step, v.tag) for v in event.summary.value]
            content = content[16 + size :]
    assert {(3, "loss"), (6, "weight"), (9, "learning_rate")} <= set(values)
    assert json.loads((tmp_path / "figures.jsonl").read_text().splitlines()[-1])["step"] == 9
