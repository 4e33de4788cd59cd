//! People and programs that speak HTTP: with the two cookies of a browser, with a token, or with nothing.

use data_encoding::BASE64URL_NOPAD;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::device::client;

/// Who asks. Each has connections of their own.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    base: String,
    pub(crate) proof: Proof,
}

/// What a request carries.
#[derive(Clone)]
pub(crate) enum Proof {
    Nothing,
    Bearer { token: String, half: Option<String> },
    Browser { cookies: Cookies, s: Option<String> },
}

/// The two cookies of a browser: name and value each.
#[derive(Clone)]
pub(crate) struct Cookies {
    pub(crate) server: (String, String),
    pub(crate) page: (String, String),
}

/// An answer, read whole.
#[derive(Clone, PartialEq)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// Without what is different each time: `Date`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Without all of a video when a test fails.
impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let begin = self.body.get(..400).unwrap_or(&self.body);
        write!(f, "{} {:?} {:?}", self.status, self.headers, String::from_utf8_lossy(begin))
    }
}

impl Answered {
    pub(crate) async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str() != "date")
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Without the reference of the log's line, which is another each time.
    pub(crate) fn without_reference(mut self) -> Self {
        if let Ok(mut body) = serde_json::from_slice::<Value>(&self.body)
            && body.get("reference").is_some()
        {
            body["reference"] = Value::Null;
            self.body = body.to_string().into_bytes();
        }
        self
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status);
        (self.status, body["code"].as_str().unwrap().to_owned())
    }
}

/// 32 bytes in the form of a half.
pub(crate) fn half(byte: u8) -> String {
    BASE64URL_NOPAD.encode(&[byte; 32])
}

impl Person {
    /// Somebody without a session.
    pub(crate) fn nobody(base: &str) -> Self {
        Self { client: client(), base: base.to_owned(), proof: Proof::Nothing }
    }

    pub(crate) fn with(&self, proof: Proof) -> Self {
        Self { client: client(), base: self.base.clone(), proof }
    }

    /// The same person, whose requests go to another address.
    pub(crate) fn behind(&self, base: &str) -> Self {
        Self { client: client(), base: base.to_owned(), proof: self.proof.clone() }
    }

    /// Signs in as an API client.
    pub(crate) async fn by_token(base: &str, email: &str, password: &str) -> Self {
        let nobody = Self::nobody(base);
        let body = json!({"email": email, "password": password});
        let answer = nobody.send(Method::POST, "sessions", Some(&body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("set-cookie"), None);
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        nobody.with(Proof::Bearer { token, half: None })
    }

    /// Signs in as a browser whose page made this half.
    pub(crate) async fn by_browser(base: &str, email: &str, password: &str, page_half: &str) -> Self {
        let nobody = Self::nobody(base);
        let body = json!({"email": email, "password": password, "page_half": page_half});
        let answer = nobody.send(Method::POST, "sessions", Some(&body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let set = answer.header("set-cookie").unwrap();
        let (name, rest) = set.split_once('=').unwrap();
        let server = (name.to_owned(), rest.split(';').next().unwrap().to_owned());
        let body = answer.json();
        assert!(body.get("token").is_none(), "a browser has no token");
        let page = (body["page_cookie"].as_str().unwrap().to_owned(), page_half.to_owned());
        let s = Some(body["s"].as_str().unwrap().to_owned());
        nobody.with(Proof::Browser { cookies: Cookies { server, page }, s })
    }

    /// The value `s` of a browser's session.
    pub(crate) fn s(&self) -> &str {
        match &self.proof {
            Proof::Browser { s: Some(s), .. } => s,
            _ => panic!("no browser"),
        }
    }

    pub(crate) fn cookies(&self) -> &Cookies {
        match &self.proof {
            Proof::Browser { cookies, .. } => cookies,
            _ => panic!("no browser"),
        }
    }

    /// A request for what is behind `/api/v1/`, or for a whole path.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = match path.strip_prefix('/') {
            Some(path) => format!("{}/{path}", self.base),
            None => format!("{}/api/v1/{path}", self.base),
        };
        let mut headers = Vec::new();
        match &self.proof {
            Proof::Nothing => {}
            Proof::Bearer { token, half } => {
                headers.push(("Authorization", format!("Bearer {token}")));
                headers.extend(half.iter().map(|half| ("Ownsight-Client-Half", half.clone())));
            }
            Proof::Browser { cookies, s } => {
                let Cookies { server, page } = cookies;
                headers.push(("Cookie", format!("{}={}; {}={}", server.0, server.1, page.0, page.1)));
                if let Some(s) = s.as_ref().filter(|_| !url.contains("?s=") && !url.contains("&s=")) {
                    url.push_str(if url.contains('?') { "&s=" } else { "?s=" });
                    url.push_str(s);
                }
            }
        }
        let request = self.client.request(method, url);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answered {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Answered::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(Method::GET, path, None).await
    }

    /// What a 200 answered.
    pub(crate) async fn see(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.send(Method::POST, path, Some(body)).await
    }

    /// As [`Self::post`], again and again while others change the same home at the same moment.
    pub(crate) async fn post_until_unchanged(&self, path: &str, body: &Value) -> Answered {
        loop {
            let answer = self.post(path, body).await;
            if answer.status != 409 || answer.json()["code"] != "changed" {
                return answer;
            }
        }
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answered {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answered {
        self.send(Method::DELETE, path, None).await
    }
}
