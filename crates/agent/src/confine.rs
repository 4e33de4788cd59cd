//! Confinement: takes from the process all files but its own folder and what any program needs to run.
//!
//! Landlock (Linux 5.19 and later, where it is switched on) restricts the calling thread and what it starts later;
//! so this comes first in `main`, before a runtime makes threads, and long before the first byte from a camera.
//! The network is not restricted: cameras are where the home has them.

use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// The newest interface that is asked for. What a kernel does not have of it is left out, and said.
const WANTED: ABI = ABI::V6;

/// Needed by any program that makes connections: its libraries, the names of hosts, authorities' certificates, time.
const READ_ONLY: [&str; 16] = [
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/dev/urandom",
];

/// What the kernel starts a program with, by architecture: to be started, too.
const LOADERS: [&str; 6] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-armhf.so.3",
    "/lib/ld-linux-riscv64-lp64d.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// What else is on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbours {
    /// The server, whose configuration folder (often below `/etc`) holds the master key. A name service whose
    /// `/etc/resolv.conf` is replaced later is then not noticed before the agent's next start.
    Server,
    /// Nothing of Ownsight: all of `/etc` may be read.
    None,
}

/// What was taken from this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confinement {
    /// Only these can be reached.
    Enforced {
        /// Can be read and written.
        folder: PathBuf,
        /// Can be read. Those that are missing here are left out.
        read_only: Vec<PathBuf>,
        /// The only program that can be started, which decodes H.265 and makes sound AAC under the same confinement; `None`: no program.
        starts: Option<PathBuf>,
        /// Whether the kernel knew everything that was asked for.
        completely: bool,
    },
    /// Nothing was taken: why.
    Unavailable {
        /// For people.
        why: String,
    },
}

/// Confines the calling thread, and all threads that it makes later, to an agent's folder (made if missing).
///
/// Never fails: what cannot be enforced is said. Must be called before other threads exist, which it cannot check.
pub fn confine(folder: &Path, neighbours: Neighbours) -> Confinement {
    let confinement = try_confine(folder, neighbours).unwrap_or_else(|why| Confinement::Unavailable { why });
    match &confinement {
        Confinement::Enforced { .. } => tracing::info!("{confinement}"),
        Confinement::Unavailable { .. } => tracing::warn!("{confinement}"),
    }
    confinement
}

fn try_confine(folder: &Path, neighbours: Neighbours) -> Result<Confinement, String> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| format!("the agent's folder cannot be made: {error}"))?;
    // The queue renames between folders, which the first version of Landlock always denies.
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::Refer)
        .and_then(Ruleset::create)
        .map_err(|_| {
            "the kernel has no Landlock, or one before Linux 5.19, or it is switched off".to_owned()
        })?;
    let read_only: Vec<PathBuf> = READ_ONLY
        .iter()
        .chain((neighbours == Neighbours::None).then_some(&"/etc"))
        .map(PathBuf::from)
        .filter(|path| path.exists())
        .collect();
    let starts = ownsight_camera::find_ffmpeg();
    let status = restrict(folder, &read_only, starts.as_deref())
        .map_err(|error| format!("the kernel refused: {error}"))?;
    match status {
        RulesetStatus::NotEnforced => Err("the kernel enforces nothing of it".to_owned()),
        status => Ok(Confinement::Enforced {
            folder: folder.to_path_buf(),
            read_only,
            starts,
            completely: status == RulesetStatus::FullyEnforced,
        }),
    }
}

fn restrict(
    folder: &Path,
    read_only: &[PathBuf],
    starts: Option<&Path>,
) -> Result<RulesetStatus, RulesetError> {
    let loaders = LOADERS.iter().map(Path::new).filter(|_| starts.is_some());
    let started = starts.into_iter().chain(loaders).filter(|path| path.exists());
    let own: BitFlags<AccessFs> = AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?
        .add_rules(path_beneath_rules([folder], own))?
        .add_rules(path_beneath_rules(read_only, AccessFs::ReadFile | AccessFs::ReadDir))?
        .add_rules(path_beneath_rules(started, AccessFs::ReadFile | AccessFs::Execute))?
        .restrict_self()?;
    Ok(status.ruleset)
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enforced { folder, read_only, starts, completely } => {
                write!(f, "confined by Landlock: writes only in {}, reads only ", folder.display())?;
                for (place, path) in read_only.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", path.display())?;
                }
                match starts {
                    Some(program) => write!(f, "; starts no program but {}", program.display())?,
                    None => f.write_str("; starts no programs")?,
                }
                f.write_str("; the network is not restricted")?;
                if *completely {
                    Ok(())
                } else {
                    f.write_str("; this kernel knows only a part of what was asked for")
                }
            }
            Self::Unavailable { why } => write!(f, "not confined: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::net::UdpSocket;
    use std::process::Stdio;

    use super::*;

    #[test]
    fn only_its_own_folder_is_left() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secret = other.path().join("master.key");
        fs::write(&secret, "secret").unwrap();
        let folder = own.path().join("agent");
        // Threads are confined one by one: this one is, the other tests' are not.
        let inside = std::thread::spawn({
            let (folder, secret) = (folder.clone(), secret.clone());
            move || {
                let confinement = confine(&folder, Neighbours::Server);
                fs::create_dir(folder.join("sealing")).unwrap();
                fs::create_dir(folder.join("queue")).unwrap();
                fs::write(folder.join("sealing/1"), "object").unwrap();
                fs::rename(folder.join("sealing/1"), folder.join("queue/1")).unwrap();
                fs::remove_file(folder.join("queue/1")).unwrap();
                let read = fs::read(&secret).map_err(|error| error.kind());
                // Cameras that send by UDP: two ports of this machine, and a packet through them.
                let ports = [0, 0].map(|port| UdpSocket::bind(("127.0.0.1", port)).unwrap());
                ports[0].send_to(b"frame", ports[1].local_addr().unwrap()).unwrap();
                assert_eq!(ports[1].recv_from(&mut [0; 8]).unwrap().0, 5);
                let started = std::process::Command::new("/bin/true").status().map_err(|error| error.kind());
                // Its output is a pipe: in here there is no `/dev/null`.
                let decoder = ownsight_camera::find_ffmpeg().map(|program| {
                    let ran =
                        std::process::Command::new(program).arg("-version").stdin(Stdio::piped()).output();
                    ran.is_ok_and(|output| output.status.success() && !output.stdout.is_empty())
                });
                (confinement, read, started.map(|status| status.success()), decoder)
            }
        });
        let (confinement, read, started, decoder) = inside.join().unwrap();
        assert_ne!(decoder, Some(false), "what decodes H.265 can be started");
        match confinement {
            Confinement::Enforced { .. } => {
                assert_eq!(read, Err(ErrorKind::PermissionDenied));
                assert_eq!(started, Err(ErrorKind::PermissionDenied));
                assert!(confinement.to_string().contains("reads only"), "{confinement}");
            }
            Confinement::Unavailable { .. } => {
                eprintln!("SKIPPED what Landlock denies: {confinement}");
                assert_eq!(read.unwrap(), b"secret");
                assert!(confinement.to_string().starts_with("not confined: "), "{confinement}");
            }
        }
        assert_eq!(fs::read(&secret).unwrap(), b"secret", "this thread is as it was");
    }
}
