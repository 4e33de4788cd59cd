//! One connection to a camera, with `retina`: RTSP over TCP, H.264 or H.265 interleaved into it or by UDP, and sound if
//! it is asked for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use ownsight_model::{CameraAddress, CameraFault, Timestamp};
use retina::client::{Demuxed, InitialTimestampPolicy, PlayOptions, Session, SessionOptions, TeardownPolicy};
use retina::codec::{CodecItem, ParametersRef, VideoFrame};
use retina::rtcp::ReceivedCompoundPacket;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::bridge::Bridge;
use super::connection::{Connection, WITH_TLS};
use super::fault::Fault;
use super::reach::{ANSWER_MAX, ask};
use super::redirect::{Found, is_redirect};
use super::setup::{Way, set_up, set_up_by};
use super::sound::{self, Sound};
use crate::codec::{Codec, VideoFormat};
use crate::config::Credentials;
use crate::decode::find_ffmpeg;
use crate::sound::SoundUnit;
use crate::timing::{Moment, Pace, Timeline};
use crate::video::{AccessUnit, TICKS_PER_SECOND};

/// Without a frame for this long a stream counts as stalled.
const STALL_MAX: Duration = Duration::from_secs(10);
/// Packets of a frame without a beginning, at most: more than any frame has.
const HEADLESS_MAX: u32 = 8192;
/// A larger frame is no frame.
const FRAME_BYTES_MAX: usize = 8 << 20;
/// Asking for a description twice, connecting first.
const DESCRIBE_MAX: Duration = Duration::from_secs(10);
/// How cameras see us.
pub(super) const USER_AGENT: &str = concat!("Ownsight/", env!("CARGO_PKG_VERSION"));

/// The address as the RTSP library takes it.
pub(crate) fn parse_url(address: &CameraAddress) -> Result<Url, Fault> {
    Url::parse(address.as_str())
        .map_err(|error| Fault::new(CameraFault::NameUnknown, format!("the address is malformed: {error}")))
}

/// A camera that has described its streams.
pub(crate) struct Described {
    session: Session<retina::client::Described>,
    video: usize,
    sound: Option<Sound>,
    /// With TLS. It outlives the session, so that the session can be ended.
    bridge: Option<Bridge>,
}

impl Described {
    /// Connects and asks what there is, giving credentials if asked. With TLS it must be who was found there, by its
    /// key. Cancel safe.
    pub(crate) async fn connect(at: &Found, credentials: Option<&Credentials>) -> Result<Self, Fault> {
        if at.url.scheme() != WITH_TLS {
            return Self::ask(&at.url, &at.url, credentials, None).await;
        }
        let camera = Connection::open(&at.url).await?;
        if camera.key() != at.answer.key {
            let detail = "its TLS key is another one than a moment ago";
            return Err(Fault::new(CameraFault::AnotherCamera, detail));
        }
        let bridge = Bridge::to(&at.url, camera, credentials, at.answer.sign_in).await?;
        let here = bridge.url().clone();
        Self::ask(&here, &at.url, None, Some(bridge)).await
    }

    /// Asks at one address, which leads to the camera at the other.
    async fn ask(
        here: &Url,
        url: &Url,
        credentials: Option<&Credentials>,
        bridge: Option<Bridge>,
    ) -> Result<Self, Fault> {
        // The bridge ends its session itself: the library would at last try a connection of its own, without TLS.
        let teardown = if bridge.is_some() { TeardownPolicy::Never } else { TeardownPolicy::Auto };
        let options = SessionOptions::default()
            .creds(credentials.map(Credentials::to_retina))
            .teardown(teardown)
            .user_agent(USER_AGENT.to_owned());
        let told = || bridge.as_ref().and_then(Bridge::fault);
        let session = match timeout(DESCRIBE_MAX, Session::describe(here.clone(), options)).await {
            Ok(Ok(session)) => session,
            Ok(Err(error)) => {
                if let Some(fault) = told() {
                    return Err(fault);
                }
                return Err(match error.status_code() {
                    // Who asks with a password is not told by the library where to.
                    Some(status) if is_redirect(status) => {
                        let detail =
                            "it redirects who gives the password: enter the address that it redirects to";
                        Fault::new(CameraFault::Refused, format!("{status}: {detail}"))
                    }
                    Some(status) if !(200..300).contains(&status) => Fault::of_status(status),
                    _ => diagnose(url, Fault::of_protocol(&error)).await,
                });
            }
            Err(_) => {
                return Err(diagnose(url, Fault::new(CameraFault::NoAnswer, "no description in 10 s")).await);
            }
        };
        let bridge = bridge.map(Bridge::keep);
        Ok(Self { session, video: usize::MAX, sound: None, bridge })
    }

    /// The description as it came.
    pub(crate) fn sdp(&self) -> &[u8] {
        self.session.sdp()
    }

    /// What there is, in words.
    pub(crate) fn offers(&self) -> String {
        let streams = self.session.streams();
        let videos = streams.iter().filter(|stream| stream.media() == "video").count();
        format!("{videos} video{}", sound::offers(streams))
    }

    /// Chooses the video to record, and says its format if that is known already: the first of H.264, which plays
    /// everywhere, else the first of H.265.
    pub(crate) fn choose_video(&mut self) -> Result<Option<VideoFormat>, Fault> {
        let streams = self.session.streams();
        let videos = || streams.iter().enumerate().filter(|(_, stream)| stream.media() == "video");
        let first_of = |codec| videos().find(|(_, stream)| codec_of(stream.encoding_name()) == Some(codec));
        let chosen = match first_of(Codec::H264) {
            Some(chosen) => Some(chosen),
            None => first_of(Codec::H265).map(lookable).transpose()?,
        };
        let Some((index, stream)) = chosen else {
            return Err(match videos().next() {
                Some((_, stream)) => {
                    Fault::new(CameraFault::CodecNotSupported, codec_name(stream.encoding_name()))
                }
                None => Fault::new(CameraFault::NoVideo, "the stream has no video"),
            });
        };
        let format = read_format(stream.encoding_name(), stream.parameters().as_ref())?;
        self.video = index;
        Ok(format)
    }

    /// Chooses sound to record beside the video, and says whether there is any that can be. Without this call none is
    /// asked for.
    pub(crate) fn choose_sound(&mut self) -> bool {
        self.sound = sound::choose(self.session.streams());
        self.sound.is_some()
    }

    /// Frames each second, if the description says so.
    pub(crate) fn frame_rate(&self) -> Option<f64> {
        self.session.streams().get(self.video)?.framerate().map(f64::from)
    }

    /// Sets the chosen video up, and sound if it was chosen, and plays. Other streams are not asked for. A camera that
    /// does not give its sound is recorded without.
    pub(crate) async fn play(mut self) -> Result<Stream, Fault> {
        if self.video >= self.session.streams().len() {
            self.choose_video()?;
        }
        let bridge = self.bridge.take();
        match self.played(bridge.is_some()).await {
            Ok(stream) => Ok(Stream { bridge, ..stream }),
            Err(fault) => Err(bridge.and_then(|bridge| bridge.fault()).unwrap_or(fault)),
        }
    }

    async fn played(mut self, encrypted: bool) -> Result<Stream, Fault> {
        let video = self.video;
        let way = set_up(&mut self.session, video, encrypted).await?;
        if let Some(sound) = &self.sound
            && let Err(fault) = set_up_by(way, &mut self.session, sound.stream()).await
        {
            tracing::warn!(detail = %fault.detail, "a camera does not give its sound: recording without");
            self.sound = None;
        }
        // Each stream's own times are used, so it does not matter where the camera says that they begin.
        let play = PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Ignore);
        let playing = answered(self.session.play(play)).await?;
        let demuxed = playing.demuxed().map_err(|error| Fault::of_protocol(&error))?;
        Ok(Stream {
            demuxed: Box::pin(demuxed),
            video,
            sound: self.sound,
            way,
            format: None,
            pace: Pace::default(),
            timeline: Timeline::new(),
            begun: false,
            headless: 0,
            last_frame: Instant::now(),
            bridge: None,
        })
    }
}

async fn answered<T>(call: impl Future<Output = Result<T, retina::Error>>) -> Result<T, Fault> {
    match timeout(ANSWER_MAX, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(match error.status_code() {
            Some(status) if !(200..300).contains(&status) => Fault::of_status(status),
            _ => Fault::of_protocol(&error),
        }),
        Err(_) => Err(Fault::new(CameraFault::NoAnswer, "no answer in 5 s")),
    }
}

/// Finds out why a camera could not be asked; `otherwise` if it can be reached and speaks RTSP.
async fn diagnose(url: &Url, otherwise: Fault) -> Fault {
    let mut connection = match Connection::open(url).await {
        Ok(connection) => connection,
        Err(fault) => return fault,
    };
    match ask(&mut connection, "OPTIONS", url, 1).await {
        Ok(_) => otherwise,
        Err(fault) => fault,
    }
}

/// A frame from a camera, placed in time.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) unit: AccessUnit,
    /// Time jumped between the frame before it and this one.
    pub(crate) jumped: bool,
    /// Packets lost just before it.
    pub(crate) lost: u16,
    /// Sound that came since the frame before it.
    pub(crate) sounds: Vec<SoundUnit>,
}

/// A stream that plays. Dropping it ends the session.
pub(crate) struct Stream {
    demuxed: Pin<Box<Demuxed>>,
    video: usize,
    sound: Option<Sound>,
    way: Way,
    format: Option<Arc<VideoFormat>>,
    pace: Pace,
    timeline: Timeline,
    /// A first frame has come.
    begun: bool,
    /// Packets before it that belong to a frame whose beginning was not sent.
    headless: u32,
    last_frame: Instant,
    bridge: Option<Bridge>,
}

impl Stream {
    /// Whether it brings sound that is recorded.
    pub(crate) fn has_sound(&self) -> bool {
        self.sound.is_some()
    }

    /// The next frame. Cancel safe: a dropped call loses no frame.
    pub(crate) async fn next(&mut self) -> Result<Frame, Fault> {
        loop {
            let item = match timeout_at(self.last_frame + STALL_MAX, self.demuxed.next()).await {
                Ok(Some(Ok(item))) => item,
                Ok(Some(Err(error))) if self.begins_within_a_frame(&error) => continue,
                Ok(Some(Err(error))) => return Err(self.ended(Fault::of_protocol(&error))),
                Ok(None) => {
                    return Err(self.ended(Fault::new(CameraFault::Closed, "the camera ended the stream")));
                }
                Err(_) => return Err(self.stalled()),
            };
            match item {
                CodecItem::VideoFrame(frame) => {
                    if let Some(frame) = self.take(frame)? {
                        self.last_frame = Instant::now();
                        return Ok(frame);
                    }
                }
                CodecItem::AudioFrame(frame) => {
                    if let Some(sound) = &mut self.sound {
                        sound.take(&frame, &self.timeline);
                    }
                }
                CodecItem::Rtcp(packet) => self.take_report(&packet),
                _ => {}
            }
        }
    }

    /// What the bridge knows of the end, if there is one and it does.
    fn ended(&self, fault: Fault) -> Fault {
        self.bridge.as_ref().and_then(Bridge::fault).unwrap_or(fault)
    }

    /// The way of its packets.
    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// Some servers, VLC's for one, begin with the middle of a frame. The library calls its packets an error, and goes
    /// on with the next when it is asked.
    fn begins_within_a_frame(&mut self, error: &retina::Error) -> bool {
        if self.begun || !error.to_string().contains("start bit unset while no frag in progress") {
            return false;
        }
        self.headless += 1;
        self.headless <= HEADLESS_MAX
    }

    fn stalled(&self) -> Fault {
        let seconds = STALL_MAX.as_secs();
        let detail = match self.way {
            Way::Udp if !self.begun => {
                format!(
                    "nothing came by UDP in {seconds} s from the port that it names: a firewall or router on the way \
                     may hold it back"
                )
            }
            Way::Tcp | Way::Udp => format!("no frame in {seconds} s"),
        };
        Fault::new(CameraFault::Stalled, detail)
    }

    fn take(&mut self, frame: VideoFrame) -> Result<Option<Frame>, Fault> {
        if frame.has_new_parameters() || self.format.is_none() {
            let stream = self.demuxed.streams().get(self.video);
            let encoding = stream.map_or("", retina::client::Stream::encoding_name);
            let parameters = stream.and_then(retina::client::Stream::parameters);
            let format = read_format(encoding, parameters.as_ref())?;
            if format.as_ref() != self.format.as_deref() {
                self.format = format.map(Arc::new);
            }
        }
        let Some(format) = &self.format else { return Ok(None) };
        if frame.data().len() > FRAME_BYTES_MAX {
            return Err(Fault::new(CameraFault::Broken, "a frame is larger than 8 MB"));
        }
        let Some(key) = format.codec().begins_with(frame.data()) else { return Ok(None) };
        let received = frame.start_ctx().received();
        let paced = self.pace.frame(to_pts(frame.timestamp()), received);
        if paced.given_up {
            tracing::info!("the camera's RTP clock is wrong: its frames are placed by their arrival");
            self.timeline.forget();
            if let Some(sound) = &mut self.sound {
                sound.forget_video();
            }
        }
        let pts = paced.pts;
        let arrival = Moment { steady: received, wall: Timestamp::now().minus(received.elapsed()) };
        let placed = self.timeline.frame(pts, arrival);
        let (format, lost) = (Arc::clone(format), frame.loss());
        let unit = AccessUnit { data: Bytes::from(frame.into_data()), pts, at: placed.at, key, format };
        let jumped = placed.jumped && self.begun;
        self.begun = true;
        let sounds = self.sound.as_mut().map(Sound::come).unwrap_or_default();
        Ok(Some(Frame { unit, jumped, lost, sounds }))
    }

    fn take_report(&mut self, packet: &ReceivedCompoundPacket) {
        let of_video = packet.stream_id() == self.video;
        if of_video && !self.pace.is_trusted() {
            return;
        }
        if let Some(sound) = &mut self.sound {
            sound.report(packet);
        }
        if !of_video {
            return;
        }
        if let Some(timestamp) = packet.rtp_timestamp() {
            let received = packet.ctx().received();
            let arrival = Moment { steady: received, wall: Timestamp::now().minus(received.elapsed()) };
            self.timeline.sender_report(to_pts(timestamp), arrival);
        }
    }
}

fn to_pts(timestamp: retina::Timestamp) -> i64 {
    let rate = i128::from(timestamp.clock_rate().get());
    let ticks = i128::from(timestamp.timestamp()) * i128::from(TICKS_PER_SECOND) / rate;
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

/// H.265 is recorded only where its pictures can be looked at.
fn lookable<T>(chosen: T) -> Result<T, Fault> {
    match find_ffmpeg() {
        Some(_) => Ok(chosen),
        None => Err(Fault::new(CameraFault::CodecNotSupported, "H.265, and no ffmpeg where the agent runs")),
    }
}

fn read_format(encoding: &str, parameters: Option<&ParametersRef<'_>>) -> Result<Option<VideoFormat>, Fault> {
    let (Some(codec), Some(ParametersRef::Video(parameters))) = (codec_of(encoding), parameters) else {
        return Ok(None);
    };
    let config = Bytes::copy_from_slice(parameters.extra_data());
    let format = match codec {
        Codec::H264 => VideoFormat::from_avc_config(config),
        Codec::H265 => VideoFormat::from_hevc_config(config),
    };
    format.map(Some).map_err(|error| Fault::new(CameraFault::CodecNotSupported, error.to_string()))
}

fn codec_of(encoding: &str) -> Option<Codec> {
    match encoding {
        "h264" => Some(Codec::H264),
        "h265" => Some(Codec::H265),
        _ => None,
    }
}

/// A codec's name as people write it.
fn codec_name(encoding: &str) -> String {
    match encoding {
        "jpeg" => "Motion JPEG".into(),
        "mp4v-es" => "MPEG-4 part 2".into(),
        other => other.to_uppercase(),
    }
}
