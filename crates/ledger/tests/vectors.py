#!/usr/bin/env python3
"""Writes the golden vectors of the ledger's encoding, from the layout in src/encoding.rs and src/chain.rs."""
import hashlib
import pathlib
import struct

KIND = {"installation": 1, "home": 2, "account": 3, "camera": 4, "event": 7, "session": 9, "lockdown": 11}
FOLDER = pathlib.Path(__file__).parent / "vectors"


def an_id(kind, number):
    return bytes([KIND[kind]]) + bytes([number]) * 16


def event(number):
    return an_id("camera", number) + an_id("event", number + 1)


def head(sequence, action):
    ids = an_id("account", 0xA1) + an_id("session", 0xA2) + an_id("home", 0xA3)
    return struct.pack(">BQq", 1, sequence, 1708041600000000) + ids + struct.pack(">BH", 1, action)


def text(words):
    encoded = words.encode()
    return struct.pack(">H", len(encoded)) + encoded


def notice(sequence, home, who, step):
    begin = struct.pack(">BQq", 2, sequence, 1708041600000000) + an_id("lockdown", 0xB1)
    return begin + b"\x02" + bytes([home]) * 16 + text(who) + step


def link(before, entry):
    return hashlib.sha256(b"ownsight ledger entry v1\0" + before + entry).digest()


def main():
    FOLDER.mkdir(exist_ok=True)
    start = hashlib.sha256(b"ownsight ledger start v1\0" + an_id("installation", 0x11)).digest()
    thumbnail = head(1, 2) + event(1)
    listed = head(2, 1) + struct.pack(">I", 2) + event(1) + event(3) + struct.pack(">I", 1) + an_id("camera", 5)
    first = link(start, thumbnail)
    vectors = {
        "start.hex": start,
        "thumbnail.hex": thumbnail,
        "thumbnail.hash": first,
        "list.hex": listed,
        "list.hash": link(first, listed),
        "begun.hex": notice(3, 1, "jo", bytes([1, 1 | 8]) + text("Wrong pictures were seen. Grüße")),
        "export.hex": head(5, 9) + event(1),
        "lifted.hex": notice(4, 1, "jo", bytes([2])),
    }
    for name, value in vectors.items():
        (FOLDER / name).write_text(value.hex() + "\n")


if __name__ == "__main__":
    main()
