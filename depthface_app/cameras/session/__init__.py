"""Session files: what a depth camera delivered, kept without loss, and what was made of it.

A session is an MCAP file (https://mcap.dev) with the profile "depthface". The metadata record "session" says what was
recorded, by what and with which settings; "processing", if results were recorded, with which networks. Then come
chunks, each written in one go and each with a checksum of its own, so that a file that was cut off anywhere still
holds everything before the cut:

- a frame: a JSON message on `/frame` (number, both timestamps, intrinsics, depth scale, which pictures follow) and one
  message per picture on `/depth`, `/colour` and `/infrared`, packed by `codec`;
- a result: a JSON message on `/result`, and per face its denoised depth and normals on `/denoised` and `/normals`;
- a mark: a JSON message on `/mark`, made while recording or later.

The sequence number of every message is the index of the frame it belongs to. At the end of a finished file stand the
metadata record "end" with a digest over everything before it, an index (an attachment, read in one piece), and MCAP's
own summary for other programs. The index of a cut-off file is rebuilt from the chunks' own headers.
"""

from depthface_app.cameras.session.appending import append_mark
from depthface_app.cameras.session.marks import Mark
from depthface_app.cameras.session.reader import SessionReader
from depthface_app.cameras.session.results import StoredFace, StoredResult
from depthface_app.cameras.session.verify import Verdict, verify
from depthface_app.cameras.session.writer import SessionWriter

__all__ = [
    "Mark",
    "SessionReader",
    "SessionWriter",
    "StoredFace",
    "StoredResult",
    "Verdict",
    "append_mark",
    "verify",
]
