//! Plain uploads: footage of devices that cannot seal, sealed in the server's memory while it streams in.
//!
//! A device that uploads plainly has a secret of two halves (`docs/key-chain.md`). With each request comes one of them,
//! in [`UploadCredentials`]: it opens that device's configuration, which names its home and cameras, and is forgotten
//! with the request. The other one signs what is sent. [`Uploads::take`] does all of it: configuration, framing,
//! check of thumbnail and clip, sealing, and the hand-over to `ingest`.
//!
//! What holds:
//! - Nothing of another device, camera or home can be sealed: the sealer comes out of the configuration that the
//!   request's own key opened. What does not open is an alarm, and nothing is stored.
//! - Plaintext is in memory only, a portion at a time; what goes on is sealed. Memory does not depend on the size.
//! - An event is linked only after the MAC of the whole body has verified under the key that did not travel. Until
//!   then there is a temporary file of sealed bytes without a trailer, which goes when the request does.
//! - Thumbnail and clip have the form of what they claim to be: [`jpeg`], [`mp4`]. Nothing is decoded here.
//! - Whoever holds an upload key holds no place for long: what comes too slowly is ended ([`ownsight_ingest::UploadPace`]).
//! - This part can seal and not open footage: it holds a public key and a PSK, for the time of one request.
//!
//! Errors: [`UploadError`].

mod alarm;
mod credentials;
mod error;
mod frames;
pub mod jpeg;
mod keys;
mod metadata;
pub mod mp4;
mod pace;
mod receive;
mod uploads;

pub use alarm::describe_metrics;
pub use credentials::UploadCredentials;
pub use error::{Media, UploadError};
#[doc(no_inline)]
pub use ownsight_ingest::Receipt;
pub use uploads::Uploads;
