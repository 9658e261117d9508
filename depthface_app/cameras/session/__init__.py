"""Session files: what a depth camera delivered, kept without loss, frame by frame.

A session is an MCAP file (https://mcap.dev) with the profile "depthface". One metadata record, "session", says what
was recorded, by what and with which settings. Every frame is one chunk of its own: a JSON message on `/frame` (number,
both timestamps, intrinsics, depth scale, which pictures follow) and one message per picture on `/depth`, `/colour` and
`/infrared`, packed by `codec`. A chunk carries a checksum and is written in one go, so a file that was cut off anywhere
still holds every frame before the cut; its index is then rebuilt from the chunks' own headers.
"""

from depthface_app.cameras.session.reader import SessionReader
from depthface_app.cameras.session.writer import SessionWriter

__all__ = ["SessionReader", "SessionWriter"]
