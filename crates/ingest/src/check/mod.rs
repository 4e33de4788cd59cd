//! Comparing the registry with the vault: every disagreement, each as a finding with its kind.
//!
//! Nothing is changed. Without a key only form and agreement can be looked at: whether an object opens is the
//! gate's to say. For a vault that is at rest; beside a running server an event that comes or goes meanwhile is
//! looked at a second time before it is a finding.

mod finding;
mod objects;

use std::ops::ControlFlow;
use std::path::PathBuf;

use ownsight_registry::{Registry, RegistryError};
use ownsight_vault::{ObjectRef, StoreError, Vault};
use tokio::runtime::Handle;

use crate::sweep::is_known;

pub use finding::{CheckReport, Finding, Mismatch};

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOptions {
    /// Read every object as a whole and compare its SHA-256: takes as long as reading the disk.
    pub deep: bool,
    /// Findings that are named; those beyond are counted.
    pub findings_max: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { deep: false, findings_max: 10_000 }
    }
}

/// Why a check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The registry does not answer.
    #[error("the registry does not answer")]
    Registry(#[source] RegistryError),
    /// The vault's disk does not answer.
    #[error("the vault cannot be listed")]
    Vault(#[source] StoreError),
}

/// Looks at the registry by itself, at each object that it names, and at each object that lies in the vault.
///
/// Memory does not depend on the number of objects. Cancel-safe: a dropped call changes nothing; the walk through
/// the vault goes on in its thread until its next object.
pub async fn run(
    registry: &Registry,
    vault: &Vault,
    options: CheckOptions,
) -> Result<CheckReport, CheckError> {
    let mut report = CheckReport::new(options.findings_max);
    for problem in registry.self_check().await.map_err(CheckError::Registry)? {
        report.add(Finding::Registry { problem });
    }
    objects::from_the_registry(registry, vault, options.deep, &mut report).await?;
    from_the_vault(registry, vault, &mut report).await?;
    Ok(report)
}

/// Finds the objects that the registry does not know, and what is no object.
async fn from_the_vault(
    registry: &Registry,
    vault: &Vault,
    report: &mut CheckReport,
) -> Result<(), CheckError> {
    let (asked, runtime) = (registry.clone(), Handle::current());
    let (found, mut orphans) = tokio::sync::mpsc::channel::<Result<(ObjectRef, u64), RegistryError>>(64);
    let walk = vault.visit(move |stored| {
        let told = match runtime.block_on(is_known(&asked, stored.object)) {
            Ok(true) => return ControlFlow::Continue(()),
            Ok(false) => found.blocking_send(Ok((stored.object, stored.len))),
            Err(error) => {
                let _ = found.blocking_send(Err(error));
                return ControlFlow::Break(());
            }
        };
        // Nobody listens any more.
        if told.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let listen = async {
        let mut failed = None;
        while let Some(orphan) = orphans.recv().await {
            match orphan {
                Ok((object, bytes)) => report.add(Finding::Orphan { object, bytes }),
                Err(error) => failed = Some(error),
            }
        }
        failed
    };
    let (visited, failed) = tokio::join!(walk, listen);
    if let Some(error) = failed {
        return Err(CheckError::Registry(error));
    }
    let visited = visited.map_err(CheckError::Vault)?;
    report.objects_in_vault = visited.objects;
    report.bytes_in_vault = visited.bytes;
    let named = visited.stray_paths.len() as u64;
    for path in visited.stray_paths {
        report.add(Finding::Stray { path });
    }
    for _ in named..visited.strays {
        report.add(Finding::Stray { path: PathBuf::new() });
    }
    Ok(())
}
