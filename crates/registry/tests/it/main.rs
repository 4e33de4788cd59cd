//! The suite that every engine must pass, run on SQLite, and what only a database file can show.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a panic")]

mod file;
mod sqlite {
    use ownsight_registry::{Registry, RegistryOptions};

    fn empty() -> (Registry, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let registry =
            Registry::open(folder.path().join("registry.sqlite"), RegistryOptions::default()).unwrap();
        (registry, folder)
    }

    ownsight_registry::conformance_suite!(empty);
}
