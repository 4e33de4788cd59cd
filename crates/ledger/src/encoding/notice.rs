//! The canonical bytes of a notice on a lockdown. All numbers are big-endian.
//!
//! ```text
//! offset  size  what
//! 0       1     format version, 2
//! 1       8     sequence
//! 9       8     time: microseconds since 1970 in UTC, two's complement
//! 17      17    lockdown
//! 34      1     scope: 1 installation, 2 home, 3 camera, 4 account
//! 35      16    what the scope names; zeros for the installation
//! 51      2     who: bytes of UTF-8, then these
//! …       1     1 begun, 2 lifted
//!   1 begun       what it closes (1): 1 thumbnails, 2 videos, 4 live, 8 sign-in, 128 all; reason: its bytes (2), then these
//! ```

use ownsight_model::{Closed, LockdownId, LockdownScope, Timestamp};

use super::{DecodeError, Rest, put_id};
use crate::notice::{LockdownNotice, LockdownStep, TEXT_BYTES_MAX};

pub(super) const VERSION: u8 = 2;
const BEGUN: u8 = 1;
const LIFTED: u8 = 2;

pub(super) fn encode(sequence: u64, notice: &LockdownNotice) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    bytes.push(VERSION);
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(notice.time.as_micros().to_be_bytes());
    put_id(&mut bytes, LockdownId::KIND, notice.lockdown.as_bytes());
    let (scope, subject) = notice.scope.parts();
    bytes.push(scope);
    bytes.extend(subject);
    put_text(&mut bytes, &notice.by);
    match &notice.step {
        LockdownStep::Begun { closes, reason } => {
            bytes.extend([BEGUN, closes.bits()]);
            put_text(&mut bytes, reason);
        }
        LockdownStep::Lifted => bytes.push(LIFTED),
    }
    bytes
}

/// What stands behind the version.
pub(super) fn decode(rest: &mut Rest<'_>) -> Result<(u64, LockdownNotice), DecodeError> {
    let sequence = u64::from_be_bytes(rest.take()?);
    let time = Timestamp::from_micros(i64::from_be_bytes(rest.take()?));
    let lockdown = LockdownId::from_bytes(rest.id(LockdownId::KIND)?);
    let code = rest.byte()?;
    let unknown = |what, code| DecodeError::Code { what, code: u16::from(code) };
    let subject = rest.take()?;
    let scope = LockdownScope::from_parts(code, subject).ok_or(unknown("the scope", code))?;
    // One entry has one encoding.
    if scope.parts() != (code, subject) {
        return Err(unknown("the installation", code));
    }
    let by = text(rest)?;
    let step = match rest.byte()? {
        BEGUN => {
            let bits = rest.byte()?;
            let closes = Closed::from_bits(bits).ok_or(unknown("what is closed", bits))?;
            LockdownStep::Begun { closes, reason: text(rest)? }
        }
        LIFTED => LockdownStep::Lifted,
        code => return Err(unknown("the step", code)),
    };
    Ok((sequence, LockdownNotice { time, lockdown, scope, by, step }))
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // INVARIANT: `note` refuses texts of more than TEXT_BYTES_MAX bytes, so that the length always fits.
    bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn text(rest: &mut Rest<'_>) -> Result<String, DecodeError> {
    let length = usize::from(u16::from_be_bytes(rest.take()?));
    if length > TEXT_BYTES_MAX {
        return Err(DecodeError::Length);
    }
    let (text, left) = rest.0.split_at_checked(length).ok_or(DecodeError::Length)?;
    let text = std::str::from_utf8(text).map_err(|_| DecodeError::Text)?.to_owned();
    rest.0 = left;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use ownsight_model::{AccountId, CameraId, Closable, HomeId};

    use super::super::tests::{hex, id};
    use super::*;
    use crate::encoding::{self, Line};

    fn all() -> Vec<LockdownNotice> {
        let closes = Closed::of([Closable::Thumbnails, Closable::SignIn]).unwrap();
        let steps = [
            LockdownStep::Begun { closes, reason: "Wrong pictures were seen. Grüße".into() },
            LockdownStep::Lifted,
        ];
        let scopes = [
            LockdownScope::Installation,
            LockdownScope::Home(HomeId::from_bytes(id(1))),
            LockdownScope::Camera(CameraId::from_bytes(id(2))),
            LockdownScope::Account(AccountId::from_bytes(id(3))),
        ];
        let notice = |scope, step: &LockdownStep| LockdownNotice {
            time: Timestamp::from_micros(1_708_041_600_000_000),
            lockdown: LockdownId::from_bytes(id(0xb1)),
            scope,
            by: "jo".into(),
            step: step.clone(),
        };
        scopes.into_iter().flat_map(|scope| steps.iter().map(move |step| notice(scope, step))).collect()
    }

    /// The bytes were computed by `tests/vectors.py`, which knows the format from the text above.
    #[test]
    fn golden_vectors() {
        let notices = all();
        assert_eq!(hex(&encode(3, &notices[2])), include_str!("../../tests/vectors/begun.hex").trim());
        assert_eq!(hex(&encode(4, &notices[3])), include_str!("../../tests/vectors/lifted.hex").trim());
    }

    #[test]
    fn every_notice_comes_back_and_bytes_cut_short_or_followed_by_more_are_refused() {
        for notice in all() {
            let mut bytes = encode(42, &notice);
            assert_eq!(encoding::decode(&bytes), Ok((42, Line::Lockdown(notice))));
            for length in 0..bytes.len() {
                assert!(encoding::decode(&bytes[..length]).is_err(), "{length}");
            }
            bytes.push(0);
            assert_eq!(encoding::decode(&bytes), Err(DecodeError::Length));
        }
    }

    proptest::proptest! {
        /// What decodes, encodes to the same bytes: there is no second encoding.
        #[test]
        fn decoding_is_injective(
            notice in 0_usize..8,
            position in 0_usize..200,
            byte in proptest::num::u8::ANY,
        ) {
            let mut bytes = encode(42, &all().swap_remove(notice));
            let position = position % bytes.len();
            bytes[position] = byte;
            if let Ok((sequence, line)) = encoding::decode(&bytes) {
                proptest::prop_assert_eq!(encoding::encode(sequence, &line), bytes);
            }
        }
    }
}
