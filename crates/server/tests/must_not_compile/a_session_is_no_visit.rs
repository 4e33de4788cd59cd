use ownsight_gate::{Credentials, Gate};

async fn look(gate: &Gate, who: &Credentials) {
    let _ = gate.visit_lockdowns(who).await;
}

fn main() {}
