//! Copying a folder with what is in it, while somebody may work there.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;

use super::{copy_file, make_folder};

/// Folders in folders; deeper ones are nobody's.
const DEPTH_MAX: usize = 16;

/// Copies files and folders, and nothing else. What goes away meanwhile is left out.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy(from, to, 0)
}

/// Copies the files of each folder in a folder once more, and no folder in those.
pub(crate) fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot list {}", from.display());
    let entries = match std::fs::read_dir(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(cannot)?,
    };
    for entry in entries {
        let entry = entry.with_context(cannot)?;
        copy(&entry.path(), &to.join(entry.file_name()), DEPTH_MAX)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, depth: usize) -> anyhow::Result<()> {
    let entries = match std::fs::read_dir(from) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        entries => entries.with_context(|| format!("cannot list {}", from.display()))?,
    };
    make_folder(to)?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if depth == DEPTH_MAX {
                continue;
            }
            copy(&source, &target, depth + 1)?;
        } else if kind.is_file()
            && let Err(error) = copy_file(&source, &target)
            && source.exists()
        {
            return Err(error);
        }
    }
    Ok(())
}
