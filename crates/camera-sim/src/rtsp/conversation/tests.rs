//! Answers to single requests and to sequences of them.

use std::net::Ipv4Addr;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::camera::clock::Clock;
use crate::camera::settings::SimCamera;
use crate::media::nal::ParameterSets;
use crate::media::preset::PRESETS;
use crate::rtsp::auth::AuthScheme;
use crate::rtsp::message::{Parsed, parse};

fn conversation() -> Conversation {
    let open = SimCamera::new("/open", PRESETS[0].view);
    let locked = SimCamera::new("/locked", PRESETS[0].view).credentials("anna", "secret");
    let basic = SimCamera::new("/basic", PRESETS[0].view).credentials_by(AuthScheme::Basic, "anna", "secret");
    let cameras = [open, locked, basic].map(|settings| {
        let sets = ParameterSets {
            sps: Bytes::from_static(&[0x67, 0x42, 0xC0, 0x1E, 1]),
            pps: Bytes::from_static(&[0x68, 2]),
        };
        let clock = Clock::new(Instant::now(), settings.fps, 5);
        (settings.path.clone(), Arc::new(Camera::new(settings, sets, clock)))
    });
    Conversation::new(Arc::new(cameras.into_iter().collect()), Ipv4Addr::LOCALHOST.into())
}

fn ask(conversation: &mut Conversation, method: &str, uri: &str, headers: &str) -> (Response, Effect) {
    let text = format!("{method} {uri} RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n");
    let Ok(Parsed::Request { request, .. }) = parse(text.as_bytes()) else { panic!("{text}") };
    conversation.answer(&request)
}

fn status(conversation: &mut Conversation, method: &str, uri: &str, headers: &str) -> u16 {
    ask(conversation, method, uri, headers).0.status.code()
}

const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n";

fn session_header(response: &Response) -> String {
    format!("Session: {}\r\n", response.get("Session").unwrap().split(';').next().unwrap())
}

#[test]
fn from_options_to_teardown() {
    let mut talk = conversation();
    assert!(ask(&mut talk, "OPTIONS", "*", "").0.get("Public").unwrap().contains("PLAY"));
    let (described, _) = ask(&mut talk, "DESCRIBE", "rtsp://h:1/open", "Accept: application/sdp\r\n");
    assert_eq!(described.get("Content-Base"), Some("rtsp://h:1/open/"));
    let sdp = described.encode(Some("1"));
    assert!(sdp.contains("profile-level-id=42C01E;sprop-parameter-sets=Z0LAHgE=,aAI=\r\n"), "{sdp}");

    let (set_up, effect) = ask(&mut talk, "SETUP", "rtsp://h:1/open/trackID=0", TCP);
    assert!(matches!(effect, Effect::None));
    assert!(set_up.get("Transport").unwrap().starts_with("RTP/AVP/TCP;unicast;interleaved=4-5;ssrc="));
    let session = session_header(&set_up);

    let (played, effect) = ask(&mut talk, "PLAY", "rtsp://h:1/open/", &session);
    let Effect::Play(playing) = effect else { panic!("{effect:?}") };
    assert_eq!(playing.channel, 4);
    let info = played.get("RTP-Info").unwrap();
    let expected = format!("url=rtsp://h:1/open/trackID=0;seq={};rtptime=", playing.first_sequence);
    assert!(info.starts_with(&expected), "{info}");
    let (again, effect) = ask(&mut talk, "PLAY", "rtsp://h:1/open/", &session);
    assert!(again.status == Status::Ok && matches!(effect, Effect::None), "playing goes on");

    assert_eq!(status(&mut talk, "GET_PARAMETER", "rtsp://h:1/open/", &session), 200);
    assert_eq!(status(&mut talk, "SETUP", "rtsp://h:1/open/trackID=0", TCP), 455);
    let (ended, effect) = ask(&mut talk, "TEARDOWN", "rtsp://h:1/open/", &session);
    assert!(ended.status == Status::Ok && matches!(effect, Effect::Stop));
    assert_eq!(status(&mut talk, "PLAY", "rtsp://h:1/open/", &session), 454);
}

#[test]
fn refusals_have_the_rfcs_statuses() {
    let mut talk = conversation();
    let uri = "rtsp://h/open";
    assert_eq!(status(&mut talk, "DESCRIBE", "rtsp://h/closed", ""), 404);
    assert_eq!(status(&mut talk, "DESCRIBE", "rtsp://h", ""), 404);
    assert_eq!(status(&mut talk, "DESCRIBE", "http://h/open", ""), 404);
    assert_eq!(status(&mut talk, "DESCRIBE", uri, "Accept: text/html\r\n"), 406);
    assert_eq!(status(&mut talk, "PLAY", uri, ""), 455);
    assert_eq!(status(&mut talk, "PLAY", uri, "Session: 1\r\n"), 454);
    assert_eq!(status(&mut talk, "TEARDOWN", uri, "Session: 1\r\n"), 454);
    assert_eq!(status(&mut talk, "GET_PARAMETER", uri, "Session: 1\r\n"), 454);
    assert_eq!(status(&mut talk, "SETUP", uri, ""), 400);
    assert_eq!(status(&mut talk, "SETUP", uri, "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n"), 461);
    assert_eq!(status(&mut talk, "SETUP", uri, "Transport: RTP/AVP/TCP;interleaved=255-256\r\n"), 461);
    assert_eq!(status(&mut talk, "SETUP", uri, "Session: other\r\nTransport: RTP/AVP/TCP\r\n"), 454);
    assert_eq!(status(&mut talk, "RECORD", uri, ""), 501);
    assert_eq!(status(&mut talk, "OPTIONS", uri, "Require: x-fancy\r\n"), 551);
    let Ok(Parsed::Request { request, .. }) = parse(b"OPTIONS * RTSP/1.0\r\n\r\n") else { panic!() };
    assert_eq!(talk.answer(&request).0.status.code(), 400, "no CSeq");
}

#[test]
fn a_session_is_good_for_its_own_camera_only() {
    let mut talk = conversation();
    let session = session_header(&ask(&mut talk, "SETUP", "rtsp://h/open/trackID=0", TCP).0);
    let basic = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n";
    assert_eq!(status(&mut talk, "PLAY", "rtsp://h/basic", &format!("{session}{basic}")), 454);
    assert_eq!(status(&mut talk, "PLAY", "rtsp://h/open", &session), 200);
}

#[test]
fn locked_cameras_ask_for_the_password_at_each_step() {
    let mut talk = conversation();
    for (method, headers) in [("DESCRIBE", ""), ("SETUP", TCP), ("PLAY", "Session: 1\r\n")] {
        let (response, effect) = ask(&mut talk, method, "rtsp://h/locked", headers);
        assert!(matches!(effect, Effect::None));
        assert_eq!(response.status, Status::Unauthorized, "{method}");
        assert!(response.get("WWW-Authenticate").unwrap().starts_with("Digest realm="));
        let (response, _) = ask(&mut talk, method, "rtsp://h/basic", headers);
        assert!(response.get("WWW-Authenticate").unwrap().starts_with("Basic realm="));
    }
    let basic = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n";
    assert_eq!(status(&mut talk, "DESCRIBE", "rtsp://h/basic", basic), 200);
    assert_eq!(status(&mut talk, "DESCRIBE", "rtsp://h/locked", basic), 401);
}

#[test]
fn later_offers_are_tried_too() {
    let mut talk = conversation();
    let offers = "Transport: RTP/AVP;unicast;client_port=1-2, RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    assert_eq!(status(&mut talk, "SETUP", "rtsp://h/open/trackID=0", offers), 200);
}

proptest! {
    #[test]
    fn any_request_is_answered(
        method in "DESCRIBE|SETUP|PLAY|TEARDOWN|GET_PARAMETER|[A-Z]{1,9}",
        uri in "(rtsp://[ -~&&[^ ]]{0,20})?(/open|/locked|/basic|[!-~]{1,20})[!-~]{0,12}",
        headers in proptest::collection::vec(
            ("Session|Transport|Authorization|Accept|Require|Content-Length", "[ -~]{0,40}"), 0..4),
    ) {
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!("{method} {uri} RTSP/1.0\r\nCSeq: 1\r\n{}\r\n", headers.concat());
        if let Ok(Parsed::Request { request, .. }) = parse(text.as_bytes()) {
            let (response, _) = conversation().answer(&request);
            let encoded = response.encode(request.header("cseq"));
            prop_assert!(encoded.starts_with("RTSP/1.0 "));
        }
    }
}
