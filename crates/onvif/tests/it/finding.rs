//! The call into a network, and who answers.

use std::net::SocketAddr;
use std::time::Duration;

use ownsight_model::FoundCamera;
use ownsight_onvif::{Around, FOUND_MAX, discover};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

const LASTS: Duration = Duration::from_millis(600);

fn matched(port: u16, host: &str) -> String {
    format!(
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><d:ProbeMatches xmlns:d='u'><d:ProbeMatch>\
         <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Camera%20{port} \
         onvif://www.onvif.org/hardware/H</d:Scopes><d:XAddrs>http://{host}:{port}/onvif/device_service</d:XAddrs>\
         </d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
    )
}

/// Answers each call with these datagrams.
async fn answering(datagrams: Vec<String>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut call = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut call).await {
            assert!(String::from_utf8_lossy(&call[..length]).contains("NetworkVideoTransmitter"));
            for datagram in &datagrams {
                socket.send_to(datagram.as_bytes(), from).await.unwrap();
            }
        }
    });
    at
}

async fn found(datagrams: Vec<String>) -> Vec<FoundCamera> {
    let around = Around::only(answering(datagrams).await, LASTS);
    let (sender, mut receiver) = mpsc::channel(4);
    let (result, found) = tokio::join!(
        async {
            let result = discover(&around, &sender).await;
            drop(sender);
            result
        },
        async {
            let mut found = Vec::new();
            while let Some(camera) = receiver.recv().await {
                found.push(camera);
            }
            found
        }
    );
    result.unwrap();
    found
}

#[tokio::test]
async fn each_camera_is_found_once() {
    let found = found(vec![matched(80, "127.0.0.1"), "noise".into(), matched(8000, "127.0.0.1")]).await;
    let names: Vec<_> = found.iter().map(|camera| camera.name.as_str()).collect();
    assert_eq!(names, ["Camera 80", "Camera 8000"]);
    assert!(found.iter().all(|camera| camera.host == "127.0.0.1" && camera.hardware == "H"));
}

#[tokio::test]
async fn who_names_another_host_is_not_believed() {
    assert_eq!(found(vec![matched(80, "192.168.1.1"), matched(80, "127.0.0.2")]).await, []);
}

#[tokio::test]
async fn more_than_a_home_has_are_not_taken() {
    let many = (1..=200).map(|port| matched(port, "127.0.0.1")).collect();
    let found = found(many).await;
    assert!(found.len() <= FOUND_MAX && found.len() > 1, "{}", found.len());
}

#[tokio::test]
async fn nobody_answers() {
    assert_eq!(found(vec![]).await, []);
}

#[test]
fn this_machines_networks_are_listed() {
    Around::this_machine().unwrap();
}
