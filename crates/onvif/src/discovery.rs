//! WS-Discovery: one call into each network of this machine, and what answers.
//!
//! IPv4 only: there every camera answers. The call goes to a multicast group and no further than the network (TTL 1).

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use if_addrs::IfAddr;
use ownsight_model::{FoundCamera, OnvifAddress};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use url::{Host, Url};
use uuid::Uuid;

use crate::xml::{all, first, parse, shown, text};

/// The port of WS-Discovery.
pub const PORT: u16 = 3702;
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// Most cameras that are given.
pub const FOUND_MAX: usize = 64;
/// Most cameras that are given of one host, by which a device could crowd out the others. A recorder may have some.
const OF_HOST_MAX: usize = 8;
/// Most networks that are called into.
const NETWORKS_MAX: usize = 16;
/// Most datagrams that are read in one network.
const DATAGRAMS_MAX: usize = 512;
/// Longest datagram that is read; one that is longer is cut off, and so no XML.
const DATAGRAM_BYTES_MAX: usize = 16 << 10;
/// Longest wait for answers. The standard lets a device wait up to 0.5 s, and many take longer.
const LASTS: Duration = Duration::from_secs(5);
/// The call is repeated: datagrams are lost.
const CALLS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(400), Duration::from_millis(1500)];

/// Why nobody was called.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The system does not tell its networks.
    #[error(
        "the networks of this machine cannot be listed: {0}; check that the agent may use netlink sockets"
    )]
    Networks(#[source] std::io::Error),
    /// There is none, or in none could a call be made.
    #[error(
        "this machine has no IPv4 network in which a call can be made; in a container, give it the host's network"
    )]
    NoNetwork,
}

/// A network of this machine: its own address there, and the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: Ipv4Addr,
    mask: Ipv4Addr,
}

impl Network {
    fn holds(self, other: Ipv4Addr) -> bool {
        self.address.to_bits() & self.mask.to_bits() == other.to_bits() & self.mask.to_bits()
    }
}

/// Where to call.
#[derive(Debug, Clone)]
pub struct Around {
    networks: Vec<Network>,
    to: SocketAddr,
    lasts: Duration,
}

impl Around {
    /// All networks of this machine that are up, and the machine itself. Blocks for a moment.
    pub fn this_machine() -> Result<Self, DiscoveryError> {
        let interfaces = if_addrs::get_if_addrs().map_err(DiscoveryError::Networks)?;
        let networks =
            interfaces.into_iter().filter(if_addrs::Interface::is_oper_up).filter_map(|interface| {
                match interface.addr {
                    IfAddr::V4(v4) => Some(Network { address: v4.ip, mask: v4.netmask }),
                    IfAddr::V6(_) => None,
                }
            });
        let networks = networks.take(NETWORKS_MAX).collect();
        Ok(Self { networks, to: SocketAddr::from((GROUP, PORT)), lasts: LASTS })
    }

    /// One address of this machine alone, asked as a group would be: for tests.
    pub fn only(to: SocketAddr, lasts: Duration) -> Self {
        let networks = vec![Network { address: Ipv4Addr::LOCALHOST, mask: Ipv4Addr::new(255, 0, 0, 0) }];
        Self { networks, to, lasts }
    }
}

/// Calls, and sends each camera that answers to `found`, once, as it comes; some 5 s. Ends early when `found` is closed.
///
/// Believed of an answer is only what lies at the address that it came from, in the network that was called into: nobody
/// sends us elsewhere. Cancel safe.
pub async fn discover(around: &Around, found: &mpsc::Sender<FoundCamera>) -> Result<(), DiscoveryError> {
    let end = Instant::now() + around.lasts;
    let (sender, mut answers) = mpsc::channel(FOUND_MAX);
    let mut calls = JoinSet::new();
    for network in &around.networks {
        match open(*network) {
            Ok(socket) => {
                calls.spawn(call(socket, *network, around.to, end, sender.clone()));
            }
            Err(error) => tracing::debug!(%error, "no call can be made in a network"),
        }
    }
    drop(sender);
    if calls.is_empty() {
        return Err(DiscoveryError::NoNetwork);
    }
    let mut given = Given::default();
    while let Some(answer) = answers.recv().await {
        if given.takes(&answer) && found.send(answer).await.is_err() {
            break;
        }
    }
    let mut called = false;
    while let Some(ended) = calls.try_join_next() {
        called |= ended.is_ok_and(|called| called);
    }
    // Those that were cut off had made their call.
    if called || !calls.is_empty() { Ok(()) } else { Err(DiscoveryError::NoNetwork) }
}

/// What was given already.
#[derive(Debug, Default)]
struct Given {
    services: HashSet<OnvifAddress>,
    of_hosts: HashMap<String, usize>,
}

impl Given {
    /// Whether this one is to be given: not twice, and so many.
    fn takes(&mut self, camera: &FoundCamera) -> bool {
        let of_host = self.of_hosts.get(&camera.host).copied().unwrap_or_default();
        let takes = self.services.len() < FOUND_MAX
            && of_host < OF_HOST_MAX
            && self.services.insert(camera.service.clone());
        if takes {
            self.of_hosts.insert(camera.host.clone(), of_host + 1);
        }
        takes
    }
}

fn open(network: Network) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_multicast_if_v4(&network.address)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.bind(&SocketAddr::from((network.address, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

/// Calls in one network and passes on what answers until `end`. `false` if no call could be made.
async fn call(
    socket: UdpSocket,
    network: Network,
    to: SocketAddr,
    end: Instant,
    answers: mpsc::Sender<FoundCamera>,
) -> bool {
    let begin = Instant::now();
    let probe = probe();
    let calling = async {
        let mut called = false;
        for after in CALLS {
            sleep_until(begin + after).await;
            match socket.send_to(probe.as_bytes(), to).await {
                Ok(_) => called = true,
                Err(error) => tracing::debug!(%error, "a call into a network failed"),
            }
        }
        called
    };
    let listening = async {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        for _ in 0..DATAGRAMS_MAX {
            match timeout_at(end, socket.recv_from(&mut datagram)).await {
                Ok(Ok((length, SocketAddr::V4(from)))) if network.holds(*from.ip()) => {
                    let camera = read(datagram.get(..length).unwrap_or_default(), *from.ip());
                    if let Some(camera) = camera
                        && answers.send(camera).await.is_err()
                    {
                        return;
                    }
                }
                // From elsewhere, or an error that an earlier datagram came back with.
                Ok(_) => {}
                Err(_) => return,
            }
        }
    };
    let called = timeout_at(end, async { tokio::join!(calling, listening).0 }).await;
    called.unwrap_or(true)
}

fn probe() -> String {
    let id = Uuid::now_v7();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\"><e:Header><w:MessageID>uuid:{id}</w:MessageID>\
         <w:To e:mustUnderstand=\"true\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
         <w:Action e:mustUnderstand=\"true\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>\
         </e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"
    )
}

/// The camera in an answer, if it lies where that came from: one an answer, the first that it names.
fn read(datagram: &[u8], from: Ipv4Addr) -> Option<FoundCamera> {
    let document = parse(datagram).ok()?;
    let matched = first(document.root(), "ProbeMatch")?;
    // A printer may answer to anything.
    if !all(matched, "Types")
        .any(|types| types.text().is_some_and(|text| text.contains("NetworkVideoTransmitter")))
    {
        return None;
    }
    let service = text(matched, "XAddrs")?.split_whitespace().find_map(|said| at_host(said, from))?;
    let scopes = text(matched, "Scopes").unwrap_or_default();
    let scope = |kind| shown(&scope(scopes, kind).unwrap_or_default());
    Some(FoundCamera { name: scope("name"), hardware: scope("hardware"), host: from.to_string(), service })
}

/// An address, if it is one over HTTP at this very host.
fn at_host(said: &str, host: Ipv4Addr) -> Option<OnvifAddress> {
    let address = OnvifAddress::parse(said).ok()?;
    let url = Url::parse(address.as_str()).ok()?;
    let same = match url.host()? {
        Host::Ipv4(named) => IpAddr::V4(named) == IpAddr::V4(host),
        Host::Ipv6(_) | Host::Domain(_) => false,
    };
    // As it was understood, so that nobody understands it otherwise.
    if same { OnvifAddress::parse(url.as_str()).ok() } else { None }
}

/// What a camera's scopes say of a kind, such as `onvif://www.onvif.org/name/AXIS%20M3106`.
fn scope(scopes: &str, kind: &str) -> Option<String> {
    let said = scopes.split_whitespace().find_map(|scope| {
        let said = scope.strip_prefix("onvif://www.onvif.org/")?;
        said.split_once('/').filter(|(found, _)| found.eq_ignore_ascii_case(kind)).map(|(_, said)| said)
    })?;
    Some(percent_decoded(said))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 40);

    fn answer(types: &str, scopes: &str, addresses: &str) -> String {
        format!(
            "<e:Envelope xmlns:e='x'><e:Body><d:ProbeMatches xmlns:d='y'><d:ProbeMatch><d:Types>{types}</d:Types>\
             <d:Scopes>{scopes}</d:Scopes><d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
        )
    }

    fn service(addresses: &str) -> Option<String> {
        let text = answer("dn:NetworkVideoTransmitter", "", addresses);
        read(text.as_bytes(), HOST).map(|found| found.service.to_string())
    }

    #[test]
    fn an_answer_speaks_for_its_own_address_only() {
        for (said, believed) in [
            ("http://192.168.1.40/onvif/device_service", Some("http://192.168.1.40/onvif/device_service")),
            ("http://192.168.1.40:8000/onvif", Some("http://192.168.1.40:8000/onvif")),
            (
                "http://[fe80::1]/onvif https://192.168.1.40/ http://192.168.1.40/a",
                Some("http://192.168.1.40/a"),
            ),
            ("http://192.168.1.1/onvif/device_service", None),
            ("http://127.0.0.1/", None),
            ("http://cam.example/onvif", None),
            ("http://192.168.1.40@127.0.0.1/", None),
            ("http://192.168.1.40.evil.example/", None),
            ("http://0xc0a80128/a", Some("http://192.168.1.40/a")),
            ("", None),
        ] {
            assert_eq!(service(said).as_deref(), believed, "{said}");
        }
    }

    #[test]
    fn names_come_from_scopes() {
        let scopes = "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/AXIS%20M3106 \
                      onvif://www.onvif.org/hardware/M3106-L%zz";
        let text = answer("tds:Device dn:NetworkVideoTransmitter", scopes, "http://192.168.1.40/");
        let found = read(text.as_bytes(), HOST).unwrap();
        assert_eq!((found.name.as_str(), found.hardware.as_str()), ("AXIS M3106", "M3106-L%zz"));
        let printer = answer("wsdp:Device wprt:PrintDeviceType", scopes, "http://192.168.1.40/");
        assert_eq!(read(printer.as_bytes(), HOST), None);
    }

    #[test]
    fn no_host_crowds_out_the_others() {
        let camera = |host: &str, number| FoundCamera {
            name: String::new(),
            hardware: String::new(),
            host: host.to_owned(),
            service: OnvifAddress::parse(&format!("http://{host}/{number}")).unwrap(),
        };
        let mut given = Given::default();
        let one: Vec<_> = (0..100).map(|number| given.takes(&camera("192.168.1.40", number))).collect();
        assert_eq!(one.iter().filter(|takes| **takes).count(), OF_HOST_MAX);
        assert!(given.takes(&camera("192.168.1.41", 0)));
        assert!(!given.takes(&camera("192.168.1.41", 0)), "twice");
        let others = (0..100).filter(|number| given.takes(&camera(&format!("192.168.2.{number}"), 0)));
        assert_eq!(others.count(), FOUND_MAX - OF_HOST_MAX - 1);
    }

    #[test]
    fn a_network_ends_at_its_mask() {
        let network =
            Network { address: Ipv4Addr::new(192, 168, 1, 7), mask: Ipv4Addr::new(255, 255, 255, 0) };
        assert!(network.holds(HOST));
        assert!(!network.holds(Ipv4Addr::new(192, 168, 2, 40)));
    }

    proptest! {
        #[test]
        fn any_datagram_is_read_or_passed_over(bytes in prop::collection::vec(any::<u8>(), 0..1024)) {
            let _ = read(&bytes, HOST);
        }

        #[test]
        fn no_address_leads_elsewhere(said in "(http://)?[0-9a-fx.:@/%\\\\?\\[\\] -]{0,50}") {
            let text = answer("NetworkVideoTransmitter", "onvif://www.onvif.org/name/%", &crate::soap::escaped(&said));
            if let Some(found) = read(text.as_bytes(), HOST) {
                let url = Url::parse(found.service.as_str()).unwrap();
                prop_assert_eq!(url.host_str(), Some("192.168.1.40"));
            }
        }
    }
}
