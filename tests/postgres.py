"""A real PostgreSQL server on the loopback address, for the length of a test session."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["Postgres", "programs", "server"]

PASSWORD = "owner-0f2c"
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass(frozen=True)
class Postgres:
    """A server's port; its one user asks for a password."""

    port: int
    password: str = PASSWORD
    database: str = "postgres"

    @property
    def url(self) -> str:
        """For a config: the password stands in the variable PG_OWNER."""
        return f"postgresql+psycopg://owner:${{PG_OWNER}}@127.0.0.1:{self.port}/{self.database}"

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner; the rows of the last."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="owner",
            password=self.password,
            dbname=self.database,
            autocommit=True,
        ) as connection:
            for statement in statements:
                done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []


def programs() -> Path | None:
    """The folder of initdb, pg_ctl and postgres, or None where PostgreSQL is not installed."""
    found = [Path(path).resolve().parent for path in [shutil.which("pg_ctl")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists()), None)


@contextmanager
def server(binaries: Path) -> Iterator[Postgres]:
    """A server with an empty database, as a user that PostgreSQL does not refuse to run as."""
    with tempfile.TemporaryDirectory(prefix="logitline-postgres-") as folder:
        user = _give_to_another(Path(folder)) if os.geteuid() == 0 else {}
        data, secret = Path(folder) / "data", Path(folder) / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        port = _free_port()
        initdb = ["initdb", "-D", str(data), "-U", "owner", f"--pwfile={secret}", "-A"]
        _run(binaries, [*initdb, "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"], user)
        settings = ["-p", str(port), "-k", folder, "-h", "127.0.0.1", "-F"]
        log = Path(folder) / "log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), *settings],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                env=ENVIRONMENT,
                preexec_fn=_die_with_the_tests if sys.platform == "linux" else None,
                start_new_session=True,  # Ctrl-C is for the tests, which then end it
                **user,
            )
        try:
            running = Postgres(port)
            _await(running, process, log)
            yield running
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing is to be kept
            process.wait(60)


def _die_with_the_tests() -> None:
    """Have the kernel end the server when the tests are killed."""
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGQUIT)


def _await(running: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            running.run("SELECT 1")
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def _give_to_another(folder: Path) -> dict[str, Any]:
    """Who shall run the server instead of root, as subprocess takes it; the folder is theirs."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _run(binaries: Path, command: Sequence[str], user: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(binaries / command[0]), *command[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        timeout=120,
        env=ENVIRONMENT,
        **user,
    )
    assert done.returncode == 0, done.stderr.decode()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
