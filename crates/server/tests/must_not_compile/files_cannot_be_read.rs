use ownsight_vault::Vault;

fn main() {}
