use ownsight_gate::{Credentials, Gate};
use ownsight_model::HomeId;

async fn ask(gate: &Gate, who: &Credentials, home: HomeId) {
    // A home where an event is expected: ids of two kinds are not exchanged.
    let _ = gate.event(who, home).await;
}

fn main() {}
