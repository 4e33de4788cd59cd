//! The watermark through everything that lies between a camera and a viewer.

use openh264::OpenH264API;
use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, RateControlMode};
use openh264::formats::YUVSlices;
use ownsight_camera_sim::watermark::{self, Watermark};
use ownsight_camera_sim::{PRESETS, SimCamera};
use proptest::prelude::*;

use crate::support::{Client, Luma, Viewer, start};

fn any_mark() -> impl Strategy<Value = Watermark> {
    (any::<u16>(), any::<u16>(), any::<u32>()).prop_map(|(home, camera, sequence)| Watermark {
        home,
        camera,
        sequence,
    })
}

/// The sizes that cameras have.
fn any_size() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        Just((640, 360)),
        Just((640, 480)),
        Just((704, 576)),
        Just((768, 432)),
        Just((768, 576)),
        Just((1280, 720)),
        Just((1920, 1080)),
    ]
}

/// A lively scene: a slope of brightness, stripes and noise.
fn scene((width, height): (usize, usize), seed: u64, brightness: u8) -> Luma {
    let mut random = fastrand::Rng::with_seed(seed);
    let (dx, dy, period) = (random.f32(), random.f32(), random.usize(5..60));
    let mut samples = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let slope = 60.0 * (dx * x as f32 / width as f32 + dy * y as f32 / height as f32);
            let stripe = if (x + y) / period % 2 == 0 { 25.0 } else { 0.0 };
            samples.push((f32::from(brightness) + slope + stripe + random.f32() * 12.0).min(235.0) as u8);
        }
    }
    Luma { width, height, samples }
}

/// Marks and encodes pictures one after the other, as one stream; the last one is what is seen.
fn through_h264(scene: &Luma, marks: &[Watermark], bits_per_second: u32) -> Luma {
    let config = EncoderConfig::new()
        .rate_control_mode(RateControlMode::Bitrate)
        .bitrate(BitRate::from_bps(bits_per_second))
        .max_frame_rate(FrameRate::from_hz(10.0));
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config).unwrap();
    let mut viewer = Viewer::new();
    let (width, height) = (scene.width, scene.height);
    let grey = vec![128; width * height / 4];
    let mut seen = None;
    for mark in marks {
        let mut luma = scene.samples.clone();
        assert!(watermark::write(&mut luma, width, height, width, *mark));
        let planes = YUVSlices::new((&luma, &grey, &grey), (width, height), (width, width / 2, width / 2));
        let stream = encoder.encode(&planes).unwrap().to_vec();
        if !stream.is_empty() {
            let picture = viewer.see(&stream);
            assert_eq!(picture.watermark(), Some(*mark));
            seen = Some(picture);
        }
    }
    seen.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn survives_h264_scaling_and_jpeg(
        before in any_mark(),
        mark in any_mark(),
        size in any_size(),
        seed in any::<u64>(),
        brightness in 16_u8..180,
        quality in 60_u8..95,
    ) {
        // Half of what cameras of such a size send.
        let bits_per_second = (size.0 * size.1) as u32 * 3 / 2;
        let picture = through_h264(&scene(size, seed, brightness), &[before, mark], bits_per_second);
        let read = picture.watermark();
        prop_assert!(read == Some(mark) || read == Some(before), "{read:?}");
        prop_assert_eq!(picture.as_jpeg(quality).watermark(), read);
        let thumbnail = picture.scaled(640, 640 * size.1 / size.0);
        prop_assert_eq!(thumbnail.watermark(), read);
        prop_assert_eq!(thumbnail.as_jpeg(quality).watermark(), read);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_of_all_presets_can_be_read() {
    for (preset, number) in PRESETS.iter().zip(1..) {
        let camera = SimCamera::new(preset.path, preset.view).watermark(40_000, number).noise(1.5);
        let sim = start(camera).await;
        let mut client = Client::connect(&sim.url(preset.path), None).await.unwrap();
        let mut viewer = Viewer::new();
        for frame in client.take(8).await {
            let picture = viewer.see(frame.data());
            let mark = picture.watermark().unwrap();
            let thumbnail = picture.scaled(640, 640 * picture.height / picture.width).as_jpeg(75);
            assert_eq!(thumbnail.watermark(), Some(mark), "{}", preset.name);
            assert_eq!((mark.home, mark.camera), (40_000, number));
        }
    }
}
