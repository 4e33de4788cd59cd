//! Looks: what answers a call is sealed to the home as it comes; a camera that is asked names its streams.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use ownsight_device::{AssignedLook, LookOf, OnvifSource};
use ownsight_model::{LookReport, OnvifAddress, OnvifFault, TestId, TestReport};
use ownsight_onvif::Around;
use ownsight_seal::CameraReportKind;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

use crate::World;
use crate::support::{TestCamera, eventually};

/// A camera that answers a call into the network, wherever it comes from.
async fn answering() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let answer = "<e:Envelope xmlns:e='x'><e:Body><d:ProbeMatches xmlns:d='y'><d:ProbeMatch>\
        <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Porch%20Cam</d:Scopes>\
        <d:XAddrs>http://127.0.0.1:8000/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>";
    tokio::spawn(async move {
        let mut call = [0; 4096];
        while let Ok((_, from)) = socket.recv_from(&mut call).await {
            socket.send_to(answer.as_bytes(), from).await.unwrap();
        }
    });
    at
}

/// A camera's ONVIF service that asks for no password.
async fn service() -> OnvifAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/onvif/device_service", listener.local_addr().unwrap());
    let own = address.clone();
    let app = Router::new().fallback(async move |body: String| {
        let answer = if body.contains("GetSystemDateAndTime") {
            String::new()
        } else if body.contains("GetDeviceInformation") {
            "<Manufacturer>Maker</Manufacturer><Model>M1</Model>".to_owned()
        } else if body.contains("GetServices") {
            let media = "http://www.onvif.org/ver10/media/wsdl";
            format!("<Service><Namespace>{media}</Namespace><XAddr>{own}</XAddr></Service>")
        } else if body.contains("GetProfiles") {
            "<Profiles token='1'><Name>main</Name><VideoEncoderConfiguration><Encoding>H264</Encoding><Resolution>\
             <Width>640</Width><Height>360</Height></Resolution></VideoEncoderConfiguration></Profiles>"
                .to_owned()
        } else {
            "<Uri>rtsp://192.0.2.9:554/live</Uri>".to_owned()
        };
        (StatusCode::OK, format!("<Envelope><Body>{answer}</Body></Envelope>"))
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    OnvifAddress::parse(&address).unwrap()
}

/// What the home opens of the look's last report, and how many there were.
async fn done(world: &World, look: TestId, draft: &TestCamera) -> (LookReport, usize) {
    let device = world.home.device;
    eventually("the look's end", || {
        let reports = world.server.shared.reports_of("test").into_iter().filter_map(|(body, tag, _)| {
            let report: TestReport = serde_json::from_slice(&body).unwrap();
            draft.secret.verify_report(CameraReportKind::Test, device, &body, &tag).ok()?;
            assert!(!String::from_utf8_lossy(&body).contains("127.0.0.1"), "nobody else reads it");
            let sealed = BASE64URL_NOPAD.decode(report.look.as_ref().unwrap().as_bytes()).unwrap();
            let opened = draft.secret.open_look(device, &sealed).unwrap();
            Some((report.done, report.test, serde_json::from_slice::<LookReport>(&opened).unwrap()))
        });
        let reports: Vec<_> = reports.filter(|(_, test, _)| *test == look).collect();
        let count = reports.len();
        reports.into_iter().find(|(done, ..)| *done).map(|(_, _, found)| (found, count))
    })
    .await
}

fn assigned(world: &World, draft: &TestCamera, of: LookOf) -> AssignedLook {
    let camera = TestCamera { source: None, ..draft.clone() }.assigned(world.home.device);
    AssignedLook { look: TestId::generate(), of, camera }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_is_told_to_the_home_alone() {
    let mut world = World::new().await;
    world.around = Some(Around::only(answering().await, Duration::from_millis(800)));
    let agent = world.pair().await;
    let draft = world.camera();
    let look = assigned(&world, &draft, LookOf::Around);
    world.home.looks = vec![look.clone()];
    world.configure(1, &[], &[]);
    let (report, count) = done(&world, look.look, &draft).await;
    assert_eq!(report.found.len(), 1);
    assert_eq!(report.found[0].name, "Porch Cam");
    assert_eq!(report.found[0].service.as_str(), "http://127.0.0.1:8000/onvif/device_service");
    assert_eq!(report.fault, None);
    assert!(count >= 1);
    // The next configuration lists it still: it is not begun again.
    world.configure(2, &[], &[]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(done(&world, look.look, &draft).await.1, count);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_asked_names_its_streams() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let (draft, nobody) = (world.camera(), world.camera());
    let source = |service| OnvifSource { service, user: "anna".into(), password: "secret".into() };
    let there = assigned(&world, &draft, LookOf::Camera(source(service().await)));
    let closed = OnvifAddress::parse("http://127.0.0.1:9/onvif").unwrap();
    let not_there = assigned(&world, &nobody, LookOf::Camera(source(closed)));
    world.home.looks = vec![there.clone(), not_there.clone()];
    world.configure(1, &[], &[]);
    let asked = done(&world, there.look, &draft).await.0.asked.unwrap();
    assert_eq!((asked.maker.as_str(), asked.model.as_str()), ("Maker", "M1"));
    let streams: Vec<_> = asked.streams.iter().map(|one| (one.address.as_str(), one.height)).collect();
    assert_eq!(streams, [("rtsp://127.0.0.1:554/live", 360)]);
    let (report, _) = done(&world, not_there.look, &nobody).await;
    assert_eq!((report.asked, report.fault), (None, Some(OnvifFault::NoAnswer)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_was_taken_back_ends() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let draft = world.camera();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = OnvifAddress::parse(&format!("http://{}/onvif", listener.local_addr().unwrap())).unwrap();
    let source = OnvifSource { service, user: "anna".into(), password: "secret".into() };
    world.home.looks = vec![assigned(&world, &draft, LookOf::Camera(source))];
    world.configure(1, &[], &[]);
    // A camera that takes the question and says nothing.
    let (mut asked, _) = listener.accept().await.unwrap();
    world.home.looks.clear();
    world.configure(2, &[], &[]);
    let mut received = Vec::new();
    // It would wait for ten seconds.
    let ended = timeout(Duration::from_secs(5), asked.read_to_end(&mut received)).await;
    assert!(ended.is_ok(), "{}", String::from_utf8_lossy(&received));
    agent.stop().await;
}
