//! A server that keeps to `docs/device-api.md`: one device, objects in memory, and answers that can be scripted.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ownsight_model::{CameraId, EventId, Timestamp};
use ownsight_seal::{DeviceKey, PairingAnswer, PairingScope, PublicKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::home::parts;

/// A server. Ends when dropped, or when told to go away.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    /// Its own, so that its connections end with it.
    runtime: Option<Runtime>,
}

#[derive(Default)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    changed: Notify,
    /// The server's clock minus this machine's, microseconds.
    clock: AtomicI64,
}

#[derive(Default)]
struct Inner {
    blob: Option<(String, Vec<u8>)>,
    expected: Option<(PairingScope, DeviceKey)>,
    answer: Option<Bytes>,
    configurations: BTreeMap<u64, Vec<u8>>,
    credential_hash: Option<Vec<u8>>,
    public_key: Option<PublicKey>,
    answers: VecDeque<Reply>,
    puts: Vec<Put>,
    objects: BTreeMap<(CameraId, EventId), Vec<u8>>,
    reports: Vec<Value>,
    polls: Vec<(u64, Instant)>,
    refuse_all: Option<(StatusCode, &'static str)>,
    /// When the device said that it left.
    leaves: Vec<i64>,
    /// The device is of this home no more, and delivers only.
    left: bool,
}

/// How the next delivery (or the pairing's answer) is answered, instead of as it deserves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// This status with this code, and when to come back (seconds).
    Status(u16, &'static str, Option<u64>),
    /// It is taken in, and the connection ends without an answer.
    Lost,
    /// A 200 without anything that Ownsight would say.
    Portal,
    /// A 201 for another event.
    OthersReceipt,
}

/// A delivery that came, in the order in which they began to be answered.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) event: EventId,
    pub(crate) at: Instant,
    pub(crate) status: u16,
    pub(crate) bytes: usize,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), Arc::default())
    }

    /// The same server again, at the same place.
    pub(crate) fn start_at(address: SocketAddr, shared: Arc<Shared>) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/device/v1/pairings/find", post(find))
            .route("/device/v1/pairings/answer", post(answer))
            .route("/device/v1/configuration", get(configuration))
            .route("/device/v1/cameras/{camera}/events/{event}", put(deliver))
            .route("/device/v1/reports", post(reports))
            .route("/device/v1/leave", post(leave))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { address, shared, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it with all its connections; what it knows stays in `shared`.
    pub(crate) fn go_away(self) -> (SocketAddr, Arc<Shared>) {
        (self.address, Arc::clone(&self.shared))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Keeps a pairing: `find` of its code, its blob, and what the answer's MAC is checked with.
    pub(crate) fn expect(&self, find: [u8; 32], blob: Vec<u8>, scope: PairingScope, first_key: DeviceKey) {
        let mut inner = self.lock();
        inner.blob = Some((BASE64URL_NOPAD.encode(&find), blob));
        inner.expected = Some((scope, first_key));
    }

    /// The device's key, once its answer came and its MAC verified.
    pub(crate) fn public_key(&self) -> Option<PublicKey> {
        self.lock().public_key.clone()
    }

    /// Hands out a sealed configuration under a serial number.
    pub(crate) fn publish(&self, serial: u64, sealed: Vec<u8>) {
        self.lock().configurations.insert(serial, sealed);
        self.changed.notify_waiters();
    }

    /// The next deliveries are answered like this.
    pub(crate) fn answer_with(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().answers.extend(replies);
    }

    /// Deliveries are answered as they deserve again.
    pub(crate) fn answer_as_ever(&self) {
        self.lock().answers.clear();
    }

    /// Everything is answered like this.
    pub(crate) fn refuse_all(&self, refusal: Option<(u16, &'static str)>) {
        self.lock().refuse_all = refusal.map(|(status, code)| (StatusCode::from_u16(status).unwrap(), code));
        self.changed.notify_waiters();
    }

    /// People remove the device, and take what it recorded until now.
    pub(crate) fn remove_but_take(&self) {
        self.lock().left = true;
        self.changed.notify_waiters();
    }

    /// When the device said that it left, microseconds: each time that it said so.
    pub(crate) fn leaves(&self) -> Vec<i64> {
        self.lock().leaves.clone()
    }

    pub(crate) fn set_clock(&self, micros: i64) {
        self.clock.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn puts(&self) -> Vec<Put> {
        self.lock().puts.clone()
    }

    pub(crate) fn object(&self, camera: CameraId, event: EventId) -> Option<Vec<u8>> {
        self.lock().objects.get(&(camera, event)).cloned()
    }

    pub(crate) fn objects(&self) -> Vec<(CameraId, EventId, Vec<u8>)> {
        self.lock().objects.iter().map(|((camera, event), bytes)| (*camera, *event, bytes.clone())).collect()
    }

    /// Serial numbers that were asked for as in use, with when.
    pub(crate) fn polls(&self) -> Vec<(u64, Instant)> {
        self.lock().polls.clone()
    }

    /// Bodies of `POST /reports`.
    pub(crate) fn reports(&self) -> Vec<Value> {
        self.lock().reports.clone()
    }

    /// Reports of a kind: their bodies, with their tags and the camera that they name.
    pub(crate) fn reports_of(&self, kind: &str) -> Vec<(Vec<u8>, Vec<u8>, Value)> {
        let decode = |report: &Value, field: &str| {
            BASE64URL_NOPAD.decode(report[field].as_str().unwrap().as_bytes()).unwrap()
        };
        let bodies = self.reports();
        let reports = bodies.iter().flat_map(|body| body["reports"].as_array().unwrap());
        reports
            .filter(|report| report["kind"] == kind)
            .map(|report| (decode(report, "body"), decode(report, "tag"), report.clone()))
            .collect()
    }

    /// How often an alarm of this kind was raised.
    pub(crate) fn alarms(&self, kind: &str) -> u64 {
        let bodies = self.reports();
        let alarms = bodies.iter().flat_map(|body| body["alarms"].as_array().unwrap());
        alarms.filter(|alarm| alarm["kind"] == kind).map(|alarm| alarm["count"].as_u64().unwrap()).sum()
    }

    /// Every answer carries the time.
    fn stamped(&self, status: StatusCode, retry_after: Option<u64>, body: impl Into<Body>) -> Response {
        let now = Timestamp::now().shifted(self.clock.load(Ordering::Relaxed));
        let mut response = (status, body.into()).into_response();
        let headers = response.headers_mut();
        headers.insert("Ownsight-Time", now.as_micros().into());
        if let Some(seconds) = retry_after {
            headers.insert("Retry-After", seconds.into());
        }
        response
    }

    fn json(&self, status: StatusCode, body: &Value) -> Response {
        self.stamped(status, None, body.to_string())
    }

    fn problem(&self, status: StatusCode, code: &str) -> Response {
        self.json(status, &json!({"code": code, "status": status.as_u16(), "detail": "said by the test"}))
    }

    /// Whether this call may be answered at all.
    fn admit(&self, headers: &HeaderMap, authenticated: bool) -> Result<(), Box<Response>> {
        assert_eq!(headers["ownsight-protocol"], "1.0");
        let (refuse_all, expected) = {
            let inner = self.lock();
            (inner.refuse_all, inner.credential_hash.clone())
        };
        if let Some((status, code)) = refuse_all {
            return Err(self.problem(status, code).into());
        }
        if authenticated {
            let credential = headers.get("authorization").and_then(|value| value.to_str().ok());
            let credential = credential.and_then(|text| text.strip_prefix("Device ")?.split_once(':'));
            let hash = credential.and_then(|(_, secret)| {
                let secret = BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?;
                Some(digest::digest(&digest::SHA256, &secret).as_ref().to_vec())
            });
            if hash.is_none() || hash != expected {
                return Err(self.problem(StatusCode::UNAUTHORIZED, "device-unknown").into());
            }
        }
        Ok(())
    }

    /// Whether a call that is no delivery may be answered.
    fn admit_present(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        self.admit(headers, true)?;
        if self.lock().left {
            return Err(self.problem(StatusCode::FORBIDDEN, "device-left").into());
        }
        Ok(())
    }
}

type Server = State<Arc<Shared>>;

async fn find(State(server): Server, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = server.admit(&headers, false) {
        return *refused;
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let blob = server.lock().blob.clone();
    match blob {
        Some((find, blob)) if body["find"] == find => {
            server.json(StatusCode::OK, &json!({"blob": BASE64URL_NOPAD.encode(&blob)}))
        }
        _ => server.problem(StatusCode::NOT_FOUND, "not-found"),
    }
}

async fn answer(State(server): Server, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = server.admit(&headers, false) {
        return *refused;
    }
    let mut inner = server.lock();
    if let Some(before) = &inner.answer {
        let same = *before == body;
        drop(inner);
        let status = if same { StatusCode::ACCEPTED } else { StatusCode::CONFLICT };
        return server.problem(status, if same { "" } else { "answered" });
    }
    let json: Value = serde_json::from_slice(&body).unwrap();
    let bytes = |field: &str| BASE64URL_NOPAD.decode(json[field].as_str().unwrap().as_bytes()).unwrap();
    let (scope, first_key) = inner.expected.clone().unwrap();
    assert_eq!(json["device_id"], scope.device.to_string());
    let public_key = PublicKey::from_bytes(&bytes("public_key").try_into().unwrap()).unwrap();
    let credential_hash: [u8; 32] = bytes("credential_hash").try_into().unwrap();
    let answer = PairingAnswer { public_key: public_key.clone(), credential_hash };
    answer.verify(&first_key, scope, &bytes("mac")).unwrap();
    inner.answer = Some(body);
    inner.public_key = Some(public_key);
    inner.credential_hash = Some(credential_hash.to_vec());
    let lost = matches!(inner.answers.front(), Some(Reply::Lost));
    if lost {
        inner.answers.pop_front();
    }
    drop(inner);
    if lost {
        hang_up();
    }
    server.stamped(StatusCode::ACCEPTED, None, "")
}

async fn leave(State(server): Server, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = server.admit_present(&headers) {
        return *refused;
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    {
        let mut inner = server.lock();
        inner.left = true;
        inner.leaves.push(body["left_at"].as_i64().unwrap());
    }
    server.stamped(StatusCode::NO_CONTENT, None, "")
}

async fn configuration(
    State(server): Server,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, u64>>,
) -> Response {
    if let Err(refused) = server.admit_present(&headers) {
        return *refused;
    }
    let (after, wait) = (query["after"], query["wait"]);
    assert!(wait <= 30);
    server.lock().polls.push((after, Instant::now()));
    let until = tokio::time::Instant::now() + Duration::from_secs(wait);
    loop {
        let changed = server.changed.notified();
        if let Err(refused) = server.admit_present(&headers) {
            return *refused;
        }
        let (next, latest) = {
            let inner = server.lock();
            let latest = inner.configurations.keys().last().copied().unwrap_or(0);
            (inner.configurations.get(&(after + 1)).cloned(), latest)
        };
        if let Some(sealed) = next {
            let body =
                json!({"serial": after + 1, "sealed": BASE64URL_NOPAD.encode(&sealed), "latest": latest});
            return server.json(StatusCode::OK, &body);
        }
        if latest == 0 {
            let mut waiting = server.json(StatusCode::ACCEPTED, &json!({"state": "waiting"}));
            waiting.headers_mut().insert("Retry-After", 0.into());
            return waiting;
        }
        if tokio::time::timeout_at(until, changed).await.is_err() {
            return server.stamped(StatusCode::NO_CONTENT, None, "");
        }
    }
}

async fn deliver(
    State(server): Server,
    headers: HeaderMap,
    Path((camera, event)): Path<(String, String)>,
    body: Body,
) -> Response {
    if let Err(refused) = server.admit(&headers, true) {
        return *refused;
    }
    let (camera, event): (CameraId, EventId) = (camera.parse().unwrap(), event.parse().unwrap());
    let reply = server.lock().answers.pop_front();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    let note = |status: u16| {
        server.lock().puts.push(Put { event, at: Instant::now(), status, bytes: body.len() });
    };
    match reply {
        Some(Reply::Status(status, code, retry_after)) => {
            note(status);
            let problem = json!({"code": code}).to_string();
            return server.stamped(StatusCode::from_u16(status).unwrap(), retry_after, problem);
        }
        Some(Reply::Portal) => {
            note(200);
            return (StatusCode::OK, "<html>Welcome to the hotel</html>").into_response();
        }
        Some(Reply::OthersReceipt) => {
            note(201);
            return server.json(StatusCode::CREATED, &json!({"event": EventId::generate()}));
        }
        Some(Reply::Lost) | None => {}
    }
    let (status, code) = take_in(&server, &headers, camera, event, &body);
    note(status.as_u16());
    if matches!(reply, Some(Reply::Lost)) {
        hang_up();
    }
    if status.is_success() {
        server.json(status, &json!({"event": event, "received_at": 1, "bytes": body.len()}))
    } else {
        server.problem(status, code)
    }
}

/// What a server does with an object: checks its way, its form and its names, and keeps it once.
fn take_in(
    server: &Shared,
    headers: &HeaderMap,
    camera: CameraId,
    event: EventId,
    body: &Bytes,
) -> (StatusCode, &'static str) {
    assert_eq!(headers["content-type"], "application/vnd.ownsight.event");
    assert_eq!(headers["content-length"], body.len().to_string());
    assert!(!headers.contains_key("transfer-encoding"));
    let digest = BASE64.encode(digest::digest(&digest::SHA256, body).as_ref());
    if headers["content-digest"] != format!("sha-256=:{digest}:") {
        return (StatusCode::UNPROCESSABLE_ENTITY, "digest-mismatch");
    }
    let (header, _trailer) = parts(body);
    let ids = header.ids();
    let mut inner = server.lock();
    let (scope, _) = inner.expected.clone().unwrap();
    let whose = (ids.scope.installation, ids.scope.home, ids.device, ids.scope.camera, ids.event);
    if whose != (scope.installation, scope.home, scope.device, camera, event) {
        return (StatusCode::UNPROCESSABLE_ENTITY, "not-yours");
    }
    match inner.objects.get(&(camera, event)) {
        Some(before) if before == body => (StatusCode::OK, ""),
        Some(_) => (StatusCode::CONFLICT, "digest-differs"),
        None => {
            inner.objects.insert((camera, event), body.to_vec());
            (StatusCode::CREATED, "")
        }
    }
}

async fn reports(State(server): Server, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = server.admit_present(&headers) {
        return *refused;
    }
    assert!(body.len() <= 256 << 10);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert!(body["reports"].as_array().unwrap().len() <= 256);
    server.lock().reports.push(body);
    server.stamped(StatusCode::NO_CONTENT, None, "")
}

/// Ends the connection without an answer.
fn hang_up() -> ! {
    // Unwinding ends the connection's task; without the panic hook, as nothing is wrong.
    std::panic::resume_unwind(Box::new("the answer is lost"))
}
