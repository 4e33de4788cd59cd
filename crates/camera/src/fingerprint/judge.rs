//! Whether two fingerprints are of the same camera, and what differs if not.

use ownsight_model::{FingerprintDifference, FingerprintPart};

use super::text::names_one_camera;
use super::{Asks, Description, Fingerprint, Realms};

/// What says that what is seen is not the camera that is known; none: it is, or cannot be told from it.
pub(super) fn differences(known: &Fingerprint, seen: &Fingerprint) -> Vec<FingerprintDifference> {
    let mut differences = Vec::new();
    let mut differ = |part, known: Option<&str>, seen: Option<&str>| {
        if known != seen {
            differences.push(FingerprintDifference::new(part, known, seen));
        }
    };
    let (was, is) = (known.key.map(|key| key.to_string()), seen.key.map(|key| key.to_string()));
    // Also where the serial number is right: that can be copied, a key cannot. The same key proves nothing, as makers
    // give one to all cameras of a model.
    differ(FingerprintPart::TlsKey, was.as_deref(), is.as_deref());
    let proved = is_proved(known, seen);
    if !proved && let (Realms::Are(were), Realms::Are(are)) = (&known.realms, &seen.realms) {
        differ(FingerprintPart::Realm, joined(were).as_deref(), joined(are).as_deref());
    }
    // Also where the serial number is right: a password is not given away to who copied that.
    if seen.asks < known.asks || seen.asks == Asks::Password && known.asks != Asks::Password {
        differ(FingerprintPart::SignIn, Some(known.asks.name()), Some(seen.asks.name()));
    }
    if proved {
        return differences;
    }
    differ(FingerprintPart::Server, known.server.as_deref(), seen.server.as_deref());
    if let (Some(was), Some(is)) = (&known.described, &seen.described) {
        let mut differ_in = |part, of: fn(&Description) -> Option<&str>| differ(part, of(was), of(is));
        differ_in(FingerprintPart::Origin, |description| description.origin.as_deref());
        differ_in(FingerprintPart::Session, |description| description.session.as_deref());
        differ_in(FingerprintPart::Tool, |description| description.tool.as_deref());
    }
    differences
}

/// Whether a strong part is the same in both.
fn is_proved(known: &Fingerprint, seen: &Fingerprint) -> bool {
    let (Realms::Are(were), Realms::Are(are)) = (&known.realms, &seen.realms) else { return false };
    were.iter().any(|realm| names_one_camera(realm) && are.contains(realm))
}

fn joined(realms: &[String]) -> Option<String> {
    (!realms.is_empty()).then(|| realms.join(", "))
}

impl Asks {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no password",
            Self::Password => "password in the clear",
            Self::Digest => "Digest",
        }
    }
}
