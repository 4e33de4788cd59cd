use ownsight_registry::Registry;

fn main() {}
