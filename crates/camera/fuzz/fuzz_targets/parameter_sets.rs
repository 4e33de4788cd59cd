//! Decoder configurations of H.264 and H.265, as they come from a camera's description and from its stream.

#![no_main]

use bytes::Bytes;
use ownsight_camera::VideoFormat;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((codec, config)) = bytes.split_first() else { return };
    let config = Bytes::copy_from_slice(config);
    let read = match codec & 1 {
        0 => VideoFormat::from_avc_config(config.clone()),
        _ => VideoFormat::from_hevc_config(config.clone()),
    };
    let Ok(format) = read else { return };
    assert!((1..=8192).contains(&format.width()) && (1..=8192).contains(&format.height()), "{format:?}");
    assert!(format.pixel_aspect().0 > 0 && format.pixel_aspect().1 > 0, "{format:?}");
    assert!(format.frame_rate().is_none_or(|rate| rate.is_finite() && rate > 0.0), "{format:?}");
    assert_eq!(format.config(), &config, "it is recorded as it came");
});
