use ownsight_seal::AccountKey;

fn main() {
    let _ = AccountKey::generate();
}
