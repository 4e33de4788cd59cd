"""Plain uploads: bodies that are signed, and the smallest files that are what they claim to be."""
import hashlib
import hmac
import json
import os
import time
import uuid

SECOND = 1_000_000
THUMBNAIL = bytes.fromhex("ffd8" "ffc0000b" "0800090010" "01011100" "ffda0008" "0101" "00003f00" "1234ffd9")


def box(kind, payload):
    return (len(payload) + 8).to_bytes(4, "big") + kind + payload


def clip(data_bytes):
    """The smallest MP4 that is one, with so much data."""
    entry = bytearray(78)
    entry[24:28] = bytes([2, 128, 1, 224])
    stsd = bytes([0, 0, 0, 0, 0, 0, 0, 1]) + box(b"avc1", bytes(entry))
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    track = box(b"trak", box(b"mdia", handler + box(b"minf", box(b"stbl", box(b"stsd", stsd)))))
    return box(b"ftyp", b"isom\0\0\x02\0isomavc1") + box(b"moov", track) + box(b"mdat", os.urandom(data_bytes))


def signed(signing_key, thumbnail, video, started_at=None):
    """A new event of twelve seconds, that began at `started_at` (microseconds) or has just ended: its id, and the body."""
    line = {"event": str(uuid.uuid4()), "started_at": started_at or time.time_ns() // 1000 - 12 * SECOND, "duration_ms": 12000,
            "thumbnail_bytes": len(thumbnail), "clip_bytes": len(video)}
    body = json.dumps(line).encode() + b"\n" + thumbnail + video
    return line["event"], body + hmac.new(bytes.fromhex(signing_key), body, hashlib.sha256).digest()
