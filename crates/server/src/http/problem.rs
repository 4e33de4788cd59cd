//! Problems as RFC 9457 has them: what is wrong, what to do, and where the log has more.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use ownsight_gate::views;
use serde_json::json;

/// Where each code has its page.
const TYPES: &str = "https://ownsight.example/problems/";

/// An answer that says what is wrong. It gets its reference, if it has none, when the answer leaves.
///
/// Boxed: results that carry it stay small.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    remedy: Cow<'static, str>,
    reference: Option<String>,
    retry_after: Option<Duration>,
    field: Option<&'static str>,
    lockdown: Option<views::Lockdown>,
}

impl Problem {
    /// A problem with a code and a few words that are the same each time.
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self(Box::new(Content {
            status,
            code,
            title,
            detail: Cow::Borrowed(""),
            remedy: Cow::Borrowed(""),
            reference: None,
            retry_after: None,
            field: None,
            lockdown: None,
        }))
    }

    /// What is wrong this time.
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// What to do.
    pub(crate) fn remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = remedy.into();
        self
    }

    /// The reference of a log line that was written already.
    pub(crate) fn reference(mut self, reference: impl Into<String>) -> Self {
        self.0.reference = Some(reference.into());
        self
    }

    /// The field of the request that is not acceptable.
    pub(crate) fn field(mut self, field: &'static str) -> Self {
        self.0.field = Some(field);
        self
    }

    /// What is closed, since when and why.
    pub(crate) fn lockdown(mut self, lockdown: views::Lockdown) -> Self {
        self.0.lockdown = Some(lockdown);
        self
    }

    /// When to come back.
    pub(crate) fn retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    pub(crate) const fn code(&self) -> &'static str {
        self.0.code
    }

    /// Nothing is here, or it belongs to somebody else: the same answer, to the byte.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Nothing is here").reference("")
    }

    /// Too much to do, or a part does not answer.
    pub(crate) fn busy(retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy")
            .detail("There is too much to do just now, and nothing was decided.")
            .remedy("Come back after the time in `Retry-After`.")
            .retry_after(retry_after)
    }

    /// The problem for an answer that has a status only.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "method-not-allowed", "This method is not allowed here")
                    .remedy("Use one of the methods in `Allow`.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too-large", "The body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "wrong-type", "The body has the wrong type")
            }
            _ if status.is_server_error() => {
                Self::new(status, "internal", "Something went wrong in the server")
                    .remedy("Look for the reference in the server's log.")
            }
            _ => Self::new(status, "bad-request", "The request cannot be understood"),
        }
    }

    /// The body's bytes.
    fn render(&self, reference: &str) -> Vec<u8> {
        let content = &self.0;
        let reference = content.reference.as_deref().unwrap_or(reference);
        let mut value = json!({
            "type": format!("{TYPES}{}", content.code),
            "code": content.code,
            "title": content.title,
            "status": content.status.as_u16(),
            "detail": content.detail,
            "remedy": content.remedy,
            "reference": reference,
        });
        if let (Some(field), Some(members)) = (content.field, value.as_object_mut()) {
            members.insert("field".to_owned(), field.into());
        }
        if let (Some(lockdown), Some(members)) = (&content.lockdown, value.as_object_mut()) {
            // Plain values: they always have a JSON form.
            members.insert("lockdown".to_owned(), serde_json::to_value(lockdown).unwrap_or_default());
        }
        value.to_string().into_bytes()
    }

    /// Gives the answer its body.
    pub(crate) fn complete(&self, response: &mut Response<Body>, reference: &str) {
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        *response.body_mut() = Body::from(self.render(reference));
    }
}

/// An answer without its body yet: the layer that knows the reference completes it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        if let Some(after) = self.0.retry_after {
            // Rounded up: a caller that comes too early comes in vain.
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}
