//! A device that speaks HTTP: it pairs, asks for configurations and delivers.

use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ownsight_model::{CameraId, EventId, Label, LabelSource, SectionKind, Timestamp};
use ownsight_seal::{
    CameraSealer, Configuration, DeviceKey, KeyPair, PairingAnswer, PairingCode, PairingScope,
};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::system::{Home, System};

pub(crate) const EVENT_TYPE: &str = "application/vnd.ownsight.event";

pub(crate) struct Device {
    pub(crate) client: Client,
    pub(crate) base: String,
    pub(crate) scope: PairingScope,
    pub(crate) authorization: String,
    keys: KeyPair,
    key: DeviceKey,
    pub(crate) serial: u64,
}

/// A device with a camera and what seals its events.
pub(crate) struct Serving {
    pub(crate) device: Device,
    pub(crate) camera: CameraId,
    pub(crate) sealer: CameraSealer,
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

pub(crate) fn call(client: &Client, base: &str, method: Method, path: &str) -> RequestBuilder {
    client.request(method, format!("{base}/device/v1/{path}")).header("Ownsight-Protocol", "1.0")
}

/// Status and code of an answer that is a problem; checks that it is a whole one.
pub(crate) async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(body["type"], format!("https://ownsight.example/problems/{code}"));
    // What is not found is the same for everybody, to the byte.
    let has_reference = body["reference"].as_str().is_some_and(|reference| !reference.is_empty());
    assert_eq!(has_reference, body["title"] != "Nothing is here");
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
    (status, code)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().unwrap()
}

impl Device {
    /// Opens the blob and answers, as `docs/device-api.md` has it. Not checked yet then.
    pub(crate) async fn answer(base: &str, code: &str) -> Self {
        Self::answer_as("agent", base, code).await
    }

    /// The same, as a device of this kind.
    pub(crate) async fn answer_as(kind: &str, base: &str, code: &str) -> Self {
        let (client, code) = (client(), code.parse::<PairingCode>().unwrap());
        let find = BASE64URL_NOPAD.encode(&code.find());
        let found = call(&client, base, Method::POST, "pairings/find")
            .json(&json!({"find": find}))
            .send()
            .await
            .unwrap();
        assert_eq!(found.status(), 200);
        let blob = found.json::<Value>().await.unwrap()["blob"].as_str().unwrap().to_owned();
        let blob = code.open_blob(&BASE64URL_NOPAD.decode(blob.as_bytes()).unwrap()).unwrap();
        let blob: Value = serde_json::from_slice(&blob).unwrap();
        let text = |field: &str| blob[field].as_str().unwrap().to_owned();
        let scope = PairingScope {
            installation: text("installation").parse().unwrap(),
            home: text("home").parse().unwrap(),
            device: text("device").parse().unwrap(),
        };
        let key = code.device_key(scope.installation, scope.home, scope.device);
        let (keys, credential) = (KeyPair::generate(), ownsight_seal::random_bytes::<32>());
        let answer = PairingAnswer { public_key: keys.public(), credential_hash: sha256(&credential) };
        let body = json!({
            "find": find,
            "device_id": scope.device,
            "public_key": BASE64URL_NOPAD.encode(&keys.public().to_bytes()),
            "credential_hash": BASE64URL_NOPAD.encode(&answer.credential_hash),
            "mac": BASE64URL_NOPAD.encode(&answer.mac(&key, scope)),
            "kind": kind,
            "version": "test agent 1.0",
        });
        for _ in 0..2 {
            let answered =
                call(&client, base, Method::POST, "pairings/answer").json(&body).send().await.unwrap();
            assert_eq!(answered.status(), 202, "the same answer again is fine");
        }
        let authorization = format!("Device {}:{}", scope.device, BASE64URL_NOPAD.encode(&credential));
        Self { client, base: base.to_owned(), scope, authorization, keys, key, serial: 0 }
    }

    /// The same device once more, for another of its cameras; it takes no configurations.
    pub(crate) fn lent(&self) -> Self {
        Self {
            client: self.client.clone(),
            base: self.base.clone(),
            scope: self.scope,
            authorization: self.authorization.clone(),
            keys: self.keys.clone(),
            key: self.key.clone(),
            serial: self.serial,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        call(&self.client, &self.base, method, path).header("Authorization", &self.authorization)
    }

    /// A delivery with the right headers.
    pub(crate) fn put(&self, camera: CameraId, event: EventId, object: Vec<u8>) -> RequestBuilder {
        self.request(Method::PUT, &format!("cameras/{camera}/events/{event}"))
            .header("Content-Type", EVENT_TYPE)
            .header("Content-Digest", content_digest(&object))
            .body(object)
    }

    pub(crate) async fn ask(&self, wait: u64) -> Response {
        let path = format!("configuration?after={}&wait={wait}", self.serial);
        self.request(Method::GET, &path).send().await.unwrap()
    }

    /// Takes the next configuration, which must be there.
    pub(crate) async fn configure(&mut self) -> Configuration {
        let answer = self.ask(5).await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["serial"], self.serial + 1);
        let sealed = BASE64URL_NOPAD.decode(answer["sealed"].as_str().unwrap().as_bytes()).unwrap();
        let opened =
            Configuration::open(&self.keys, &self.key, self.scope, self.serial + 1, &sealed).unwrap();
        self.serial += 1;
        self.key = opened.next_device_key.clone();
        opened
    }

    /// Takes all configurations that wait; the last one.
    pub(crate) async fn newest(&mut self) -> Configuration {
        let mut newest = self.configure().await;
        while self.ask(0).await.status() == 200 {
            newest = self.configure().await;
        }
        newest
    }
}

impl Serving {
    pub(crate) async fn start(system: &System, home: &Home) -> Self {
        let mut device = Device::answer(&system.url, &home.pairing_code().await).await;
        home.look().await;
        device.configure().await;
        let camera = home.add_camera().await;
        let configuration = device.configure().await;
        let sealer = configuration.sealer(&configuration.cameras[0]);
        Self { device, camera, sealer }
    }

    pub(crate) fn seal(&self, event: EventId, bytes: usize) -> Vec<u8> {
        let started_at = Timestamp::now().minus(Duration::from_secs(30));
        let mut sealing = self.sealer.begin(event, started_at, Vec::new()).unwrap();
        sealing.section(SectionKind::Clip, &mut vec![7; bytes].as_slice()).unwrap();
        let ended_at = started_at.plus(Duration::from_secs(12));
        sealing.finish(ended_at, Label::Motion, LabelSource::Agent).unwrap().0
    }

    /// A delivery with the right headers.
    pub(crate) fn put(&self, event: EventId, object: Vec<u8>) -> RequestBuilder {
        self.device.put(self.camera, event, object)
    }
}

pub(crate) fn content_digest(object: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(&sha256(object)))
}
