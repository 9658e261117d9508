"""Where concrete things meet: camera, models, gallery and window. Nothing else builds them together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from depthface_app.cameras.base import DepthCamera
from depthface_app.cameras.found import open_source
from depthface_app.core.assets import asset
from depthface_app.core.errors import ModelError
from depthface_app.gallery.store import GalleryStore
from depthface_app.inference.denoiser import Denoiser
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from depthface_app.inference.session import RunOptions
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import Supervision
from depthface_app.pipeline.settings import SETTINGS_FILE, Settings
from depthface_app.pipeline.stages import Models, Options

GALLERY_FILE = "gallery.sqlite3"


@dataclass(frozen=True, slots=True)
class Setup:
    """What every command starts from: the user's choices and where the user's files lie."""

    settings: Settings
    data_dir: Path

    @property
    def settings_file(self) -> Path:
        """Where the user's overrides are kept."""
        return self.data_dir / SETTINGS_FILE


def model_file(kind: str, chosen: str | None) -> Path:
    """The file of a network: the chosen path, the shipped model of that name, or the shipped default."""
    if chosen is None:
        return asset(f"models/{kind}.onnx")
    shipped = asset(f"models/{chosen}.onnx")
    return shipped if shipped.is_file() else Path(chosen).expanduser()


def open_locator(settings: Settings) -> Locator:
    """The locator of these settings. Raises ModelError if it does not fit."""
    return Locator.open(model_file("locator", settings.locator), _run_options(settings))


def open_denoiser(settings: Settings) -> Denoiser:
    """The denoiser of these settings. Raises ModelError if it does not fit."""
    return Denoiser.open(model_file("denoiser", settings.denoiser), _run_options(settings))


def open_recogniser(settings: Settings) -> Recogniser:
    """The recogniser of these settings. Raises ModelError if it does not fit."""
    return Recogniser.open(model_file("recogniser", settings.recogniser), _run_options(settings))


def build_models(settings: Settings) -> Models:
    """All networks of these settings. Raises ModelError if one does not fit."""
    return Models(open_locator(settings), open_denoiser(settings), open_recogniser(settings))


def _run_options(settings: Settings) -> RunOptions:
    return RunOptions(settings.provider, settings.threads)


def camera_maker(settings: Settings, source: str) -> Callable[[], DepthCamera]:
    """Makes cameras of one source, not opened; each call a new one."""
    return lambda: open_source(source, dds_domain=settings.dds_domain if settings.dds else None)


def open_gallery(setup: Setup) -> GalleryStore:
    """The user's gallery. Raises GalleryError if it cannot be used."""
    return GalleryStore(setup.data_dir / GALLERY_FILE)


def pipeline_options(settings: Settings) -> Options:
    """What the settings say about running stages."""
    return Options(threshold=settings.threshold, fine=settings.fine)


def build_engine(setup: Setup, store: GalleryStore, source: str, wake: Wake | None = None) -> Engine:
    """An engine on that source. A model that does not fit leaves an engine with pictures and a standing fault."""
    settings = setup.settings
    try:
        models, faults = build_models(settings), ()
    except ModelError as error:
        models, faults = None, (Fault(FaultSource.MODEL, str(error)),)
    card = models.recogniser.card if models else None
    return Engine(
        camera_maker(settings, source),
        models,
        store.snapshot(card.name, card.version) if card else None,
        options=pipeline_options(settings),
        wake=wake,
        supervision=Supervision(stall_after_s=settings.stall_after_s),
        standing=faults,
    )
