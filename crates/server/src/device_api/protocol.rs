//! The protocol's version: this server serves its own minor version and the one before.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Problem;

const MAJOR: u32 = 1;
const MINOR: u32 = 0;

/// Refuses a device that speaks another version, before anything else is looked at.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    match suits(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn suits(headers: &HeaderMap) -> Result<(), Problem> {
    let spoken = headers.get("ownsight-protocol").and_then(|value| value.to_str().ok()).and_then(version);
    let Some(spoken) = spoken else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "protocol-missing",
            "The protocol's version is missing",
        )
        .remedy(format!("Send `Ownsight-Protocol: {MAJOR}.{MINOR}`.")));
    };
    let detail = format!("The device speaks {}.{}, this server {MAJOR}.{MINOR}.", spoken.0, spoken.1);
    if spoken < (MAJOR, MINOR.saturating_sub(1)) {
        Err(Problem::new(StatusCode::UPGRADE_REQUIRED, "protocol-too-old", "The device's program is too old")
            .detail(detail)
            .remedy("Upgrade the device's program. It keeps its events until then."))
    } else if spoken > (MAJOR, MINOR) {
        Err(Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "protocol-too-new",
            "The server is too old for this device",
        )
        .detail(detail)
        .remedy("Upgrade the server. The device keeps its events until then."))
    } else {
        Ok(())
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_version_and_the_one_before_are_served() {
        let code = |version: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("ownsight-protocol", version.parse().unwrap());
            suits(&headers).err().map(|problem| problem.code().to_owned())
        };
        assert_eq!(code("1.0"), None);
        assert_eq!(code("0.9").as_deref(), Some("protocol-too-old"));
        assert_eq!(code("1.1").as_deref(), Some("protocol-too-new"));
        assert_eq!(code("2.0").as_deref(), Some("protocol-too-new"));
        assert_eq!(code("one").as_deref(), Some("protocol-missing"));
        assert_eq!(suits(&HeaderMap::new()).unwrap_err().code(), "protocol-missing");
    }
}
