//! Streams in files: sealed through `Write`, read through `Read` and `Seek`, at any place in the file.

use std::{
    fs::File,
    io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write},
};

use ownsight_seal::stream::{HEADER_LEN, SegmentSize, StreamError, StreamKey, StreamReader, StreamSealer};

use crate::{key, plaintext, sealed, small};

fn stream_error(error: &io::Error) -> Option<StreamError> {
    error.get_ref().and_then(|source| source.downcast_ref::<StreamError>()).copied()
}

fn reader(stream: &[u8], key: &StreamKey) -> io::Result<StreamReader<Cursor<Vec<u8>>>> {
    StreamReader::new(Cursor::new(stream.to_vec()), 0..stream.len() as u64, key, b"thumbnail", small())
}

#[test]
fn a_file_with_two_sections_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("object");
    let size = SegmentSize::KIB_64;
    let (thumbnail, clip) = (plaintext(40_000), plaintext(300_000));

    let mut file = File::create(&path).unwrap();
    file.write_all(b"object header").unwrap();
    let mut sealer = StreamSealer::new(file, &key(1), b"thumbnail", size).unwrap();
    io::copy(&mut &thumbnail[..], &mut sealer).unwrap();
    let (file, first) = sealer.finish().unwrap();
    let mut sealer = StreamSealer::new(file, &key(2), b"clip", size).unwrap();
    io::copy(&mut &clip[..], &mut sealer).unwrap();
    let (mut file, second) = sealer.finish().unwrap();
    file.write_all(b"trailer").unwrap();
    drop(file);

    assert_eq!((first.plaintext, second.plaintext), (40_000, 300_000));
    let start = 13;
    let middle = start + first.ciphertext;
    let end = middle + second.ciphertext;
    assert_eq!(std::fs::metadata(&path).unwrap().len(), end + 7);

    let read = |range, key: &StreamKey, section: &[u8]| -> io::Result<Vec<u8>> {
        let mut reader = StreamReader::new(File::open(&path).unwrap(), range, key, section, size)?;
        let mut all = Vec::new();
        reader.read_to_end(&mut all)?;
        assert_eq!(all.len() as u64, reader.plaintext_len());
        Ok(all)
    };
    assert!(read(start..middle, &key(1), b"thumbnail").unwrap() == thumbnail);
    assert!(read(middle..end, &key(2), b"clip").unwrap() == clip);
    for (range, key, section) in [
        (start..middle, key(2), &b"clip"[..]),
        (middle..end, key(1), b"thumbnail"),
        (middle..end, key(2), b"thumbnail"),
        (start..end, key(1), b"thumbnail"),
        (middle..end + 7, key(2), b"clip"),
        (middle..end - 1, key(2), b"clip"),
    ] {
        let error = read(range, &key, section).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(matches!(stream_error(&error), Some(StreamError::NotAuthentic { .. })));
    }
    let error = read(middle..end + 100_000, &key(2), b"clip").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(stream_error(&error), None, "the file ends, the stream is not to blame");
}

#[test]
fn seeking_goes_anywhere_in_the_plaintext() {
    let plain = plaintext(500);
    let mut reader = reader(&sealed(500, small()), &key(1)).unwrap();
    for (to, position) in [
        (SeekFrom::Start(100), 100),
        (SeekFrom::Current(-41), 59),
        (SeekFrom::End(-1), 499),
        (SeekFrom::Start(0), 0),
        (SeekFrom::Start(23), 23),
        (SeekFrom::Start(24), 24),
        (SeekFrom::End(0), 500),
        (SeekFrom::End(10), 510),
        (SeekFrom::Start(u64::MAX), u64::MAX),
    ] {
        assert_eq!(reader.seek(to).unwrap(), position);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, plain.get(position as usize..).unwrap_or_default(), "{to:?}");
        reader.seek(SeekFrom::Start(position)).unwrap();
    }
    assert_eq!(reader.seek(SeekFrom::End(-501)).unwrap_err().kind(), ErrorKind::InvalidInput);
    reader.seek(SeekFrom::Start(3)).unwrap();
    assert_eq!(reader.seek(SeekFrom::Current(-4)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(reader.read(&mut []).unwrap(), 0);
    assert_eq!(reader.stream_position().unwrap(), 3);
}

#[test]
fn a_damaged_middle_is_an_error_there_and_nowhere_else() {
    let plain = plaintext(500);
    let mut stream = sealed(500, small());
    stream[2 * 80 + 5] ^= 1;
    let mut reader = reader(&stream, &key(1)).unwrap();
    let mut before = vec![0; 88];
    reader.read_exact(&mut before).unwrap();
    assert_eq!(before, plain[..88]);
    for _ in 0..2 {
        let mut byte = [0xee];
        let error = reader.read(&mut byte).unwrap_err();
        assert_eq!(stream_error(&error), Some(StreamError::NotAuthentic { segment: 2 }));
        assert_eq!(byte, [0xee]);
    }
    // What was at hand before the failure is read and opened again: its buffer was overwritten.
    reader.seek(SeekFrom::Start(24)).unwrap();
    let mut again = vec![0; 64];
    reader.read_exact(&mut again).unwrap();
    assert_eq!(again, plain[24..88]);
    reader.seek(SeekFrom::Start(152)).unwrap();
    let mut after = Vec::new();
    reader.read_to_end(&mut after).unwrap();
    assert_eq!(after, plain[152..]);
}

/// Counts what is read of it, and whether it was flushed.
#[derive(Default)]
struct Watched {
    inner: Cursor<Vec<u8>>,
    read: usize,
    flushed: usize,
}

impl Read for Watched {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.read += read;
        Ok(read)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed += 1;
        Ok(())
    }
}

#[test]
fn each_segment_is_read_once_however_little_is_asked_for() {
    let stream = sealed(500, small());
    let length = stream.len();
    let mut source = Watched { inner: Cursor::new(stream), ..Watched::default() };
    let mut reader =
        StreamReader::new(&mut source, 0..length as u64, &key(1), b"thumbnail", small()).unwrap();
    let mut byte = [0];
    for expected in plaintext(500) {
        reader.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [expected]);
    }
    drop(reader);
    // Beside the whole: the header, which is part of the first segment's place, and the last segment, which proves the length.
    assert!(source.read <= length + HEADER_LEN + 80, "{} of {length} bytes", source.read);
}

#[test]
fn flushing_reaches_the_writer() {
    let mut sealer = StreamSealer::new(Watched::default(), &key(1), b"thumbnail", small()).unwrap();
    sealer.write_all(&plaintext(100)).unwrap();
    sealer.flush().unwrap();
    let (watched, _) = sealer.finish().unwrap();
    assert_eq!(watched.flushed, 1);
}

#[test]
fn ranges_that_are_no_stream_are_errors() {
    let stream = sealed(10, small());
    let new = |range| {
        let source = Cursor::new(stream.clone());
        StreamReader::new(source, range, &key(1), b"thumbnail", small()).map(|_| ()).unwrap_err()
    };
    assert_eq!(stream_error(&new(std::ops::Range { start: 9, end: 3 })), Some(StreamError::OutOfRange));
    assert_eq!(stream_error(&new(0..55)), Some(StreamError::TooShort { len: 55, min: 56 }));
    assert_eq!(stream_error(&new(1..66)), Some(StreamError::BadHeader));
    assert_eq!(stream_error(&new(0..u64::MAX)), Some(StreamError::TooLong));
    assert_eq!(new(u64::MAX - 100..u64::MAX).kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn nothing_of_a_stream_is_written_before_there_is_plaintext_and_a_full_segment_waits() {
    let mut written = Vec::new();
    let mut sealer = StreamSealer::new(&mut written, &key(1), b"thumbnail", small()).unwrap();
    sealer.write_all(&plaintext(24)).unwrap();
    sealer.flush().unwrap();
    drop(sealer);
    assert_eq!(written.len(), HEADER_LEN, "the first segment is full and waits");

    let mut sealer = StreamSealer::new(Vec::new(), &key(1), b"thumbnail", small()).unwrap();
    sealer.write_all(&plaintext(25)).unwrap();
    let (written, lengths) = sealer.finish().unwrap();
    assert_eq!((written.len() as u64, lengths.segments), (lengths.ciphertext, 2));
}
