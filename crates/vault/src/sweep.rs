//! Removing what the registry does not know: objects of deliveries that were cut off between the vault's
//! commit and the registry's, and of deletions whose last step a crash took back.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ownsight_disk::EntryKind;

use crate::delete::Deletion;
use crate::layout::TEMPORARY;
use crate::store::Store;
use crate::{ObjectRef, SweepError, Visited};

/// What a sweep found and did.
#[derive(Debug, Default)]
pub struct SweepReport {
    /// What lies in the vault.
    pub visited: Visited,
    /// Objects that the registry does not know.
    pub orphans: usize,
    /// Of those: more than the limit, so that none was removed. The registry is probably an older copy, or
    /// another vault's; `ownsight check` shows the difference.
    pub too_many: bool,
    /// Erased durably.
    pub erased: usize,
    /// Not erased: in use, or the disk failed. The next sweep tries again.
    pub failed: usize,
    /// Empty folders that were removed.
    pub folders_removed: usize,
}

impl Store {
    /// Erases what is not known. What is being delivered meanwhile is not touched: an object is asked for once
    /// more when its claim is held.
    pub(crate) fn sweep<E>(
        &self,
        mut known: impl FnMut(&ObjectRef) -> Result<bool, E>,
    ) -> Result<SweepReport, SweepError<E>> {
        let orphans_max = self.config.sweep_orphans_max;
        let mut orphans = Vec::new();
        let mut found = 0_usize;
        let walked = self.walk(|stored| {
            match known(&stored.object) {
                Ok(true) => {}
                Ok(false) => {
                    found += 1;
                    if orphans.len() < orphans_max {
                        orphans.push(stored.object);
                    }
                }
                Err(error) => return ControlFlow::Break(error),
            }
            ControlFlow::Continue(())
        });
        let visited = match walked.map_err(SweepError::Disk)? {
            (_, Some(error)) => return Err(SweepError::Registry(error)),
            (visited, None) => visited,
        };
        let mut report =
            SweepReport { visited, orphans: found, too_many: found > orphans_max, ..SweepReport::default() };
        if report.too_many {
            tracing::error!(
                orphans = found,
                orphans_max,
                "too many objects that the registry does not know: none was removed"
            );
            return Ok(report);
        }
        for object in orphans {
            let Ok(claim) = self.claims.claim(object) else {
                report.failed += 1;
                continue;
            };
            if known(&object).map_err(SweepError::Registry)? {
                report.orphans -= 1;
                continue;
            }
            let mut deletion = Deletion::default();
            self.delete_claimed(&[claim], &mut deletion);
            report.erased += deletion.erased;
            report.failed += deletion.failed.len();
        }
        self.remove_empty_folders(Path::new(""), 0, &mut report).map_err(SweepError::Disk)?;
        Ok(report)
    }

    /// Removes the empty folders below this one, the deepest first.
    fn remove_empty_folders(
        &self,
        folder: &Path,
        depth: usize,
        report: &mut SweepReport,
    ) -> Result<(), ownsight_disk::DiskError> {
        const DEPTH_MAX: usize = 3;
        if depth == DEPTH_MAX {
            return Ok(());
        }
        let inner: Vec<PathBuf> = self
            .entries(folder)?
            .into_iter()
            .filter(|(path, kind)| *kind == EntryKind::Folder && path != Path::new(TEMPORARY))
            .map(|(path, _)| path)
            .collect();
        for path in inner {
            self.remove_empty_folders(&path, depth + 1, report)?;
            report.folders_removed += usize::from(self.remove_if_empty(&path)?);
        }
        Ok(())
    }
}
