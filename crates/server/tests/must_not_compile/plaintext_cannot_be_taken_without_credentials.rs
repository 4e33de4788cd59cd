use bytes::Bytes;
use ownsight_gate::Chunk;

fn take(chunk: Chunk) -> Bytes {
    chunk.bytes
}

fn main() {}
