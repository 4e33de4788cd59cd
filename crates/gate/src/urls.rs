//! Addresses of media, as they stand in answers: relative, and with `s` for browsers.

use ownsight_model::{EventId, Timestamp};

use crate::Credentials;

pub(crate) fn thumbnail(credentials: &Credentials, event: EventId) -> String {
    with_s(credentials, format!("/api/v1/events/{event}/thumbnail"), '?')
}

pub(crate) fn video(credentials: &Credentials, event: EventId) -> String {
    with_s(credentials, format!("/api/v1/events/{event}/video"), '?')
}

/// A still's address names its moment, so that a page loads a newer one anew.
pub(crate) fn still(credentials: &Credentials, of: &str, at: Timestamp) -> String {
    with_s(credentials, format!("/api/v1/{of}/still?at={}", at.as_micros()), '&')
}

fn with_s(credentials: &Credentials, mut address: String, joint: char) -> String {
    if credentials.is_cookie() {
        address.push(joint);
        address.push_str("s=");
        address.push_str(&credentials.page_value());
    }
    address
}
