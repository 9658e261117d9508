"""The demonstration's throw-away gallery: simulated people are enrolled, all but one, who stays a stranger."""

from collections.abc import Callable, Iterator, Sequence

from depthface_app.cameras.base import DepthCamera, StreamRequest
from depthface_app.core.errors import CameraError
from depthface_app.core.face import HeadPose
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import GalleryStore, Template
from depthface_app.pipeline.stages import Models, recognise

STRANGER = "Omar"
ON_STAGE = ("Ada", STRANGER, "David")  # the middle one stands farthest away
ENROLLED = ("Ada", "David", "Elif", "Hugo", "Lena")  # few, so that the window opens soon
VIEWS = (HeadPose(0, 0, 0), HeadPose(20, 0, 0), HeadPose(-20, 0, 0))
DISTANCE_MM = 650
READ_TIMEOUT_S = 10.0


def demonstration_source() -> str:
    """The address of the demonstration's scene."""
    return f"simulated:?cast={','.join(ON_STAGE)}"


def enrol_people(store: GalleryStore, models: Models, make_camera: Callable[[str], DepthCamera]) -> Iterator[str]:
    """Enrol the demonstration's people, the stranger not; yields each name when it is done.

    Raises:
        CameraError: if the simulated camera does not show a face.
    """
    known = {person.name for person in store.people()}
    for name in ENROLLED:
        if name not in known:
            store.add(name, _views(name, models, make_camera))
        yield name


def _views(name: str, models: Models, make_camera: Callable[[str], DepthCamera]) -> Sequence[Template]:
    views = []
    for pose in VIEWS:
        source = f"simulated:?cast={name}&pose={pose.yaw_deg:g},{pose.pitch_deg:g},0&distance={DISTANCE_MM}&realtime=0"
        template = _view(make_camera(source), models)
        if template is not None:
            views.append(template)
    if not views:
        raise CameraError(f"The simulated camera shows no face of {name}; restore the files in assets.")
    return views


def _view(camera: DepthCamera, models: Models) -> Template | None:
    """One template of the person in front of a camera, None when no face is found at this pose."""
    card = models.recogniser.card
    try:
        camera.open()
        camera.start(StreamRequest())
        frame = camera.read(READ_TIMEOUT_S)
    finally:
        camera.close()
    faces = recognise(frame, models, Gallery.empty(card.identity))[0].faces if frame is not None else ()
    if not faces or faces[0].embedding is None:
        return None
    return Template(faces[0].embedding, card.name, card.version, faces[0].quality, "demonstration")
