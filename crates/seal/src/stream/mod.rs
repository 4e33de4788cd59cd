//! Streams: the sealed form of one section, in segments that can be opened one at a time.
//!
//! Reach for [`StreamSealer`] to seal into a [`std::io::Write`], for [`SealerCore`] where the caller does the I/O,
//! for [`UnprovenOpener`] to open any range of a stream that lies elsewhere, for [`StreamReader`] over a file, and
//! for [`seal_all`] and [`open_all`] when the whole is small. This module knows nothing of events, homes or what a
//! section means: it takes a key and associated data.
//!
//! # Wire format
//!
//! Tink's streaming AEAD, AES-GCM-HKDF, with AES-256 and HKDF-SHA-256, without a Tink key prefix (output prefix
//! type RAW) and with the first segment at offset 0. `S` is the segment size, [`SegmentSize::KIB_64`] in sealed
//! objects.
//!
//! ```text
//! stream   = header ‖ segment 0 ‖ segment 1 ‖ … ‖ segment n-1          1 ≤ n ≤ 2^32
//!
//! header   offset  bytes
//!               0      1   0x28, the header's own length (40)
//!               1     32   salt, random for each stream
//!              33      7   nonce prefix, random for each stream
//!
//! segment  at offset   bytes                         plaintext in it
//!       0         40   S-40, fewer if it is last     S-56
//!   i > 0        i*S   S, fewer if it is last        S-16
//!
//! key      = HKDF-SHA-256(ikm: stream key, salt: salt, info: associated data), 32 bytes
//! segment  = AES-256-GCM(key, nonce, no associated data) = ciphertext ‖ tag (16 bytes)
//! nonce    = nonce prefix ‖ i as 32 bits, big-endian ‖ 0x01 for the last segment, else 0x00
//! ```
//!
//! The last segment holds at least one byte, unless the whole plaintext is empty: a plaintext that ends on a border
//! has no empty segment behind it, so that each plaintext length has exactly one ciphertext length.
//!
//! Sources: Tink's documents "AES-GCM-HKDF Streaming AEAD"
//! (<https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming>) and "Tink Wire Format"
//! (<https://developers.google.com/tink/wire-format>). The scheme descends from V. T. Hoang, R. Reyhanitabar,
//! P. Rogaway and D. Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015;
//! V. T. Hoang and Y. Shen analysed it in "Security of Streaming Encryption in Google's Tink Library", CCS 2020.
//! `testdata/tink` holds vectors that Tink and this module opened for each other.
//!
//! # What holds
//!
//! - A segment opens in its own place, in its own stream, under its own key and associated data, and nowhere else.
//! - Nobody opens a segment before the last one, which proves the length: only [`UnprovenOpener::prove`] makes a
//!   [`StreamOpener`].
//! - Plaintext that did not authenticate is overwritten before the error returns.
//! - Sealing takes memory for two segments at most and opening for one, whatever the stream's length.

mod cipher;
mod error;
mod header;
mod key;
mod layout;
mod opener;
mod reader;
mod sealer;
#[cfg(test)]
pub(crate) mod vectors;

pub use self::{
    error::StreamError,
    header::HEADER_LEN,
    key::StreamKey,
    layout::{SegmentSize, StreamLayout, TAG_LEN},
    opener::{StreamOpener, UnprovenOpener, open_all},
    reader::StreamReader,
    sealer::{SealerCore, StreamLengths, StreamSealer, seal_all},
};
