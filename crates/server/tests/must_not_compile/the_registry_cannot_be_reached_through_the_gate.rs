use ownsight_gate::Gate;

fn reach(gate: &Gate) {
    let _ = gate.registry();
}

fn main() {}
