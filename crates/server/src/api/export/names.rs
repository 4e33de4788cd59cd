//! Names in an archive: such as every file system takes, each once.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;

use ownsight_model::CameraId;

/// Most characters of a folder's name.
const CHARACTERS_MAX: usize = 80;
/// Names that Windows keeps for itself, whatever stands behind a dot.
const KEPT: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The names that an archive has so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    folders: HashMap<CameraId, String>,
    /// Of whole paths in lower case, as some file systems tell no case: a number each, so that a million cost little.
    used: HashSet<u64>,
    hasher: RandomState,
}

impl Names {
    /// The folder of a camera.
    pub(super) fn folder(&mut self, camera: CameraId, name: &str) -> String {
        let Self { folders, used, hasher } = self;
        match folders.entry(camera) {
            Entry::Occupied(folder) => folder.get().clone(),
            Entry::Vacant(place) => {
                place.insert(free(used, hasher, |number| numbered(&plain(name), number))).clone()
            }
        }
    }

    /// A path without ending that no other file has, whatever its ending.
    pub(super) fn file(&mut self, folder: &str, name: &str) -> String {
        free(&mut self.used, &self.hasher, |number| format!("{folder}/{}", numbered(name, number)))
    }
}

fn free(used: &mut HashSet<u64>, hasher: &RandomState, make: impl Fn(u32) -> String) -> String {
    let mut number = 1;
    loop {
        let name = make(number);
        // Two names of one number in 2^64 cost one of them a number behind it.
        if used.insert(hasher.hash_one(name.to_lowercase())) {
            return name;
        }
        number += 1;
    }
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 { name.to_owned() } else { format!("{name} {number}") }
}

/// A camera's name as a folder's: what some file system refuses becomes `_`.
fn plain(name: &str) -> String {
    let kept =
        |letter: char| if letter.is_control() || "/\\:*?\"<>|".contains(letter) { '_' } else { letter };
    let name: String = name.chars().take(CHARACTERS_MAX).map(kept).collect();
    let name = name.trim_matches(|letter: char| letter.is_whitespace() || letter == '.');
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    match name {
        "" => "Camera".to_owned(),
        name if KEPT.contains(&stem.as_str()) => format!("_{name}"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_as_every_file_system_takes() {
        for (name, expected) in [
            ("Front door", "Front door"),
            ("Hof: links/rechts?", "Hof_ links_rechts_"),
            ("..", "Camera"),
            ("../../etc", "_.._etc"),
            (" . ", "Camera"),
            ("nul", "_nul"),
            ("Com1.cam", "_Com1.cam"),
            ("Comet", "Comet"),
            ("a\u{0}b\nc", "a_b_c"),
            ("Küche.", "Küche"),
        ] {
            assert_eq!(plain(name), expected, "{name:?}");
        }
        assert_eq!(plain(&"x".repeat(500)).len(), CHARACTERS_MAX);
        for bytes in 0..=u16::MAX {
            let name = String::from_utf8_lossy(&bytes.to_be_bytes()).into_owned();
            let plain = plain(&name);
            assert!(!plain.is_empty() && plain != "." && plain != "..", "{name:?}");
            assert!(!plain.contains(['/', '\\', '\0']), "{name:?}");
        }
    }

    #[test]
    fn each_name_is_there_once() {
        let mut names = Names::default();
        let cameras = [CameraId::generate(), CameraId::generate(), CameraId::generate()];
        assert_eq!(names.folder(cameras[0], "Yard"), "Yard");
        assert_eq!(names.folder(cameras[1], "YARD"), "YARD 2");
        assert_eq!(names.folder(cameras[0], "Yard"), "Yard", "a camera has one folder");
        assert_eq!(names.folder(cameras[2], "YARD 2"), "YARD 2 2");
        assert_eq!(names.file("Yard", "at_noon"), "Yard/at_noon");
        assert_eq!(names.file("Yard", "at_noon"), "Yard/at_noon 2");
        assert_eq!(names.file("YARD 2", "at_noon"), "YARD 2/at_noon");
    }
}
