use ownsight_gate::MediaStream;

fn forge(mut stream: MediaStream, other: MediaStream) -> MediaStream {
    stream.section = other.section;
    stream
}

fn main() {}
