//! Copying a folder with what is in it, while somebody may work there.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;

use crate::files::{copy_file, make_folder};

/// Folders in folders; deeper ones are nobody's.
const DEPTH_MAX: usize = 16;

/// Copies files and folders, and nothing else. What goes away meanwhile is left out.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy(from, to, DEPTH_MAX)
}

/// The same of the files alone that lie there, or in a folder there.
pub(crate) fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy(from, to, 1)
}

/// With folders that lie so deep.
fn copy(from: &Path, to: &Path, depth: usize) -> anyhow::Result<()> {
    let cannot = || format!("cannot list {}", from.display());
    let entries = match std::fs::read_dir(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(cannot)?,
    };
    make_folder(to)?;
    for entry in entries {
        let entry = entry.with_context(cannot)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if let Some(depth) = depth.checked_sub(1) {
                copy(&source, &target, depth)?;
            }
        } else if kind.is_file()
            && let Err(error) = copy_file(&source, &target)
            && source.exists()
        {
            return Err(error);
        }
    }
    Ok(())
}
