use ownsight_gate::Credentials;

fn forge() -> Credentials {
    Credentials { secret: panic!() }
}

fn main() {}
