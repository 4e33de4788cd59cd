//! Passwords and wrong addresses, through a client's own implementation of Digest and Basic.

use ownsight_camera_sim::{AuthScheme, Identity, StartError, UnknownCamera};

use crate::support::{Client, camera, describe, start};

#[tokio::test(flavor = "multi_thread")]
async fn right_password_plays() {
    for scheme in [AuthScheme::Digest, AuthScheme::Basic] {
        let sim = start(camera(1).credentials_by(scheme, "anna", "a:b \"c\" \\d")).await;
        let password = Some(("anna", "a:b \"c\" \\d"));
        let mut client = Client::connect(&sim.url("/cam"), password).await.unwrap();
        assert!(client.next().await.unwrap().is_random_access_point(), "{scheme:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_or_no_password_is_401() {
    for scheme in [AuthScheme::Digest, AuthScheme::Basic] {
        let sim = start(camera(1).credentials_by(scheme, "anna", "secret")).await;
        for password in [None, Some(("anna", "Secret")), Some(("anne", "secret")), Some(("", ""))] {
            let refused = describe(&sim.url("/cam"), password).await.err().unwrap();
            assert_eq!(refused.status_code(), Some(401), "{scheme:?} {password:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_says_of_itself_what_it_was_told() {
    let identity = Identity {
        realm: "Login to 4K04B2EPAG7D2A6".to_owned(),
        origin: "StreamingServer".to_owned(),
        tool: "LIVE555".to_owned(),
        server: Some("Rtsp Server/3.0".to_owned()),
    };
    let sim = start(camera(1).credentials("anna", "secret").identity(identity)).await;
    assert!(describe(&sim.url("/cam"), Some(("anna", "wrong"))).await.is_err());
    assert_eq!(sim.passwords_seen("/cam"), Ok(1));
    let session = describe(&sim.url("/cam"), Some(("anna", "secret"))).await.unwrap();
    let sdp = String::from_utf8_lossy(session.sdp()).into_owned();
    assert!(sdp.contains("o=StreamingServer ") && sdp.contains("a=tool:LIVE555\r\n"), "{sdp}");
    assert_eq!(sim.passwords_seen("/cam"), Ok(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_path_is_404() {
    let sim = start(camera(1)).await;
    for path in ["/", "/cams", "/cam/two"] {
        let refused = describe(&sim.url(path), None).await.err().unwrap();
        assert_eq!(refused.status_code(), Some(404), "{path}");
    }
    let unknown = UnknownCamera { path: "/nothing".to_owned() };
    assert_eq!(sim.set_still("/nothing", true), Err(unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_cameras_do_not_start() {
    use ownsight_camera_sim::{CameraSim, Crop, PRESETS, SimCamera, View};
    let view = PRESETS[0].view;
    let start = |cameras: Vec<SimCamera>| CameraSim::builder().cameras(cameras).start();
    for path in ["", "cam", "/", "/a//b", "/a b", "/ä", "/a\r\nb"] {
        let refused = start(vec![SimCamera::new(path, view)]).await;
        assert!(matches!(refused, Err(StartError::Path { .. })), "{path:?}");
    }
    let twice = start(vec![camera(0), camera(1)]).await;
    assert!(matches!(twice, Err(StartError::SamePath { .. })));
    assert!(matches!(start(vec![camera(0).fps(0)]).await, Err(StartError::FrameRate { .. })));
    let outside = View { crop: Crop { x: 700, ..view.crop }, ..view };
    let refused = start(vec![SimCamera::new("/cam", outside)]).await;
    assert!(matches!(refused, Err(StartError::View { .. })));
    let taken = start(vec![camera(0)]).await.unwrap();
    let second = CameraSim::builder().bind(taken.addr()).start().await;
    assert!(matches!(second, Err(StartError::Bind { .. })));
}
