"""Processes that are killed and started again, and real cameras."""
import contextlib
import ctypes
import os
import pathlib
import random
import signal
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOOPBACK = "127.0.0.1"


class Failed(Exception):
    """The run cannot go on: what happened."""


def say(text):
    print(text, flush=True)


LIBC = ctypes.CDLL(None)


def die_with_parent():
    """Runs in a child before its program: whatever ends this script ends it too."""
    LIBC.prctl(1, signal.SIGKILL)


class Program:
    """A process that may be killed and started again. Its logs go on in the same files."""

    def __init__(self, folder, name):
        self.name, self.process, self.starts = name, None, 0
        self.log, self.out = folder / f"{name}.log", folder / f"{name}.out"

    def start(self, *command):
        self.starts += 1
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OWNSIGHT_")}
        with open(self.log, "ab") as log, open(self.out, "ab") as out:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=environment,
                start_new_session=True, preexec_fn=die_with_parent)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def must_run(self):
        if not self.runs():
            raise Failed(f"the {self.name} ended by itself with {self.process.returncode}:\n{self.last_words()}")

    def last_words(self):
        return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-8:])

    def kill(self):
        if self.runs():
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def end(self, seconds=30):
        """Asks it to end, as a service manager would."""
        self.process.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"the {self.name} does not end in {seconds} s") from None
        if status != 0:
            raise Failed(f"the {self.name} ended with {status}:\n{self.last_words()}")


class Camera:
    """GStreamer's RTSP server with a movie, in a process of its own. Each path below its address is a camera."""

    def __init__(self, folder, movie, *options):
        self.log, self.command = folder / "cameras.log", ["/usr/bin/python3", ROOT / "scripts/gst-rtsp-camera.py", movie, *options]
        self.process, self.address = None, None

    def start(self):
        """Begins; the address comes later. Again: at the port that it had."""
        port = ["--port", self.address.split(":")[2].split("/")[0]] if self.address else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in [*self.command, *port]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True, preexec_fn=die_with_parent)

    def ready(self):
        """Its address, once it answers there."""
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise Failed(f"a camera does not start:\n{self.log.read_text(errors='replace')[-2000:]}")
        return self.address

    def end(self):
        if self.process is None:
            return
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port(choose=random):
    """A port to listen at, which is not among those that the system gives to those who connect: a connection to a port that
    nobody listens on could meet itself."""
    while True:
        port = choose.randrange(15000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return port
