"""Open a model file: check its card, choose where it runs, warm it up. The door to ONNX Runtime."""

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from depthface_app.core.errors import ModelError
from depthface_app.inference.card import CARD_KEY, ModelCard

ort.disable_telemetry_events()

PROVIDERS: Mapping[str, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
_CPU = PROVIDERS["cpu"]
_NEEDS_CUDA = (PROVIDERS["cuda"], PROVIDERS["tensorrt"])
_MOST_THREADS = 4
_ORT_ERRORS = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
    ValueError,
)
_DTYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where and how widely a model runs; None is automatic."""

    provider: str | None = None
    threads: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """An opened model file. `run` may be called from one thread at a time.

    provider: what ONNX Runtime really uses, e.g. "CPUExecutionProvider"
    threads:  threads inside one operator
    """

    path: Path
    card: ModelCard
    provider: str
    threads: int
    session: ort.InferenceSession

    def run(self, **inputs: NDArray[np.generic]) -> tuple[NDArray[np.generic], ...]:
        """The graph's outputs in its own order, for inputs by name.

        Raises:
            ModelError: if ONNX Runtime refuses the inputs or fails on them.
        """
        try:
            return tuple(self.session.run(None, inputs))
        except _ORT_ERRORS as error:
            raise ModelError(f"{self.card.identity} failed on {self.provider}: {_first_line(error)}") from error


def open_model(
    path: str | Path,
    kind: str,
    options: RunOptions | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Model:
    """Open a model file as what it is meant to be, refuse it if it is not, and run it once on zeros.

    The warm-up run takes the cost of the first call (memory arena, kernel choice) out of the first frame.

    Args:
        kind: what the caller will use it as; the card must say the same.
        inputs: tensor names that the caller will feed; the graph must have exactly these. Empty = not checked.
        outputs: tensor names that the caller will read; the graph must have at least these.

    Raises:
        ModelError: missing or broken file, no card, wrong kind, wrong tensors, or a provider that is not there.
    """
    path, options = Path(path), options or RunOptions()
    if not path.is_file():
        raise ModelError(
            f"The {kind} model {path} is not there; give another file or restore the one that was shipped."
        )
    threads = options.threads or automatic_threads()
    session = _open_session(path, _wanted_provider(options.provider), threads)
    card = _fitting_card(session, path, kind)
    _check_tensors(session, path, inputs, outputs)
    provider = session.get_providers()[0]
    if options.provider is not None and provider != _provider_name(options.provider):
        raise ModelError(f"{path.name} does not run on “{options.provider}” here; leave the provider to automatic.")
    _warm_up(session, path)
    return Model(path, card, provider, threads, session)


def automatic_threads() -> int:
    """Cores this process may use, at most four: small networks gain nothing from more."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MOST_THREADS, cores))


def available_providers() -> tuple[str, ...]:
    """Short names of the providers worth trying here, best first; "cpu" is always last.

    The GPU build lists CUDA on every machine, so CUDA counts only where the driver's library loads.
    """
    listed = ort.get_available_providers()
    usable = [name for name in listed if name not in _NEEDS_CUDA or has_cuda_driver()]
    short = [key for key, name in PROVIDERS.items() if name in usable and key != "cpu"]
    return (*short, "cpu")


def has_cuda_driver() -> bool:
    """Whether the NVIDIA driver's library can be loaded."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _provider_name(short: str) -> str:
    by_name = {full.lower(): full for full in PROVIDERS.values()}
    return PROVIDERS.get(short.lower()) or by_name.get(short.lower()) or short


def _wanted_provider(asked: str | None) -> str:
    """Full name of the provider to try first: the asked one, else CUDA where a driver is, else the processor."""
    usable = available_providers()
    if asked is None:
        return PROVIDERS["cuda"] if "cuda" in usable else _CPU
    wanted = _provider_name(asked)
    if wanted not in {PROVIDERS[short] for short in usable}:
        raise ModelError(f"The provider “{asked}” is not available on this machine; there is {', '.join(usable)}.")
    return wanted


def _open_session(path: Path, provider: str, threads: int) -> ort.InferenceSession:
    if provider in _NEEDS_CUDA:
        ort.preload_dlls()
    providers = [provider] if provider == _CPU else [provider, _CPU]
    try:
        return ort.InferenceSession(str(path), session_options(threads), providers=providers)
    except _ORT_ERRORS as error:
        raise ModelError(f"{path} is not a model file that can be opened: {_first_line(error)}") from error


def session_options(threads: int) -> ort.SessionOptions:
    """Options of every session: all graph optimisations, and no spinning.

    Idle threads that spin steal the cores from the other networks and the window: three spinning
    sessions on a loaded two-core machine took 80 ms a frame against 26 ms without.
    """
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _fitting_card(session: ort.InferenceSession, path: Path, kind: str) -> ModelCard:
    text = session.get_modelmeta().custom_metadata_map.get(CARD_KEY)
    if text is None:
        raise ModelError(f"{path} carries no card (metadata “{CARD_KEY}”), so it cannot be used as a {kind}.")
    card = ModelCard.from_json(text, path.name)
    if card.kind != kind:
        raise ModelError(f"{path} is a {card.kind} by its card and cannot be used as a {kind}; give a {kind} file.")
    return card


def _check_tensors(session: ort.InferenceSession, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    has = {tensor.name for tensor in session.get_inputs()}
    if inputs and has != set(inputs):
        raise ModelError(f"{path} takes {_listed(has)} where {_listed(inputs)} is expected; export the model again.")
    gives = {tensor.name for tensor in session.get_outputs()}
    if not set(outputs) <= gives:
        raise ModelError(f"{path} gives {_listed(gives)} where {_listed(outputs)} is expected; export the model again.")


def _warm_up(session: ort.InferenceSession, path: Path) -> None:
    """One run on zeros; an open axis is taken as 1."""
    zeros = {
        tensor.name: np.zeros([axis if isinstance(axis, int) else 1 for axis in tensor.shape], _DTYPES[tensor.type])
        for tensor in session.get_inputs()
        if tensor.type in _DTYPES
    }
    try:
        session.run(None, zeros)
    except _ORT_ERRORS as error:
        raise ModelError(f"{path} opens but does not run: {_first_line(error)}") from error


def _listed(names: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
