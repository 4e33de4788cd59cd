use ownsight_gate::{Credentials, Gate};

async fn record(gate: &Gate, who: &Credentials) {
    let _ = gate.record(who).await;
}

fn main() {}
