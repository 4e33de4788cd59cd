//! A pairing that is over, set aside so that its folder can have another. What was not delivered stays there, sealed; nobody
//! can open it on this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ownsight_model::DeviceId;

const FOLDER: &str = "former";

/// The folder's contents, set aside.
#[derive(Debug)]
pub(crate) struct Former {
    folder: PathBuf,
    aside: PathBuf,
}

impl Former {
    /// Moves what the folder holds into `former/<device>` in it. Blocks on the disk.
    pub(crate) fn set_aside(folder: &Path, device: DeviceId) -> io::Result<Self> {
        let aside = folder.join(FOLDER).join(device.to_string());
        fs::create_dir_all(&aside)?;
        move_all(folder, &aside)?;
        Ok(Self { folder: folder.to_path_buf(), aside })
    }

    /// Puts it back, after the new pairing did not come about.
    pub(crate) fn put_back(self) -> io::Result<()> {
        move_all(&self.aside, &self.folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.aside
    }
}

fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() != FOLDER {
            fs::rename(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_aside_comes_back_whole_and_stays_apart_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| {
            fs::create_dir_all(folder.path().join("queue")).unwrap();
            fs::write(folder.path().join("queue/one"), text).unwrap();
        };
        let read = || fs::read_to_string(folder.path().join("queue/one")).ok();
        write("first");
        let first = Former::set_aside(folder.path(), DeviceId::generate()).unwrap();
        assert_eq!(read(), None);
        first.put_back().unwrap();
        assert_eq!(read().as_deref(), Some("first"));
        let first = Former::set_aside(folder.path(), DeviceId::generate()).unwrap();
        write("second");
        let second = Former::set_aside(folder.path(), DeviceId::generate()).unwrap();
        let of = |former: &Former| fs::read_to_string(former.path().join("queue/one")).unwrap();
        assert_eq!((of(&first), of(&second)), ("first".to_owned(), "second".to_owned()));
    }
}
