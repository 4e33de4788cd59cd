//! The master key's file: in the configuration folder, for its owner only, never in the data folder.

pub(crate) mod rotation;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ownsight_seal::MasterKey;
use zeroize::Zeroizing;

const FILE_NAME: &str = "master.key";

pub(crate) fn path(configuration: &Path) -> PathBuf {
    configuration.join(FILE_NAME)
}

/// Reads the master key; makes one if there is none and `may_make` says that no database needs another.
pub(crate) fn load(configuration: &Path, may_make: bool) -> anyhow::Result<MasterKey> {
    let path = path(configuration);
    match fs::metadata(&path) {
        Ok(metadata) => {
            if metadata.permissions().mode() & 0o077 != 0 {
                bail!("others may read the master key {0}: run `chmod 600 {0}`", path.display());
            }
            let text = fs::read_to_string(&path).map(Zeroizing::new);
            let text = text.with_context(|| format!("cannot read the master key {}", path.display()))?;
            parse(&text).with_context(|| {
                format!(
                    "the master key {} is not 64 hexadecimal digits: write it anew from the recovery sheet",
                    path.display()
                )
            })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !may_make {
                bail!(
                    "the master key {} is missing: run `ownsight master-key restore` and type the 64 hexadecimal digits of the recovery sheet",
                    path.display()
                );
            }
            make(configuration, &path)
        }
        Err(error) => {
            Err(error).with_context(|| format!("cannot look for the master key {}", path.display()))
        }
    }
}

/// The key of these 64 hexadecimal digits, as people copy them from paper: in groups, in lines, in capitals.
pub(crate) fn parse(text: &str) -> Option<MasterKey> {
    let digits: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|digit| !digit.is_whitespace()).collect());
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map(Zeroizing::new).ok()?;
    let bytes: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(MasterKey::from_bytes(bytes))
}

/// A key as its file has it.
fn line(key: &MasterKey) -> Zeroizing<String> {
    Zeroizing::new(HEXLOWER.encode(key.expose()) + "\n")
}

fn make(configuration: &Path, path: &Path) -> anyhow::Result<MasterKey> {
    let key = MasterKey::generate();
    write(configuration, path, &key)?;
    Ok(key)
}

/// Written aside, synced, then renamed: a key that a database was made with is never half there.
pub(crate) fn write(configuration: &Path, path: &Path, key: &MasterKey) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(configuration)?;
        let aside = path.with_extension("new");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(line(key).as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        fs::File::open(configuration)?.sync_all()
    };
    write().with_context(|| format!("cannot write the master key {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let made = load(folder.path(), true).unwrap();
        let read = load(folder.path(), false).unwrap();
        assert_eq!(made.expose(), read.expose());
    }

    #[test]
    fn a_key_is_read_as_it_was_copied_from_paper() {
        let folder = tempfile::tempdir().unwrap();
        let made = load(folder.path(), true).unwrap();
        let digits = HEXLOWER.encode(made.expose()).to_uppercase();
        let groups: Vec<_> =
            digits.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect();
        fs::write(path(folder.path()), format!(" {}\r\n{}\n", groups[..8].join(" "), groups[8..].join(" ")))
            .unwrap();
        assert_eq!(load(folder.path(), false).unwrap().expose(), made.expose());
        fs::write(path(folder.path()), groups[..15].join(" ")).unwrap();
        assert!(load(folder.path(), false).unwrap_err().to_string().contains("64 hexadecimal digits"));
    }

    #[test]
    fn a_missing_key_of_an_existing_database_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let error = load(folder.path(), false).unwrap_err();
        assert!(error.to_string().contains("recovery sheet"), "{error}");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        load(folder.path(), true).unwrap();
        fs::set_permissions(path(folder.path()), fs::Permissions::from_mode(0o640)).unwrap();
        let error = load(folder.path(), true).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}
