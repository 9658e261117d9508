"""Where concrete things meet: camera, models, gallery and window. Nothing else builds them together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from depthface_app.cameras.base import BackendReport, DepthCamera
from depthface_app.cameras.found import find_cameras, open_source
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.core.assets import asset
from depthface_app.core.errors import GalleryError, ModelError
from depthface_app.gallery.keys import Keychain, from_environment
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import GalleryStore
from depthface_app.inference.denoiser import FINE_SUFFIX, FINEST_SUFFIX, Denoiser
from depthface_app.inference.locator import ALIGNER_FILE, Locator
from depthface_app.inference.recogniser import Recogniser
from depthface_app.inference.session import RunOptions, automatic_threads
from depthface_app.pipeline.demonstration import demonstration_source, enrol_people
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import Supervision
from depthface_app.pipeline.processing import KEY_FILE, Processing, describe, pseudonym_key
from depthface_app.pipeline.reembedding import reembed_people
from depthface_app.pipeline.settings import SETTINGS_FILE, Settings, save_changes
from depthface_app.pipeline.stages import Models, Options

GALLERY_FILE = "gallery.sqlite3"
DEFAULT_MODELS = {"locator": "locator", "denoiser": "denoiser", "recogniser": "recogniser_int8"}


@dataclass(frozen=True, slots=True)
class Setup:
    """What every command starts from.

    settings:    the user's choices
    data_dir:    where the user's files lie
    ask:         for the gallery's passphrase; None = nobody answers
    gallery_dir: where the gallery lies, None = with the user's other files
    """

    settings: Settings
    data_dir: Path
    ask: Callable[[str], str | None] = from_environment
    gallery_dir: Path | None = None

    @property
    def is_own_gallery(self) -> bool:
        """Whether the gallery is the user's usual one, not that of a demonstration, a test or a memory stick."""
        return self.gallery_dir is None and self.data_dir == Path(
            platformdirs.user_data_dir("depthface", appauthor=False)
        )

    @property
    def settings_file(self) -> Path:
        """Where the user's overrides are kept."""
        return self.data_dir / SETTINGS_FILE


def model_file(kind: str, chosen: str | None) -> Path:
    """The file of a network: the chosen path, the shipped model of that name, or the shipped default."""
    if chosen is None:
        return asset(f"models/{DEFAULT_MODELS[kind]}.onnx")
    shipped = asset(f"models/{chosen}.onnx")
    return shipped if shipped.is_file() else Path(chosen).expanduser()


def open_locator(settings: Settings) -> Locator:
    """The locator of these settings. Raises ModelError if it does not fit."""
    return Locator.open(model_file("locator", settings.locator), _run_options(settings))


def open_denoiser(settings: Settings) -> Denoiser:
    """The denoiser of these settings. Raises ModelError if it does not fit."""
    return Denoiser.open(model_file("denoiser", settings.denoiser), _run_options(settings))


def open_finest_denoiser(settings: Settings) -> Denoiser:
    """The same, with fine pictures of four times the resolution where its twin for that lies beside it."""
    return Denoiser.open(model_file("denoiser", settings.denoiser), _run_options(settings), finest=True)


def open_recogniser(settings: Settings) -> Recogniser:
    """The recogniser of these settings. Raises ModelError if it does not fit."""
    return Recogniser.open(model_file("recogniser", settings.recogniser), _run_options(settings))


def build_models(settings: Settings) -> Models:
    """All networks of these settings. Raises ModelError if one does not fit."""
    return Models(open_locator(settings), open_denoiser(settings), open_recogniser(settings))


def _run_options(settings: Settings) -> RunOptions:
    return RunOptions(settings.provider, settings.threads)


def camera_maker(settings: Settings, source: str, *, paced: bool = True) -> Callable[[], DepthCamera]:
    """Makes cameras of one source, not opened; each call a new one.

    Args:
        paced: False delivers every frame of a recording as fast as it is taken.
    """
    return lambda: open_source(source, dds_domain=_dds_domain(settings), realsense=settings.realsense, paced=paced)


def list_cameras(settings: Settings) -> tuple[BackendReport, ...]:
    """What is plugged in, per family; may take seconds."""
    return find_cameras(dds_domain=_dds_domain(settings))


def _dds_domain(settings: Settings) -> int | None:
    return settings.dds_domain if settings.dds else None


def gallery_file(setup: Setup) -> Path:
    """The user's gallery, or this computer's copy of the shared one. Raises GalleryError if its address is none."""
    folder = setup.gallery_dir or setup.data_dir
    if setup.settings.gallery is None:
        return folder / GALLERY_FILE
    from depthface_app.gallery.address import Address  # PostgreSQL's library is loaded where it is needed only

    return folder / Address.of(setup.settings.gallery).file_name


def share_gallery(setup: Setup, passphrase: str | None) -> str:
    """Make a shared gallery at the settings' address; returns where it is, in words.

    Args:
        passphrase: what opens it at every kiosk; None makes a key file.

    Raises:
        GalleryError: if there is one, or the server refuses.
    """
    from depthface_app.gallery.shared import share

    return share(gallery_file(setup), setup.settings.gallery or "", passphrase, _anchor(setup)).where


def _anchor(setup: Setup) -> Path | None:
    """Where the gallery's anchor is, if not beside it."""
    folder = Path(platformdirs.user_state_dir("depthface", appauthor=False))
    return folder / f"{gallery_file(setup).stem}.anchor" if setup.is_own_gallery else None


def open_gallery(setup: Setup, *, repairs: bool = False) -> GalleryStore:
    """The user's gallery, or the shared one of the settings, without those whose consent has run out.

    In the user's usual folder its key goes into the system's keyring, if there is one, and its anchor elsewhere.

    Args:
        repairs: open it although it may be an old copy; nobody is erased.

    Raises:
        GalleryError: if it cannot be used.
    """
    path, address = gallery_file(setup), setup.settings.gallery
    keychain = Keychain(path.with_suffix(".key"), setup.ask, use_keyring=setup.is_own_gallery)
    if address is None:
        store = GalleryStore(path, keychain, _anchor(setup), repairs=repairs)
    else:
        from depthface_app.gallery.shared import SharedStore

        store = SharedStore(path, keychain, _anchor(setup), address, repairs=repairs)
    if not repairs:
        store.expire()
    return store


def reembed(settings: Settings, store: GalleryStore) -> Iterator[str]:
    """Make templates for the recogniser of these settings from kept enrolment frames; yields each name when done."""
    return reembed_people(store, build_models(settings))


def pipeline_options(settings: Settings) -> Options:
    """What the settings say about running stages."""
    return Options(rate=settings.false_positive_rate, threshold=settings.threshold, fine=settings.fine)


def build_engine(settings: Settings, store: GalleryStore, wake: Wake | None = None) -> Engine:
    """An engine on the settings' source.

    With a model that does not fit it shows pictures, with a damaged gallery nobody is known, and the fault stands.
    """
    models: Models | None = None
    gallery, faults = None, []
    try:
        models = build_models(settings)
        gallery = store.snapshot(models.recogniser.card.name, models.recogniser.card.version)
    except ModelError as error:
        faults.append(Fault(FaultSource.MODEL, str(error)))
    except GalleryError as error:
        faults.append(Fault(FaultSource.GALLERY, str(error)))
    if gallery is not None and gallery.problem:
        faults.append(Fault(FaultSource.GALLERY, gallery.problem))
    if store.problem:
        faults.append(Fault(FaultSource.SERVER, store.problem, recovering=True))
    return Engine(
        _held(camera_maker(settings, settings.source)),
        models,
        gallery,
        options=pipeline_options(settings),
        wake=wake,
        supervision=Supervision(stall_after_s=settings.stall_after_s),
        standing=tuple(faults),
        describe=lambda *made: describe_results(settings, store.path.parent, *made),
    )


def _held(make_camera: Callable[[], DepthCamera]) -> Callable[[], DepthCamera]:
    """The same cameras, but a recording stands still at its end and stays open: somebody may want to look back."""

    def make() -> DepthCamera:
        camera = make_camera()
        if isinstance(camera, RecordingCamera):
            camera.holds = True
        return camera

    return make


def describe_results(
    settings: Settings, data_dir: Path, models: Models, gallery: Gallery, options: Options
) -> Processing:
    """What a recording says about results made with these. Raises InputError if a file of them cannot be read."""
    files = {kind: model_file(kind, getattr(settings, kind)) for kind in DEFAULT_MODELS}
    files["aligner"] = files["locator"].with_name(ALIGNER_FILE)
    threads = settings.threads or automatic_threads()
    return describe(models, files, gallery, options, threads, pseudonym_key(data_dir / KEY_FILE))


def enrol_demonstration(setup: Setup) -> tuple[str, Iterator[str]]:
    """The demonstration's source, and the steps that enrol its people while they are taken."""
    models = build_models(setup.settings)
    steps = enrol_people(open_gallery(setup), models, lambda source: camera_maker(setup.settings, source)())
    return demonstration_source(), steps


def denoisers() -> tuple[tuple[str, str | None], ...]:
    """(label, value of `Settings.denoiser`) of every denoiser to choose from; None is the shipped default."""
    stems = sorted(path.stem for path in asset("models").glob("denoiser_*.onnx"))
    others = [stem for stem in stems if not stem.endswith((FINE_SUFFIX, FINEST_SUFFIX))]
    return (("live", None), *((stem.removeprefix("denoiser_"), stem) for stem in others))


def run_window(
    setup: Setup,
    *,
    kiosk: bool = False,
    inspector: bool = False,
    screenshot: Path | None = None,
    frames: int | None = None,
) -> int:
    """Show the window until it is closed, or until its screenshot is taken; returns the exit status.

    Args:
        inspector: begin in the inspector.
    """
    from depthface_app.ui.app import make_application, run_app  # Qt is loaded for the window only
    from depthface_app.ui.commands import Parts
    from depthface_app.ui.inspector.inspector import Openers
    from depthface_app.ui.unlock import unlocked

    make_application(setup.settings.theme, kiosk)
    store = unlocked(lambda ask: open_gallery(replace(setup, ask=ask)), setup.ask)
    parts = Parts(
        make_engine=lambda settings, wake: build_engine(settings, store, wake),
        store=store,
        settings=setup.settings,
        save=lambda before, after: save_changes(setup.settings_file, before, after),
        find_cameras=list_cameras,
        denoisers=denoisers(),
        data_dir=setup.data_dir,
        openers=Openers(open_denoiser, open_finest_denoiser, open_recogniser),
        reembed=lambda settings: sum(1 for _ in reembed(settings, store)),
    )
    return run_app(parts, screenshot=screenshot, frames=frames, kiosk=kiosk, inspector=inspector)
