//! Which file an object lies in.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use ownsight_model::{CameraId, EventId, HomeId};

/// Where objects are written before they are whole.
pub(crate) const TEMPORARY: &str = ".temporary";
/// In that folder: what is written to see whether the disk takes anything. Objects' files there are named by numbers.
pub(crate) const TRIAL: &str = "trial";
/// The file that is given up when the disk is full.
pub(crate) const RESERVE: &str = ".reserve";
/// Digits of the event id that name the innermost folder: of a UUIDv7, 2^28 ms or 3.1 days in one folder.
const SHARD_DIGITS: usize = 5;
const SUFFIX: &str = ".own";

/// An object's name. Events are told apart by camera and event id: the event id is chosen by a device, so two
/// cameras may have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The home that the footage is of.
    pub home: HomeId,
    /// The camera.
    pub camera: CameraId,
    /// The event.
    pub event: EventId,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} of camera {} in home {}", self.event, self.camera, self.home)
    }
}

impl ObjectRef {
    /// The folder in which its file stands.
    pub(crate) fn folder(&self) -> PathBuf {
        let event = self.event.to_string();
        let shard = event.get(..SHARD_DIGITS).unwrap_or(&event);
        [&self.home.to_string(), &self.camera.to_string(), shard].iter().collect()
    }

    /// Its file, in the vault's folder.
    pub fn file(&self) -> PathBuf {
        let mut path = self.folder();
        path.push(format!("{}{SUFFIX}", self.event));
        path
    }

    /// The object that lies in this file, if the name is exactly what [`Self::file`] gives.
    pub fn from_file(path: &Path) -> Option<Self> {
        let mut names = path.iter().map(OsStr::to_str);
        let home = names.next()??.parse().ok()?;
        let camera = names.next()??.parse().ok()?;
        let _shard = names.next()??;
        let event = names.next()??.strip_suffix(SUFFIX)?.parse().ok()?;
        let object = Self { home, camera, event };
        (object.file() == path).then_some(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> ObjectRef {
        ObjectRef {
            home: "0192f3c4-0000-7000-8000-000000000001".parse().unwrap(),
            camera: "0192f3c4-0000-7000-8000-000000000002".parse().unwrap(),
            event: "0192f3c4-0000-7000-8000-0000000000ab".parse().unwrap(),
        }
    }

    #[test]
    fn the_file_names_home_camera_and_event() {
        let expected = "0192f3c4-0000-7000-8000-000000000001/0192f3c4-0000-7000-8000-000000000002/0192f/\
                        0192f3c4-0000-7000-8000-0000000000ab.own";
        assert_eq!(object().file(), Path::new(expected));
        assert_eq!(ObjectRef::from_file(Path::new(expected)), Some(object()));
    }

    #[test]
    fn other_names_are_no_objects() {
        let file = object().file().to_str().unwrap().to_owned();
        let others = [
            file.replace(".own", ""),
            file.replace("/0192f/", "/01930/"),
            file.replace("ab.own", "AB.own"),
            format!("{file}/x"),
            "lost+found".to_owned(),
        ];
        for other in others {
            assert_eq!(ObjectRef::from_file(Path::new(&other)), None, "{other}");
        }
    }
}
