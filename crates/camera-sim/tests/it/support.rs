//! A client on top of retina, an RTSP implementation that shares no code with the simulator.

use std::time::Duration;

use futures_util::StreamExt;
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use ownsight_camera_sim::watermark::{self, Watermark};
use ownsight_camera_sim::{CameraSim, PRESETS, SimCamera};
use retina::client::{
    Credentials, Demuxed, PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, Transport,
};
use retina::codec::{CodecItem, FrameFormat, VideoFrame};

/// Nothing on loopback takes longer, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The preset of this index as a camera at `/cam`.
pub(crate) fn camera(preset: usize) -> SimCamera {
    SimCamera::new("/cam", PRESETS[preset].view)
}

pub(crate) async fn start(camera: SimCamera) -> CameraSim {
    CameraSim::builder().camera(camera).start().await.unwrap()
}

/// A client that plays.
pub(crate) struct Client {
    frames: Demuxed,
}

pub(crate) async fn describe(
    url: &str,
    password: Option<(&str, &str)>,
) -> Result<Session<retina::client::Described>, retina::Error> {
    let creds = password.map(|(username, password)| Credentials {
        username: username.to_owned(),
        password: password.to_owned(),
    });
    let options = SessionOptions::default().creds(creds);
    tokio::time::timeout(PATIENCE, Session::describe(url.parse().unwrap(), options)).await.unwrap()
}

impl Client {
    pub(crate) async fn connect(url: &str, password: Option<(&str, &str)>) -> Result<Self, retina::Error> {
        let mut session = describe(url, password).await?;
        let options = SetupOptions::default()
            .transport(Transport::Tcp(TcpTransportOptions::default()))
            .frame_format(FrameFormat::SIMPLE);
        session.setup(0, options).await?;
        Ok(Self { frames: session.play(PlayOptions::default()).await?.demuxed()? })
    }

    /// The next frame; `None` when the connection ended or broke.
    pub(crate) async fn next(&mut self) -> Option<VideoFrame> {
        loop {
            match tokio::time::timeout(PATIENCE, self.frames.next()).await.expect("no frame in time") {
                Some(Ok(CodecItem::VideoFrame(frame))) => return Some(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<VideoFrame> {
        let mut frames = Vec::with_capacity(count);
        while frames.len() < count {
            frames.push(self.next().await.expect("the stream ended"));
        }
        frames
    }

    /// Whether a sender report comes before this many items passed.
    pub(crate) async fn sees_report_within(&mut self, items: usize) -> bool {
        for _ in 0..items {
            match tokio::time::timeout(PATIENCE, self.frames.next()).await.expect("nothing in time") {
                Some(Ok(CodecItem::Rtcp(_))) => return true,
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        false
    }
}

/// A decoded picture's luma.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Luma {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u8>,
}

impl Luma {
    pub(crate) fn watermark(&self) -> Option<Watermark> {
        watermark::read(&self.samples, self.width, self.height, self.width)
    }

    /// Scaled so that each sample is the mean of the area it covers.
    pub(crate) fn scaled(&self, width: usize, height: usize) -> Self {
        let covered = |index: usize, from: usize, to: usize| {
            let (start, end) =
                (index as f64 * from as f64 / to as f64, (index + 1) as f64 * from as f64 / to as f64);
            (start as usize..(end.ceil() as usize).min(from))
                .map(move |at| (at, (end.min((at + 1) as f64) - start.max(at as f64)).max(0.0)))
        };
        let mut samples = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (mut sum, mut area) = (0.0, 0.0);
                for (row, tall) in covered(y, self.height, height) {
                    for (column, wide) in covered(x, self.width, width) {
                        sum += f64::from(self.samples[row * self.width + column]) * tall * wide;
                        area += tall * wide;
                    }
                }
                samples.push((sum / area).round() as u8);
            }
        }
        Self { width, height, samples }
    }

    /// Through JPEG and back.
    pub(crate) fn as_jpeg(&self, quality: u8) -> Self {
        let mut jpeg = Vec::new();
        jpeg_encoder::Encoder::new(&mut jpeg, quality)
            .encode(&self.samples, self.width as u16, self.height as u16, jpeg_encoder::ColorType::Luma)
            .unwrap();
        let options = zune_jpeg::zune_core::options::DecoderOptions::default()
            .jpeg_set_out_colorspace(zune_jpeg::zune_core::colorspace::ColorSpace::Luma);
        let reader = zune_jpeg::zune_core::bytestream::ZCursor::new(jpeg);
        let samples = zune_jpeg::JpegDecoder::new_with_options(reader, options).decode().unwrap();
        Self { samples, ..*self }
    }
}

/// Decodes frame after frame of a stream without B-frames.
pub(crate) struct Viewer(Decoder);

impl Viewer {
    pub(crate) fn new() -> Self {
        Self(Decoder::new().unwrap())
    }

    pub(crate) fn see(&mut self, annex_b: &[u8]) -> Luma {
        let picture = self.0.decode(annex_b).unwrap().expect("one picture for each frame");
        let (width, height) = picture.dimensions();
        let rows = picture.y().chunks(picture.strides().0).take(height);
        Luma { width, height, samples: rows.flat_map(|row| &row[..width]).copied().collect() }
    }
}
