#!/usr/bin/env python3
"""A device that pushes by itself: it pairs, learns what to do, seals an event and delivers it.

Python's standard library and `cryptography`, and nothing of Ownsight: written from docs/device-api.md, docs/key-chain.md and
docs/sealed-objects.md alone. What it sends is sealed before it leaves this process; the server cannot open it.

    push_device.py STATE pair https://cams.example.org K7QM-4T2X-9FWD-R3HB
    push_device.py STATE cameras
    push_device.py STATE send --camera ID --video clip.mp4 --thumbnail clip.jpg --seconds 12
    push_device.py STATE deliver

STATE is a folder of this device alone: its keys, and what it has not delivered yet. Status 75: not delivered, try again later.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import secrets
import ssl
import struct
import sys
import tempfile
import time
import urllib.parse
import uuid

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

PROGRAM = "push_device.py 1"
PROTOCOL = "1.0"
SEGMENT = 65_536
OBJECT_MAX = 64 << 20
THUMBNAIL, CLIP = 1, 2
LABELS = {"motion": 1, "person": 2, "vehicle": 3, "animal": 4, "parcel": 5}
SAID_BY_CAMERA = 2
LATER = 75


class Failed(Exception):
    """Something that a person has to know; its text is what they read."""


class NotNow(Failed):
    """The server did not take it, and will: keep it and come back."""


# --- Conventions of the key chain ---------------------------------------------------------------------------------------


def hkdf(parent, info, salt=b"", length=32):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(parent)


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def identity(text):
    return uuid.UUID(text).bytes


FIELDS = {"home": 2, "camera": 4, "device": 5, "tenure": 6, "event": 7}
FIELDS |= {"home epoch": 64, "camera epoch": 65, "time": 66, "serial": 68, "section kind": 70}


def context(label, installation, **fields):
    """The one canonical encoding. Fields come in the order of the purposes' table."""
    encoded = bytes([1, len(label)]) + label.encode() + installation
    for name, value in fields.items():
        encoded += struct.pack(">BI", FIELDS[name.replace("_", " ")], len(value)) + value
    return encoded


def open_wrap(parent, about, sealed):
    if len(sealed) < 65 or sealed[0] != 1:
        raise Failed("what the server has for this code is not a wrap of format 1")
    derived = hkdf(parent, about, salt=sealed[1:33], length=48)
    if not hmac.compare_digest(derived[32:], sealed[33:49]):
        raise Failed("what the server has for this code was not sealed under it")
    return opened(AESGCM(derived[:32]), bytes(12), sealed[49:], about)


def opened(cipher, nonce, sealed, data):
    try:
        return cipher.decrypt(nonce, sealed, data)
    except InvalidTag:
        raise Failed("what the server sent was changed, or is another device's: it is not believed") from None


# --- HPKE, RFC 9180: mode_psk, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM --------------------------------------

KEM = b"KEM" + struct.pack(">H", 0x0020)
SUITE = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0002)


def extract(salt, suite, label, material):
    return mac(salt or bytes(32), b"HPKE-v1" + suite + label + material)


def expand(key, suite, label, info, length):
    info = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(key)


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def hpke_cipher(shared, encapsulation, recipient, psk, psk_id, info):
    """The cipher and the nonce of the first message (sections 4.1 and 5.1)."""
    shared = expand(extract(b"", KEM, b"eae_prk", shared), KEM, b"shared_secret", encapsulation + recipient, 32)
    schedule = b"\x01" + extract(b"", SUITE, b"psk_id_hash", psk_id) + extract(b"", SUITE, b"info_hash", info)
    secret = extract(shared, SUITE, b"secret", psk)
    return AESGCM(expand(secret, SUITE, b"key", schedule, 32)), expand(secret, SUITE, b"base_nonce", schedule, 12)


def hpke_seal(recipient, psk, psk_id, info, message):
    ephemeral = X25519PrivateKey.generate()
    encapsulation = raw(ephemeral.public_key())
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    cipher, nonce = hpke_cipher(shared, encapsulation, recipient, psk, psk_id, info)
    return encapsulation + cipher.encrypt(nonce, message, b"")


def hpke_open(private, psk, psk_id, info, sealed):
    encapsulation = sealed[:32]
    shared = private.exchange(X25519PublicKey.from_public_bytes(encapsulation))
    cipher, nonce = hpke_cipher(shared, encapsulation, raw(private.public_key()), psk, psk_id, info)
    return opened(cipher, nonce, sealed[32:], b"")


# --- Sealed objects -----------------------------------------------------------------------------------------------------


def seal_section(event_key, installation, header, kind, source, out):
    """One section, as a stream of Tink's AES-GCM-HKDF with segments of 64 KiB. Memory for two segments."""
    key = hkdf(event_key, context("section", installation, section_kind=bytes([kind])))
    salt, prefix = secrets.token_bytes(32), secrets.token_bytes(7)
    cipher = AESGCM(hkdf(key, header + bytes([kind]), salt=salt))
    length = out.write(bytes([40]) + salt + prefix)
    segment, number = source.read(SEGMENT - 56), 0
    while True:
        # Whether this is the last one stands in its nonce: so the next is read first.
        following = source.read(SEGMENT - 16)
        nonce = prefix + struct.pack(">IB", number, not following)
        length += out.write(cipher.encrypt(nonce, segment, None))
        if not following:
            return length
        segment, number = following, number + 1


def seal_event(state, camera, event, started, ended, label, sections, out):
    """Header, sections, trailer. `sections` are pairs of a kind and an open file, in the order of the kinds."""
    installation, home, device = (identity(state[name]) for name in ("installation", "home", "device"))
    psk = from_unpadded(camera["psk"])
    place = {
        "home": home,
        "camera": identity(camera["camera"]),
        "tenure": identity(camera["tenure"]),
        "home_epoch": struct.pack(">I", camera["home_epoch"]),
        "camera_epoch": struct.pack(">I", camera["camera_epoch"]),
    }
    header = b"OWNS" + bytes([1, 0, 0, 0]) + installation + b"".join(place.values())
    header += device + event + struct.pack(">q", started)
    event_key = secrets.token_bytes(32)
    about = context("event", installation, **place, device=device, event=event, time=struct.pack(">q", started))
    header += hpke_seal(from_unpadded(camera["camera_key"]), psk, device, about, event_key)
    header += mac(hkdf(psk, context("header-tag", installation)), header)

    out.write(header)
    at, directory = len(header), b""
    for kind, source in sections:
        length = seal_section(event_key, installation, header, kind, source, out)
        directory += struct.pack(">BQQ", kind, at, length)
        at += length
    trailer = b"OWNT" + bytes([1, LABELS[label], SAID_BY_CAMERA, len(sections)]) + struct.pack(">q", ended) + directory
    trailer += mac(hkdf(psk, context("trailer-tag", installation)), header[200:232] + trailer)
    out.write(trailer + struct.pack(">I", len(trailer) + 4))


# --- The device's folder ------------------------------------------------------------------------------------------------


class Folder:
    """What this device knows, and what it has not delivered yet. Written whole, and synced, before it is relied on."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.queue = self.path / "queue"
        self.state = {}
        if (self.path / "device.json").exists():
            self.state = json.loads((self.path / "device.json").read_text())

    def make(self):
        if self.state:
            raise Failed(f"{self.path} has a pairing already: take another folder")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.queue.mkdir(mode=0o700, exist_ok=True)

    def paired(self):
        if not self.state:
            raise Failed(f"{self.path} has no pairing: begin with `pair`")
        return self.state

    def save(self):
        self.replace(self.path / "device.json", lambda file: file.write(json.dumps(self.state, indent=1).encode()))

    def replace(self, path, write):
        with tempfile.NamedTemporaryFile(dir=self.path, delete=False) as file:
            try:
                write(file)
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


# --- The server ---------------------------------------------------------------------------------------------------------


class Server:
    """Calls of the device API, on one connection for each."""

    def __init__(self, url, pin=None, device=None, credential=None, folder=None):
        self.url = urllib.parse.urlsplit(url)
        if self.url.scheme not in ("http", "https") or not self.url.hostname:
            raise Failed(f"{url} is not an address like https://cams.example.org")
        self.pin = pin
        self.folder = folder
        self.headers = {"Ownsight-Protocol": PROTOCOL}
        if device:
            self.headers["Authorization"] = f"Device {device}:{credential}"
        # Of the server's clock before this machine's, in microseconds.
        self.ahead = 0

    def connect(self, anyone):
        host, port = self.url.hostname, self.url.port
        if self.url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=60)
        tls = ssl.create_default_context()
        if self.pin or anyone:
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=60, context=tls)
        connection.connect()
        if self.pin:
            certificate = x509.load_der_x509_certificate(connection.sock.getpeercert(binary_form=True))
            key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            if not hmac.compare_digest(hashlib.sha256(key).digest(), from_unpadded(self.pin)):
                raise Failed("this is not the server that the device was paired with: its key is another one")
        return connection

    def call(self, method, path, body=None, headers=None, anyone=False):
        """Status, problem's code or None, and the answer. `anyone`: before it is known which server is the right one."""
        headers = self.headers | (headers or {})
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection = self.connect(anyone)
            connection.request(method, f"{self.url.path.rstrip('/')}/device/v1{path}", body, headers)
            answer = connection.getresponse()
            content = answer.read(1 << 20)
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise NotNow(f"the server does not answer: {error}") from error
        said = answer.getheader("Ownsight-Time")
        if said is None:
            raise NotNow(f"something else than an Ownsight server answers at {self.url.geturl()}")
        self.ahead = int(said) - time.time_ns() // 1_000
        if 200 <= answer.status < 300 and self.folder and not self.folder.state["run"]["answered"]:
            self.folder.state["run"]["answered"] = True
            self.folder.save()
        parsed = json.loads(content) if content else {}
        return answer.status, parsed.get("code"), parsed

    def now(self):
        return time.time_ns() // 1_000 + self.ahead


def refused(status, code, answer):
    text = answer.get("detail") or answer.get("title") or ""
    return f"the server says {status} {code or ''} {text}".strip()


def begin(folder):
    """The paired device's server. Each start says a run of its own, by which a copy of this folder is found."""
    state = folder.paired()
    run = state.get("run")
    if run is None or run["answered"]:
        before = run["id"] if run else None
        state["run"] = {"id": unpadded(secrets.token_bytes(16)), "before": before, "answered": False}
        folder.save()
    server = Server(state["server"], state.get("server_pin"), state["device"], state["credential"], folder)
    server.headers["Ownsight-Run"] = state["run"]["id"]
    if state["run"]["before"]:
        server.headers["Ownsight-Run-Before"] = state["run"]["before"]
    return server


# --- What it does -------------------------------------------------------------------------------------------------------


def code_bytes(text):
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    plain = text.upper().replace("-", "").replace(" ", "")
    if len(plain) != 16 or any(letter not in letters for letter in plain):
        raise Failed("a pairing code has 16 letters and digits, like K7QM-4T2X-9FWD-R3HB")
    number = 0
    for letter in plain:
        number = number << 5 | letters.index(letter)
    return number.to_bytes(10, "big")


def pair(folder, url, code, sure):
    folder.make()
    parent = code_bytes(code) + bytes(22)
    find = unpadded(hkdf(parent, context("pairing-find", bytes(16))))
    server = Server(url)
    status, problem, answer = server.call("POST", "/pairings/find", {"find": find}, anyone=True)
    if status == 404:
        raise Failed("no pairing with this code is open: ask for a new code")
    if status != 200:
        raise Failed(refused(status, problem, answer))
    told = json.loads(open_wrap(parent, context("pairing", bytes(16)), from_unpadded(answer["blob"])))
    if not sure and input(f"This device becomes one of the home “{told['home_name']}”. Right? [y/n] ").lower() != "y":
        raise Failed("not paired")

    ids = {"home": identity(told["home"]), "device": identity(told["device"])}
    installation = identity(told["installation"])
    device_key = hkdf(parent, context("pairing-device", installation, **ids))
    private, credential = X25519PrivateKey.generate(), secrets.token_bytes(32)
    public, credential_hash = raw(private.public_key()), hashlib.sha256(credential).digest()
    proof = mac(hkdf(device_key, context("pairing-answer", installation, **ids)), public + credential_hash)
    folder.state = {name: told[name] for name in ("installation", "home", "device", "server_pin") if name in told}
    folder.state |= {
        "server": url,
        "paired_at": server.now(),
        "private_key": unpadded(private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())),
        "credential": unpadded(credential),
        "device_key": unpadded(device_key),
        "serial": 0,
        "cameras": [],
    }
    folder.save()
    body = {"find": find, "device_id": told["device"], "public_key": unpadded(public), "mac": unpadded(proof)}
    body |= {"credential_hash": unpadded(credential_hash), "kind": "camera", "version": PROGRAM}
    server.pin = told.get("server_pin")
    status, problem, answer = server.call("POST", "/pairings/answer", body)
    if status != 202:
        (folder.path / "device.json").unlink()
        raise Failed(refused(status, problem, answer))


def configure(folder, server, until):
    """Takes all configurations there are; waits for the first one."""
    state = folder.state
    ids = {"home": identity(state["home"]), "device": identity(state["device"])}
    while True:
        status, problem, answer = server.call("GET", f"/configuration?after={state['serial']}&wait=0")
        if status == 200 and answer["serial"] == state["serial"] + 1:
            sealed = from_unpadded(answer["sealed"])
            private = X25519PrivateKey.from_private_bytes(from_unpadded(state["private_key"]))
            about = context(
                "configuration", identity(state["installation"]), **ids, serial=struct.pack(">Q", answer["serial"])
            )
            if sealed[0] != 1:
                raise Failed("the configuration has a format that this program does not know")
            psk = from_unpadded(state["device_key"])
            told = json.loads(hpke_open(private, psk, ids["device"], about, sealed[1:]))
            if any(told[name] != state[name] for name in ("installation", "home", "device")):
                raise Failed("the configuration is another device's: it is not believed")
            if told["serial"] != answer["serial"]:
                raise Failed("the configuration has another number inside: it is not believed")
            state |= {"serial": told["serial"], "device_key": told["next_device_key"], "cameras": told["cameras"]}
            folder.save()
        elif status == 204 or (status == 202 and time.monotonic() > until):
            return
        elif status == 202:
            time.sleep(2)
        elif status in (401, 403):
            raise Failed(refused(status, problem, answer))
        else:
            raise NotNow(refused(status, problem, answer))


def chosen(state, wanted):
    cameras = [camera for camera in state["cameras"] if wanted in (None, camera["camera"])]
    if len(cameras) != 1:
        raise Failed("which camera? `cameras` lists those that this device serves")
    return cameras[0]


def uuid7(micros):
    number = (micros // 1_000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def send(folder, server, args):
    camera = chosen(folder.state, args.camera)
    ended = server.now() if args.ended is None else int(args.ended * 1_000_000)
    started = ended - int(args.seconds * 1_000_000)
    event = uuid7(started)
    files = [(THUMBNAIL, args.thumbnail), (CLIP, args.video)]
    sections = [(kind, open(path, "rb")) for kind, path in files if path]
    if not sections:
        raise Failed("an event has a video, a thumbnail, or both")

    def write(out):
        seal_event(folder.state, camera, event.bytes, started, ended, args.label, sections, out)
        if out.tell() > OBJECT_MAX:
            raise Failed("an event has at most 64 MiB: cut the video")

    folder.replace(folder.queue / f"{camera['camera']}.{event}", write)
    print(event)


def report(state, server):
    """Says of each camera that it is there. Shown only if its tag verifies under a key of who looks."""
    installation, reports, now = identity(state["installation"]), [], server.now()
    for camera in state["cameras"]:
        ids = {"home": identity(state["home"]), "camera": identity(camera["camera"]), "tenure": identity(camera["tenure"])}
        ids |= {name: struct.pack(">I", camera[name]) for name in ("home_epoch", "camera_epoch")}
        key = hkdf(from_unpadded(camera["psk"]), context("camera-report", installation, **ids, device=identity(state["device"])))
        said = {"camera": camera["camera"], "at": now, "state": {"state": "records"}, "since": state["paired_at"]}
        body = json.dumps(said).encode()
        reports.append({"kind": "camera", "camera_id": camera["camera"], "body": unpadded(body), "tag": unpadded(mac(key, body))})
    if reports:
        server.call("POST", "/reports", {"reports": reports, "alarms": []})


def deliver(folder, server):
    """Delivers what is queued, newest first. What cannot be delivered now stays."""
    problems = []
    for path in sorted(folder.queue.glob("*.*"), key=lambda path: path.name.split(".")[1], reverse=True):
        camera, event, *rest = path.name.split(".")
        if rest:
            continue
        with open(path, "rb") as body:
            digest = hashlib.file_digest(body, "sha256").digest()
            body.seek(0)
            headers = {
                "Content-Type": "application/vnd.ownsight.event",
                "Content-Length": str(path.stat().st_size),
                "Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
            }
            status, code, answer = server.call("PUT", f"/cameras/{camera}/events/{event}", body, headers)
        if status in (200, 201, 410):
            path.unlink()
        elif status in (409, 411, 413, 415, 422) and code != "digest-mismatch":
            path.rename(path.with_name(path.name + ".refused"))
            problems.append(Failed(f"{event}: {refused(status, code, answer)}"))
        elif status in (401, 403):
            raise Failed(refused(status, code, answer))
        else:
            problems.append(NotNow(f"{event}: {refused(status, code, answer)}"))
    for problem in problems:
        raise problem


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("state", help="the folder of this device")
    commands = parser.add_subparsers(dest="command", required=True)
    pairing = commands.add_parser("pair", help="become a device of the home that made this code")
    pairing.add_argument("server")
    pairing.add_argument("code")
    pairing.add_argument("--yes", action="store_true", help="do not ask whether the home's name is right")
    commands.add_parser("cameras", help="what this device serves, once somebody of the home has looked at it")
    sending = commands.add_parser("send", help="seal an event, and deliver it")
    sending.add_argument("--camera", help="its id, if there are several")
    sending.add_argument("--video", help="an MP4 file")
    sending.add_argument("--thumbnail", help="a JPEG file")
    sending.add_argument("--seconds", type=float, required=True, help="how long the event took")
    sending.add_argument("--ended", type=float, help="when, seconds since 1970 [default: now]")
    sending.add_argument("--label", choices=LABELS, default="motion")
    commands.add_parser("deliver", help="deliver what could not be delivered before")
    args = parser.parse_args()
    folder = Folder(args.state)
    if args.command == "pair":
        pair(folder, args.server, args.code, args.yes)
        return
    server = begin(folder)
    try:
        configure(folder, server, until=time.monotonic() + (30 if args.command == "cameras" else 0))
    except NotNow:
        # What is known will do, so that nothing is lost while the server is away.
        if args.command != "send":
            raise
    if args.command == "cameras":
        for camera in folder.state["cameras"]:
            print(camera["camera"])
        return
    if args.command == "send":
        send(folder, server, args)
    deliver(folder, server)
    report(folder.state, server)


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        print(f"push_device.py: {problem}", file=sys.stderr)
        sys.exit(LATER if isinstance(problem, NotNow) else 1)
