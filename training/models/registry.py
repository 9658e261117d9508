"""Networks by the name that an experiment gives them: `[model] network = "unet"`; and checkpoints back to networks."""

from pathlib import Path
from typing import Any

from torch import nn

from training.checkpoint import Checkpoint, build
from training.models.ddrnet import Ddrnet, DdrnetConfig
from training.models.dmdnet import Dmdnet, DmdnetConfig
from training.models.frm3d import Frm3d, Frm3dConfig
from training.models.nafnet import Nafnet, NafnetConfig
from training.models.recogniser import RecogniserConfig, recogniser
from training.models.unet import Unet, UnetConfig

DENOISERS: dict[str, tuple[type, Any]] = {
    "dmdnet": (DmdnetConfig, Dmdnet),
    "frm3d": (Frm3dConfig, Frm3d),
    "ddrnet": (DdrnetConfig, Ddrnet),
    "unet": (UnetConfig, Unet),
    "nafnet": (NafnetConfig, Nafnet),
}
NETWORK_PREFIX = "network."  # of a recogniser's own weights in a checkpoint; the rest is of use in training only


def denoiser(values: dict[str, Any]) -> nn.Module:
    """A fresh denoiser from the [model] table of an experiment; DMDNet unless it names another network.

    Raises:
        ValueError: if there is no such network, or it has no such key.
    """
    config, network = _kind(values)
    return network(build(config, {key: value for key, value in values.items() if key != "network"}))


def is_continuous(values: dict[str, Any]) -> bool:
    """Whether the denoiser of a [model] table can be asked between the pixels."""
    return _kind(values)[1].continuous


def _kind(values: dict[str, Any]) -> tuple[type, Any]:
    name = values.get("network", "dmdnet")
    if name not in DENOISERS:
        raise ValueError(f'there is no denoiser "{name}"; known: {", ".join(DENOISERS)}')
    return DENOISERS[name]


def load_model(checkpoint: Checkpoint | Path | str) -> nn.Module:
    """The network that a run trained, with its averaged weights, ready for use: denoiser or recogniser.

    Raises:
        ValueError: if the checkpoint does not say what it was trained for.
    """
    stored = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    task = stored.config.get("task")
    if task == "denoise":
        network = denoiser(stored.config["model"])
        network.load_state_dict(stored.average)
    elif task == "recognise":
        network = recogniser(build(RecogniserConfig, stored.config["model"]))
        own = {k.removeprefix(NETWORK_PREFIX): v for k, v in stored.average.items() if k.startswith(NETWORK_PREFIX)}
        network.load_state_dict(own)
    else:
        raise ValueError(f"the checkpoint was trained for {task!r}; a network is known of denoise and recognise only")
    return network.eval()
