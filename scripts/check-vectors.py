#!/usr/bin/env python3
"""Checks the vectors of the key chain and of the sealed object without any code of Ownsight.

Written from docs/key-chain.md and docs/sealed-objects.md alone: the order of fields and their codes are read from the
tables of the first. HKDF, HMAC, AES-GCM and X25519 come from `cryptography`; the HPKE receiver (RFC 9180, mode_psk) is
below. What is random in the product is taken from the vectors; everything else is derived from their inputs and must
come out the same, byte for byte. Fails unless all of it does, and unless changed bytes are refused.

Set-up: python3 -m venv V && V/bin/pip install -r scripts/requirements-vectors.txt, then V/bin/python scripts/check-vectors.py.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import struct
import sys
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTDATA = ROOT / "crates" / "seal" / "testdata"
VERSION = 1
ROLES = {"owner": 1, "adult": 2, "viewer": 3}
SESSION_KINDS = {"cookie": 1, "bearer": 2}
TOKEN_RIGHTS = {"footage": 1, "export": 2, "delete": 4, "manage": 8}
SECTION_KINDS = {"thumbnail": 1, "clip": 2, "motion": 3, "live": 4, "still": 5}
LABELS = {"motion": 1, "person": 2, "vehicle": 3, "animal": 4, "parcel": 5, "still": 6}
LABEL_SOURCES = {"agent": 1, "camera": 2}
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SEGMENT = 65536


class Refused(Exception):
    """Something does not authenticate."""


# Primitives of the conventions.

def hkdf(parent, salt, info, length=32):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(parent)


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def gcm_open(key, nonce, sealed, data):
    try:
        return AESGCM(key).decrypt(nonce, sealed, data)
    except InvalidTag as error:
        raise Refused("a tag of AES-GCM") from error


# HPKE, RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

KEM_SUITE = b"KEM" + struct.pack(">H", 0x0020)
HPKE_SUITE = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0002)


def labeled_extract(salt, suite, label, ikm):
    return mac(salt or bytes(32), b"HPKE-v1" + suite + label + ikm)


def labeled_expand(prk, suite, label, info, length):
    info = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(prk)


def derive_key_pair(ikm):
    """Section 7.1.3. The private key as X25519 uses it, clamped, and the public key."""
    scalar = bytearray(labeled_expand(labeled_extract(b"", KEM_SUITE, b"dkp_prk", ikm), KEM_SUITE, b"sk", b"", 32))
    scalar[0] &= 0xF8
    scalar[31] = scalar[31] & 0x7F | 0x40
    private = X25519PrivateKey.from_private_bytes(bytes(scalar))
    return bytes(scalar), public_of(private)


def public_of(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hpke_key(shared_of, encapsulation, public, psk, psk_id, info):
    """Key and base nonce of a context in mode_psk (sections 4.1 and 5.1)."""
    kem_context = encapsulation + public
    eae_prk = labeled_extract(b"", KEM_SUITE, b"eae_prk", shared_of)
    shared = labeled_expand(eae_prk, KEM_SUITE, b"shared_secret", kem_context, 32)
    schedule = b"\x01"
    schedule += labeled_extract(b"", HPKE_SUITE, b"psk_id_hash", psk_id)
    schedule += labeled_extract(b"", HPKE_SUITE, b"info_hash", info)
    secret = labeled_extract(shared, HPKE_SUITE, b"secret", psk)
    key = labeled_expand(secret, HPKE_SUITE, b"key", schedule, 32)
    return key, labeled_expand(secret, HPKE_SUITE, b"base_nonce", schedule, 12)


def hpke_open(private, psk, psk_id, info, encapsulation, sealed):
    private = X25519PrivateKey.from_private_bytes(private)
    shared = private.exchange(X25519PublicKey.from_public_bytes(encapsulation))
    key, nonce = hpke_key(shared, encapsulation, public_of(private), psk, psk_id, info)
    return gcm_open(key, nonce, sealed, b"")


def hpke_seal(public, psk, psk_id, info, message, ephemeral_ikm):
    scalar, encapsulation = derive_key_pair(ephemeral_ikm)
    shared = X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(public))
    key, nonce = hpke_key(shared, encapsulation, public, psk, psk_id, info)
    return encapsulation, AESGCM(key).encrypt(nonce, message, b"")


# The canonical encoding, from the document's tables.

def table(document, begin, end):
    lines = document.split(begin)[1].split(end)[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]


class KeyChain:
    """Contexts for the vectors' inputs, in the order that the document gives."""

    def __init__(self, inputs):
        document = (ROOT / "docs" / "key-chain.md").read_text(encoding="utf-8")
        self.codes = {row[0]: int(row[1]) for row in table(document, "<!-- fields: begin", "<!-- fields: end")}
        rows = table(document, "<!-- purposes: begin", "<!-- purposes: end")
        self.forms = {row[0].strip("`"): row[1] for row in rows}
        self.fields = {row[0].strip("`"): [] if row[3] == "–" else row[3].split(", ") for row in rows}
        self.installation = bytes.fromhex(inputs["installation"])
        email = unicodedata.normalize("NFC", inputs["e-mail"].strip()).lower()
        self.values = {name: bytes.fromhex(value) for name, value in inputs["ids"].items()} | {
            "home epoch": struct.pack(">I", inputs["home epoch"]),
            "camera epoch": struct.pack(">I", inputs["camera epoch"]),
            "time": struct.pack(">q", inputs["time"]),
            "e-mail": unicodedata.normalize("NFC", email).encode(),
            "serial": struct.pack(">Q", inputs["serial"]),
            "role": bytes([ROLES[inputs["role"]]]),
            "section kind": bytes([SECTION_KINDS[inputs["section kind"]]]),
            "session kind": bytes([SESSION_KINDS[inputs["session kind"]]]),
            "token rights": bytes([sum(TOKEN_RIGHTS[right] for right in inputs["token rights"])]),
        }

    def context(self, label, **other):
        installation = bytes(16) if label in ("pairing", "pairing-find") else self.installation
        out = bytes([VERSION, len(label)]) + label.encode() + installation
        for field in self.fields[label]:
            value = other.get(field.replace(" ", "_"), self.values[field])
            out += bytes([self.codes[field]]) + struct.pack(">I", len(value)) + value
        return out

    def derive(self, label, parent, salt=b"", length=32, **other):
        assert self.forms[label] == "key", label
        return hkdf(parent, salt, self.context(label, **other), length)


def wrap_keys(parent, salt, context):
    out = hkdf(parent, salt, context, 48)
    return out[:32], out[32:]


def wrap_open(parent, context, sealed):
    if len(sealed) < 65 or sealed[0] != VERSION:
        raise Refused("malformed")
    key, commitment = wrap_keys(parent, sealed[1:33], context)
    if not hmac.compare_digest(commitment, sealed[33:49]):
        raise Refused("mix-up")
    return gcm_open(key, bytes(12), sealed[49:], context)


def wrap_seal(parent, context, plaintext, salt):
    key, commitment = wrap_keys(parent, salt, context)
    return bytes([VERSION]) + salt + commitment + AESGCM(key).encrypt(bytes(12), plaintext, context)


# Checking.

CHECKS = 0


def same(what, ours, theirs):
    global CHECKS
    CHECKS += 1
    if ours != theirs:
        sys.exit(f"{what}: we have {ours!r}, the vector has {theirs!r}")


def refused(what, attempt):
    global CHECKS
    CHECKS += 1
    try:
        attempt()
    except Refused:
        return
    sys.exit(f"{what}: opened, and must not")


def flipped(data, at):
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def pairing_parent(code):
    bits = 0
    for character in code.replace("-", "").upper():
        bits = bits << 5 | BASE32.index(character)
    return bits.to_bytes(10, "big") + bytes(22)


def secrets_of(chain, inputs):
    """Every parent that the document names, from the inputs alone."""
    given = {name: bytes.fromhex(inputs[name]) for name in (
        "control key", "camera salt", "event key", "account key", "master key", "password hash", "link secret",
        "invitation secret", "share key", "device key", "device private key", "upload key", "server half", "page half")}
    out = dict(given)
    out["home key"] = chain.derive("home-key", out["control key"])
    out["camera secret"] = chain.derive("camera-secret", out["home key"], salt=out["camera salt"])
    out["text key"] = chain.derive("text-key", out["camera secret"])
    out["device PSK"] = chain.derive("device-psk", out["camera secret"])
    out["camera private key"], out["camera public key"] = derive_key_pair(
        chain.derive("camera-key-pair", out["camera secret"]))
    out["pairing code"] = pairing_parent(inputs["pairing code"])
    out["first device key"] = chain.derive("pairing-device", out["pairing code"])
    out["session secret"] = hashlib.sha256(out["server half"] + out["page half"]).digest()
    out["invitation key"] = chain.derive("invitation-key", out["invitation secret"])
    out["member key"] = chain.derive("member-key", out["invitation key"])
    out["account private key"], _ = derive_key_pair(chain.derive("account-key-pair", out["account key"]))
    out["device public key"] = public_of(X25519PrivateKey.from_private_bytes(out["device private key"]))
    return out


def check_key_chain(vectors, chain, secrets):
    document = (ROOT / "docs" / "key-chain.md").read_text(encoding="utf-8")
    parents = {row[0].strip("`"): row[2] for row in table(document, "<!-- purposes: begin", "<!-- purposes: end")}
    seen = []

    for vector in vectors["keys"]:
        label = vector["purpose"]
        seen.append(label)
        parent = secrets[parents[label]]
        salt = secrets["camera salt"] if label == "camera-secret" else b""
        length = 16 if label in ("session-page", "session-answer") else 32
        same(f"{label}: parent", parent.hex(), vector["parent"])
        same(f"{label}: salt", salt.hex(), vector["salt"])
        same(f"{label}: info", chain.context(label).hex(), vector["info"])
        same(f"{label}: key", chain.derive(label, parent, salt, length).hex(), vector["key"])

    for vector in vectors["key_pairs"]:
        label = vector["purpose"]
        same(f"{label}: ikm", chain.derive(label, secrets[parents[label]]).hex(), vector["ikm"])
        private, public = derive_key_pair(bytes.fromhex(vector["ikm"]))
        same(f"{label}: pair", (private.hex(), public.hex()), (vector["private"], vector["public"]))

    wrapped = {"session": ("account", "account key"), "password": ("account", "account key"),
               "api-token": ("account", "account key"),
               "custody": ("account", "account key"), "grant-control": ("home", "control key"),
               "device-key": ("device", "device key"), "upload-device-key": ("device", "device key"), "member": ("home", "member key"),
               "grant-home": ("home", "home key"), "invitation-control": ("home", "control key"),
               "invitation-home": ("home", "home key"), "grant-share": ("home", "share key"),
               "invitation-share": ("home", "share key")}
    for vector in vectors["wraps"]:
        label = vector["purpose"]
        seen.append(label)
        parent, context = secrets[parents[label]], chain.context(label)
        sealed, plaintext = bytes.fromhex(vector["sealed"]), bytes.fromhex(vector["plaintext"])
        same(f"{label}: parent", parent.hex(), vector["parent"])
        same(f"{label}: context", context.hex(), vector["context"])
        if label in wrapped:
            kind, key = wrapped[label]
            same(f"{label}: plaintext", bytes([chain.codes[kind]]) + chain.values[kind] + secrets[key], plaintext)
        same(f"{label}: opened", wrap_open(parent, context, sealed), plaintext)
        same(f"{label}: sealed", wrap_seal(parent, context, plaintext, bytes.fromhex(vector["salt"])), sealed)
        refused(f"{label}: another parent", lambda: wrap_open(bytes(32), context, sealed))
        refused(f"{label}: another context", lambda: wrap_open(parent, flipped(context, -1), sealed))
        for at in (0, 1, 33, 49, len(sealed) - 1):
            refused(f"{label}: byte {at}", lambda: wrap_open(parent, context, flipped(sealed, at)))

    recipients = {"event": ("camera private key", "device PSK", "device"),
                  "configuration": ("device private key", "device key", "device"),
                  "look-report": ("camera private key", "device PSK", "device"),
                  "grant-control-away": ("account private key", "member key", "grant"),
                  "grant-home-away": ("account private key", "member key", "grant"),
                  "grant-share-away": ("account private key", "member key", "grant")}
    for vector in vectors["hpke"]:
        label = vector["purpose"]
        seen.append(label)
        private, psk = (secrets[name] for name in recipients[label][:2])
        psk_id, info = chain.values[recipients[label][2]], chain.context(label)
        same(f"{label}: inputs", [value.hex() for value in (psk, psk_id, info)],
             [vector[name] for name in ("psk", "psk_id", "info")])
        encapsulation, sealed = bytes.fromhex(vector["encapsulation"]), bytes.fromhex(vector["sealed"])
        plaintext = bytes.fromhex(vector["plaintext"])
        same(f"{label}: opened", hpke_open(private, psk, psk_id, info, encapsulation, sealed), plaintext)
        public = public_of(X25519PrivateKey.from_private_bytes(private))
        same(f"{label}: public", public.hex(), vector["public"])
        ikm = bytes.fromhex(vector["ephemeral_ikm"])
        same(f"{label}: sealed", hpke_seal(public, psk, psk_id, info, plaintext, ikm), (encapsulation, sealed))
        refused(f"{label}: PSK", lambda: hpke_open(private, bytes(32), psk_id, info, encapsulation, sealed))
        refused(f"{label}: psk_id", lambda: hpke_open(private, psk, bytes(16), info, encapsulation, sealed))
        refused(f"{label}: info", lambda: hpke_open(private, psk, psk_id, info + b"x", encapsulation, sealed))
        refused(f"{label}: recipient", lambda: hpke_open(b"\x40" * 32, psk, psk_id, info, encapsulation, sealed))
    same("event: plaintext", vectors["hpke"][0]["plaintext"], secrets["event key"].hex())
    for vector, key in zip(vectors["hpke"][-3:], ("control key", "home key", "share key"), strict=True):
        expected = bytes([chain.codes["home"]]) + chain.values["home"] + secrets[key]
        same(f"{vector['purpose']}: plaintext", vector["plaintext"], expected.hex())
    check_share(vectors, chain, secrets)
    check_configuration(json.loads(bytes.fromhex(next(vector for vector in vectors["hpke"] if vector["purpose"] == "configuration")["plaintext"])), chain, secrets)

    for vector in vectors["tags"]:
        label, message = vector["purpose"], bytes.fromhex(vector["message"])
        key = chain.derive(label, secrets[parents[label]])
        same(f"{label}: tag", mac(key, message).hex(), vector["tag"])
        if label == "pairing-answer":
            same(f"{label}: public key", message[:32], secrets["device public key"])
    same("session: find", hashlib.sha256(secrets["server half"]).hexdigest(), vectors["session_find"])
    find = chain.derive("pairing-find", secrets["pairing code"])
    same("pairing: find", hashlib.sha256(find).hexdigest(), vectors["pairing_find_hash"])
    same("purposes", sorted(seen), sorted(chain.fields))


def check_share(vectors, chain, secrets):
    contents = next(vector for vector in vectors["wraps"] if vector["purpose"] == "share-contents")
    place = b"".join(chain.values[name] for name in ("camera", "tenure", "home epoch", "camera epoch"))
    expected = struct.pack(">I", 1) + place + secrets["camera secret"]
    same("share-contents: secrets", bytes.fromhex(contents["plaintext"])[:len(expected)], expected)


def check_configuration(configuration, chain, secrets):
    def key(text):
        return base64.urlsafe_b64decode(text + "=")

    def id_(text):
        return bytes.fromhex(text.replace("-", ""))

    same("configuration: fields", set(configuration), {
        "installation", "home", "device", "serial", "next_device_key", "report_key", "cameras", "tests"})
    same("configuration: home", id_(configuration["home"]), chain.values["home"])
    same("configuration: serial", struct.pack(">Q", configuration["serial"]), chain.values["serial"])
    same("configuration: report key", key(configuration["report_key"]),
         chain.derive("device-report", secrets["home key"]))
    camera_fields = {"camera", "tenure", "home_epoch", "camera_epoch", "camera_key", "psk", "source", "sensitivity"}
    for camera in configuration["cameras"] + configuration["tests"]:
        same("camera: fields", set(camera) - {"test"}, camera_fields)
        same("camera: id", id_(camera["camera"]), chain.values["camera"])
        same("camera: key", key(camera["camera_key"]), secrets["camera public key"])
        same("camera: psk", key(camera["psk"]), secrets["device PSK"])
    same("configuration: tests", ["test" in camera for camera in configuration["tests"]], [True])


# Sealed objects.

def open_stream(key, data, stream):
    if len(stream) < 56 or stream[0] != 40:
        raise Refused("malformed")
    salt, prefix = stream[1:33], stream[33:40]
    key = hkdf(key, salt, data)
    ends = list(range(SEGMENT, len(stream), SEGMENT)) + [len(stream)]
    out, start = b"", 40
    for number, end in enumerate(ends):
        nonce = prefix + struct.pack(">I", number) + bytes([end == len(stream)])
        out += gcm_open(key, nonce, stream[start:end], b"")
        start = end
    return out


def open_object(object_, chain, secrets):
    header = object_[:232]
    fields = struct.unpack(">4sB3s16s16s16s16sII16s16sq32s48s32s", header)
    (magic, version, zeros, installation, home, camera, tenure, home_epoch, camera_epoch, device, event, start,
     encapsulation, wrapped, tag) = fields
    if (magic, version, zeros) != (b"OWNS", VERSION, bytes(3)) or 0 in (home_epoch, camera_epoch):
        raise Refused("malformed header")
    values = chain.values
    asked = [chain.installation] + [values[name] for name in ("home", "camera", "tenure", "home epoch", "camera epoch")]
    if asked != [installation, home, camera, tenure, struct.pack(">I", home_epoch), struct.pack(">I", camera_epoch)]:
        raise Refused("mix-up")
    psk = chain.derive("device-psk", secrets["camera secret"], device=device)
    if mac(chain.derive("header-tag", psk), header[:200]) != tag:
        raise Refused("header tag")

    trailer_length = struct.unpack(">I", object_[-4:])[0]
    trailer = object_[-trailer_length:]
    magic, version, label, source, count, ended_at = struct.unpack(">4sBBBBq", trailer[:16])
    if magic != b"OWNT" or version != VERSION or trailer_length != 52 + 17 * count or count == 0:
        raise Refused("malformed trailer")
    tagged = trailer[:16 + 17 * count]
    if mac(chain.derive("trailer-tag", psk), tag + tagged) != trailer[16 + 17 * count:-4]:
        raise Refused("trailer tag")

    info = chain.context("event", device=device, event=event, time=struct.pack(">q", start))
    event_key = hpke_open(secrets["camera private key"], psk, device, info, encapsulation, wrapped)
    sections, next_, last_kind = [], 232, 0
    for number in range(count):
        kind, offset, length = struct.unpack(">BQQ", tagged[16 + 17 * number:33 + 17 * number])
        if offset != next_ or kind <= last_kind:
            raise Refused("malformed directory")
        next_, last_kind = offset + length, kind
        key = chain.derive("section", event_key, section_kind=bytes([kind]))
        sections.append((kind, open_stream(key, header + bytes([kind]), object_[offset:next_])))
    if next_ + trailer_length != len(object_):
        raise Refused("malformed directory")
    return event_key, label, source, ended_at, sections


def check_object(vector, chain, secrets):
    same("object: private key", secrets["camera private key"].hex(), vector["camera_private_key"])
    same("object: psk", secrets["device PSK"].hex(), vector["device_psk"])
    object_ = base64.b64decode(vector["object"])
    event_key, label, source, ended_at, sections = open_object(object_, chain, secrets)
    same("object: event key", event_key.hex(), vector["event_key"])
    same("object: label", (label, source), (LABELS[vector["label"]], LABEL_SOURCES[vector["label_source"]]))
    same("object: end", ended_at, vector["ended_at"])
    expected = [(SECTION_KINDS[section["kind"]], bytes.fromhex(section["plaintext"])) for section in vector["sections"]]
    same("object: sections", sections, expected)
    motion = dict(sections)[SECTION_KINDS["motion"]]
    began, ended, width, height, frames, count = struct.unpack(">IIHHII", motion[4:24])
    same("motion: head", (motion[:4], began, ended, width, height, frames, len(motion)),
         (b"\x01\x00\x00\x00", 3000, 9100, 768, 576, 120, 24 + 5 * count))
    same("motion: samples", list(struct.iter_unpack(">IB", motion[24:])), [(0, 0), (3000, 17), (6000, 255), (9100, 3)])
    # The last four bytes are left out: here they say where the trailer begins, and it is found by them.
    for at in range(len(object_) - 4):
        refused(f"object: byte {at}", lambda: open_object(flipped(object_, at), chain, secrets))


def main():
    vectors = json.loads((TESTDATA / "key-chain.json").read_text(encoding="utf-8"))
    chain = KeyChain(vectors["inputs"])
    secrets = secrets_of(chain, vectors["inputs"])
    check_key_chain(vectors, chain, secrets)
    check_object(json.loads((TESTDATA / "sealed-object.json").read_text(encoding="utf-8")), chain, secrets)
    print(f"{len(chain.fields)} purposes and one sealed object: {CHECKS} checks, all as the vectors say")


if __name__ == "__main__":
    main()
