use ownsight_gate::{Gate, OperatorCredentials};
use ownsight_model::EventId;

async fn look(gate: &Gate, operator: &OperatorCredentials, event: EventId) {
    let _ = gate.event(operator, event).await;
}

fn main() {}
