//! What a person's screen shows to be read by something else: this server's address, and QR codes.

use axum::http::HeaderMap;
use axum::http::header::HOST;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::http::Caller;
use crate::state::AppState;

/// The configured address, else the one that the page itself was asked at.
pub(super) fn address(state: &AppState, caller: Caller, headers: &HeaderMap) -> String {
    if let Some(url) = &state.config.public_url {
        return url.as_str().to_owned();
    }
    let scheme = if caller.encrypted { "https" } else { "http" };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// Empty if the text is longer than a QR code holds, which an address is not.
pub(super) fn qr(text: &str) -> String {
    let Ok(code) = QrCode::new(text) else { return String::new() };
    code.render::<svg::Color>().min_dimensions(200, 200).quiet_zone(true).build()
}
