use ownsight_gate::Credentials;

fn steal(theirs: &Credentials) -> Credentials {
    Credentials { secret: theirs.secret.clone() }
}

fn main() {}
