//! What a test can do to a running camera.

use std::time::Duration;

use ownsight_camera_sim::Scene;

use crate::support::{Client, Luma, Viewer, camera, start};

/// How much of two pictures differs by more than noise does, in 8x8 blocks; the way a motion detector looks.
fn moved(one: &Luma, other: &Luma) -> f64 {
    let (width, height) = (one.width / 8, one.height / 8);
    let (one, other) = (one.scaled(width, height), other.scaled(width, height));
    let differing = one.samples.iter().zip(&other.samples).filter(|(a, b)| a.abs_diff(**b) > 10).count();
    differing as f64 / (width * height) as f64
}

async fn pictures(client: &mut Client, viewer: &mut Viewer, count: usize) -> Vec<Luma> {
    client.take(count).await.iter().map(|frame| viewer.see(frame.data())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn still_camera_shows_noise_and_no_motion() {
    let sim = start(camera(0).watermark(3, 4)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let mut viewer = Viewer::new();
    let walking = pictures(&mut client, &mut viewer, 20).await;
    assert!(moved(&walking[0], &walking[19]) > 0.002, "people walk in the footage");

    sim.set_still("/cam", true).unwrap();
    pictures(&mut client, &mut viewer, 5).await;
    let still = pictures(&mut client, &mut viewer, 25).await;
    for pair in still.windows(2) {
        assert_ne!(pair[0].samples, pair[1].samples, "the sensor is noisy");
        // Watermark and key frames included.
        assert!(moved(&pair[0], &pair[1]) < 1e-9, "nothing moves");
    }
    assert!(moved(&still[0], &still[24]) < 1e-9);

    sim.set_still("/cam", false).unwrap();
    pictures(&mut client, &mut viewer, 5).await;
    let walking = pictures(&mut client, &mut viewer, 20).await;
    assert!(moved(&walking[0], &walking[19]) > 0.002, "the footage goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn scene_can_be_still_from_the_start() {
    let sim = start(camera(3).scene(Scene::StillWithNoise { sigma: 3.0 })).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    let mut viewer = Viewer::new();
    let still = pictures(&mut client, &mut viewer, 25).await;
    assert!(moved(&still[0], &still[24]) < 1e-9);
    sim.set_scene("/cam", Scene::Footage).unwrap();
    pictures(&mut client, &mut viewer, 5).await;
    let walking = pictures(&mut client, &mut viewer, 20).await;
    assert!(moved(&walking[0], &walking[19]) > 0.002);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_connections_break_off_and_may_come_back() {
    let sim = start(camera(1)).await;
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    client.take(2).await;
    sim.kill_connections();
    let mut left = 0;
    while client.next().await.is_some() {
        left += 1;
        assert!(left < 50, "the stream goes on");
    }
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    assert!(client.next().await.unwrap().is_random_access_point());
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_server_is_gone() {
    let sim = start(camera(1)).await;
    let addr = sim.addr();
    let mut client = Client::connect(&sim.url("/cam"), None).await.unwrap();
    client.take(2).await;
    tokio::time::timeout(Duration::from_secs(5), sim.stop()).await.unwrap();
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
    while client.next().await.is_some() {}
}
