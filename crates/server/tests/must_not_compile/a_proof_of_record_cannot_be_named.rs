use ownsight_ledger::Recorded;

fn main() {}
