"""Samples that are kept are made once, are told apart by what they are made of, and train the same weights."""

import tomllib

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from tests.training.test_loop import DENOISER, tiny
from training.checkpoint import Checkpoint, build
from training.kept import Kept
from training.tasks import DenoiseTask
from training.train import LoopConfig, Run


class Counted(Dataset):
    def __init__(self):
        self.made = []

    def __len__(self):
        return 5

    def __getitem__(self, n):
        self.made.append(n)
        return {"x": np.full((2, 3), n, np.float32), "person": np.array(n)}


def test_a_sample_is_made_once_and_read_by_the_next_run(tmp_path):
    first, second = Counted(), Counted()
    made = [Kept(first, tmp_path, {"seed": 1})[n] for n in (3, 1)]
    again = [Kept(second, tmp_path, {"seed": 1})[n] for n in (3, 1)]
    assert (first.made, second.made) == ([3, 1], [])
    for one, other in zip(made, again, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert np.array_equal(one[name], other[name])
            assert one[name].dtype == other[name].dtype


def test_a_damaged_sample_is_named(tmp_path):
    Kept(Counted(), tmp_path, {})[2]
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=f"{path.name} is truncated"):
        Kept(Counted(), tmp_path, {})[2]


def test_other_ingredients_make_other_samples(tmp_path):
    data = Counted()
    Kept(data, tmp_path, {"seed": 1})[2]
    Kept(data, tmp_path, {"seed": 2})[2]
    assert data.made == [2, 2]


def experiment(**data):
    return {**tomllib.loads(DENOISER), "data": data}


def test_what_makes_a_pair_is_not_the_network_but_the_place_of_its_queries(faces_folder):
    narrow, plain = experiment(), experiment(sub_pixel=False)
    wide = {**narrow, "model": {**narrow["model"], "channels": 16}}
    unet = {**narrow, "model": {"network": "unet", "head": "direct"}}
    made_of = [DenoiseTask(each, faces_folder).ingredients() for each in (narrow, wide, plain, unet)]
    assert made_of[0] == made_of[1]
    assert made_of[0] != made_of[2]
    assert made_of[2] == made_of[3]  # a U-Net knows no places but the middles of pixels


def test_kept_samples_train_the_same_weights(tmp_path, faces_folder):
    def trained(name, keep):
        values = experiment()
        run = Run(DenoiseTask(values, faces_folder), build(LoopConfig, values["loop"]), values, tmp_path / name)
        run.train(None, 0, keep)
        return Checkpoint.load(tmp_path / name / "last.pt").weights

    fresh, written, read = (trained(name, keep) for name, keep in
                            (("a", None), ("b", tmp_path / "kept"), ("c", tmp_path / "kept")))  # fmt: skip
    assert len(list((tmp_path / "kept").iterdir())) == 8
    for name in fresh:
        assert torch.equal(fresh[name], written[name])
        assert torch.equal(fresh[name], read[name])


def test_a_task_that_cannot_say_what_its_samples_are_made_of_keeps_none(tmp_path):
    with pytest.raises(ValueError, match="only simulated samples"):
        tiny(tmp_path).train(None, 0, tmp_path / "kept")
