//! A camera's ONVIF service: answers from files, and a check of the digest as a camera makes it.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use data_encoding::{BASE64, HEXLOWER};
use md5::Md5;
use ownsight_model::OnvifAddress;
use ownsight_onvif::{Login, Password};
use roxmltree::{Document, Node};
use sha1::{Digest as _, Sha1};

pub(crate) const USER: &str = "viewer";
pub(crate) const PASSWORD: &str = "correct horse";
const REALM: &str = "Login to 4K04B2EPAG7D2A6";
const NONCE: &str = "a1b2c3d4";
/// Cameras refuse tokens that were not made about now, by their clock.
const TOKEN_AGE_MAX_S: i64 = 60;

/// How a camera wants to be convinced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    Token,
    HttpDigest,
    Basic,
    /// It refuses everybody.
    Nobody,
}

#[derive(Debug)]
pub(crate) struct Double {
    pub(crate) at: SocketAddr,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

struct Camera {
    maker: &'static str,
    wants: Wants,
    at: SocketAddr,
    /// Where its clock stood when it was made, and when that was; from its own GetSystemDateAndTime.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Double {
    pub(crate) async fn start(maker: &'static str, wants: Wants) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let requests = Arc::default();
        let camera = Arc::new(Camera { maker, wants, at, requests: Arc::clone(&requests) });
        let app = Router::new().fallback(answer).with_state(camera);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { at, requests }
    }

    pub(crate) fn address(&self) -> OnvifAddress {
        OnvifAddress::parse(&format!("http://{}/onvif/device_service", self.at)).unwrap()
    }

    /// Everything that it was sent, headers and bodies.
    pub(crate) fn heard(&self) -> String {
        self.requests.lock().unwrap().join("\n")
    }
}

pub(crate) fn login() -> Login {
    Login { user: USER.into(), password: Password::new(PASSWORD) }
}

async fn answer(State(camera): State<Arc<Camera>>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    camera.requests.lock().unwrap().push(format!("{uri}\n{headers:?}\n{body}"));
    let document = Document::parse(&body).unwrap();
    let body = find(document.root(), "Body").unwrap();
    let request = body.first_element_child().unwrap();
    let operation = request.tag_name().name();
    if operation != "GetSystemDateAndTime" {
        let refusal = match camera.wants {
            Wants::Token => camera.check_token(document.root()).err(),
            Wants::HttpDigest => camera.check_digest(&headers, &uri).err(),
            Wants::Basic => Some(ask("Basic realm=\"cam\"")),
            Wants::Nobody => Some(fault("ter:NotAuthorized")),
        };
        if let Some(refusal) = refusal {
            return refusal;
        }
    }
    // A Media2 that is named and does not work.
    if camera.maker == "reolink" && uri.path().ends_with("media_service2") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let profile = find(request, "ProfileToken").and_then(|token| token.text());
    let profile = profile.map(|token| format!("_{}", token.replace(' ', "-"))).unwrap_or_default();
    match camera.file(&format!("{operation}{profile}")) {
        Some(text) if text.contains(":Fault>") => (StatusCode::BAD_REQUEST, text).into_response(),
        Some(text) => ([(header::CONTENT_TYPE, "application/soap+xml; charset=utf-8")], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Camera {
    fn file(&self, name: &str) -> Option<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let text = fs::read_to_string(folder.join(format!("{}_{name}.xml", self.maker))).ok()?;
        Some(text.replace("{host}", &self.at.to_string()).replace("{ip}", &self.at.ip().to_string()))
    }

    /// Seconds since 1970, by its own clock, which stands still.
    fn clock(&self) -> i64 {
        let text = self.file("GetSystemDateAndTime").unwrap();
        let document = Document::parse(&text).unwrap();
        let utc = find(document.root(), "UTCDateTime").unwrap();
        let number = |name| find(utc, name).unwrap().text().unwrap().parse::<i8>().unwrap();
        let year = find(utc, "Year").unwrap().text().unwrap().parse().unwrap();
        let date = jiff::civil::date(year, number("Month"), number("Day"));
        let at = date.at(number("Hour"), number("Minute"), number("Second"), 0);
        at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second()
    }

    fn check_token(&self, root: Node<'_, '_>) -> Result<(), Response> {
        let refused = || fault("ter:NotAuthorized");
        let token = find(root, "UsernameToken").ok_or_else(refused)?;
        let text = |name| find(token, name).and_then(|node| node.text()).ok_or_else(refused);
        let password = find(token, "Password").ok_or_else(refused)?;
        assert!(password.attribute("Type").is_some_and(|kind| kind.ends_with("#PasswordDigest")));
        let created = text("Created")?;
        let age = self.clock() - created.parse::<jiff::Timestamp>().unwrap().as_second();
        let mut hash = Sha1::new();
        hash.update(BASE64.decode(text("Nonce")?.as_bytes()).unwrap());
        hash.update(created);
        hash.update(PASSWORD);
        let right = text("Username")? == USER
            && password.text() == Some(&BASE64.encode(&hash.finalize()))
            && age.abs() <= TOKEN_AGE_MAX_S;
        if right { Ok(()) } else { Err(refused()) }
    }

    #[expect(clippy::unused_self, reason = "as the other check")]
    fn check_digest(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Response> {
        let refused =
            || ask(&format!("Digest realm=\"{REALM}\", qop=\"auth\", nonce=\"{NONCE}\", algorithm=MD5"));
        let value = headers.get(header::AUTHORIZATION).ok_or_else(refused)?.to_str().unwrap();
        let fields: HashMap<_, _> = value
            .strip_prefix("Digest ")
            .expect("nothing but a digest")
            .split(", ")
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        let md5 = |text: String| HEXLOWER.encode(&Md5::digest(text));
        let who = md5(format!("{USER}:{REALM}:{PASSWORD}"));
        let what = md5(format!("POST:{}", uri.path_and_query().unwrap()));
        let response = md5(format!("{who}:{NONCE}:{}:{}:auth:{what}", fields["nc"], fields["cnonce"]));
        let right = fields["username"] == USER && fields["response"] == response;
        if right { Ok(()) } else { Err(refused()) }
    }
}

fn ask(challenge: &str) -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

fn fault(subcode: &str) -> Response {
    let text = format!(
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><s:Fault><s:Code><s:Value>s:Sender\
         </s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code></s:Fault></s:Body></s:Envelope>"
    );
    (StatusCode::BAD_REQUEST, text).into_response()
}

fn find<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|inner| inner.tag_name().name() == name)
}
