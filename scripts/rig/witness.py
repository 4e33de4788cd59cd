"""A slow proxy between an agent and the server, which reads the sealed objects and the answers as they pass."""
import asyncio
import base64
import collections
import contextlib
import dataclasses
import hashlib
import os
import random
import re
import socket
import tempfile
import threading
import time

from rig.programs import LOOPBACK, Failed

# All connections together: an event of 12 s, some 0.4 MB, then takes a second or two.
BYTES_PER_SECOND = 400_000
# An answer may wait so long on its way: an agent that is killed meanwhile never hears it.
ANSWER_WAITS = 0.25
HEADER_BYTES = 232
TRAILER_BYTES_MAX = 52 + 17 * 16
CLIP = 2


@dataclasses.dataclass
class Sent:
    """An object that passed the proxy whole: what its own header and trailer say."""
    camera: str
    started_at: int
    ended_at: int
    video_bytes: int = 0  # before it was sealed; 0 for a still
    digest: str = ""


class Messages:
    """Reads the HTTP/1.1 messages of one direction out of bytes, however they are cut. Changes nothing."""

    def __init__(self, head, body, end, until_close=False):
        self.on_head, self.on_body, self.on_end = head, body, end
        self.until_close = until_close  # what a body without a length means
        self.buffer = bytearray()
        self.state, self.left = "head", 0

    def feed(self, data):
        self.buffer += data
        while self.step():
            pass

    def step(self):
        if self.state == "body":
            taken = bytes(self.buffer[:self.left])
            del self.buffer[:self.left]
            self.left -= len(taken)
            if taken:
                self.on_body(taken)
            if self.left:
                return False
            return self.ended()
        if self.state == "chunk":
            taken = min(self.left, len(self.buffer))
            del self.buffer[:taken]
            self.left -= taken
            if self.left:
                return False
            self.state = "size"
            return True
        if self.state == "close":
            self.buffer.clear()
            return False
        mark = b"\r\n\r\n" if self.state == "head" else b"\r\n"
        end = self.buffer.find(mark)
        if end < 0:
            if len(self.buffer) > 65536:
                raise ValueError("no end of a head")
            return False
        text = self.buffer[:end].decode("latin-1")
        del self.buffer[:end + len(mark)]
        if self.state == "size":
            size = int(text.split(";")[0], 16)
            self.left, self.state = (size + 2, "chunk") if size else (0, "trailers")
            return True
        if self.state == "trailers":
            return self.ended() if text == "" else True
        first, *lines = text.split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if self.on_head(first, headers) == "no body":
            return self.ended()
        if "chunked" in headers.get("transfer-encoding", ""):
            self.state = "size"
        elif "content-length" in headers:
            self.state, self.left = "body", int(headers["content-length"])
        elif self.until_close:
            self.state = "close"
        else:
            return self.ended()
        return True

    def ended(self):
        self.state = "head"
        self.on_end()
        return bool(self.buffer)


class Delivery:
    """One PUT of an event or a still, as it passes."""

    def __init__(self, camera, event, headers, is_event):
        self.camera, self.event, self.is_event = camera, event, is_event
        self.length = int(headers.get("content-length", 0))
        self.digest = headers.get("content-digest", "")
        self.sent, self.whole_at, self.status = 0, None, None
        self.hash, self.head, self.tail = hashlib.sha256(), b"", b""

    def take(self, data):
        self.sent += len(data)
        self.hash.update(data)
        self.head = (self.head + data)[:HEADER_BYTES]
        self.tail = (self.tail + data)[-TRAILER_BYTES_MAX:]

    def object(self):
        """What its header and trailer say (docs/sealed-objects.md). Raises what is wrong."""
        said = "sha-256=:" + base64.b64encode(self.hash.digest()).decode() + ":"
        if said != self.digest:
            raise ValueError("its bytes are not those of its digest")
        trailer = self.tail[-int.from_bytes(self.tail[-4:], "big"):]
        if self.head[:4] != b"OWNS" or trailer[:4] != b"OWNT":
            raise ValueError("it is no sealed object")
        names = (hyphened(self.head[40:56]), hyphened(self.head[96:112]))
        if names != (self.camera, self.event):
            raise ValueError(f"its header names camera and event {names}")
        sections = {trailer[at]: int.from_bytes(trailer[at + 9:at + 17], "big") for at in range(16, len(trailer) - 36, 17)}
        video = sections.get(CLIP, 0)
        started_at = int.from_bytes(self.head[112:120], "big", signed=True)
        ended_at = int.from_bytes(trailer[8:16], "big", signed=True)
        # A stream is longer than what is in it: by 40 bytes, and by 16 for each segment of 64 KiB.
        return Sent(self.camera, started_at, ended_at, video and video - 40 - 16 * -(-video // 65536), self.digest)


def hyphened(raw):
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Witness:
    """What passed between agent and server. Other threads wait on `changed`.

    An event counts as acknowledged when the server's 2xx has come this far: that is a promise, also if the agent
    is killed before it hears it.
    """

    def __init__(self, queue):
        self.queue = queue
        self.changed = threading.Condition()
        self.sent = {}
        self.acknowledged = set()
        self.under_way = set()
        self.heard = 0          # answers for events that went on to the agent
        self.repeats = 0        # events that the server had already
        self.answer_seconds = collections.deque([0.01], maxlen=50)
        self.complaints = []

    def begin(self, camera, event, headers):
        # Whether it is an event or a still shows at its end only, but the agent's file says so too.
        names = os.listdir(self.queue)
        delivery = Delivery(camera, event, headers, any(f".e.{camera}.{event}." in name for name in names))
        with self.changed:
            self.under_way.add(delivery)
            self.changed.notify_all()
        return delivery

    def body(self, delivery, data):
        with self.changed:
            delivery.take(data)
            self.changed.notify_all()

    def body_ended(self, delivery):
        with self.changed:
            delivery.whole_at = time.monotonic()
            try:
                sent = delivery.object()
                known = self.sent.setdefault(delivery.event, sent)
                if known != sent:
                    raise ValueError("it was sent before, and was another one")
            except ValueError as why:
                self.complaints.append(f"the agent delivered {delivery.event} wrongly: {why}")
            self.changed.notify_all()

    def answer(self, delivery, status):
        with self.changed:
            delivery.status = status
            if 200 <= status < 300:
                self.acknowledged.add(delivery.event)
                self.repeats += status == 200 and delivery.is_event
                if status == 201 and delivery.whole_at:
                    self.answer_seconds.append(time.monotonic() - delivery.whole_at)
            elif delivery.whole_at and status not in (429, 503, 507):
                self.complaints.append(f"the server refused {delivery.event} with {status}")
            self.changed.notify_all()

    def end(self, delivery, heard=False):
        with self.changed:
            self.under_way.discard(delivery)
            self.heard += heard and delivery.is_event
            self.changed.notify_all()

    def inside(self):
        """How far a delivery of an event is right now, the rarest first. The caller holds `changed`."""
        ways = {"answer" if delivery.status else "last byte" if delivery.whole_at else "sending"
                for delivery in self.under_way if delivery.is_event}
        return next((way for way in ("last byte", "answer", "sending") if way in ways), None)


class Connection:
    """One connection through the proxy: which answer belongs to which request."""
    PATH = re.compile(r"/device/v1/cameras/([0-9a-f-]{36})/events/([0-9a-f-]{36})")

    def __init__(self, witness):
        self.witness = witness
        self.requests = Messages(self.request, self.request_body, self.request_end)
        self.answers = Messages(self.answer, lambda _: None, self.answer_end, until_close=True)
        self.coming = None
        self.waiting = collections.deque()
        self.answered = None
        self.done = []

    def request(self, first, headers):
        method, path, _ = first.split(" ")
        found = self.PATH.fullmatch(path)
        self.coming = self.witness.begin(*found.groups(), headers) if method == "PUT" and found else None
        self.waiting.append((method, self.coming))

    def request_body(self, data):
        if self.coming:
            self.witness.body(self.coming, data)

    def request_end(self):
        if self.coming:
            self.witness.body_ended(self.coming)
        self.coming = None

    def answer(self, first, headers):
        status = int(first.split(" ")[1])
        if status < 200:
            self.answered = None
            return "no body"
        method, self.answered = self.waiting.popleft() if self.waiting else ("", None)
        if self.answered:
            self.witness.answer(self.answered, status)
        return "no body" if method == "HEAD" or status in (204, 304) else None

    def answer_end(self):
        if self.answered:
            self.done.append(self.answered)
        self.answered = None

    def passed_on(self):
        """What was read of the answers has gone to the agent."""
        for delivery in self.done:
            self.witness.end(delivery, heard=True)
        self.done.clear()

    def closed(self):
        for _, delivery in self.waiting:
            if delivery:
                self.witness.end(delivery)
        if self.answered:
            self.done.append(self.answered)
        for delivery in self.done:
            self.witness.end(delivery)


def try_the_witness():
    """Streams made by hand, cut at every byte and not at all: pipelines of keep-alive, early answers, cut bodies."""
    camera, event = "0192f3c4-0000-7000-8000-00000000000a", "0192f3c4-0000-7000-8000-00000000000b"
    header = bytearray(HEADER_BYTES)
    header[:4] = b"OWNS"
    header[40:56], header[96:112] = (bytes.fromhex(name.replace("-", "")) for name in (camera, event))
    header[112:120] = (5).to_bytes(8, "big")
    clip = bytes([CLIP]) + HEADER_BYTES.to_bytes(8, "big") + (1000).to_bytes(8, "big")
    trailer = b"OWNT" + bytes([1, 1, 1, 1]) + (17).to_bytes(8, "big") + clip + bytes(32) + (69).to_bytes(4, "big")
    whole = bytes(header) + b"x" * 1000 + trailer
    digest = base64.b64encode(hashlib.sha256(whole).digest()).decode()
    put = (f"PUT /device/v1/cameras/{camera}/events/{event} HTTP/1.1\r\nContent-Length: {len(whole)}\r\n"
           f"content-digest: sha-256=:{digest}:\r\n\r\n").encode() + whole
    report = b"POST /device/v1/reports HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    accepted = b"HTTP/1.1 204 No Content\r\nOwnsight-Time: 1\r\n\r\n"
    created = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
    with tempfile.TemporaryDirectory() as queue:
        for size in (1, 7, 1 << 20):
            def seen(requests, answers):
                witness = Witness(queue)
                connection = Connection(witness)
                for messages, stream in ((connection.requests, requests), (connection.answers, answers)):
                    for at in range(0, len(stream), size):
                        messages.feed(stream[at:at + size])
                connection.passed_on()
                connection.closed()
                if witness.sent and dataclasses.astuple(witness.sent[event])[:4] != (camera, 5, 17, 1000 - 56):
                    raise Failed(f"the witness reads an object wrongly: {witness.sent}")
                return (set(witness.sent), witness.acknowledged, len(witness.complaints), len(witness.under_way))
            torn = put.replace(b"xxxx", b"xxxy", 1)
            tries = [
                (report + put + report, accepted + created + accepted, ({event}, {event}, 0, 0)),
                (put + report, busy + accepted, ({event}, set(), 0, 0)),
                (put[:-1], b"", (set(), set(), 0, 0)),
                (put[:-1], created, (set(), {event}, 0, 0)),
                (put, created[:40], ({event}, set(), 0, 0)),
                (torn, created, (set(), {event}, 1, 0)),
                (put.replace(camera[-1:].encode() + b"/events", b"c/events"), b"", (set(), set(), 1, 0)),
            ]
            for number, (requests, answers, expected) in enumerate(tries):
                if seen(requests, answers) != expected:
                    raise Failed(f"the witness is wrong about stream {number}: {seen(requests, answers)}")
    return len(tries)


class Proxy(threading.Thread):
    """Carries bytes between agent and server, slowly, and shows each to the witness before it goes on."""

    def __init__(self, witness, seed):
        super().__init__(daemon=True)
        self.witness, self.random = witness, random.Random(seed)
        self.upstream, self.address, self.failure = None, None, None
        self.bytes_per_second, self.free_at = BYTES_PER_SECOND, 0.0
        self.is_down = False  # then nobody gets through: a network that is away
        self.tasks = {}
        self.started = threading.Event()
        listening = socket.socket()
        # Little on its way: what an agent that was killed had not sent must not arrive all the same.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        listening.bind((LOOPBACK, 0))
        self.listening, self.address = listening, f"http://{LOOPBACK}:{listening.getsockname()[1]}"

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self.connection, sock=self.listening, limit=8192)
        self.started.set()
        await self.stopping.wait()
        server.close()
        self.cut_now()
        while self.tasks:
            await asyncio.sleep(0.01)

    def stop(self):
        if self.started.is_set():
            self.loop.call_soon_threadsafe(self.stopping.set)
            self.join(5)

    def cut(self):
        """Ends all connections at once, as when the agent's machine is gone and not its process only."""
        self.loop.call_soon_threadsafe(self.cut_now)

    def cut_now(self):
        for writers in list(self.tasks.values()):
            for writer in writers:
                writer.transport.abort()

    async def connection(self, reader, writer):
        if self.is_down:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection(LOOPBACK, self.upstream, limit=65536)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(self.witness)
        self.tasks[connection] = (writer, up_writer)
        for each in (writer, up_writer):
            # Then `drain` means that the kernel has it.
            each.transport.set_write_buffer_limits(0)
        up = asyncio.create_task(self.up(connection, reader, up_writer))
        down = asyncio.create_task(self.down(connection, up_reader, writer))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            # One side has ended: what the other one still says in time is heard.
            await asyncio.wait((up, down), timeout=3)
        finally:
            for task in (up, down):
                task.cancel()
            for each in (writer, up_writer):
                each.transport.abort()
            connection.closed()
            del self.tasks[connection]

    async def up(self, connection, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(8192):
                now = time.monotonic()
                self.free_at = max(now, self.free_at) + len(data) / self.bytes_per_second
                await asyncio.sleep(self.free_at - now)
                self.show(connection.requests, data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def down(self, connection, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self.show(connection.answers, data)
                if connection.done:
                    await asyncio.sleep(self.random.uniform(0, ANSWER_WAITS))
                writer.write(data)
                await writer.drain()
                connection.passed_on()
            writer.write_eof()

    def show(self, messages, data):
        try:
            messages.feed(data)
        except Exception as error:  # a witness that stumbles must not look like a peer that hangs up
            self.failure = self.failure or f"the witness cannot read what passes: {error!r}"
            raise
