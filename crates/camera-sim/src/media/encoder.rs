//! The camera's own encoder: H.264 constrained baseline, as a small camera does it.

use bytes::Bytes;
use openh264::encoder::{
    Complexity, Encoder, EncoderConfig, FrameRate, IntraFramePeriod, Profile, QpRange, RateControlMode,
    UsageType,
};
use openh264::{OpenH264API, Timestamp};

use super::nal::{self, ParameterSets, split_annex_b};
use super::picture::Picture;

/// Frames from one key frame to the next.
const GROUP: u32 = 20;
/// Bounds of the quantiser, which follows texture only: no rate control, so that quality does not depend on what
/// happens in the picture and no frame is ever left out. See the crate's documentation for the bit rates.
const QUANTISER_MIN: u8 = 20;
const QUANTISER_MAX: u8 = 28;

/// The encoder gave up on a picture or on its settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncoderError {
    #[error("cannot encode a picture")]
    Encode(#[source] openh264::Error),
    #[error("the encoder made no parameter sets")]
    NoParameterSets,
}

impl From<openh264::Error> for EncoderError {
    fn from(error: openh264::Error) -> Self {
        Self::Encode(error)
    }
}

/// Encodes pictures of one size. Equal settings give equal parameter sets, in every process.
pub(crate) struct LiveEncoder {
    encoder: Encoder,
    fps: u32,
    frames: u64,
}

impl LiveEncoder {
    pub(crate) fn new(fps: u32) -> Result<Self, EncoderError> {
        let config = EncoderConfig::new()
            .usage_type(UsageType::CameraVideoRealTime)
            .profile(Profile::Baseline)
            .complexity(Complexity::Low)
            .rate_control_mode(RateControlMode::Off)
            .qp(QpRange::new(QUANTISER_MIN, QUANTISER_MAX))
            .skip_frames(false)
            .max_frame_rate(FrameRate::from_hz(fps as f32))
            .intra_frame_period(IntraFramePeriod::from_num_frames(GROUP))
            .scene_change_detect(false)
            .num_threads(1);
        Ok(Self { encoder: Encoder::with_api_config(OpenH264API::from_source(), config)?, fps, frames: 0 })
    }

    /// The parameter sets that an encoder with these settings will send.
    pub(crate) fn parameter_sets(
        width: usize,
        height: usize,
        fps: u32,
    ) -> Result<ParameterSets, EncoderError> {
        let nals = Self::new(fps)?.encode(&Picture::grey(width, height), false)?;
        let find = |kind| nals.iter().find(|nal| nal::kind(nal) == kind).cloned();
        match (find(nal::SPS), find(nal::PPS)) {
            (Some(sps), Some(pps)) => Ok(ParameterSets { sps, pps }),
            _ => Err(EncoderError::NoParameterSets),
        }
    }

    /// The NAL units of the next picture; a key frame's begin with its parameter sets.
    pub(crate) fn encode(&mut self, picture: &Picture, force_key: bool) -> Result<Vec<Bytes>, EncoderError> {
        if force_key && self.frames > 0 {
            self.encoder.force_intra_frame();
        }
        let time = Timestamp::from_millis(self.frames * 1000 / u64::from(self.fps.max(1)));
        self.frames += 1;
        let stream = Bytes::from(self.encoder.encode_at(picture, time)?.to_vec());
        Ok(split_annex_b(&stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(nals: &[Bytes]) -> Vec<u8> {
        nals.iter().map(|nal| nal::kind(nal)).collect()
    }

    #[test]
    fn key_frames_come_every_twenty_and_on_demand() {
        let picture = Picture::grey(640, 360);
        let mut encoder = LiveEncoder::new(10).unwrap();
        let key: Vec<bool> = (0..50)
            .map(|index| {
                let nals = encoder.encode(&picture, index == 25).unwrap();
                let key = kinds(&nals).contains(&nal::IDR);
                if key {
                    assert_eq!(kinds(&nals)[..2], [nal::SPS, nal::PPS]);
                }
                key
            })
            .collect();
        let keys: Vec<usize> = (0..50).filter(|index| key[*index]).collect();
        assert_eq!(keys, [0, 20, 25, 45]);
    }

    #[test]
    fn parameter_sets_are_foretold() {
        let sets = LiveEncoder::parameter_sets(640, 360, 10).unwrap();
        assert!(
            sets.profile_level_id().starts_with("42C0"),
            "constrained baseline: {}",
            sets.profile_level_id()
        );
        let nals = LiveEncoder::new(10).unwrap().encode(&Picture::grey(640, 360), false).unwrap();
        assert_eq!(nals[..2], [sets.sps, sets.pps]);
    }
}
