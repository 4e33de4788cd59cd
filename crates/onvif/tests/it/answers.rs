//! What is made of each maker's answers.

use ownsight_model::AskedCamera;
use ownsight_onvif::OnvifCamera;

use crate::double::{Double, PASSWORD, Wants, login};

async fn asked(maker: &'static str, wants: Wants) -> (AskedCamera, Double) {
    let double = Double::start(maker, wants).await;
    let camera = OnvifCamera::connect(&double.address(), Some(login())).await.unwrap();
    let asked = camera.ask().await.unwrap_or_else(|error| panic!("{maker}: {error}"));
    (asked, double)
}

fn streams(asked: &AskedCamera) -> Vec<(&str, &str, u32)> {
    asked.streams.iter().map(|one| (one.address.as_str(), one.codec.as_str(), one.height)).collect()
}

#[tokio::test]
async fn hikvision_has_a_main_stream_and_a_sub_stream() {
    let (asked, double) = asked("hikvision", Wants::Token).await;
    assert_eq!((asked.maker.as_str(), asked.model.as_str()), ("HIKVISION", "DS-2CD2143G0-I"));
    let main = "rtsp://127.0.0.1:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1";
    let sub = "rtsp://127.0.0.1:554/Streaming/Channels/102?transportmode=unicast&profile=Profile_2";
    assert_eq!(streams(&asked), [(main, "H264", 1440), (sub, "H264", 360)]);
    assert!(!double.heard().contains(PASSWORD));
}

#[tokio::test]
async fn dahua_says_by_media2_that_it_is_h265() {
    let (asked, _) = asked("dahua", Wants::Token).await;
    let main = "rtsp://127.0.0.1:554/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif";
    let sub = "rtsp://127.0.0.1:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif";
    assert_eq!(streams(&asked), [(main, "H265", 2160), (sub, "H264", 576)]);
}

#[tokio::test]
async fn reolink_is_asked_by_its_own_clock_and_its_broken_media2_passed_over() {
    let (asked, _) = asked("reolink", Wants::Token).await;
    // Its clock says that it is the year 2000: a token by ours would be refused.
    assert!(asked.clock_offset_ms.unwrap() < -26 * 365 * 24 * 3600 * 1000);
    let main = "rtsp://127.0.0.1:554/";
    assert_eq!(
        streams(&asked),
        [(main, "H264", 1920), ("rtsp://127.0.0.1:554/h264Preview_01_sub", "H264", 480)]
    );
}

#[tokio::test]
async fn axis_gets_http_digest_and_a_profile_without_a_stream_is_left_out() {
    let (asked, double) = asked("axis", Wants::HttpDigest).await;
    let main =
        "rtsp://127.0.0.1/onvif-media/media.amp?profile=profile_1_h264&sessiontimeout=60&streamtype=unicast";
    assert_eq!(streams(&asked), [(main, "H264", 1728)]);
    assert!(!double.heard().contains(PASSWORD));
}

#[tokio::test]
async fn tplink_without_services_and_with_another_networks_addresses() {
    let (asked, double) = asked("tplink", Wants::Token).await;
    let main = "rtsp://127.0.0.1:554/stream1";
    assert_eq!(streams(&asked), [(main, "H264", 1080), ("rtsp://127.0.0.1:554/stream2", "H264", 360)]);
    assert!(double.heard().contains("/onvif/service\n"), "its media service, at the host that was asked");
}
