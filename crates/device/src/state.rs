//! What a device is: its pairing, its keys and its newest configuration, in one file that is replaced as a whole.
//!
//! The folder is readable by its owner only (0700, files 0600). `device.json` holds private key, credential, and
//! either the key of the first configuration or the newest configuration, which carries the key for the next. A
//! configuration is written before it is used, and used before the server hears that it is. A crash at any
//! moment leaves the file from before or the one from after.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use ownsight_disk::{Disk, DiskError, RealDisk, durable};
use ownsight_model::{DeviceId, HomeId, InstallationId};
use ownsight_seal::{Configuration, DeviceKey, KeyPair, PairingScope};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::address::ServerAddress;
use crate::error::LoadError;
use crate::place::Place;
use crate::tls::ServerPin;

const VERSION: u32 = 1;
const DEVICE: &str = "device.json";
const FILE_BYTES_MAX: usize = 4 << 20;

/// A folder of a device, held by this process.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) disk: Arc<dyn Disk>,
    /// Keeps the folder ours; `None` for disks in tests.
    _lock: Option<Arc<File>>,
}

/// 32 secret bytes in the state file.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) Zeroizing<[u8; 32]>);

/// The answer to a pairing, kept until the first configuration has come.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PairingReply {
    /// What found the pairing: tells whether a code is this pairing's.
    pub(crate) find: String,
    /// The body of the call, word for word: the server refuses a second answer that differs.
    pub(crate) body: String,
    /// Whether the server has it.
    pub(crate) taken: bool,
}

/// All that a device is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    version: u32,
    pub(crate) server: ServerAddress,
    pub(crate) server_pin: Option<ServerPin>,
    pub(crate) installation: InstallationId,
    pub(crate) home: HomeId,
    pub(crate) device: DeviceId,
    private_key: Secret,
    pub(crate) credential: Secret,
    pub(crate) answer: Option<PairingReply>,
    /// What found this pairing: its code, given once more, is not another pairing.
    #[serde(default)]
    paired_by: Option<String>,
    /// Where its queue and reports are.
    #[serde(default)]
    pub(crate) place: Place,
    /// Opens the first configuration; gone when that has come.
    first_key: Option<Secret>,
    pub(crate) configuration: Option<Configuration>,
}

impl Folder {
    /// Opens a device's folder and keeps other processes out of it until the value is dropped.
    pub(crate) fn open(path: &Path, make: bool) -> Result<Self, LoadError> {
        if make {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(LoadError::Folder)?;
            fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(LoadError::Folder)?;
        } else if !path.join(DEVICE).exists() {
            return Err(LoadError::NotPaired);
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(LoadError::Folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(LoadError::InUse),
            Err(fs::TryLockError::Error(error)) => return Err(LoadError::Folder(error)),
        }
        let disk = RealDisk::open(path)?;
        Ok(Self { disk: Arc::new(disk), _lock: Some(Arc::new(lock)) })
    }

    pub(crate) fn on(disk: Arc<dyn Disk>) -> Self {
        Self { disk, _lock: None }
    }

    /// Reads a JSON file of the folder; `None` if there is none.
    pub(crate) fn read<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>, LoadError> {
        let bytes = match durable::read_file(&*self.disk, Path::new(file), FILE_BYTES_MAX) {
            Ok(bytes) => bytes.map(Zeroizing::new),
            Err(DiskError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(bytes) = bytes else {
            return Err(damaged(file, "it is too long"));
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(file, &format!("line {} cannot be read", error.line())))
    }

    /// Replaces a JSON file of the folder, durably and as a whole. One caller at a time for one file.
    pub(crate) fn write<T: Serialize>(&self, file: &str, content: &T) -> Result<(), DiskError> {
        // Our own structs, whose maps have text keys, always have a JSON form.
        let bytes = Zeroizing::new(serde_json::to_vec_pretty(content).unwrap_or_default());
        let temporary = format!("{file}.new");
        durable::replace_file(&*self.disk, Path::new(file), Path::new(&temporary), &bytes)
    }
}

impl State {
    pub(crate) fn new(
        server: ServerAddress,
        server_pin: Option<ServerPin>,
        scope: PairingScope,
        keys: &KeyPair,
        credential: Zeroizing<[u8; 32]>,
        first_key: &DeviceKey,
        answer: PairingReply,
    ) -> Self {
        Self {
            version: VERSION,
            server,
            server_pin,
            installation: scope.installation,
            home: scope.home,
            device: scope.device,
            private_key: Secret(keys.private_bytes()),
            credential: Secret(credential),
            paired_by: Some(answer.find.clone()),
            answer: Some(answer),
            place: Place::default(),
            first_key: Some(Secret(Zeroizing::new(*first_key.expose()))),
            configuration: None,
        }
    }

    pub(crate) fn load(folder: &Folder) -> Result<Self, LoadError> {
        let state: Self = folder.read(DEVICE)?.ok_or(LoadError::NotPaired)?;
        let damaged = |why| damaged(DEVICE, why);
        if state.version != VERSION {
            return Err(damaged("its version is not known"));
        }
        if state.keys().is_none() {
            return Err(damaged("its private key is none"));
        }
        if state.configuration.is_none() && state.first_key.is_none() {
            return Err(damaged("it has neither a configuration nor the key for one"));
        }
        if state.configuration.as_ref().is_some_and(|configuration| configuration.scope() != state.scope()) {
            return Err(damaged("its configuration is another device's"));
        }
        Ok(state)
    }

    pub(crate) fn store(&self, folder: &Folder) -> Result<(), DiskError> {
        folder.write(DEVICE, self)
    }

    /// Removes a pairing that did not come about.
    pub(crate) fn forget(folder: &Folder) -> Result<(), DiskError> {
        folder.disk.unlink(Path::new(DEVICE))?;
        folder.disk.sync_folder(Path::new(""))
    }

    pub(crate) fn scope(&self) -> PairingScope {
        PairingScope { installation: self.installation, home: self.home, device: self.device }
    }

    pub(crate) fn serial(&self) -> u64 {
        self.configuration.as_ref().map_or(0, |configuration| configuration.serial)
    }

    pub(crate) fn keys(&self) -> Option<KeyPair> {
        KeyPair::from_private_bytes(&self.private_key.0)
    }

    /// The key that opens the next configuration.
    pub(crate) fn device_key(&self) -> Option<DeviceKey> {
        match &self.configuration {
            Some(configuration) => Some(configuration.next_device_key.clone()),
            None => self.first_key.as_ref().map(|key| DeviceKey::from_bytes(*key.0)),
        }
    }

    /// The answer to the pairing, if the server may not have it yet.
    pub(crate) fn untaken_answer(&self) -> Option<&PairingReply> {
        self.answer.as_ref().filter(|answer| !answer.taken)
    }

    /// Whether this is the pairing that was found so.
    pub(crate) fn was_paired_by(&self, find: &str) -> bool {
        self.paired_by.as_deref() == Some(find)
    }

    /// The same, with its queue and reports in this place.
    pub(crate) fn placed(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The server has the answer.
    pub(crate) fn answer_taken(&mut self) {
        if let Some(answer) = &mut self.answer {
            answer.taken = true;
        }
    }

    /// Puts the next configuration in place of the one before, with the key that came in it.
    pub(crate) fn take(&mut self, configuration: Configuration) {
        self.configuration = Some(configuration);
        self.first_key = None;
        self.answer = None;
    }
}

fn damaged(file: &str, why: &str) -> LoadError {
    LoadError::Damaged { file: file.to_owned(), why: why.to_owned() }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State({} at {:?}, serial {}, …)", self.device, self.server, self.serial())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(BASE64URL_NOPAD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok().map(Zeroizing::new);
        let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .ok_or_else(|| serde::de::Error::custom("a secret of 32 bytes is expected"))
    }
}

#[cfg(test)]
mod tests {
    use ownsight_disk::ForgettingDisk;
    use ownsight_seal::PairingCode;

    use super::*;

    fn state(scope: PairingScope) -> State {
        let code = PairingCode::generate();
        State::new(
            "http://127.0.0.1:1".parse().unwrap(),
            Some(ServerPin::from_bytes([7; 32])),
            scope,
            &KeyPair::generate(),
            Zeroizing::new([9; 32]),
            &code.device_key(scope.installation, scope.home, scope.device),
            PairingReply { find: String::new(), body: "{}".to_owned(), taken: false },
        )
    }

    fn scope() -> PairingScope {
        PairingScope {
            installation: InstallationId::generate(),
            home: HomeId::generate(),
            device: DeviceId::generate(),
        }
    }

    fn configuration(scope: PairingScope, serial: u64) -> Configuration {
        Configuration {
            installation: scope.installation,
            home: scope.home,
            device: scope.device,
            serial,
            next_device_key: DeviceKey::from_bytes([serial as u8; 32]),
            report_key: ownsight_seal::DeviceReportKey::from_bytes([1; 32]),
            cameras: Vec::new(),
            tests: Vec::new(),
            looks: Vec::new(),
        }
    }

    #[test]
    fn a_crash_leaves_a_serial_with_its_own_next_key() {
        let disk = ForgettingDisk::new();
        let folder = Folder::on(Arc::new(disk.clone()));
        let mut state = state(scope());
        let first_key = *state.device_key().unwrap().expose();
        let mut durable_from = Vec::new();
        state.store(&folder).unwrap();
        durable_from.push(disk.position());
        for serial in 1..=3 {
            state.take(configuration(state.scope(), serial));
            state.store(&folder).unwrap();
            durable_from.push(disk.position());
        }
        let sound = |disk: ForgettingDisk, position: usize| {
            let least = durable_from.iter().filter(|from| **from <= position).count() as u64;
            match State::load(&Folder::on(Arc::new(disk))) {
                Ok(state) => {
                    let key = *state.device_key().unwrap().expose();
                    let expected = if state.serial() == 0 { first_key } else { [state.serial() as u8; 32] };
                    key == expected && state.serial() + 1 >= least && state.keys().is_some()
                }
                Err(LoadError::NotPaired) => least == 0,
                Err(_) => false,
            }
        };
        for position in 0..=disk.position() {
            for seed in 0..20 {
                assert!(sound(disk.crash_at(position, seed), position), "position {position}, seed {seed}");
            }
        }
        for sync in disk.syncs() {
            let caught = (0..=disk.position()).any(|position| {
                (0..40).any(|seed| !sound(disk.crash_without(sync.index, position, seed), position))
            });
            assert!(caught, "nothing noticed that this was left out: {sync:?}");
        }
    }

    #[test]
    fn another_homes_configuration_in_the_file_is_not_loaded() {
        let folder = Folder::on(Arc::new(ForgettingDisk::new()));
        let mut state = state(scope());
        state.take(configuration(scope(), 1));
        state.store(&folder).unwrap();
        assert!(matches!(State::load(&folder), Err(LoadError::Damaged { .. })));
    }

    #[test]
    fn debug_shows_no_secret() {
        let state = state(scope());
        let shown = format!("{state:?}");
        let secret = BASE64URL_NOPAD.encode(&[9; 32]);
        assert!(!shown.contains(&secret) && !shown.contains("9, 9"), "{shown}");
    }

    #[test]
    fn a_folder_is_ours_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device");
        assert!(matches!(Folder::open(&path, false), Err(LoadError::NotPaired)));
        let held = Folder::open(&path, true).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert!(matches!(Folder::open(&path, true), Err(LoadError::InUse)));
        state(scope()).store(&held).unwrap();
        assert_eq!(path.join(DEVICE).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(held);
        assert!(State::load(&Folder::open(&path, false).unwrap()).is_ok());
    }
}
