//! What a camera sends next: a picture of its view, encoded now, or the footage's own access units.

use std::sync::Arc;

use bytes::Bytes;

use super::encoder::{EncoderError, LiveEncoder};
use super::footage::Footage;
use super::nal::{self, ParameterSets};
use super::noise::Noise;
use super::picture::Picture;
use super::player::{Player, PlayerError};
use super::view::{Projector, View};
use super::watermark::{self, Watermark};

/// An encoded frame, ready to be packed into RTP.
#[derive(Debug)]
pub(crate) struct Frame {
    /// 90 kHz, presentation time, wrapping.
    pub(crate) timestamp: u32,
    /// Decoding can start here: the frame brings its parameter sets along.
    pub(crate) key: bool,
    pub(crate) nals: Vec<Bytes>,
}

/// Why there is no next frame. Both are defects: what is decoded is bundled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error(transparent)]
    Player(#[from] PlayerError),
    #[error(transparent)]
    Encoder(#[from] EncoderError),
}

/// Settings of a camera that encodes.
#[derive(Clone, Debug)]
pub(crate) struct LiveSettings {
    pub(crate) view: View,
    pub(crate) fps: u32,
    /// Home and camera number, when pictures are watermarked.
    pub(crate) watermark: Option<(u16, u16)>,
    /// Units of the footage that are played.
    pub(crate) loop_end: usize,
}

/// What is to be different in the next frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) force_key: bool,
    /// Show the last picture again.
    pub(crate) still: bool,
    /// Standard deviation of the sensor noise.
    pub(crate) noise: f32,
}

/// Where a camera is in its footage; outlives the decoder and encoder, which exist only while somebody looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Display number of the next picture.
    pub(crate) position: u32,
    /// Number of the next frame that the camera makes.
    pub(crate) sequence: u32,
}

/// Decoder, view, noise, watermark and encoder of one camera. About 20 MB.
pub(crate) struct LiveSource {
    settings: LiveSettings,
    player: Player,
    projector: Projector,
    encoder: LiveEncoder,
    noise: Option<(f32, Noise)>,
    sequence: u32,
    decoded: Picture,
    /// The view of the last picture, before noise and watermark.
    seen: Option<Picture>,
    out: Picture,
}

impl LiveSource {
    pub(crate) fn new(
        settings: LiveSettings,
        footage: &'static Footage,
        place: Place,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            player: Player::start(footage, settings.loop_end, place.position)?,
            projector: Projector::new(&settings.view),
            encoder: LiveEncoder::new(settings.fps)?,
            noise: None,
            sequence: place.sequence,
            decoded: Picture::default(),
            seen: None,
            out: Picture::default(),
            settings,
        })
    }

    pub(crate) fn place(&self) -> Place {
        Place { position: self.player.position(), sequence: self.sequence }
    }

    /// Makes the next frame; some 6 ms of CPU.
    pub(crate) fn next(&mut self, timestamp: u32, wish: Wish) -> Result<Arc<Frame>, SourceError> {
        let seen = match self.seen.take() {
            Some(seen) if wish.still => seen,
            seen => {
                self.player.next_into(&mut self.decoded)?;
                let mut seen = seen.unwrap_or_default();
                self.projector.project(&self.decoded, &mut seen);
                seen
            }
        };
        let mut out = std::mem::take(&mut self.out);
        out.copy_from(&seen);
        self.seen = Some(seen);
        self.add_noise(&mut out, wish.noise);
        self.burn_watermark(&mut out);
        self.sequence = self.sequence.wrapping_add(1);
        let nals = self.encoder.encode(&out, wish.force_key);
        self.out = out;
        let nals = nals?;
        let key = nals.iter().any(|unit| nal::kind(unit) == nal::IDR);
        Ok(Arc::new(Frame { timestamp, key, nals }))
    }

    fn add_noise(&mut self, picture: &mut Picture, sigma: f32) {
        if sigma <= 0.0 {
            return;
        }
        let (_, noise) = match self.noise.take() {
            Some((made_for, noise)) if made_for.to_bits() == sigma.to_bits() => {
                self.noise.insert((made_for, noise))
            }
            _ => self.noise.insert((sigma, Noise::new(sigma, fastrand::u64(..)))),
        };
        noise.add_to(picture);
    }

    fn burn_watermark(&self, picture: &mut Picture) {
        let Some((home, camera)) = self.settings.watermark else { return };
        let (width, height) = (picture.width, picture.height);
        let mark = Watermark { home, camera, sequence: self.sequence };
        if watermark::write(&mut picture.y, width, height, width, mark) {
            let above = (height - watermark::strip_height(width)) / 2 * (width / 2);
            for plane in [&mut picture.u, &mut picture.v] {
                plane.iter_mut().skip(above).for_each(|value| *value = 128);
            }
        }
    }
}

/// The footage's own access units, B-frames and all, in decoding order.
pub(crate) struct OriginalSource {
    footage: &'static Footage,
    loop_end: usize,
    unit: usize,
}

impl OriginalSource {
    /// Starts at the key frame at or before this place.
    pub(crate) fn new(footage: &'static Footage, loop_end: usize, place: Place) -> Self {
        let position = place.position as usize % loop_end.max(1);
        Self { footage, loop_end, unit: footage.key_before(position) }
    }

    /// The next unit's display number.
    pub(crate) fn position(&self) -> u32 {
        self.unit as u32
    }

    /// The next frame, and how many frames after its turn it is shown.
    pub(crate) fn next(&mut self) -> Option<(u32, Frame)> {
        let index = self.unit;
        let unit = self.footage.units.get(index)?;
        self.unit = (index + 1) % self.loop_end.max(1);
        let ParameterSets { sps, pps } = &self.footage.parameter_sets;
        let sets = [sps, pps].into_iter().filter(|_| unit.key).cloned();
        let nals = sets.chain(unit.nals.iter().map(|nal| Bytes::from_static(nal))).collect();
        let delay = (unit.display + self.footage.reordering).saturating_sub(index as u32);
        Some((delay, Frame { timestamp: 0, key: unit.key, nals }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::preset::PRESETS;
    use openh264::decoder::Decoder;

    const QUIET: Wish = Wish { force_key: false, still: false, noise: 0.0 };

    fn settings(view: View) -> LiveSettings {
        let footage = Footage::bundled().unwrap();
        LiveSettings { view, fps: 10, watermark: Some((12, 34)), loop_end: footage.loop_end(Some(40)) }
    }

    fn decode(decoder: &mut Decoder, frame: &Frame) -> Picture {
        let mut stream = Vec::new();
        frame.nals.iter().for_each(|unit| nal::push_annex_b(&mut stream, unit));
        let mut picture = Picture::default();
        picture.copy_from(&decoder.decode(&stream).unwrap().unwrap());
        picture
    }

    #[test]
    fn every_frame_of_every_preset_carries_its_watermark() {
        for preset in PRESETS {
            let place = Place { position: preset.view.start, sequence: 1000 };
            let footage = Footage::bundled().unwrap();
            let mut source = LiveSource::new(settings(preset.view), footage, place).unwrap();
            let mut decoder = Decoder::new().unwrap();
            let mut bytes = 0;
            for sequence in 1000..1045 {
                let frame = source.next(0, QUIET).unwrap();
                bytes += frame.nals.iter().map(Bytes::len).sum::<usize>();
                let picture = decode(&mut decoder, &frame);
                let read = watermark::read(&picture.y, picture.width, picture.height, picture.width);
                assert_eq!(read, Some(Watermark { home: 12, camera: 34, sequence }), "{}", preset.name);
            }
            let rate = bytes * 8 * 10 / 45;
            assert!((100_000..1_300_000).contains(&rate), "{}: {rate} bit/s", preset.name);
        }
    }

    #[test]
    fn still_picture_differs_by_noise_only() {
        let footage = Footage::bundled().unwrap();
        let plain = LiveSettings { watermark: None, ..settings(PRESETS[1].view) };
        let mut source = LiveSource::new(plain, footage, Place { position: 5, sequence: 0 }).unwrap();
        source.next(0, QUIET).unwrap();
        let before = source.seen.clone().unwrap();
        for _ in 0..3 {
            source.next(0, Wish { still: true, noise: 2.0, ..QUIET }).unwrap();
            assert_eq!(source.seen.as_ref().unwrap().y, before.y);
            assert_ne!(source.out.y, before.y);
            let apart = source.out.y.iter().zip(&before.y).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(apart < Some(14), "{apart:?}");
        }
        source.next(0, QUIET).unwrap();
        assert_ne!(source.seen.as_ref().unwrap().y, before.y);
    }

    #[test]
    fn a_source_made_again_goes_on_where_the_first_one_was() {
        let footage = Footage::bundled().unwrap();
        let start = Place { position: 0, sequence: 0 };
        let mut whole = LiveSource::new(settings(PRESETS[0].view), footage, start).unwrap();
        for _ in 0..17 {
            whole.next(0, QUIET).unwrap();
        }
        let mut again = LiveSource::new(settings(PRESETS[0].view), footage, whole.place()).unwrap();
        whole.next(0, QUIET).unwrap();
        again.next(0, QUIET).unwrap();
        assert_eq!(whole.out.y, again.out.y);
    }

    #[test]
    fn original_units_are_shown_once_each_over_the_loop() {
        let footage = Footage::bundled().unwrap();
        let mut source =
            OriginalSource::new(footage, footage.loop_end(Some(40)), Place { position: 0, sequence: 0 });
        let mut shown: Vec<u32> =
            (0..120).map(|turn| turn + source.next().unwrap().0 - footage.reordering).collect();
        assert!(!shown.is_sorted(), "B-frames are sent out of display order");
        shown.sort_unstable();
        assert!(shown.into_iter().eq(0..120));
    }
}
