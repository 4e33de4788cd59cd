//! What answers the network can name no constructor of a key, of plaintext, or of the proof that an opening is on
//! record. Each file of `must_not_compile` shows one of these; `README.md` beside them says how to look at a change.
//!
//! They see what this crate sees: its dependencies, and nothing behind them.

use std::process::Command;

/// The compiler whose words are in the expected errors.
const RUST: &str = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");

#[test]
fn the_http_layer_can_make_no_key_no_plaintext_and_no_proof() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("a compiler");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.starts_with(RUST) {
        assert!(
            std::env::var_os("OWNSIGHT_REQUIRE_TOOLS").is_none(),
            "expected errors are in the words of {RUST}x, and this is {version}"
        );
        eprintln!("left out: expected errors are in the words of {RUST}x, and this is {version}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/must_not_compile/*.rs");
}
