"""Model files as graphs, to be read or changed."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError


def read_model(path: Path) -> onnx.ModelProto:
    """A model file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no model file, or not all of one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no model file {path}")
    try:
        proto = onnx.load(path)
    except DecodeError as error:
        raise ValueError(f"{path} is truncated or no model file; fetch or export it again") from error
    return proto
