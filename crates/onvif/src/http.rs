//! HTTP to one camera: no redirects, no proxy, so many bytes, so much time.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::time::timeout;
use url::Url;

use crate::OnvifError;
use crate::password::Asked;
use crate::xml::BYTES_MAX;

const CONNECT_MAX: Duration = Duration::from_secs(4);
/// Longest wait for a whole answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A body, of success or of a fault.
    Body(Vec<u8>),
    /// 401, and what is asked for.
    Asks(Asked),
}

#[derive(Debug, Clone)]
pub(crate) struct Http(Client);

impl Http {
    pub(crate) fn new() -> Result<Self, OnvifError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_MAX)
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .referer(false)
            // HTTPS is not spoken: nothing needs the system's certificates, which a small image does not have.
            .tls_certs_only([])
            .build();
        client.map(Self).map_err(|error| OnvifError::NoAnswer { why: why(&error) })
    }

    /// Cancel safe: a dropped call closes its connection.
    pub(crate) async fn post(
        &self,
        to: &Url,
        action: &str,
        body: String,
        authorization: Option<String>,
    ) -> Result<Reply, OnvifError> {
        let within = timeout(ANSWER_MAX, self.exchange(to, action, body, authorization)).await;
        within.unwrap_or_else(|_| {
            Err(OnvifError::NoAnswer { why: format!("no answer within {} s", ANSWER_MAX.as_secs()) })
        })
    }

    async fn exchange(
        &self,
        to: &Url,
        action: &str,
        body: String,
        authorization: Option<String>,
    ) -> Result<Reply, OnvifError> {
        let content_type = format!("application/soap+xml; charset=utf-8; action=\"{action}\"");
        let mut request = self.0.post(to.clone()).header(CONTENT_TYPE, content_type).body(body);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let lost = |error: reqwest::Error| OnvifError::NoAnswer { why: why(&error) };
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            let headers = response.headers().get_all(WWW_AUTHENTICATE).iter();
            return Ok(Reply::Asks(Asked::of(headers.filter_map(|value| value.to_str().ok()))));
        }
        let mut whole = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if whole.len() + chunk.len() > BYTES_MAX {
                return Err(OnvifError::TooLong);
            }
            whole.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::FORBIDDEN => Err(OnvifError::Unauthorized),
            // Faults come with 400 or 500.
            StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::INTERNAL_SERVER_ERROR
                if !whole.is_empty() =>
            {
                Ok(Reply::Body(whole))
            }
            other => Err(OnvifError::not_onvif(format!("it answered {}", other.as_u16()))),
        }
    }
}

/// The innermost cause: what the network said. The layers above it repeat the address.
fn why(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
