//! What a check finds.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use ownsight_vault::ObjectRef;

/// One disagreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The registry disagrees with itself.
    Registry {
        /// What it says.
        problem: String,
    },
    /// The registry knows an object that is not in the vault.
    Missing {
        /// The object.
        object: ObjectRef,
    },
    /// An object cannot be read.
    Unreadable {
        /// The object.
        object: ObjectRef,
        /// What the disk says.
        error: String,
    },
    /// The row's header does not have the form of one, or names something else than the row.
    BadRow {
        /// The object that the row names.
        object: ObjectRef,
        /// What is wrong.
        why: String,
    },
    /// The object is not what its row says.
    Differs {
        /// The object.
        object: ObjectRef,
        /// In what.
        what: Mismatch,
    },
    /// An object in the vault that the registry does not know. The next start sweeps it.
    Orphan {
        /// The object.
        object: ObjectRef,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A file or folder in the vault that it did not make.
    Stray {
        /// Relative to the vault's folder; empty beyond the first hundred.
        path: PathBuf,
    },
}

/// In what an object and its row differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The number of bytes.
    Length {
        /// The row's.
        row: u64,
        /// The object's.
        object: u64,
    },
    /// The header's bytes.
    Header,
    /// The object has no trailer that fits it.
    Trailer,
    /// The SHA-256. Looked at by a deep check only.
    Digest,
}

impl Finding {
    /// Its kind, for counts and programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "registry",
            Self::Missing { .. } => "missing",
            Self::Unreadable { .. } => "unreadable",
            Self::BadRow { .. } => "bad-row",
            Self::Differs { what: Mismatch::Length { .. }, .. } => "length-differs",
            Self::Differs { what: Mismatch::Header, .. } => "header-differs",
            Self::Differs { what: Mismatch::Trailer, .. } => "trailer-differs",
            Self::Differs { what: Mismatch::Digest, .. } => "digest-differs",
            Self::Orphan { .. } => "orphan",
            Self::Stray { .. } => "stray",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { problem } => write!(f, "the registry: {problem}"),
            Self::Missing { object } => write!(f, "{object} is not in the vault"),
            Self::Unreadable { object, error } => write!(f, "{object} cannot be read: {error}"),
            Self::BadRow { object, why } => write!(f, "the row of {object} is damaged: {why}"),
            Self::Differs { object, what: Mismatch::Length { row, object: bytes } } => {
                write!(f, "{object} has {bytes} bytes, and its row says {row}")
            }
            Self::Differs { object, what: Mismatch::Header } => {
                write!(f, "{object} has another header than its row")
            }
            Self::Differs { object, what: Mismatch::Trailer } => {
                write!(f, "{object} does not end with a trailer that fits it")
            }
            Self::Differs { object, what: Mismatch::Digest } => {
                write!(f, "{object} is not the object that was delivered")
            }
            Self::Orphan { object, bytes } => {
                write!(f, "{object} ({bytes} bytes) is in the vault, and the registry does not know it")
            }
            Self::Stray { path } => write!(f, "`{}` in the vault is no object", path.display()),
        }
    }
}

/// What a check found.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// Objects that the registry knows.
    pub objects_in_registry: u64,
    /// Objects that lie in the vault.
    pub objects_in_vault: u64,
    /// Their bytes.
    pub bytes_in_vault: u64,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// How many there are of each kind, those that are not named included.
    pub counts: BTreeMap<&'static str, u64>,
    findings_max: usize,
}

impl CheckReport {
    pub(super) fn new(findings_max: usize) -> Self {
        Self {
            objects_in_registry: 0,
            objects_in_vault: 0,
            bytes_in_vault: 0,
            findings: Vec::new(),
            counts: BTreeMap::new(),
            findings_max,
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        *self.counts.entry(finding.kind()).or_default() += 1;
        if self.findings.len() < self.findings_max {
            self.findings.push(finding);
        }
    }

    /// Whether registry and vault agree in everything.
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }
}
