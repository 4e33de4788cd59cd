"""Somebody who looks at what is there while the run goes on."""
import http.client
import threading

from rig.people import Refused, open_event


class Viewer(threading.Thread):
    """Somebody who looks at the newest events all the time, also while the server is killed."""

    def __init__(self, run, every=0.3):
        super().__init__(daemon=True)
        self.run_, self.every, self.ended = run, every, threading.Event()
        self.opened, self.looks = set(), 0

    def run(self):
        server, api = self.run_.server, self.run_.api
        while not self.ended.wait(self.every):
            life = server.starts
            try:
                rows, unverified = api.events(pages=1)
                self.run_.saw(rows, unverified)
                for row in rows[:2]:
                    if row["id"] not in self.opened:
                        open_event(api, row["id"], self.run_.video_bytes(row))
                        self.opened.add(row["id"])
                self.looks += 1
            except (OSError, http.client.HTTPException, ValueError, KeyError, Refused) as why:
                # A server that was killed meanwhile may have said anything, or half of it.
                if server.starts == life and not self.run_.is_away and not self.ended.is_set():
                    self.run_.complain(f"while looking: {why!r}")
