//! The configuration: one TOML file, unknown fields refused, flags over it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ownsight_server::{Network, PublicUrl, TlsFiles};
use serde::Deserialize;

use crate::cache::{CacheConfig, CacheSection};
use crate::cli::{Folders, ServeArgs};

/// The file's name in the configuration folder.
const FILE_NAME: &str = "ownsight.toml";

/// The file as it is written. Every field has a default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    /// The data folder.
    data: Option<PathBuf>,
    server: ServerSection,
    metrics: MetricsSection,
    storage: StorageSection,
    events: EventsSection,
    cache: CacheSection,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ServerSection {
    /// The address to listen on.
    listen: SocketAddr,
    /// The address that people use, for links.
    public_url: Option<PublicUrl>,
    /// PEM file with the certificate chain.
    tls_cert: Option<PathBuf>,
    /// PEM file with its key.
    tls_key: Option<PathBuf>,
    /// Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    trusted_proxies: Vec<Network>,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7700)),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MetricsSection {
    /// The address of `/metrics`; it has a port of its own.
    listen: SocketAddr,
}

impl Default for MetricsSection {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 7701)) }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StorageSection {
    /// No footage is taken while less is free: bytes.
    floor_bytes: u64,
    /// Nor while less than this part of the disk is free: percent.
    floor_percent: u8,
    /// Kept aside so that deleting works on a full disk: bytes.
    reserve_bytes: u64,
}

impl Default for StorageSection {
    fn default() -> Self {
        Self { floor_bytes: 2_000_000_000, floor_percent: 5, reserve_bytes: 64 << 20 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EventsSection {
    /// The longest event of this server's own agents while motion goes on: seconds, 12 to 300.
    max_seconds: u64,
}

impl Default for EventsSection {
    fn default() -> Self {
        Self { max_seconds: 60 }
    }
}

/// What an installation runs with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) file: Option<PathBuf>,
    pub(crate) data: PathBuf,
    pub(crate) configuration: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) floor_bytes: u64,
    pub(crate) floor_percent: u8,
    pub(crate) reserve_bytes: u64,
    pub(crate) event_max: u64,
    pub(crate) cache: CacheConfig,
}

impl Config {
    /// An installation on loopback that is looked at and thrown away: data and configuration beside each other in a folder,
    /// so that the master key is not in the data; port 0 for any.
    pub(crate) fn beside(folder: &Path, port: u16) -> anyhow::Result<Self> {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (data, configuration) = (folder.join("data"), folder.join("configuration"));
        for folder in [&data, &configuration] {
            crate::files::make_folder(folder)?;
        }
        Ok(Self {
            file: None,
            data,
            configuration,
            listen: loopback(port),
            metrics_listen: loopback(0),
            public_url: None,
            tls: None,
            trusted_proxies: Vec::new(),
            floor_bytes: 200 << 20,
            floor_percent: 0,
            reserve_bytes: 4 << 20,
            event_max: EventsSection::default().max_seconds,
            cache: CacheConfig::default(),
        })
    }

    pub(crate) fn load(args: &ServeArgs) -> anyhow::Result<Self> {
        let mut config = Self::load_folders(&args.folders)?;
        if let Some(listen) = args.listen {
            config.listen = listen;
        }
        if let Some(url) = &args.public_url {
            config.public_url = Some(url.parse().context("--public-url")?);
        }
        config.check()?;
        Ok(config)
    }

    pub(crate) fn load_folders(folders: &Folders) -> anyhow::Result<Self> {
        let default_folder = configuration_folder();
        let path = match &folders.config {
            Some(path) => Some(path.clone()),
            None => default_folder.as_ref().map(|folder| folder.join(FILE_NAME)).filter(|path| path.exists()),
        };
        let file = match &path {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
                toml::from_str(&text)
                    .with_context(|| format!("the configuration file {} is not right", path.display()))?
            }
            None => File::default(),
        };
        let Some(data) = folders.data.clone().or(file.data).or_else(data_folder) else {
            bail!("there is no home folder to keep data in: name a folder with --data");
        };
        // The master key lies beside the file that was named, so that two installations do not share one.
        let configuration = match (&folders.config, default_folder) {
            (Some(path), _) => parent(path),
            (None, Some(folder)) => folder,
            (None, None) => bail!("there is no home folder for the configuration: name a file with --config"),
        };
        let tls = match (file.server.tls_cert, file.server.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            _ => bail!("`server.tls_cert` and `server.tls_key` go together: name both or none"),
        };
        Ok(Self {
            file: path,
            data,
            configuration,
            listen: file.server.listen,
            metrics_listen: file.metrics.listen,
            public_url: file.server.public_url,
            tls,
            trusted_proxies: file.server.trusted_proxies,
            floor_bytes: file.storage.floor_bytes,
            floor_percent: file.storage.floor_percent,
            reserve_bytes: file.storage.reserve_bytes,
            event_max: file.events.max_seconds,
            cache: file.cache.read()?,
        })
    }

    fn check(&self) -> anyhow::Result<()> {
        if !(12..=300).contains(&self.event_max) {
            bail!("`events.max_seconds` must be 12 to 300");
        }
        if self.floor_percent > 90 {
            bail!("`storage.floor_percent` must be at most 90");
        }
        let data = self.data.canonicalize().unwrap_or_else(|_| self.data.clone());
        let configuration = self.configuration.canonicalize().unwrap_or_else(|_| self.configuration.clone());
        if configuration.starts_with(&data) {
            bail!(
                "the configuration folder {} lies in the data folder {}: the master key must not be where the data is, and its backups; move one of them",
                configuration.display(),
                data.display()
            );
        }
        Ok(())
    }

    /// The address that links begin with.
    pub(crate) fn base_url(&self, listening: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.as_str().to_owned(),
            None => {
                let scheme = if self.tls.is_some() { "https" } else { "http" };
                let host = if listening.ip().is_unspecified() {
                    SocketAddr::from(([127, 0, 0, 1], listening.port()))
                } else {
                    listening
                };
                format!("{scheme}://{host}")
            }
        }
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// systemd's `ConfigurationDirectory=`, else the person's own.
fn configuration_folder() -> Option<PathBuf> {
    folder("CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", ".config")
}

/// systemd's `StateDirectory=`, else the person's own.
fn data_folder() -> Option<PathBuf> {
    folder("STATE_DIRECTORY", "XDG_DATA_HOME", ".local/share")
}

fn folder(systemd: &str, xdg: &str, in_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set(systemd) {
        return Some(folder);
    }
    let base = set(xdg).or_else(|| set("HOME").map(|home| home.join(in_home)))?;
    Some(base.join("ownsight"))
}

/// The folder of an agent that runs by itself.
pub(crate) fn agent_folder() -> Option<PathBuf> {
    data_folder().map(|folder| folder.join("agent"))
}

/// Where `login` keeps what the commands on cameras need.
pub(crate) fn login_file() -> Option<PathBuf> {
    configuration_folder().map(|folder| folder.join("login.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ownsight.toml");
        std::fs::write(&path, text).unwrap();
        let folders = Folders { config: Some(path), data: Some(folder.path().join("data")) };
        Config::load(&ServeArgs { folders, ..ServeArgs::default() })
    }

    #[test]
    fn an_empty_file_has_defaults() {
        let config = load("").unwrap();
        assert_eq!(config.listen, "127.0.0.1:7700".parse().unwrap());
        assert_eq!(config.base_url("0.0.0.0:1234".parse().unwrap()), "http://127.0.0.1:1234");
    }

    #[test]
    fn unknown_fields_are_refused_by_name() {
        let error = load("[server]\nlisen = \"127.0.0.1:1\"").unwrap_err();
        assert!(format!("{error:#}").contains("lisen"), "{error:#}");
    }

    #[test]
    fn half_a_tls_is_refused() {
        assert!(load("[server]\ntls_cert = \"a.pem\"").is_err());
    }

    #[test]
    fn a_configuration_folder_inside_the_data_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ownsight.toml");
        std::fs::write(&path, "").unwrap();
        let folders = Folders { config: Some(path), data: Some(folder.path().to_owned()) };
        let error = Config::load(&ServeArgs { folders, ..ServeArgs::default() }).unwrap_err();
        assert!(error.to_string().contains("master key"), "{error}");
    }

    #[test]
    fn public_addresses_have_no_path() {
        assert!(load("[server]\npublic_url = \"https://cams.example.org/\"").is_ok());
        assert!(load("[server]\npublic_url = \"https://cams.example.org/x\"").is_err());
        assert!(load("[server]\npublic_url = \"cams.example.org\"").is_err());
    }
}
