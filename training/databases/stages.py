"""From folders of databases to checkpoints. Each stage leaves its result in the output folder and finds it again."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.checkpoint import Checkpoint, build
from training.databases import DATABASES
from training.databases.judge import best_device, denoised
from training.databases.prepare import AS_IT_IS, LED3D_POSES, PAIR_POSES, Pictures, Pose, prepared
from training.databases.protocols import PROTOCOLS
from training.databases.scan import Recording
from training.databases.tasks import Faces, FaceTask, Joined, PairTask, people
from training.experiment import read_experiment
from training.share import Share
from training.train import LoopConfig, Run

log = logging.getLogger(__name__)

CONFIGS = Path(__file__).parents[1] / "configs"
PERCEPTUAL = "led3d"
# arXiv 2401.00719, section 5.2: DMDNet 100 epochs; recognisers 100, then 50 on denoised faces. For the perceptual
# loss's Led3D the paper states nothing: the recognisers' 100.
EPOCHS, FINE_TUNE_EPOCHS = 100, 50
ALONE: dict[str, tuple[Pose, ...]] = dict.fromkeys(("NU", "FE", "PS", "OC", "TM"), AS_IT_IS)
PAIRS: dict[str, tuple[Pose, ...]] = dict.fromkeys(ALONE, PAIR_POSES)
# Led3D's public augmentation turns every face but those of the pose subset.
TURNED: dict[str, tuple[Pose, ...]] = {**dict.fromkeys(ALONE, LED3D_POSES), "PS": AS_IT_IS}


def run_name(experiment: str) -> str:
    """Name of a run's folder."""
    return experiment.replace("/", "-")


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Prepared pictures of a recognition database by their part in the protocol."""

    train: Pictures
    gallery: Pictures
    probes: Pictures


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where the databases lie and where everything made of them goes.

    data:    one folder per database, named as in `DATABASES`
    steps:   length of every training; None = the paper's epochs
    """

    data: Path
    out: Path
    steps: int | None = None
    workers: int = 1

    def recordings(self, name: str) -> list[Recording]:
        """All recordings of a database."""
        return DATABASES[name](self.data / name)

    def _prepared(self, recordings: list[Recording], poses: dict[str, tuple[Pose, ...]], name: str) -> Pictures:
        made = prepared(recordings, poses, self.out / "pictures" / name, self.workers)
        if made.left_out:
            log.warning("%s: %d of %d recordings show no face and are left out", name, made.left_out, len(recordings))
        return made

    def pairs(self) -> Pictures:
        """What denoisers train on: FRGC v2 and BU3DFE, every scan in 23 poses."""
        return self._prepared(self.recordings("FRGCv2") + self.recordings("BU3DFE"), PAIRS, "pairs")

    def scans(self) -> Pictures:
        """What denoisers are judged on: Bosphorus."""
        return self._prepared(self.recordings("Bosphorus"), ALONE, "bosphorus")

    def faces(self, name: str) -> FaceSet:
        """A recognition database by its protocol."""
        split = PROTOCOLS[name](self.recordings(name))
        return FaceSet(
            self._prepared(split.train, TURNED, f"{name}-train"),
            self._prepared(split.gallery, ALONE, f"{name}-gallery"),
            self._prepared(split.probes, ALONE, f"{name}-probes"),
        )

    def clean_faces(self, name: str, denoiser: Path) -> FaceSet:
        """The same, every picture denoised."""
        noisy, place = self.faces(name), self.out / "pictures"
        made = (
            denoised(pictures, denoiser, place / f"{pictures.folder.name}-{denoiser.parent.name}")
            for pictures in (noisy.train, noisy.gallery, noisy.probes)
        )
        return FaceSet(*made)

    def perceptual(self) -> Path:
        """Led3D trained on all scans of the three high-quality databases."""
        return self._recogniser(PERCEPTUAL, PERCEPTUAL, Joined(self.pairs(), self.scans()))

    def denoiser(self, name: str) -> Path:
        """A denoiser trained on pairs."""
        experiment = read_experiment(CONFIGS / f"{name}.toml", CONFIGS / "databases" / "pairs.toml")
        if experiment["loss"].get("recogniser"):
            experiment["loss"] = {**experiment["loss"], "recogniser": str(self.perceptual())}
        return self._trained(PairTask(experiment, self.pairs()), experiment, run_name(name), EPOCHS)

    def recogniser(self, name: str, faces: str, denoiser: Path | None = None) -> Path:
        """A recogniser trained on a database as it is, and, if there is a denoiser, then on what that makes of it."""
        noisy = self._recogniser(name, f"{run_name(name)}-{faces}", self.faces(faces).train)
        if denoiser is None:
            return noisy
        run = f"{run_name(name)}-{faces}-{denoiser.parent.name}"
        clean = self.clean_faces(faces, denoiser).train
        return self._recogniser(name, run, clean, noisy)

    def _recogniser(self, name: str, run: str, faces: Faces, start: Path | None = None) -> Path:
        layers = [name, "databases/faces", *(["databases/fine_tune"] if start else [])]
        experiment = read_experiment(*(CONFIGS / f"{layer}.toml" for layer in layers))
        experiment["model"] = {**experiment["model"], "people": len(people(faces))}
        return self._trained(FaceTask(experiment, faces), experiment, run, FINE_TUNE_EPOCHS if start else EPOCHS, start)

    def _trained(
        self, task: PairTask | FaceTask, experiment: dict[str, Any], run: str, epochs: int, start: Path | None = None
    ) -> Path:
        """Train to the end, or go on where an earlier call was stopped; returns the checkpoint.

        Raises:
            ValueError: if the folder holds a run with other settings or on other pictures.
        """
        folder = self.out / "runs" / run
        checkpoint = folder / "last.pt"
        steps = self.steps or max(1, epochs * len(task.faces) // experiment["loop"]["batch"])
        experiment["loop"] = {**experiment["loop"], "steps": steps}
        experiment["data"] = {**experiment.get("data", {}), "pictures": task.faces.mark}
        if checkpoint.exists():
            stored = Checkpoint.load(checkpoint)
            if stored.config != experiment:
                raise ValueError(
                    f"{folder} holds a run with other settings or pictures: give another --out, or delete it"
                )
            if stored.step >= steps:
                return checkpoint
        folder.mkdir(parents=True, exist_ok=True)
        log.info("training %s: %d steps of %d", run, steps, experiment["loop"]["batch"])
        config, share = build(LoopConfig, experiment["loop"]), Share(device=best_device())
        training = Run(task, config, experiment, folder, share)
        if start is not None:
            training.start_from(start)
        training.train(None, self.workers)
        return checkpoint
