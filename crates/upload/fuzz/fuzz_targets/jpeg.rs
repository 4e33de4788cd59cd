//! Thumbnails that are uploaded: the verdict is the same however they are cut into portions, and what is taken ends as a JPEG.

#![no_main]

use ownsight_upload::jpeg::{Fault, JpegCheck};

fn check(picture: &[u8], portion: usize) -> Result<(), Fault> {
    let mut check = JpegCheck::default();
    picture.chunks(portion).try_for_each(|portion| check.take(portion))?;
    check.end()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((portion, picture)) = bytes.split_first() else { return };
    let whole = check(picture, usize::MAX);
    assert_eq!(whole, check(picture, usize::from(*portion).max(1)));
    if whole.is_ok() {
        assert!(picture.starts_with(&[0xff, 0xd8, 0xff]) && picture.ends_with(&[0xff, 0xd9]));
    }
});
