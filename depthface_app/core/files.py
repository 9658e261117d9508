"""Files that are whole or not there, and what tells one from another."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depthface_app.core.errors import InputError


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """A new file beside `path` to write to; it takes the place of `path` at the end, or vanishes if anything is raised.

    So a full disk or a stop in the middle neither leaves half a file nor loses the old one.

    Args:
        private: readable by its owner only, as faces should be.

    Raises:
        OSError: if the folder cannot be written.
    """
    part = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}{path.suffix}")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def sha256_of(file: Path) -> str:
    """The SHA-256 of what a file holds, hexadecimal. Raises InputError if it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
