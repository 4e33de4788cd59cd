//! What is cached here: bytes, as large as a thumbnail.

use bytes::Bytes;
use ownsight_cache::{Blob, Content, Key, Protection, Reason};

/// The size of a thumbnail.
pub const BYTES: usize = 20_000;

/// A picture's content.
pub enum Pixels {}

impl Content for Pixels {
    const NAME: &'static str = "picture";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new("made to be measured, and nobody's");
    const PROTECTION: Protection = Protection::Tagged;
}

/// Bytes.
pub type Picture = Blob<Pixels>;

/// One that differs for each number.
pub fn picture(n: usize, bytes: usize) -> Picture {
    let mut chance = fastrand::Rng::with_seed(n as u64);
    Blob::from((0..bytes).map(|_| chance.u8(..)).collect::<Bytes>())
}

/// A key as a server of pictures has it: three ids and a name.
pub fn key(n: usize) -> Key {
    let id = (n as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
    Key::of([&id[..], &id, &id, b"thumbnail"]).expect("a key")
}
