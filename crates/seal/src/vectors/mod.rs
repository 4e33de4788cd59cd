//! Golden vectors of the key chain and of a sealed object, and the table of purposes in the document.
//!
//! All inputs are fixed, and so is what is otherwise random; each value comes from the code that the product uses, or
//! is opened by it. `OWNSIGHT_BLESS=1 cargo test -p ownsight-seal vectors` writes the files anew: after a release
//! nothing in them may change. `scripts/check-vectors.py` derives and opens all of it without this crate.

pub(crate) mod inputs;
mod key_chain;
mod object;
mod table;

use std::{env, fs, path::Path};

use data_encoding::HEXLOWER;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

/// Asserts that a file of the repository holds this text, or writes it when `OWNSIGHT_BLESS` is 1.
fn assert_golden(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var("OWNSIGHT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&file, text).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{path} is not what the code makes; OWNSIGHT_BLESS=1 writes it anew");
}
