"""Opening model files: a fitting one runs, every other one is refused with a sentence."""

import numpy as np
import pytest

from depthface_app.core.errors import ModelError
from depthface_app.inference.card import ModelCard
from depthface_app.inference.session import RunOptions, available_providers, open_model, session_options
from tests.onnx_files import CARD, write_model


def test_a_fitting_model_opens_and_runs(tmp_path):
    model = open_model(write_model(tmp_path / "a.onnx"), "denoiser", RunOptions("cpu", 1), ["x"], ["y"])
    (out,) = model.run(x=np.array([[1, 2, 3, 4]], np.float32))
    np.testing.assert_array_equal(out, [[2, 4, 6, 8]])
    assert model.provider == "CPUExecutionProvider"
    assert model.threads == 1
    assert model.card.identity == "double 1.0"
    assert model.card.number("input", "window_mm") == 200.0
    assert model.card.seeds == (1, 2)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (None, "carries no card"),
        ("{not json", "not readable JSON"),
        ("[1]", "not a JSON object"),
        ({**CARD, "kind": "recogniser"}, "is a recogniser by its card and cannot be used as a denoiser"),
        ({**CARD, "kind": "toaster"}, "unknown kind"),
        ({**CARD, "name": ""}, "has no “name”"),
        ({**CARD, "threshold": "high"}, "“threshold”"),
        ({**CARD, "input": 3}, "“input”"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_with_one_sentence(tmp_path, card, words):
    path = write_model(tmp_path / "a.onnx", card)
    with pytest.raises(ModelError, match=words) as caught:
        open_model(path, "denoiser")
    assert "\n" not in str(caught.value)


def test_a_graph_with_other_tensors_is_refused(tmp_path):
    path = write_model(tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="takes x where depth is expected"):
        open_model(path, "denoiser", inputs=["depth"])
    with pytest.raises(ModelError, match="gives y where normals is expected"):
        open_model(path, "denoiser", outputs=["normals"])


@pytest.mark.parametrize("content", [b"", b"not an onnx file", bytes(range(256)) * 8])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        open_model(path, "denoiser")


def test_a_truncated_model_is_refused(tmp_path):
    path = write_model(tmp_path / "a.onnx")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ModelError, match=r"a\.onnx"):
        open_model(path, "denoiser")


def test_a_missing_model_names_the_file(tmp_path):
    with pytest.raises(ModelError, match="is not there"):
        open_model(tmp_path / "gone.onnx", "locator")


def test_an_unavailable_provider_is_refused_and_names_those_there_are(tmp_path):
    with pytest.raises(ModelError, match="there is .*cpu"):
        open_model(write_model(tmp_path / "a.onnx"), "denoiser", RunOptions("npu"))


def test_wrong_input_size_is_one_sentence(tmp_path):
    model = open_model(write_model(tmp_path / "a.onnx"), "denoiser", RunOptions("cpu"))
    with pytest.raises(ModelError, match="double 1.0 failed"):
        model.run(x=np.zeros((1, 5), np.float32))


def test_sessions_do_not_spin():
    assert session_options(2).get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert session_options(2).intra_op_num_threads == 2


def test_the_processor_is_always_the_last_provider():
    assert available_providers()[-1] == "cpu"


def test_a_number_the_card_does_not_state_is_asked_for():
    card = ModelCard("a", "1", "locator", "MIT")
    with pytest.raises(ModelError, match=r"input\.window_mm"):
        card.number("input", "window_mm")
