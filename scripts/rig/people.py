"""Somebody who uses the server: its API, and events that must play."""
import http.client
import json
import subprocess
import time

from rig.programs import LOOPBACK


class Refused(Exception):
    """The API answered, and not with what was wanted."""


class Api:
    """A person's client of the server."""

    def __init__(self):
        self.port, self.token = None, None

    def ask(self, method, path, body=None, seconds=20):
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=seconds)
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def bytes(self, method, path, body=None):
        until = time.monotonic() + 10
        while True:
            status, content = self.ask(method, path, body)
            if 200 <= status < 300:
                return content
            if status != 503 or time.monotonic() > until:
                raise Refused(f"{method} {path.split('?')[0]}: {status} {content[:200].decode(errors='replace')}")
            time.sleep(0.1)

    def json(self, method, path, body=None):
        return json.loads(self.bytes(method, path, body))

    def events(self, pages=1000):
        """The list, with how many rows could not be verified."""
        rows, unverified, cursor = [], 0, ""
        for _ in range(pages):
            page = self.json("GET", f"/api/v1/events?limit=100{cursor}")
            rows += page["events"]
            unverified += page["unverified"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        return rows, unverified


def open_event(api, event, video_bytes):
    """The event's video, whole; or raises why there is none."""
    thumbnail = api.bytes("GET", f"/api/v1/events/{event}/thumbnail")
    if thumbnail[:3] != b"\xff\xd8\xff" or thumbnail[-2:] != b"\xff\xd9":
        raise Refused("the thumbnail is no whole JPEG")
    video = api.bytes("GET", f"/api/v1/events/{event}/video")
    if len(video) != video_bytes:
        raise Refused(f"the video has {len(video)} bytes, and {video_bytes} were sealed")
    boxes, at = [], 0
    while at + 8 <= len(video):
        boxes.append(video[at + 4:at + 8])
        at += max(8, int.from_bytes(video[at:at + 4], "big"))
    if at != len(video) or boxes[0] != b"ftyp" or b"moov" not in boxes or b"mdat" not in boxes:
        raise Refused("the video is no whole MP4")
    return video


def play(api, event, video_bytes, folder):
    """`None` if the event plays from its first frame to its last, else why not."""
    try:
        video = open_event(api, event, video_bytes)
    except (Refused, OSError, http.client.HTTPException) as why:
        return str(why) or repr(why)
    file = folder / f"{event}.mp4"
    file.write_bytes(video)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", file, "-f", "null", "-"]
    played = subprocess.run(command, capture_output=True, text=True, timeout=120)
    file.unlink()
    if played.returncode or played.stderr:
        return f"ffmpeg says {played.stderr.strip()[:200]!r}"
    return None
