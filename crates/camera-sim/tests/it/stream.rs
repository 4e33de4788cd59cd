//! What is streamed: the first frame, the rate, the timestamps, the pictures.

use std::time::{Duration, Instant};

use ownsight_camera_sim::{CameraSim, PRESETS, SimCamera, Source};

use crate::support::{Client, Viewer, camera, start};

#[tokio::test(flavor = "multi_thread")]
async fn ten_frames_a_second_begin_with_a_key_frame_and_go_on_over_the_loop() {
    let sim = start(camera(1).loop_frames(20).watermark(5, 6)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let first = client.next().await.unwrap();
    assert!(first.is_random_access_point());
    let began = Instant::now();
    let frames = client.take(45).await;
    let took = began.elapsed();
    assert!((Duration::from_millis(4200)..Duration::from_millis(5500)).contains(&took), "{took:?}");

    let mut viewer = Viewer::new();
    let mut last = first.timestamp().timestamp();
    let start = viewer.see(first.data()).watermark().unwrap().sequence;
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(frame.timestamp().timestamp() - last, 9000);
        assert_eq!(frame.loss(), 0);
        last = frame.timestamp().timestamp();
        let mark = viewer.see(frame.data()).watermark().unwrap();
        assert_eq!((mark.home, mark.camera, mark.sequence), (5, 6, start + 1 + index as u32));
    }
    assert!(frames.iter().filter(|frame| frame.is_random_access_point()).count() >= 2);
    sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_joiner_gets_a_key_frame_at_once() {
    let sim = start(camera(0).watermark(1, 1)).await;
    let mut early = Client::connect(&sim.url("/cam"), None).await.unwrap();
    early.take(5).await;
    let began = Instant::now();
    let mut late = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let first = late.next().await.unwrap();
    assert!(first.is_random_access_point());
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "not at the next regular key frame: {:?}",
        began.elapsed()
    );
    let shared = Viewer::new().see(first.data()).watermark().unwrap();
    assert!(shared.sequence >= 4, "both see the same camera: {shared:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn camera_pauses_while_nobody_looks_and_its_clock_goes_on() {
    let sim = start(camera(0).watermark(1, 1)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let mut viewer = Viewer::new();
    let mut before = None;
    for frame in client.take(10).await {
        before =
            viewer.see(frame.data()).watermark().map(|mark| (mark.sequence, frame.timestamp().timestamp()));
    }
    drop(client);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let frame = client.next().await.unwrap();
    let after = Viewer::new().see(frame.data()).watermark().unwrap();
    let (sequence, timestamp) = before.unwrap();
    assert!((1..15).contains(&(after.sequence - sequence)), "{sequence} then {after:?}");
    // retina counts from the first RTP time it sees, so that only the wrapping difference tells.
    let passed = (frame.timestamp().timestamp() as u32).wrapping_sub(timestamp as u32);
    assert!((27..80).contains(&(passed / 9000)), "{passed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_frame_rates_have_other_timestamps() {
    let sim = start(camera(3).fps(25)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let frames = client.take(20).await;
    for pair in frames.windows(2) {
        assert_eq!(pair[1].timestamp().timestamp() - pair[0].timestamp().timestamp(), 3600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn original_has_b_frames_and_no_picture_twice_over_the_loop() {
    let sim = start(camera(0).source(Source::Original).loop_frames(20)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let frames = client.take(45).await;
    assert!(frames[0].is_random_access_point());
    assert!(frames.iter().any(retina::codec::VideoFrame::is_disposable));
    let mut times: Vec<i64> = frames.iter().map(|frame| frame.timestamp().timestamp()).collect();
    assert!(!times.is_sorted(), "B-frames come in decoding order");
    times.sort_unstable();
    // The last ones may wait for B-frames that were not received any more.
    for pair in times[..40].windows(2) {
        assert_eq!(pair[1] - pair[0], 9000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_play_side_by_side_each_with_its_own_mark() {
    let cameras = PRESETS
        .iter()
        .zip(1..)
        .map(|(preset, number)| SimCamera::new(preset.path, preset.view).watermark(900, number));
    let sim = CameraSim::builder().cameras(cameras).start().await.unwrap();
    for (preset, number) in PRESETS.iter().zip(1..) {
        let mut client = Client::connect(&sim.url(preset.path), None).await.unwrap();
        let picture = Viewer::new().see(client.next().await.unwrap().data());
        assert_eq!((picture.width, picture.height), (preset.view.width, preset.view.height));
        let mark = picture.watermark().unwrap();
        assert_eq!((mark.home, mark.camera), (900, number), "{}", preset.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_option_there_is_no_watermark() {
    let sim = start(camera(0)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    assert_eq!(Viewer::new().see(client.next().await.unwrap().data()).watermark(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn sender_reports_come() {
    let sim = start(camera(1)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    assert!(client.sees_report_within(15).await, "the first one comes early");
    assert!(client.sees_report_within(70).await, "and then each five seconds");
}
