"""Recognisers by name, and all that an experiment may say of one."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from depthface_app.core.crop import DEPTH_RANGE_MM
from training.models.ldnfnet import FUSED, FaceReader, Ldnfnet, Led3d, SinglePath
from training.models.margins import MARGINS
from training.models.mobilefacenet import EMBEDDING, MobileFaceNet
from training.models.residual import ResidualCorrelation

Reading = tuple[Tensor | None, Tensor | None, float, bool]  # mean depth, mean normals, scale, plain


@dataclass(frozen=True, slots=True)
class RecogniserConfig:
    """Which recogniser and on what.

    network:     "ldnfnet", "led3d", "mobilefacenet", or "icp", which has nothing to train
    variant:     model of the paper's table 6; LDNFNet is D
    width:       channels: of Led3D's last block, 480 or 960, and of MobileFaceNet's first, 64 as published; 0 = the
                 paper's 480, or 104, at which MobileFaceNet costs as much as LDNFNet
    normals:     whether Led3D and MobileFaceNet read normals as well as depth
    relief_mm:   difference to the mean face that the network sees as 1; 0 = plain depth and normals, as in the paper
    objective:   "pairs" of ever new people, or a loss over a list: "softmax", "arcface", "cosface", "adaface"
    people:      length of that list
    temperature: of the contrast between pairs
    shape:       weight of the squared error of what is told of the person
    told:        "shape": neutral places of some vertices; "coefficients": the face model's own
    denoiser:    model file or checkpoint of the denoiser that dirties the training crops; "" = a stand-in for denoisers
    """

    network: str = "ldnfnet"
    relief_mm: float = 15.0
    temperature: float = 0.08
    shape: float = 1.0
    denoiser: str = ""
    variant: str = "D"
    width: int = 0
    normals: bool = False
    objective: str = "pairs"
    people: int = 0
    told: str = "shape"

    def __post_init__(self) -> None:
        """Refuse what does not exist or does not go together.

        Raises:
            ValueError: in one sentence.
        """
        _one_of("network", self.network, NETWORKS)
        _one_of("objective", self.objective, ("pairs", *MARGINS))
        _one_of("told", self.told, ("shape", "coefficients"))
        if (self.objective == "pairs") != (self.people == 0):
            raise ValueError(
                f'objective "{self.objective}" and people = {self.people} do not go together: '
                "pairs are of ever new people, every other objective needs a list of them"
            )


def _one_of(what: str, value: str, known: object) -> None:
    names = list(known)  # type: ignore[call-overload]
    if value not in names:
        raise ValueError(f'there is no {what} "{value}"; known: {", ".join(names)}')


def _ldnfnet(config: RecogniserConfig, reading: Reading) -> FaceReader:
    return Ldnfnet(*reading, config.variant)


def _led3d(config: RecogniserConfig, reading: Reading) -> FaceReader:
    width = config.width or FUSED
    return SinglePath(Led3d(4 if config.normals else 1, width), width, config.normals, *reading)


def _mobilefacenet(config: RecogniserConfig, reading: Reading) -> FaceReader:
    trunk = MobileFaceNet(4 if config.normals else 1, config.width or 104)
    return SinglePath(trunk, EMBEDDING, config.normals, *reading)


def _icp(config: RecogniserConfig, reading: Reading) -> FaceReader:
    return ResidualCorrelation(*reading)


NETWORKS: dict[str, Callable[[RecogniserConfig, Reading], FaceReader]] = {
    "ldnfnet": _ldnfnet, "led3d": _led3d, "mobilefacenet": _mobilefacenet, "icp": _icp,
}  # fmt: skip


def recogniser(
    config: RecogniserConfig, mean_depth: Tensor | None = None, mean_normals: Tensor | None = None
) -> FaceReader:
    """A fresh network, with the mean face that its faces are registered to (zero until it is loaded, if not given)."""
    plain = not config.relief_mm
    scale = 1.0 if plain else DEPTH_RANGE_MM / config.relief_mm
    return NETWORKS[config.network](config, (mean_depth, mean_normals, scale, plain))
