//! A device that uploads plainly, and the smallest JPEG and MP4 that are what they claim to be.

use aws_lc_rs::hmac;
use ownsight_model::{EventId, Timestamp};
use reqwest::{Body, Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::device::client;
use super::scene::Side;

/// What the owner was shown, once.
#[derive(Clone)]
pub(crate) struct Uploader {
    pub(crate) client: Client,
    base: String,
    pub(crate) device: String,
    pub(crate) camera: String,
    pub(crate) upload_key: String,
    signing_key: Vec<u8>,
}

impl Uploader {
    /// Adds a camera that is uploaded to.
    pub(crate) async fn add(side: &Side, base: &str, name: &str) -> Self {
        let added =
            side.program.post(&format!("homes/{}/uploads", side.home.id), &json!({"name": name})).await;
        assert_eq!(added.status, 201, "{added:?}");
        let shown = added.json();
        let text = |field: &str| shown[field].as_str().unwrap().to_owned();
        assert_eq!(text("address"), base);
        Self {
            client: client(),
            base: base.to_owned(),
            device: text("device_id"),
            camera: text("camera_id"),
            upload_key: text("upload_key"),
            signing_key: data_encoding::HEXLOWER.decode(text("signing_key").as_bytes()).unwrap(),
        }
    }

    pub(crate) fn sign(&self, body: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.signing_key);
        [body, hmac::sign(&key, body).as_ref()].concat()
    }

    /// An upload of this, as it is sent.
    pub(crate) fn upload(&self, metadata: &Value, thumbnail: &[u8], clip: &[u8]) -> Vec<u8> {
        self.sign(&unsigned(metadata, thumbnail, clip))
    }

    /// An upload of a new event.
    pub(crate) fn event(&self, mark: &str) -> (EventId, Vec<u8>) {
        let event = EventId::generate();
        (event, self.upload(&metadata(event), &jpeg(mark), &mp4(mark, 100_000)))
    }

    pub(crate) fn request(&self, body: impl Into<Body>) -> RequestBuilder {
        self.request_as(Method::POST, &format!("Upload {}", self.upload_key), body)
    }

    pub(crate) fn request_as(
        &self,
        method: Method,
        authorization: &str,
        body: impl Into<Body>,
    ) -> RequestBuilder {
        let to = format!("{}/device/v1/uploads", self.base);
        self.client.request(method, to).header("Authorization", authorization).body(body)
    }

    pub(crate) async fn send(&self, body: Vec<u8>) -> Response {
        self.request(body).send().await.unwrap()
    }
}

/// Of an event of twelve seconds that has just ended.
pub(crate) fn metadata(event: EventId) -> Value {
    let started_at = Timestamp::now().as_micros() - 12_000_000;
    json!({"event": event, "started_at": started_at, "duration_ms": 12_000, "label": "person"})
}

/// The bytes under the MAC.
fn unsigned(metadata: &Value, thumbnail: &[u8], clip: &[u8]) -> Vec<u8> {
    let mut metadata = metadata.clone();
    for (name, part) in [("thumbnail_bytes", thumbnail), ("clip_bytes", clip)] {
        if metadata.get(name).is_none() {
            metadata[name] = part.len().into();
        }
    }
    [metadata.to_string().as_bytes(), b"\n", thumbnail, clip].concat()
}

/// A picture with a comment.
pub(crate) fn jpeg(comment: &str) -> Vec<u8> {
    let segment = |code: u8, payload: &[u8]| {
        let length = (payload.len() as u16 + 2).to_be_bytes();
        [&[0xff, code], length.as_slice(), payload].concat()
    };
    let frame = segment(0xc0, &[8, 0, 9, 0, 16, 1, 1, 0x11, 0]);
    let scan = segment(0xda, &[1, 1, 0, 0, 63, 0]);
    [&[0xff, 0xd8], &*segment(0xfe, comment.as_bytes()), &frame, &scan, &[0x12, 0x34, 0xff, 0xd9]].concat()
}

/// A video with this text again and again in its data.
pub(crate) fn mp4(text: &str, data_bytes: usize) -> Vec<u8> {
    let data: Vec<u8> = text.bytes().cycle().take(data_bytes).collect();
    [mp4_head(), mp4_box("mdat", &data)].concat()
}

/// All of a video but its data.
pub(crate) fn mp4_head() -> Vec<u8> {
    let mut entry = [0; 78];
    entry[24..28].copy_from_slice(&[2, 128, 1, 224]);
    let stsd = [&[0, 0, 0, 0, 0, 0, 0, 1], mp4_box("avc1", &entry).as_slice()].concat();
    let hdlr = mp4_box("hdlr", b"\0\0\0\0\0\0\0\0vide\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let minf = mp4_box("minf", &mp4_box("stbl", &mp4_box("stsd", &stsd)));
    let trak = mp4_box("trak", &mp4_box("mdia", &[hdlr, minf].concat()));
    [mp4_box("ftyp", b"isom\0\0\x02\0isomavc1"), mp4_box("moov", &trak)].concat()
}

fn mp4_box(kind: &str, payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes(), kind.as_bytes(), payload].concat()
}
