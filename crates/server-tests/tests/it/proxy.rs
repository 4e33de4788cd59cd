//! Proxies in front that mix answers up: one that caches by address and ignores cookies, and one that gives the answers of two
//! sign-ins to each other. Nobody sees anything of the other; what the same proxies would show without `s` and without the
//! page's half is seen, or these tests show nothing.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::person::{Answered, Cookies, Proof, half};
use crate::support::scene::Side;
use crate::support::system::{System, loopback};

/// What a cache takes for one and the same.
#[derive(Clone, Copy)]
enum Key {
    /// The address with its query.
    Address,
    /// The address up to its query: what an address without `s` would be.
    Path,
}

/// A caching proxy as nobody should run it: it answers every `GET` that was answered once with what it was answered then,
/// whoever asks, whatever the answer says about being stored.
struct Proxy {
    url: String,
    hits: Arc<Mutex<usize>>,
}

impl Proxy {
    async fn before(system: &System, key: Key) -> Self {
        let listener = TcpListener::bind(loopback()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (server, hits) = (system.server.addr(), Arc::new(Mutex::new(0)));
        let counted = Arc::clone(&hits);
        tokio::spawn(async move {
            let mut kept: HashMap<String, Vec<u8>> = HashMap::new();
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let Some(request) = read_request(&mut client).await else { continue };
                let line = request.lines().next().unwrap().to_owned();
                let name = match key {
                    Key::Address => line.as_str(),
                    Key::Path => line.split(['?', ' ']).nth(1).unwrap(),
                };
                let answer = match kept.get(name) {
                    Some(answer) => {
                        *counted.lock().unwrap() += 1;
                        answer.clone()
                    }
                    None => ask(server, &request).await,
                };
                client.write_all(&answer).await.unwrap();
                client.shutdown().await.unwrap();
                if line.starts_with("GET ") && answer.starts_with(b"HTTP/1.1 200 ") {
                    kept.insert(name.to_owned(), answer);
                }
            }
        });
        Self { url, hits }
    }

    fn hits(&self) -> usize {
        *self.hits.lock().unwrap()
    }
}

/// A request without a body; `None` if the client went away.
async fn read_request(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

async fn ask(server: SocketAddr, request: &str) -> Vec<u8> {
    let mut upstream = TcpStream::connect(server).await.unwrap();
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    upstream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await.unwrap();
    answer
}

/// All that has one address for everybody, and what has an address of its own.
fn addresses(side: &Side) -> Vec<String> {
    let (home, camera, event) = (side.home.id, side.camera(), side.event);
    let shared = ["me", "sessions", "homes", "cameras", "events", "shares"].map(str::to_owned);
    let own = [
        format!("homes/{home}"),
        format!("homes/{home}/people"),
        format!("cameras/{camera}"),
        format!("cameras/{camera}/still"),
        format!("events/{event}"),
        format!("events/{event}/thumbnail"),
        format!("events/{event}/video"),
    ];
    shared.into_iter().chain(own).collect()
}

/// What of a side is in an answer.
fn holds(answer: &Answered, side: &Side) -> bool {
    let marks = [
        side.home_name(),
        side.email.clone(),
        side.home.id.to_string(),
        side.camera().to_string(),
        side.event.to_string(),
    ];
    let body = &answer.body;
    let found = |mark: &[u8]| body.windows(mark.len()).any(|part| part == mark);
    marks.iter().any(|mark| found(mark.as_bytes())) || found(&side.footage.thumbnail)
}

/// Both browsers ask for everything, one after the other, twice. Gives the addresses that answered something of the other.
async fn leaks(proxy: &Proxy, sides: [&Side; 2]) -> Vec<String> {
    let mut leaks = Vec::new();
    for _ in 0..2 {
        for (side, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            let browser = side.browser.behind(&proxy.url);
            for address in addresses(side).into_iter().chain(addresses(other)) {
                let answer = browser.get(&address).await;
                if holds(&answer, other) {
                    leaks.push(address);
                }
            }
        }
    }
    leaks
}

#[tokio::test]
async fn a_proxy_that_caches_by_address_and_ignores_cookies_shows_nobody_anothers() {
    let system = System::start().await;
    let (anna, ben) = (Side::build(&system, "anna").await, Side::build(&system, "ben").await);
    let proxy = Proxy::before(&system, Key::Address).await;
    assert_eq!(leaks(&proxy, [&anna, &ben]).await, Vec::<String>::new());
    assert!(proxy.hits() > 20, "it cached: {}", proxy.hits());

    // The same proxy, were there no `s` in addresses.
    let proxy = Proxy::before(&system, Key::Path).await;
    let leaks = leaks(&proxy, [&anna, &ben]).await;
    for expected in ["me".to_owned(), "events".into(), format!("events/{}/thumbnail", anna.event)] {
        assert!(leaks.contains(&expected), "{expected} is not seen: {leaks:?}");
    }
}

#[tokio::test]
async fn cookies_that_a_sign_in_set_in_the_wrong_browser_open_nothing() {
    let system = System::start().await;
    let (anna, ben) = (Side::build(&system, "anna").await, Side::build(&system, "ben").await);
    for (side, other) in [(&anna, &ben), (&ben, &anna)] {
        // The other's answer: cookie and `s`. The page keeps the half that it made.
        let with = |page: (String, String), s: &str| {
            let cookies = Cookies { server: other.browser.cookies().server.clone(), page };
            side.browser.with(Proof::Browser { cookies, s: Some(s.to_owned()) })
        };
        let mixed_up = with(side.browser.cookies().page.clone(), other.browser.s());
        for address in addresses(side).into_iter().chain(addresses(other)) {
            let answer = mixed_up.get(&address).await;
            assert!(!holds(&answer, other) && !holds(&answer, side), "{address}: {answer:?}");
            assert!(matches!(answer.status, 401 | 404), "{address}: {answer:?}");
        }
        // With the other's half as well it is the other's browser: what the page's half holds back is seen.
        assert!(holds(&with(other.browser.cookies().page.clone(), other.browser.s()).get("me").await, other));
        let guessed = (side.browser.cookies().page.0.clone(), half(7));
        assert_eq!(with(guessed, other.browser.s()).get("me").await.status, 404);
    }
    // Nobody was signed out by it.
    assert_eq!(anna.browser.get("me").await.status, 200);
    assert_eq!(ben.browser.get("me").await.status, 200);
}
