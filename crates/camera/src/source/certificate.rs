//! The public key in a certificate, whatever else the certificate says.
//!
//! Libraries read certificates of version 3 only, as browsers do. Cameras make theirs with whatever their maker had at
//! hand; of all that is in it only the key counts here, so only the way to it is read (RFC 5280, 4.1).

use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
/// The version stands in a tag of its own, and is left out for version 1.
const VERSION: u8 = 0xa0;

/// The `SubjectPublicKeyInfo`, as it stands there. `None` if what comes before it is not in the form of a certificate.
pub(super) fn public_key(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let (whole, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(whole.content, SEQUENCE)?;
    let rest = &mut rest.content;
    let mut next = |tag| {
        let (found, behind) = element(rest, tag)?;
        *rest = behind;
        Some(found)
    };
    // There may be none.
    let _ = next(VERSION);
    // Serial number, algorithm, issuer, validity, subject.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        next(tag)?;
    }
    next(SEQUENCE).map(|key| SubjectPublicKeyInfoDer::from(key.whole.to_vec()))
}

#[derive(Clone, Copy)]
struct Element<'a> {
    whole: &'a [u8],
    content: &'a [u8],
}

/// The element at the beginning, if it has this tag, and what follows it (X.690, 8.1).
fn element(bytes: &[u8], tag: u8) -> Option<(Element<'_>, &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let length = match first {
        0..=0x7f => usize::from(*first),
        0x81..=0x83 => {
            let (digits, behind) = rest.split_at_checked(usize::from(first & 0x7f))?;
            rest = behind;
            digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - behind.len())?;
    (*found == tag).then_some((Element { whole, content }, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut whole = vec![tag, 0x82];
        whole.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        whole.extend(content);
        whole
    }

    fn certificate(version: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
        let key = of(SEQUENCE, &[7; 300]);
        let fields: Vec<Vec<u8>> =
            [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE].map(|tag| of(tag, b"x")).into();
        let version = version.map(|version| of(VERSION, version)).unwrap_or_default();
        let body = [version, fields.concat(), key.clone(), vec![0xa3, 0]].concat();
        (of(SEQUENCE, &[of(SEQUENCE, &body), of(SEQUENCE, b"signed by")].concat()), key)
    }

    #[test]
    fn the_key_is_found_in_each_version() {
        for version in [None, Some(&[2, 1, 2][..])] {
            let (whole, key) = certificate(version);
            assert_eq!(public_key(&whole.into()).unwrap().as_ref(), key);
        }
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let (whole, _) = certificate(None);
        for end in 0..whole.len() - of(SEQUENCE, b"signed by").len() {
            assert!(public_key(&whole[..end].to_vec().into()).is_none(), "{end}");
        }
        assert!(public_key(&vec![SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff].into()).is_none());
    }

    proptest! {
        #[test]
        fn anything_is_read(
            mut bytes in prop::collection::vec(any::<u8>(), 0..80),
            at in any::<prop::sample::Index>(),
            to in any::<u8>(),
        ) {
            let _ = public_key(&bytes.clone().into());
            bytes = certificate(Some(&bytes)).0;
            let at = at.index(bytes.len());
            bytes[at] = to;
            let _ = public_key(&bytes.into());
        }
    }
}
