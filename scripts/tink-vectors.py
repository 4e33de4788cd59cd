#!/usr/bin/env python3
"""Test vectors of sealed streams, exchanged with Tink (https://developers.google.com/tink).

Tink is an independent implementation of the wire format that crates/seal/src/stream has. Three commands:

  make    Tink seals new streams: crates/seal/testdata/tink/tink-<segment size>.json.
  record  Our example tink_vectors seals new streams and Tink opens each of them:
          crates/seal/testdata/tink/ownsight-<segment size>.json.
  verify  Changes nothing. Tink opens streams that our example seals now, and every committed stream that is kept
          whole. Fails unless all of them open, and unless each is refused with its last bit flipped, with other
          associated data and without its last segment.

Each vector has its key, associated data, header, and length and SHA-256 of plaintext and stream; streams up to
STREAM_KEPT_MAX bytes are kept whole. The rest can be made again from key, header and plaintext: sealing is
deterministic once the header is given, and `cargo test -p ownsight-seal` does so with every vector.

Set-up: python3 -m venv V && V/bin/pip install -r scripts/requirements-tink.txt, then V/bin/python scripts/tink-vectors.py.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
from importlib import metadata

import tink
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTDATA = ROOT / "crates" / "seal" / "testdata" / "tink"
STREAM_KEPT_MAX = 70_000
HEADER_LEN = 40
TAG_LEN = 16
TYPE_URL = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
PATTERN = "byte i is (31 i + 7) mod 251"


def pattern(length):
    """The plaintext of every vector of this length."""
    period = bytes((31 * i + 7) % 251 for i in range(251))
    return (period * (length // 251 + 1))[:length]


def template(segment_size):
    """A key template of this segment size: Tink's own where it has one."""
    templates = streaming_aead.streaming_aead_key_templates
    named = {4096: templates.AES256_GCM_HKDF_4KB, 1 << 20: templates.AES256_GCM_HKDF_1MB}
    if segment_size in named:
        return named[segment_size]
    key_format = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat(key_size=32)
    fill_params(key_format.params, segment_size)
    return tink_pb2.KeyTemplate(
        type_url=TYPE_URL, value=key_format.SerializeToString(), output_prefix_type=tink_pb2.RAW)


def fill_params(params, segment_size):
    params.ciphertext_segment_size = segment_size
    params.derived_key_size = 32
    params.hkdf_hash_type = common_pb2.SHA256


def key_of(handle, segment_size):
    """The 32 bytes of a handle's one key, after checking that it is of the kind that we use."""
    written = io.BytesIO()
    cleartext_keyset_handle.write(tink.BinaryKeysetWriter(written), handle)
    keyset = tink_pb2.Keyset.FromString(written.getvalue())
    (entry,) = keyset.key
    assert entry.output_prefix_type == tink_pb2.RAW and entry.key_data.type_url == TYPE_URL
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey.FromString(entry.key_data.value)
    expected = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams()
    fill_params(expected, segment_size)
    assert key.params == expected and len(key.key_value) == 32
    return key.key_value


def handle_of(key_value, segment_size):
    """A handle of one key whose bytes are given."""
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=key_value)
    fill_params(key.params, segment_size)
    keyset = tink_pb2.Keyset(primary_key_id=1)
    keyset.key.add(
        key_data=tink_pb2.KeyData(
            type_url=TYPE_URL, value=key.SerializeToString(), key_material_type=tink_pb2.KeyData.SYMMETRIC),
        status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    return cleartext_keyset_handle.read(tink.BinaryKeysetReader(keyset.SerializeToString()))


class KeptOpen(io.BytesIO):
    """Tink closes what it writes to; the bytes are still wanted."""

    def close(self):
        pass


def tink_seal(handle, associated_data, plaintext):
    out = KeptOpen()
    primitive = handle.primitive(streaming_aead.StreamingAead)
    with primitive.new_encrypting_stream(out, associated_data) as sealing:
        sealing.write(plaintext)
    return out.getvalue()


def tink_open(handle, associated_data, stream):
    primitive = handle.primitive(streaming_aead.StreamingAead)
    with primitive.new_decrypting_stream(io.BytesIO(stream), associated_data) as opening:
        return opening.read()


def tink_refuses(handle, associated_data, stream):
    try:
        tink_open(handle, associated_data, stream)
    except (tink.TinkError, OSError):
        return True
    return False


def lengths(segment_size):
    first = segment_size - HEADER_LEN - TAG_LEN
    second = first + segment_size - TAG_LEN
    third = second + segment_size - TAG_LEN
    return [
        ("empty", 0),
        ("one byte", 1),
        ("one before the first border", first - 1),
        ("at the first border", first),
        ("one after the first border", first + 1),
        ("one before the second border", second - 1),
        ("at the second border", second),
        ("one after the second border", second + 1),
        ("three segments and 777 bytes", third + 777),
    ]


def vector(name, key, associated_data, plaintext, stream):
    made = {
        "name": name,
        "key": key.hex(),
        "associated_data": associated_data.hex(),
        "plaintext_len": len(plaintext),
        "plaintext_sha256": hashlib.sha256(plaintext).hexdigest(),
        "header": stream[:HEADER_LEN].hex(),
        "stream_len": len(stream),
        "stream_sha256": hashlib.sha256(stream).hexdigest(),
    }
    if len(stream) <= STREAM_KEPT_MAX:
        made["stream"] = base64.b64encode(stream).decode()
    return made


def write(sealed_by, opened_by, segment_size, vectors):
    content = {
        "sealed_by": sealed_by,
        "opened_by": opened_by,
        "format": "Tink streaming AEAD, AES-GCM-HKDF: AES-256, HKDF-SHA-256, output prefix RAW",
        "segment_size": segment_size,
        "plaintext": PATTERN,
        "vectors": vectors,
    }
    name = "tink" if sealed_by.startswith("tink") else "ownsight"
    path = TESTDATA / f"{name}-{segment_size}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path.relative_to(ROOT)}: {len(vectors)} vectors, {path.stat().st_size} bytes")


def tink_version():
    return f"tink {metadata.version('tink')} (Python)"


def make():
    for segment_size in (4096, 65536, 1 << 20):
        vectors = []
        for number, (name, length) in enumerate(lengths(segment_size)):
            handle = tink.new_keyset_handle(template(segment_size))
            associated_data = (b"", b"section", bytes(i % 256 for i in range(300)))[number % 3]
            plaintext = pattern(length)
            stream = tink_seal(handle, associated_data, plaintext)
            vectors.append(vector(name, key_of(handle, segment_size), associated_data, plaintext, stream))
        write(tink_version(), "ownsight-seal, by its test", segment_size, vectors)


def our_streams():
    """What our example seals now."""
    command = ["cargo", "run", "--quiet", "--package", "ownsight-seal", "--example", "tink_vectors"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=1800)
    return json.loads(done.stdout)


def check(segment_size, made):
    """Has Tink open one whole stream, and refuse it changed."""
    handle = handle_of(bytes.fromhex(made["key"]), segment_size)
    associated_data = bytes.fromhex(made["associated_data"])
    stream = base64.b64decode(made["stream"])
    name = f"{segment_size}, {made['name']}"
    plaintext = pattern(made["plaintext_len"])
    assert hashlib.sha256(stream).hexdigest() == made["stream_sha256"], f"{name}: another stream"
    assert tink_open(handle, associated_data, stream) == plaintext, f"{name}: another plaintext"
    flipped = stream[:-1] + bytes([stream[-1] ^ 1])
    assert tink_refuses(handle, associated_data, flipped), f"{name}: opened with a flipped bit"
    assert tink_refuses(handle, associated_data + b"x", stream), f"{name}: opened with other associated data"
    segments = -(-len(stream) // segment_size)
    if segments > 1:
        cut = stream[:(segments - 1) * segment_size]
        assert tink_refuses(handle, associated_data, cut), f"{name}: opened without its last segment"


def record():
    for group in our_streams():
        segment_size = group["segment_size"]
        vectors = []
        for made in group["vectors"]:
            check(segment_size, made)
            vectors.append(vector(
                made["name"], bytes.fromhex(made["key"]), bytes.fromhex(made["associated_data"]),
                pattern(made["plaintext_len"]), base64.b64decode(made["stream"])))
        write("ownsight-seal", tink_version(), segment_size, vectors)


def verify():
    fresh = 0
    for group in our_streams():
        for made in group["vectors"]:
            check(group["segment_size"], made)
            fresh += 1
    assert fresh == 27, f"{fresh} streams were sealed"
    print(f"{tink_version()} opened {fresh} of {fresh} streams sealed now")
    whole, long = 0, 0
    for path in sorted(TESTDATA.glob("*.json")):
        group = json.loads(path.read_text())
        for made in group["vectors"]:
            if "stream" in made:
                check(group["segment_size"], made)
                whole += 1
            else:
                long += 1
    assert whole >= 28, f"{whole} committed streams are whole"
    print(f"and {whole} committed ones; {long} are kept by digest only, which the Rust test makes again")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("make", "record", "verify"))
    command = parser.parse_args().command
    os.makedirs(TESTDATA, exist_ok=True)
    streaming_aead.register()
    {"make": make, "record": record, "verify": verify}[command]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
