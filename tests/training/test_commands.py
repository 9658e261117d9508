"""Every command ends in one sentence when it is given what it cannot use."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from training.checkpoint import Checkpoint
from training.models.locator import Scout
from training.models.recogniser import RecogniserConfig, recogniser
from training.search import Budget, train

MODELS = Path(__file__).resolve().parents[2] / "assets/models"
CONFIGS = Path(__file__).resolve().parents[2] / "training/configs"


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """A folder of everything that is wrong; what is missing in it is called none."""
    folder = tmp_path_factory.mktemp("bad")
    whole = (MODELS / "aligner.onnx").read_bytes()
    for name in ("broken.onnx", "locator.onnx", "aligner.onnx"):
        (folder / name).write_bytes(whole[: len(whole) // 2])
    for name in ("broken.npz", "ict_face_model.npz"):
        (folder / name).write_bytes(b"PK no archive")
    (folder / "other.json").write_text("{}")
    weights = recogniser(RecogniserConfig()).state_dict()
    of_recogniser = {"task": "recognise", "model": {}, "loop": {}}
    Checkpoint(of_recogniser, {}, {f"network.{k}": v for k, v in weights.items()}, {}, 1, 1.0, "", {}).save(
        folder / "recogniser.pt"
    )
    Checkpoint({}, {}, Scout().state_dict(), {}, 1, 1.0, "", {}).save(folder / "scout.pt")
    return folder


def said(monkeypatch, capsys, module, words):
    """What a command says of it, and its exit code."""
    monkeypatch.setattr(sys, "argv", [module, *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(module).main()
    return capsys.readouterr().err.strip(), ended.value.code


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("training.evaluate none.onnx --faces . --out o.json", "there is no model file none.onnx"),
        (
            "training.identify --faces . --denoiser raw --recogniser none.onnx --out o",
            "there is no model file none.onnx",
        ),
        ("training.export denoiser none.pt o.onnx", "there is no checkpoint none.pt"),
        ("training.export denoiser recogniser.pt o.onnx", "no checkpoint of a denoiser"),
        ("training.export denoiser-4x scout.pt o.onnx", "no checkpoint of a denoiser"),
        ("training.export recogniser recogniser.pt o.onnx", "needs a threshold: give --figures"),
        ("training.export recogniser recogniser.pt o.onnx --figures none.json", "there is no file none.json"),
        ("training.recall none.toml broken.onnx o.pt --faces .", "there is no experiment none.toml"),
        ("training.recall CONFIGS/denoiser.toml broken.onnx o.pt --faces FACES", "broken.onnx is truncated"),
        ("training.quantise broken.onnx o --faces FACES --denoiser MODELS/denoiser.onnx", "broken.onnx is truncated"),
        ("training.quantise none.onnx o.onnx --faces FACES", "there is no model file denoiser.onnx"),
        (
            "training.quantise_denoiser none.onnx o.onnx --faces FACES --per-sensor 0",
            "there is no model file none.onnx",
        ),
        ("training.locate aligner --bank none --validation none --out run", "there is no bank in none"),
        ("training.locate scout --bank . --validation . --out run", "broken.npz is truncated"),
        ("training.locator_export --aligner none.pt --out .", "there is no checkpoint none.pt"),
        ("training.locator_export --aligner scout.pt --out .", "no checkpoint of the locator's aligner"),
        ("training.locator_export --aligner scout.pt --figures other.json --out .", "other.json has no “data”"),
        ("training.sightings --faces none --out run --scenes 0", "there is no data file none"),
        ("training.sightings --faces FACES --out run --scenes 500 --mine .", "locator.onnx is truncated"),
        ("training.locator_figures frames --frames run --faces . --set test_faces", "ict_face_model.npz is truncated"),
        (
            "training.locator_figures report --frames none --models MODELS --out o",
            "there are no frames in none/test_faces",
        ),
        ("training.locator_figures rules --frames . --models . --rules r.json", "locator.onnx is truncated"),
        ("training.people --ict broken.npz --out o.npz", "broken.npz is truncated"),
        ("training.report.__main__ --denoising other.json --out run", "other.json has no “pooled”"),
        ("benchmarks.identification --faces . --people test --models . --out o.json", "locator.onnx"),
        ("benchmarks.identification --faces . --people test --out o.json", "ict_face_model.npz is truncated"),
        (
            "benchmarks.gallery_sizes --faces none --out o.json --sizes 1 --known 1 --posed 1",
            "none/ict_face_model.npz",
        ),
    ],
)
def test_what_a_command_cannot_use_is_one_sentence(command, word, bad, faces_folder, monkeypatch, capsys):
    monkeypatch.chdir(bad)
    places = {"FACES": faces_folder, "CONFIGS": CONFIGS, "MODELS": MODELS}
    for name, place in places.items():
        command = command.replace(name, str(place))
    text, code = said(monkeypatch, capsys, *command.split(" ", 1)[:1], command.split()[1:])
    assert code == 1
    assert word in text.splitlines()[-1]
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("words", "lacks"),
    [
        (("frames", "--frames", "f"), "frames needs --faces and --set"),
        (("rules", "--frames", "f"), "rules needs --rules"),
        (("report", "--frames", "f"), "report needs --out"),
    ],
)
def test_figures_of_the_locator_say_what_they_need(words, lacks, monkeypatch, capsys):
    text, code = said(monkeypatch, capsys, "training.locator_figures", words)
    assert (code, lacks in text) == (2, True)


@pytest.mark.parametrize(("code", "ending"), [(3, 3), (-9, "killed by signal 9")])
def test_a_search_ends_as_the_training_that_failed(code, ending, monkeypatch, tmp_path):
    def failed(command, check):
        raise subprocess.CalledProcessError(code, command)

    monkeypatch.setattr("training.search.subprocess.run", failed)
    with pytest.raises(SystemExit) as ended:
        train(Path("unet.toml"), tmp_path, tmp_path, Budget([], None, None))
    assert ended.value.code == ending or ending in ended.value.code
