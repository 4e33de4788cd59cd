use ownsight_gate::MediaStream;

fn forge(mut stream: MediaStream, other: MediaStream) -> MediaStream {
    stream.opener = other.opener;
    stream
}

fn main() {}
