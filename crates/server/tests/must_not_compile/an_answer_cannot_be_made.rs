use ownsight_gate::{Answer, Credentials};

fn forge(who: &Credentials) -> Answer<&'static str> {
    Answer::new(who, "somebody else's")
}

fn main() {}
