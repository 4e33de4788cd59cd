//! The sound beside a camera's video: which can be recorded, and its pieces on the video's clock.

use std::sync::Arc;

use bytes::Bytes;
use retina::client::Stream as Media;
use retina::codec::{AudioFrame, ParametersRef};
use retina::rtcp::{PacketRef, ReceivedCompoundPacket};

use crate::decode::find_ffmpeg;
use crate::sound::{SoundCodec, SoundFormat, SoundUnit, scaled};
use crate::timing::{Sync, Timeline};
use crate::video::TICKS_PER_SECOND;

/// Pieces that wait for the next frame, at most. What is beyond is lost: it is sound without a picture.
const WAITING_MAX: usize = 1024;
/// Bytes of them, at most.
const WAITING_BYTES_MAX: usize = 2 << 20;
const MICROS: i64 = 1_000_000;

/// What becomes of a stream of sound.
enum Fate {
    Recorded(SoundFormat),
    /// Why not.
    LeftOut(&'static str),
}

fn fate(stream: &Media) -> Fate {
    let Some(ParametersRef::Audio(parameters)) = stream.parameters() else {
        return Fate::LeftOut(UNKNOWN);
    };
    let codec = match stream.encoding_name() {
        "mpeg4-generic" => SoundCodec::Aac(Bytes::copy_from_slice(parameters.extra_data())),
        "pcmu" => SoundCodec::MuLaw,
        "pcma" => SoundCodec::ALaw,
        "l16" => SoundCodec::L16,
        _ => return Fate::LeftOut(UNKNOWN),
    };
    let must_be_encoded = !matches!(codec, SoundCodec::Aac(_));
    match SoundFormat::new(codec, parameters.clock_rate(), parameters.channels().get()) {
        None => Fate::LeftOut("not recorded: of this rate or so many channels it does not fit into an MP4"),
        Some(_) if must_be_encoded && find_ffmpeg().is_none() => {
            Fate::LeftOut("not recorded: there is no ffmpeg where the agent runs")
        }
        Some(format) => Fate::Recorded(format),
    }
}

const UNKNOWN: &str = "not recorded: only AAC, G.711 and PCM are";

/// What there is of sound and what can become of it, in words. Empty without any.
pub(super) fn offers(streams: &[Media]) -> String {
    let mut sounds = streams.iter().filter(|stream| stream.media() == "audio").peekable();
    let Some(first) = sounds.peek().copied() else { return String::new() };
    let recorded = sounds.find(|stream| matches!(fate(stream), Fate::Recorded(_)));
    let stream = recorded.unwrap_or(first);
    let fate = match fate(stream) {
        Fate::Recorded(_) => "recorded if switched on",
        Fate::LeftOut(why) => why,
    };
    format!(", sound ({}) {fate}", name(stream.encoding_name()))
}

/// A codec's name as people write it.
fn name(encoding: &str) -> String {
    match encoding {
        "mpeg4-generic" | "mp4a-latm" => "AAC".into(),
        "pcmu" | "pcma" => "G.711".into(),
        "l16" => "PCM".into(),
        other => other.to_uppercase(),
    }
}

/// The sound to record: the first that goes into an MP4 as it is, else the first that can be made to.
pub(super) fn choose(streams: &[Media]) -> Option<Sound> {
    let sounds = streams.iter().enumerate().filter(|(_, stream)| stream.media() == "audio");
    let found: Vec<_> = sounds
        .filter_map(|(index, stream)| match fate(stream) {
            Fate::Recorded(format) => Some((index, format)),
            Fate::LeftOut(_) => None,
        })
        .collect();
    let as_it_is = found.iter().position(|(_, format)| matches!(format.codec(), SoundCodec::Aac(_)));
    let (stream, format) = found.into_iter().nth(as_it_is.unwrap_or(0))?;
    Some(Sound {
        stream,
        format: Arc::new(format),
        sync: Sync::default(),
        waiting: Vec::new(),
        waiting_bytes: 0,
    })
}

/// The sound of one connection.
#[derive(Debug)]
pub(super) struct Sound {
    stream: usize,
    format: Arc<SoundFormat>,
    sync: Sync,
    /// Came since the last frame.
    waiting: Vec<SoundUnit>,
    waiting_bytes: usize,
}

impl Sound {
    /// Its place among the streams that the camera described.
    pub(super) fn stream(&self) -> usize {
        self.stream
    }

    /// Keeps a piece for the next frame. Before the first frame there is nothing that it could be in step with.
    pub(super) fn take(&mut self, frame: &AudioFrame, timeline: &Timeline) {
        let Some(video) = timeline.distance() else { return };
        let bytes = frame.data().len();
        if self.waiting.len() >= WAITING_MAX || self.waiting_bytes + bytes > WAITING_BYTES_MAX {
            return;
        }
        let at = frame.timestamp().timestamp();
        let Some(samples) = self.samples(frame) else { return };
        let rate = i64::from(self.format.rate());
        // A packet is sent when its last sample is there.
        let end = scaled(at.saturating_add(samples.into()), MICROS, rate);
        let arrived = timeline.micros(frame.ctx().received());
        let offset = self.sync.piece(end, arrived, video);
        let begins = scaled(at, MICROS, rate).saturating_add(offset);
        self.waiting_bytes += bytes;
        self.waiting.push(SoundUnit {
            data: Bytes::copy_from_slice(frame.data()),
            at,
            samples,
            pts: scaled(begins, TICKS_PER_SECOND, MICROS),
            format: Arc::clone(&self.format),
        });
    }

    /// Samples of each channel in a piece; the library counts those of all channels where they are not AAC. `None`: it does not
    /// hold as many of each.
    fn samples(&self, frame: &AudioFrame) -> Option<u32> {
        let bytes = match self.format.codec() {
            SoundCodec::Aac(_) => return Some(frame.frame_length().get()),
            SoundCodec::MuLaw | SoundCodec::ALaw => 1,
            SoundCodec::L16 => 2,
        };
        let each = bytes * usize::from(self.format.channels()).max(1);
        let length = frame.data().len();
        length.is_multiple_of(each).then(|| u32::try_from(length / each).ok()).flatten()
    }

    /// Takes a report, of the sound or, if `stream` is another, of the video.
    pub(super) fn report(&mut self, packet: &ReceivedCompoundPacket) {
        let Some(timestamp) = packet.rtp_timestamp() else { return };
        let Some(Ok(Some(report))) = packet.pkts().next().map(PacketRef::as_sender_report) else {
            return;
        };
        let rtp = scaled(timestamp.timestamp(), MICROS, timestamp.clock_rate().get().into());
        let ntp = report.ntp_timestamp().0;
        if packet.stream_id() == self.stream {
            self.sync.sound_report(rtp, ntp);
        } else {
            self.sync.video_report(rtp, ntp);
        }
    }

    /// The video's clock is another from now on, and has no reports.
    pub(super) fn forget_video(&mut self) {
        self.sync.forget_video();
    }

    /// What came since the last call.
    pub(super) fn come(&mut self) -> Vec<SoundUnit> {
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting)
    }
}
