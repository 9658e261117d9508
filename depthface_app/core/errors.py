"""The few errors the program names. Each message says what failed, on what, and what to do."""


class DepthFaceError(Exception):
    """Something the person at the screen can act on; shown as one sentence, never as a traceback."""


class CameraError(DepthFaceError):
    """A camera or recording cannot be opened, read or controlled."""


class CameraLost(CameraError):
    """The camera was streaming and is gone: unplugged, switched off, or its file ended unexpectedly."""


class EndOfStream(CameraError):
    """A finite source has delivered its last frame. Ordinary, not a fault."""


class InputError(DepthFaceError):
    """A file given by the user is not what was expected: truncated, wrong type, wrong size."""


class ModelError(DepthFaceError):
    """A model file is missing, broken, or its card does not fit its use."""


class GalleryError(DepthFaceError):
    """The gallery cannot be opened, read or written."""


class GalleryUnreachable(GalleryError):
    """The server of a shared gallery does not answer now. A kiosk goes on with its copy and asks again."""
