"""An installation: a server with its data, the accounts on it, and agents that are paired with it."""
import contextlib
import http.client
import os
import re
import subprocess
import time

from rig.people import Api
from rig.programs import LOOPBACK, Failed, Program, free_port

PASSWORD = "correct horse battery"
LINK = re.compile(r"/setup#(\S+)\n")


class Installation:
    """One server. It may be killed and started again: each time it listens at another port."""

    def __init__(self, program, folder, data=None):
        self.program, self.folder = program, folder
        self.data, self.config = data or folder / "data", folder / "configuration" / "ownsight.toml"
        self.server, self.port = Program(folder, "server"), None

    def configure(self, text):
        self.config.parent.mkdir(mode=0o700)
        self.config.write_text(text)

    def start(self, port):
        """Starts it, and does not wait."""
        self.port = port
        self.server.start(self.program, "serve", "--config", self.config, "--data", self.data, "--listen", f"{LOOPBACK}:{port}")

    def restart_at(self, choose):
        """Starts it at a port that is free, which is returned."""
        self.start(free_port(choose))
        return self.port

    def is_ready(self):
        api = Api()
        api.port = self.port
        with contextlib.suppress(OSError, http.client.HTTPException):
            return api.ask("GET", "/readyz", seconds=5)[0] == 200
        return False

    def command(self, *words, seconds=20):
        """What an operator's command says."""
        name, *more = words
        done = subprocess.run(
            [self.program, name, "--config", self.config, "--data", self.data, *more],
            capture_output=True, text=True, timeout=seconds)
        if done.returncode:
            raise Failed(f"ownsight {' '.join(words)}: {(done.stdout + done.stderr).strip()[:1000]}")
        return done.stdout

    def first_link(self):
        """The secret of the link that the server printed; `None` before it has."""
        found = LINK.search(self.server.out.read_text())
        return found and found[1]

    def another_link(self):
        """The secret of a link for one more account. The server must run."""
        return LINK.search(self.command("account", "create"))[1]

    def redeem(self, secret, email, home):
        """Makes an account with a home by a link, and does not sign in."""
        api = Api()
        api.port = self.port
        body = {"secret": secret, "email": email, "password": PASSWORD, "name": "Crash", "home_name": home, "zone": "UTC"}
        api.json("POST", "/api/v1/links/redeem", body)
        return api

    def person(self, secret, email, home):
        """The same. Who is returned is signed in, and knows its home."""
        api = self.redeem(secret, email, home)
        api.token = api.json("POST", "/api/v1/sessions", {"email": email, "password": PASSWORD})["token"]
        api.home = api.json("GET", "/api/v1/me")["homes"][0]["id"]
        return api


class Agent:
    """An agent on a folder of its own, which is paired with a home."""

    def __init__(self, program, folder, name="agent"):
        self.program, self.data = program, folder / name
        self.process = Program(folder, name)
        for part in ("queue", "sealing"):
            (self.data / part).mkdir(parents=True, mode=0o700)
        os.chmod(self.data, 0o700)

    def pair(self, api, server, *options):
        """Pairs it with the home of a person; its device."""
        pairing = api.json("POST", f"/api/v1/homes/{api.home}/devices", {"name": "Attic"})
        self.start("--server", server, "--code", pairing["code"], *options)
        return pairing["device_id"]

    def start(self, *options):
        self.process.start(self.program, "agent", "--data", self.data, "--yes", *options)

    def queue(self):
        """Events in its queue: `<sequence>.e.<camera>.<event>.<digest>`."""
        names = [name.split(".") for name in os.listdir(self.data / "queue")]
        return {name[3] for name in names if len(name) == 5 and name[1] == "e"}

    def is_drained(self):
        return not os.listdir(self.data / "queue") and not os.listdir(self.data / "sealing")


def until(seconds, otherwise, come, meanwhile=lambda: None):
    """Waits for something that must come."""
    ends = time.monotonic() + seconds
    while not (found := come()):
        if time.monotonic() > ends:
            raise Failed(otherwise)
        meanwhile()
        time.sleep(0.05)
    return found
