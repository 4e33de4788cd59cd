use ownsight_gate::Gate;

fn reach(gate: &Gate) {
    let _ = gate.master();
}

fn main() {}
