//! Clips that are uploaded: the verdict is the same however they are cut into portions, and nothing of another length is taken.

#![no_main]

use ownsight_upload::mp4::{Fault, Mp4Check};

fn check(clip: &[u8], length: usize, portion: usize) -> Result<(), Fault> {
    let mut check = Mp4Check::new(length as u64);
    clip.chunks(portion).try_for_each(|portion| check.take(portion))?;
    check.end()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((portion, clip)) = bytes.split_first() else { return };
    let whole = check(clip, clip.len(), usize::MAX);
    assert_eq!(whole, check(clip, clip.len(), usize::from(*portion).max(1)));
    if let Some(shorter) = clip.len().checked_sub(1) {
        assert!(check(&clip[..shorter], clip.len(), usize::MAX).is_err(), "one byte is missing");
        assert!(
            whole.is_err() || check(clip, clip.len() + 1, usize::MAX).is_err(),
            "it was said to be longer"
        );
    }
});
