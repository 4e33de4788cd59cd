//! A whole server on a folder that goes with the test, and a home in it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ownsight_cache::{Caches, Clock};
use ownsight_disk::RealDisk;
use ownsight_gate::{
    Client, Credentials, Gate, LinkFor, LocalPairing, NewCamera, Password, Redemption, Remainder, Source,
};
use ownsight_ingest::{Ingest, IngestConfig};
use ownsight_ledger::{Ledger, LedgerConfig};
use ownsight_model::{CameraId, HomeId};
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_seal::MasterKey;
use ownsight_server::{RunningServer, Server, ServerConfig};
use ownsight_vault::{Vault, VaultConfig};

use super::counting_disk::{CountingDisk, Reads};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const CACHE_MEMORY: u64 = 16 << 20;

pub(crate) struct System {
    pub(crate) server: RunningServer,
    pub(crate) gate: Gate,
    pub(crate) registry: Registry,
    pub(crate) master: MasterKey,
    pub(crate) vault: Vault,
    pub(crate) ledger: Ledger,
    /// Codes for agents that this server is to run.
    pub(crate) local_pairings: tokio::sync::mpsc::Receiver<LocalPairing>,
    /// What a request for the server begins with.
    pub(crate) url: String,
    /// How often files of events were read.
    pub(crate) reads: Arc<Reads>,
    folder: tempfile::TempDir,
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl System {
    pub(crate) async fn start() -> Self {
        Self::with(ServerConfig::at(loopback()), IngestConfig::default()).await
    }

    pub(crate) async fn with(config: ServerConfig, limits: IngestConfig) -> Self {
        Self::on(tempfile::tempdir().unwrap(), MasterKey::generate(), config, limits).await
    }

    /// On a folder that is empty, or has an installation under this key. Sealed pieces are cached in memory, as they are
    /// if nothing else is said.
    pub(crate) async fn on(
        folder: tempfile::TempDir,
        master: MasterKey,
        config: ServerConfig,
        limits: IngestConfig,
    ) -> Self {
        let memory = (Caches::local(Clock::system()), CACHE_MEMORY);
        Self::behind(memory, folder, master, config, limits).await
    }

    /// With these caches in front of the vault, of which this process keeps nothing itself.
    pub(crate) async fn cached_by(caches: Caches) -> Self {
        Self::cached_in(caches, 0).await
    }

    /// With these caches in front of the vault, and so much of what they have in this process.
    pub(crate) async fn cached_in(caches: Caches, memory_bytes: u64) -> Self {
        let (folder, master) = (tempfile::tempdir().unwrap(), MasterKey::generate());
        Self::behind(
            (caches, memory_bytes),
            folder,
            master,
            ServerConfig::at(loopback()),
            IngestConfig::default(),
        )
        .await
    }

    async fn behind(
        (caches, memory_bytes): (Caches, u64),
        folder: tempfile::TempDir,
        master: MasterKey,
        config: ServerConfig,
        limits: IngestConfig,
    ) -> Self {
        ownsight_server::metrics::install().unwrap();
        let registry = Registry::open(folder.path().join("registry.db"), RegistryOptions::default()).unwrap();
        std::fs::create_dir_all(folder.path().join("events")).unwrap();
        let reads = Arc::<Reads>::default();
        let disk = RealDisk::open(&folder.path().join("events")).unwrap();
        let disk = CountingDisk::new(disk, Arc::clone(&reads));
        let space =
            VaultConfig { floor_bytes: 0, floor_percent: 0, reserve_bytes: 0, ..VaultConfig::default() };
        let vault = Vault::start(Arc::new(disk), space).await.unwrap().with_cache(&caches, memory_bytes);
        let id = match registry.installation().await.unwrap() {
            Some(row) => row.id,
            None => Gate::create_installation(&master, &registry).await.unwrap(),
        };
        let ledger = Ledger::open(&folder.path().join("ledger.db"), id, &LedgerConfig::default()).unwrap();
        let (gate, local_pairings) =
            Gate::open(master.clone(), registry.clone(), vault.clone(), ledger.clone()).await.unwrap();
        let ingest = Ingest::open(registry.clone(), vault.clone(), limits).await.unwrap();
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let server = Server::start(config, gate.clone(), ingest).await.unwrap();
        let url = format!("{scheme}://{}", server.addr());
        Self { server, gate, registry, master, vault, ledger, local_pairings, url, reads, folder }
    }

    /// Ends it; its folder and key, for another start on them.
    pub(crate) async fn stop(self) -> (tempfile::TempDir, MasterKey) {
        let Self { server, registry, master, ledger, folder, .. } = self;
        server.shutdown().await;
        ledger.close().await;
        registry.close().await;
        (folder, master)
    }

    /// The registry's own file.
    pub(crate) fn registry_file(&self) -> std::path::PathBuf {
        self.folder.path().join("registry.db")
    }

    /// A connection to it beside the registry's own, to change rows as nobody should.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        let raw = rusqlite::Connection::open(self.registry_file()).unwrap();
        raw.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        raw
    }

    /// Where its events are.
    pub(crate) fn events_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("events").canonicalize().unwrap()
    }

    /// Files of events that this process holds open.
    pub(crate) fn open_objects(&self) -> usize {
        let events = self.events_folder();
        let open = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        open.filter(|path| path.starts_with(&events) && path.extension().is_some_and(|kind| kind == "own"))
            .count()
    }

    /// A home whose owner is signed in.
    pub(crate) async fn home(&self, name: &str) -> Home {
        self.home_with(name, false).await
    }

    /// A home whose owner is signed in, with an agent of this server or without.
    pub(crate) async fn home_with(&self, name: &str, local_agent: bool) -> Home {
        let link = LinkFor::Account { email: None, local_agent };
        let secret = self.gate.make_link(link).await.unwrap();
        let (email, password) = (format!("{name}@example.org"), format!("{name} password"));
        let redemption = Redemption {
            email: email.clone(),
            password: Password::new(password.clone()),
            name: None,
            home_name: Some(format!("{name} home")),
            zone: Some("UTC".into()),
        };
        let home = self.gate.redeem_link(&secret, redemption).await.unwrap().home_id.unwrap();
        let password = Password::new(password);
        let signed_in = self
            .gate
            .sign_in(&email, &password, Client::Api { client_half: None }, None, PEER)
            .await
            .unwrap();
        Home { gate: self.gate.clone(), id: home, owner: signed_in.credentials().clone() }
    }
}

pub(crate) struct Home {
    gate: Gate,
    pub(crate) id: HomeId,
    owner: Credentials,
}

impl Home {
    /// Begins a pairing; its code.
    pub(crate) async fn pairing_code(&self) -> String {
        let pairing = self.gate.pair_device(&self.owner, self.id, "an agent").await.unwrap();
        pairing.release(&self.owner).unwrap().code.clone()
    }

    /// A request of the owner, which checks the answers of devices that wait.
    pub(crate) async fn look(&self) {
        self.gate.devices(&self.owner, self.id).await.unwrap();
    }

    pub(crate) async fn add_camera(&self) -> CameraId {
        let source = Source {
            address: "rtsp://camera.example/1".into(),
            user: None,
            password: None,
            digest_only: false,
        };
        let camera = NewCamera { name: "a camera".into(), source: Some(source), sound: false, device: None };
        self.gate.add_camera(&self.owner, self.id, camera).await.unwrap()
    }

    pub(crate) async fn remove(&self, device: ownsight_model::DeviceId) {
        self.gate.remove_device(&self.owner, device, Remainder::Refused).await.unwrap();
    }

    pub(crate) async fn erase(&self, event: ownsight_model::EventId) {
        self.gate.erase_event(&self.owner, event).await.unwrap();
    }
}
