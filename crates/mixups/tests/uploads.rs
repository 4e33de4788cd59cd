//! The swap test of plain uploads: what comes with a request, what the server keeps for the device, and the body, each of
//! another home. With the barriers on nothing of it is stored, and what does not authenticate is an alarm; with the barriers
//! off the same requests must go further, and one of them put a home's footage before another's eyes.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aws_lc_rs::hmac;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use ownsight_disk::RealDisk;
use ownsight_gate::{Client, Credentials, EventFilter, Gate, LinkFor, Password, Redemption};
use ownsight_ingest::{AuthenticateError, Ingest, IngestConfig, IngestError};
use ownsight_ledger::{Ledger, LedgerConfig};
use ownsight_model::{EventId, Timestamp};
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_seal::MasterKey;
use ownsight_seal::barriers::Barrier;
use ownsight_upload::{UploadCredentials, UploadError, Uploads};
use ownsight_vault::{Vault, VaultConfig};
use rusqlite::types::Value;

/// A home, its owner, and what its device has.
struct Side {
    owner: Credentials,
    device: Vec<u8>,
    camera: String,
    upload_key: String,
    signing_key: Vec<u8>,
}

struct World {
    folder: tempfile::TempDir,
    gate: Gate,
    uploads: Uploads,
    sides: [Side; 2],
}

/// What becomes of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// It was taken.
    In,
    /// It does not authenticate, and the alarm was raised.
    NotVerified,
    /// It is not signed with the device's key, and the alarm was raised.
    NotSigned,
    /// Ids that were compared differ, and the alarm was raised.
    NotYours,
    /// There is no such device.
    Unknown,
    /// The device has no such camera.
    NoCamera,
}

/// What is exchanged: columns of the two devices' rows, or what the first side sends.
#[derive(Debug, Clone, Copy)]
enum Exchange {
    Nothing,
    Columns(&'static [(&'static str, &'static str, &'static str)]),
    /// The head of the second side's request is put before the first one's body.
    Heads,
    /// The body is signed with the second side's key.
    SigningKeys,
    /// The metadata name the second side's camera.
    Cameras,
}

const HOME: (&str, &str, &str) = ("devices", "id", "home");
const UPLOAD_KEY: (&str, &str, &str) = ("devices", "id", "upload_key");
const CREDENTIAL: (&str, &str, &str) = ("devices", "id", "credential_hash");
const CONFIGURATION: (&str, &str, &str) = ("configurations", "device", "sealed");

/// What is exchanged, what comes of it with the barriers on, and what with all of them off.
const ALL: [(Exchange, Came, Came); 12] = [
    (Exchange::Nothing, Came::In, Came::In),
    (Exchange::Columns(&[HOME]), Came::NotVerified, Came::NotYours),
    (Exchange::Columns(&[UPLOAD_KEY]), Came::NotVerified, Came::In),
    (Exchange::Columns(&[CONFIGURATION]), Came::NotVerified, Came::NotYours),
    (Exchange::Columns(&[CREDENTIAL]), Came::Unknown, Came::Unknown),
    (Exchange::Columns(&[UPLOAD_KEY, CONFIGURATION]), Came::NotVerified, Came::NotYours),
    (Exchange::Columns(&[HOME, CONFIGURATION]), Came::NotVerified, Came::NotYours),
    (Exchange::Columns(&[HOME, UPLOAD_KEY, CONFIGURATION]), Came::NotVerified, Came::NotYours),
    (Exchange::Columns(&[HOME, UPLOAD_KEY]), Came::NotVerified, Came::NotYours),
    (Exchange::Heads, Came::NotSigned, Came::In),
    (Exchange::SigningKeys, Came::NotSigned, Came::In),
    (Exchange::Cameras, Came::NoCamera, Came::NoCamera),
];

#[test]
fn uploads_stay_in_their_home_with_the_barriers_on_and_the_barriers_are_why() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    for on in [true, false] {
        for barrier in Barrier::ALL {
            barrier.set(on);
        }
        let mut leaked = 0;
        for (exchange, with, without) in ALL {
            let (came, seen) = runtime.block_on(tried(exchange, &metrics));
            assert_eq!(came, if on { with } else { without }, "{exchange:?}, barriers on: {on}");
            let own = u64::from(came == Came::In && !matches!(exchange, Exchange::Heads));
            if on {
                assert_eq!(seen, [own, 0], "{exchange:?}");
            }
            leaked += seen[1];
        }
        assert_eq!(
            leaked,
            u64::from(!on),
            "the second home sees the first one's footage with the barriers off only"
        );
    }
}

/// The first side uploads: what comes of it, and how many events each side sees then.
async fn tried(exchange: Exchange, metrics: &PrometheusHandle) -> (Came, [u64; 2]) {
    let world = World::build().await;
    let [one, other] = &world.sides;
    if let Exchange::Columns(columns) = exchange {
        for column in columns {
            world.exchange(*column);
        }
    }
    let head = if matches!(exchange, Exchange::Heads) { other } else { one };
    let signs = if matches!(exchange, Exchange::SigningKeys) { other } else { one };
    let camera = matches!(exchange, Exchange::Cameras).then_some(&*other.camera);
    let body = signs.sign(camera);
    let credentials = UploadCredentials::parse(&format!("Upload {}", head.upload_key)).unwrap();
    let before = alarms(metrics);
    let body = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(body))]);
    let came = match world.uploads.take(credentials, None, body).await {
        Ok(_) => Came::In,
        Err(UploadError::NotVerified) => Came::NotVerified,
        Err(UploadError::NotSigned) => Came::NotSigned,
        Err(UploadError::Ingest(IngestError::NotYours)) => Came::NotYours,
        Err(UploadError::Device(AuthenticateError::Unknown)) => Came::Unknown,
        Err(UploadError::Camera { .. }) => Came::NoCamera,
        Err(error) => panic!("{exchange:?}: {error}"),
    };
    let alarmed = matches!(came, Came::NotVerified | Came::NotSigned | Came::NotYours);
    assert_eq!(alarms(metrics) > before, alarmed, "{exchange:?}: {came:?}");
    let mut seen = [0; 2];
    for (seen, side) in seen.iter_mut().zip(&world.sides) {
        let events = world.gate.events(&side.owner, EventFilter::default()).await.unwrap();
        *seen = events.release(&side.owner).unwrap().events.len() as u64;
    }
    (came, seen)
}

impl World {
    async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path().join("registry.db"), RegistryOptions::default()).unwrap();
        std::fs::create_dir_all(folder.path().join("events")).unwrap();
        let disk = RealDisk::open(&folder.path().join("events")).unwrap();
        let config =
            VaultConfig { floor_bytes: 0, floor_percent: 0, reserve_bytes: 0, ..VaultConfig::default() };
        let vault = Vault::start(Arc::new(disk), config).await.unwrap();
        let master = MasterKey::generate();
        let id = Gate::create_installation(&master, &registry).await.unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db"), id, &LedgerConfig::default()).unwrap();
        let (gate, _) = Gate::open(master, registry.clone(), vault.clone(), ledger).await.unwrap();
        let ingest = Ingest::open(registry, vault, IngestConfig::default()).await.unwrap();
        let sides = [Side::build(&gate, "alpha").await, Side::build(&gate, "bravo").await];
        Self { folder, gate, uploads: Uploads::new(ingest), sides }
    }

    /// Exchanges a column of the rows of the two devices.
    fn exchange(&self, (table, key, column): (&str, &str, &str)) {
        let registry = rusqlite::Connection::open(self.folder.path().join("registry.db")).unwrap();
        registry.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        let [one, other] = self.sides.each_ref().map(|side| {
            let sql = format!("SELECT {column} FROM {table} WHERE {key} = ?1");
            registry.query_row(&sql, [&side.device], |row| row.get::<_, Value>(0)).unwrap()
        });
        assert_ne!(one, other, "{table}.{column}");
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1");
        for (side, value) in self.sides.iter().zip([other, one]) {
            assert_eq!(registry.execute(&sql, rusqlite::params![side.device, value]).unwrap(), 1);
        }
    }
}

impl Side {
    async fn build(gate: &Gate, name: &str) -> Self {
        let secret = gate.make_link(LinkFor::Account { email: None, local_agent: false }).await.unwrap();
        let (email, password) = (format!("{name}@example.org"), format!("{name}-password"));
        let redemption = Redemption {
            email: email.clone(),
            password: Password::new(password.clone()),
            name: None,
            home_name: None,
            zone: None,
        };
        let home = gate.redeem_link(&secret, redemption).await.unwrap().home_id.unwrap();
        let (peer, api) = (IpAddr::V4(Ipv4Addr::LOCALHOST), Client::Api { client_half: None });
        let signed_in = gate.sign_in(&email, &Password::new(password), api, None, peer).await.unwrap();
        let owner = signed_in.credentials().clone();
        let upload = gate.add_upload(&owner, home, "gate").await.unwrap().release(&owner).unwrap();
        Self {
            device: upload.device_id.as_bytes().to_vec(),
            camera: upload.camera_id.to_string(),
            upload_key: upload.upload_key.clone(),
            signing_key: HEXLOWER.decode(upload.signing_key.as_bytes()).unwrap(),
            owner,
        }
    }

    /// An upload that this side's device signs.
    fn sign(&self, camera: Option<&str>) -> Vec<u8> {
        let (thumbnail, clip) = (jpeg(), mp4());
        let mut metadata = serde_json::json!({
            "event": EventId::generate(), "started_at": Timestamp::now().as_micros(), "duration_ms": 1,
            "thumbnail_bytes": thumbnail.len(), "clip_bytes": clip.len(),
        });
        if let Some(camera) = camera {
            metadata["camera"] = camera.into();
        }
        let body = [metadata.to_string().as_bytes(), b"\n", &thumbnail, &clip].concat();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.signing_key), &body);
        [&body, tag.as_ref()].concat()
    }
}

/// The smallest picture.
fn jpeg() -> Vec<u8> {
    let frame = [0xff, 0xc0, 0, 11, 8, 0, 9, 0, 16, 1, 1, 0x11, 0];
    let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34];
    [&[0xff, 0xd8], frame.as_slice(), &scan, &[0xff, 0xd9]].concat()
}

/// The smallest video.
fn mp4() -> Vec<u8> {
    let made = |kind: &[u8; 4], payload: &[u8]| {
        [&(payload.len() as u32 + 8).to_be_bytes(), kind.as_slice(), payload].concat()
    };
    let mut entry = [0; 78];
    entry[24..28].copy_from_slice(&[2, 128, 1, 224]);
    let stsd = [&[0, 0, 0, 0, 0, 0, 0, 1], made(b"avc1", &entry).as_slice()].concat();
    let minf = made(b"minf", &made(b"stbl", &made(b"stsd", &stsd)));
    let mdia = [made(b"hdlr", b"\0\0\0\0\0\0\0\0vide\0\0\0\0\0\0\0\0\0\0\0\0\0"), minf].concat();
    let moov = made(b"moov", &made(b"trak", &made(b"mdia", &mdia)));
    [made(b"ftyp", b"isom\0\0\x02\0isomavc1"), moov, made(b"mdat", b"a frame")].concat()
}

/// The sum of all alarms, whatever their kind.
fn alarms(metrics: &PrometheusHandle) -> u64 {
    let text = metrics.render();
    let lines = text.lines().filter(|line| line.starts_with("ownsight_alarms_total"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
