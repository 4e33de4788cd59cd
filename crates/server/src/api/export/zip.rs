//! Archives as they are written: stored entries, whose length and checksum are known before their first byte (APPNOTE.TXT 6.3.10,
//! sections 4.3 and 4.5.3). So there are no data descriptors, which readers that stream cannot follow behind stored bytes.
//!
//! This makes the bytes around what is archived; who calls writes both, in order.

use ownsight_model::Timestamp;

/// Made on Unix, by version 4.5 of the format.
const MADE_BY: u16 = 0x032d;
/// Readers need version 2.0, and 4.5 where a number does not fit into 32 bits.
const NEEDED: u16 = 20;
const NEEDED_LARGE: u16 = 45;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// A plain file that its owner may write and everybody read.
const FILE_MODE: u32 = 0o100_644 << 16;
/// The mark of what stands in its 64-bit field instead.
const LARGE: u32 = u32::MAX;
const MANY: u16 = u16::MAX;

/// A file in an archive: what is known of it before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Its path, with `/` between its parts.
    pub(super) name: String,
    pub(super) modified: Timestamp,
    /// Less than 4 GiB.
    pub(super) length: u32,
    pub(super) crc: u32,
}

/// An archive that is being written.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// Bytes written so far.
    written: u64,
    /// The directory's entries.
    directory: Vec<u8>,
    files: u64,
}

/// A file whose bytes are being written. It is in the archive once it is [kept](Archive::keep).
#[derive(Debug)]
pub(super) struct Begun {
    file: File,
    offset: u64,
}

impl Archive {
    /// What stands before a file's bytes, which follow now: exactly so many as the file has.
    pub(super) fn begin(&mut self, file: File) -> (Vec<u8>, Begun) {
        let mut out = Vec::with_capacity(64 + file.name.len());
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(NEEDED.to_le_bytes());
        put_common(&mut out, &file);
        let extra = extra(&file, None);
        put_lengths(&mut out, &file, &extra);
        out.extend(file.name.as_bytes());
        out.extend(extra);
        let begun = Begun { offset: self.written, file };
        self.written += out.len() as u64 + u64::from(begun.file.length);
        (out, begun)
    }

    /// Takes a file whose bytes were all written into the directory. One that is not taken is not in the archive.
    pub(super) fn keep(&mut self, begun: Begun) {
        let Begun { file, offset } = begun;
        let far = u32::try_from(offset).ok().filter(|offset| *offset != LARGE);
        let out = &mut self.directory;
        out.extend(0x0201_4b50_u32.to_le_bytes());
        out.extend(MADE_BY.to_le_bytes());
        out.extend(if far.is_some() { NEEDED } else { NEEDED_LARGE }.to_le_bytes());
        put_common(out, &file);
        let extra = extra(&file, if far.is_some() { None } else { Some(offset) });
        put_lengths(out, &file, &extra);
        // No comment, first disk, binary.
        out.extend([0; 6]);
        out.extend(FILE_MODE.to_le_bytes());
        out.extend(far.unwrap_or(LARGE).to_le_bytes());
        out.extend(file.name.as_bytes());
        out.extend(extra);
        self.files += 1;
    }

    /// The directory and the end.
    pub(super) fn finish(self) -> Vec<u8> {
        let Self { written, directory: mut out, files } = self;
        let (length, end) = (out.len() as u64, written + out.len() as u64);
        let small = |number: u64| u32::try_from(number).ok().filter(|number| *number != LARGE);
        let few = u16::try_from(files).ok().filter(|files| *files != MANY);
        let (short, near) = (small(length), small(written));
        if few.is_none() || short.is_none() || near.is_none() {
            out.extend(0x0606_4b50_u32.to_le_bytes());
            // What follows this field.
            out.extend(44_u64.to_le_bytes());
            out.extend(MADE_BY.to_le_bytes());
            out.extend(NEEDED_LARGE.to_le_bytes());
            out.extend([0; 8]);
            out.extend(files.to_le_bytes());
            out.extend(files.to_le_bytes());
            out.extend(length.to_le_bytes());
            out.extend(written.to_le_bytes());
            out.extend(0x0706_4b50_u32.to_le_bytes());
            out.extend([0; 4]);
            out.extend(end.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
        }
        out.extend(0x0605_4b50_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(few.unwrap_or(MANY).to_le_bytes());
        out.extend(few.unwrap_or(MANY).to_le_bytes());
        out.extend(short.unwrap_or(LARGE).to_le_bytes());
        out.extend(near.unwrap_or(LARGE).to_le_bytes());
        out.extend([0; 2]);
        out
    }
}

/// Flags, method, time, checksum and lengths: the same before a file and in the directory.
fn put_common(out: &mut Vec<u8>, file: &File) {
    out.extend(FLAGS.to_le_bytes());
    // Stored.
    out.extend([0; 2]);
    out.extend(dos_time(file.modified));
    out.extend(file.crc.to_le_bytes());
    out.extend(file.length.to_le_bytes());
    out.extend(file.length.to_le_bytes());
}

fn put_lengths(out: &mut Vec<u8>, file: &File, extra: &[u8]) {
    // Names are made in `names`, of a few hundred bytes at most.
    out.extend(u16::try_from(file.name.len()).unwrap_or(MANY).to_le_bytes());
    out.extend(u16::try_from(extra.len()).unwrap_or(MANY).to_le_bytes());
}

/// The offset that does not fit into 32 bits, and the time in UTC, which the format's own field does not say.
fn extra(file: &File, offset: Option<u64>) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    if let Some(offset) = offset {
        out.extend(1_u16.to_le_bytes());
        out.extend(8_u16.to_le_bytes());
        out.extend(offset.to_le_bytes());
    }
    if let Ok(seconds) = u32::try_from(file.modified.as_micros().div_euclid(1_000_000)) {
        out.extend(0x5455_u16.to_le_bytes());
        out.extend(5_u16.to_le_bytes());
        out.push(1);
        out.extend(seconds.to_le_bytes());
    }
    out
}

/// A moment in UTC as two numbers of 16 bits: time in steps of 2 s, then date. From 1980 to 2107; what lies outside is 1980.
fn dos_time(at: Timestamp) -> [u8; 4] {
    let moment = utc(at);
    let part = |number: i8| u16::try_from(number).unwrap_or_default();
    let (date, time) = match u16::try_from(moment.year() - 1980) {
        Ok(years) if years < 128 => (
            years << 9 | part(moment.month()) << 5 | part(moment.day()),
            part(moment.hour()) << 11 | part(moment.minute()) << 5 | (part(moment.second()) / 2),
        ),
        _ => (1 << 5 | 1, 0),
    };
    let [t0, t1] = time.to_le_bytes();
    let [d0, d1] = date.to_le_bytes();
    [t0, t1, d0, d1]
}

/// A moment's date and time in UTC; what no calendar has is 1970.
pub(super) fn utc(at: Timestamp) -> jiff::civil::DateTime {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    jiff::tz::TimeZone::UTC.to_datetime(at)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    fn file(name: &str, bytes: &[u8]) -> File {
        let modified = Timestamp::from_micros(1_708_041_601_000_000);
        let length = u32::try_from(bytes.len()).unwrap();
        File { name: name.to_owned(), modified, length, crc: crc32fast::hash(bytes) }
    }

    fn add(out: &mut Vec<u8>, archive: &mut Archive, name: &str, bytes: &[u8]) {
        let (head, begun) = archive.begin(file(name, bytes));
        out.extend(head);
        out.extend(bytes);
        archive.keep(begun);
    }

    #[test]
    fn another_implementation_reads_what_was_written() {
        let (mut out, mut archive) = (Vec::new(), Archive::default());
        let long = vec![7; 100_000];
        let contents: [(&str, &[u8]); 3] = [("Für Anna.txt", b"hello"), ("empty", b""), ("a/b/c.bin", &long)];
        for (name, bytes) in contents {
            add(&mut out, &mut archive, name, bytes);
        }
        out.extend(archive.finish());
        let mut read = zip::ZipArchive::new(Cursor::new(out)).unwrap();
        assert_eq!(read.len(), 3);
        for (at, (name, bytes)) in contents.into_iter().enumerate() {
            let mut file = read.by_index(at).unwrap();
            assert_eq!(file.name().unwrap(), name);
            assert_eq!(file.compression(), zip::CompressionMethod::Stored);
            let time = file.last_modified().unwrap();
            assert_eq!((time.year(), time.month(), time.day()), (2024, 2, 16));
            assert_eq!((time.hour(), time.minute(), time.second()), (0, 0, 0));
            let mut found = Vec::new();
            // To its end: its checksum is compared then.
            file.read_to_end(&mut found).unwrap();
            assert_eq!(found, bytes);
        }
    }

    #[test]
    fn what_is_not_kept_is_not_in_the_archive() {
        let (mut out, mut archive) = (Vec::new(), Archive::default());
        let (head, _) = archive.begin(file("gone", b"12345"));
        out.extend(head);
        out.extend([0; 5]);
        add(&mut out, &mut archive, "kept", b"here");
        out.extend(archive.finish());
        let mut read = zip::ZipArchive::new(Cursor::new(out)).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read.by_name("kept").unwrap().size(), 4);
    }

    /// A file of bytes of which only some were written: what lies between is as if it were there.
    struct Sparse {
        parts: Vec<(u64, Vec<u8>)>,
        length: u64,
        at: u64,
    }

    impl std::io::Read for Sparse {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX).min(out.len());
            for (offset, byte) in (self.at..).zip(&mut out[..left]) {
                let part = self.parts.iter().rfind(|(begin, _)| *begin <= offset);
                let found = part.and_then(|(begin, bytes)| bytes.get((offset - begin) as usize));
                *byte = found.copied().unwrap_or_default();
            }
            self.at += left as u64;
            Ok(left)
        }
    }

    impl std::io::Seek for Sparse {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.at = match to {
                std::io::SeekFrom::Start(at) => at,
                std::io::SeekFrom::End(by) => self.length.checked_add_signed(by).unwrap(),
                std::io::SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
            };
            Ok(self.at)
        }
    }

    #[test]
    fn more_than_4_gib_and_more_than_65_535_files_are_read_too() {
        let mut archive = Archive::default();
        let mut parts = Vec::new();
        let large = File { length: 3 << 30, crc: 0, ..file("large", b"") };
        for number in 0..2 {
            let at = archive.written;
            let (head, begun) = archive.begin(File { name: format!("large {number}"), ..large.clone() });
            parts.push((at, head));
            archive.keep(begun);
        }
        let many = 70_000;
        for number in 0..many {
            let at = archive.written;
            let (mut head, begun) = archive.begin(file(&format!("{number}"), b"small"));
            head.extend(b"small");
            parts.push((at, head));
            archive.keep(begun);
        }
        let at = archive.written;
        assert!(at > 6 << 30);
        let end = archive.finish();
        let length = at + end.len() as u64;
        parts.push((at, end));
        // Only what is read is looked for: the directory, and two files.
        let last = parts.split_off(parts.len() - 2);
        let parts = parts.into_iter().take(2).chain(last).collect();
        let mut read = zip::ZipArchive::new(Sparse { parts, length, at: 0 }).unwrap();
        assert_eq!(read.len(), many + 2);
        assert_eq!(read.by_name("large 1").unwrap().size(), 3 << 30);
        let mut found = String::new();
        read.by_name(&format!("{}", many - 1)).unwrap().read_to_string(&mut found).unwrap();
        assert_eq!(found, "small");
    }

    #[test]
    fn times_outside_of_the_format_are_its_first() {
        for micros in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(dos_time(Timestamp::from_micros(micros)), [0, 0, 0x21, 0]);
        }
    }
}
