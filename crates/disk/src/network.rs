//! Whether a folder lies on a network file system, on which SQLite's locks and syncs cannot be trusted.

use std::io;
use std::path::Path;

/// File systems of the kernel that are shared over a network, by the `f_type` that Linux gives them.
#[cfg(target_os = "linux")]
const NETWORK: [(u32, &str); 10] = [
    (0x0000_6969, "nfs"),
    (0x0000_517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x5346_414f, "afs"),
    (0x7375_7245, "coda"),
    (0x00c3_6400, "ceph"),
    (0x0102_1997, "9p"),
    (0x0bd0_0bd0, "lustre"),
    (0x7461_636f, "ocfs2"),
];

/// The network file system on which this path lies, such as `nfs`; `None` for a local one.
///
/// File systems in user space (sshfs, but also many local ones) all look alike and count as local, and so does
/// everything on systems other than Linux. Blocks: a dead NFS server can take long to answer.
pub fn network_filesystem(path: &Path) -> io::Result<Option<&'static str>> {
    #[cfg(target_os = "linux")]
    {
        // The kernel's number has 32 bits; its field is wider and signed on some machines.
        let kind = rustix::fs::statfs(path)?.f_type as u32;
        Ok(NETWORK.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name))
    }
    #[cfg(not(target_os = "linux"))]
    {
        path.metadata().map(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_folder_is_not_on_the_network() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(network_filesystem(folder.path()).unwrap(), None);
        assert!(network_filesystem(&folder.path().join("missing")).is_err());
    }
}
