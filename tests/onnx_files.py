"""Tiny ONNX files with cards, for tests that need a model file but not its weights."""

import json
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

CARD = {
    "name": "double",
    "version": "1.0",
    "kind": "denoiser",
    "licence": "Apache-2.0",
    "input": {"window_mm": 200, "value_range": [-1, 1]},
    "output": {"axes": "camera"},
    "attributions": ["made for a test"],
    "seeds": [1, 2],
    "figures": {"rmse_mm": 1.5},
}


def write_model(path: Path, card: Any = CARD, op: str = "Add", size: int = 4) -> Path:
    """A graph `y = op(x, x)` on (1, size) float32 with this card (None = no card, text = stored as it is)."""
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, size)) for name in "xy"]
    node = helper.make_node(op, ["x", "x"], ["y"])
    graph = helper.make_graph([node], "tiny", tensors[:1], tensors[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if card is not None:
        entry = model.metadata_props.add()
        entry.key, entry.value = "depthface.card", card if isinstance(card, str) else json.dumps(card)
    onnx.save(model, path)
    return path
