"""Hosts for worker processes: network namespaces where the machine lets us, else folders of their own.

A host of the first kind has a network and a name of its own: the loopback addresses of this machine mean
nothing there but for those that ``reaching`` names, which are carried over one by one. Of the second kind
it has only its own working folder, home and temporary folder.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from connector.embedded.processes import Child, start

ROOT = Path(__file__).resolve().parents[2]
_NETWORK = 0x40000000
"""CLONE_NEWNET of linux/sched.h."""


@dataclass
class Host:
    """A machine of the deployment. ``namespace`` is None where it shares our network."""

    name: str
    folder: Path
    namespace: str | None
    children: dict[str, Child] = field(default_factory=dict)

    def run(self, name: str, line: str, environ: Mapping[str, str]) -> None:
        """Run a line of the Procfile as a supervisor does: by the shell, in the host's own folder."""
        own = {"HOME": str(self.folder), "TMPDIR": str(self.folder), "PYTHONPATH": str(ROOT)}
        command = ["sh", "-c", f"exec {line}"]
        if self.namespace:
            named = ["unshare", "--uts", "sh", "-c", f"hostname {self.name}; exec {line}"]
            command = ["ip", "netns", "exec", self.namespace, *named]
        self.children[name] = start(
            name, command, log_dir=self.folder / "logs", environ={**environ, **own}, cwd=self.folder
        )

    def logs(self) -> str:
        """Return all that its processes said."""
        return "\n".join(file.read_text("utf-8", "replace") for file in sorted((self.folder / "logs").glob("*.log")))

    def lose(self) -> None:
        """End every process at once, as a power cut would."""
        for child in self.children.values():
            child.kill()


@contextmanager
def hosts(folder: Path, names: Sequence[str], reaching: Sequence[int]) -> Iterator[list[Host]]:
    """Make hosts from which the ports ``reaching`` of this machine's loopback can be reached."""
    made: list[Host] = []
    try:
        for name in names:
            (folder / name).mkdir()
            namespace = _namespace()
            made.append(Host(name, folder / name, namespace))
            if namespace:
                for port in reaching:
                    _carry(namespace, port)
        yield made
    finally:
        for host in made:
            for child in host.children.values():
                child.stop()
            if host.namespace:
                subprocess.run(["ip", "netns", "delete", host.namespace], check=False)


def _namespace() -> str | None:
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        return None
    name = f"connector-{uuid4().hex[:12]}"
    for command in (["netns", "add", name], ["-n", name, "link", "set", "lo", "up"]):
        if subprocess.run(["ip", *command], capture_output=True, check=False).returncode:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
            return None
    return name


def _carry(namespace: str, port: int) -> None:
    """Listen on a loopback port inside a namespace, and carry what arrives to the same port out here."""
    opened: list[socket.socket] = []

    def listen() -> None:
        # A thread of its own enters the namespace; the socket stays there when the thread is gone.
        with (Path("/run/netns") / namespace).open() as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _NETWORK):
                raise OSError(ctypes.get_errno(), "setns")
        opened.append(socket.create_server(("127.0.0.1", port)))

    entering = threading.Thread(target=listen)
    entering.start()
    entering.join()
    threading.Thread(target=_accept, args=(opened[0], port), daemon=True).start()


def _accept(listener: socket.socket, port: int) -> None:
    while True:
        inside, _ = listener.accept()
        outside = socket.create_connection(("127.0.0.1", port))
        for source, sink in ((inside, outside), (outside, inside)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
