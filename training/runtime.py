"""Model files as training runs them: on the processor, on a known number of threads."""

from pathlib import Path

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

DAMAGE = (ort_state.Fail, ort_state.InvalidArgument, ort_state.InvalidGraph, ort_state.InvalidProtobuf)


def open_session(path: Path, threads: int = 1) -> ort.InferenceSession:
    """A model file; one thread unless told, so that several workers do not get in each other's way.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no model file, or not all of one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no model file {path}")
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except DAMAGE as error:
        raise ValueError(f"{path} is truncated or no model file; fetch or export it again") from error
