"""Where a shared gallery is: an address as PostgreSQL's own tools take it, that never leaves a computer in the open."""

import hashlib
from dataclasses import dataclass
from ipaddress import ip_address

import psycopg
from psycopg.conninfo import conninfo_to_dict

from depthface_app.core.errors import GalleryError

SCHEMES = ("postgresql://", "postgres://")
_SAFE = "verify-full"
# A dead network is noticed within some ten seconds, in the middle of a question too.
_PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "depthface",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database on it, and as whom to come.

    parameters: what libpq is told
    shown:      host and database, for sentences; never a password
    """

    parameters: dict[str, str]
    shown: str

    @classmethod
    def of(cls, text: str) -> "Address":
        """Read "postgresql://role@host:port/database?sslrootcert=FILE".

        Everywhere but on this computer the connection is encrypted and the server's certificate checked against its
        name (`sslmode=verify-full`).

        Raises:
            GalleryError: if the text is no such address, names no host, or asks for less.
        """
        if not text.startswith(SCHEMES):
            raise GalleryError(f"“{text}” is no address of a shared gallery; give postgresql://ROLE@HOST/DATABASE.")
        try:
            given = {key: str(value) for key, value in conninfo_to_dict(text).items() if value is not None}
        except psycopg.ProgrammingError:
            raise GalleryError(
                "The address of the shared gallery cannot be read; give postgresql://ROLE@HOST/DATABASE."
            ) from None
        hosts = given.get("host", "").split(",")
        if not all(hosts):
            raise GalleryError("The address of the shared gallery names no host; give postgresql://ROLE@HOST/DATABASE.")
        shown = f"{given['host']}/{given.get('dbname', given.get('user', ''))}"
        places = [*hosts, *(each for each in given.get("hostaddr", "").split(",") if each)]
        if not all(map(_is_here, places)) and given.setdefault("sslmode", _SAFE) != _SAFE:
            raise GalleryError(
                f"The shared gallery at {shown} is asked for without a checked certificate "
                f"(sslmode={given['sslmode']}); take that out of the address, or write sslmode={_SAFE}."
            )
        return cls({**_PATIENCE, **given}, shown)

    @property
    def file_name(self) -> str:
        """What this computer's copy is called: another gallery, another copy, whoever asks."""
        names = ("host", "hostaddr", "port", "dbname")
        word = hashlib.sha256("\n".join(self.parameters.get(name, "") for name in names).encode()).hexdigest()[:12]
        return f"shared-{word}.sqlite3"


def _is_here(host: str) -> bool:
    """Whether what is sent there stays on this computer: a socket's folder, or the loopback."""
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
