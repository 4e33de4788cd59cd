//! Trying a camera out, step by step, with an exact answer at the first step that fails.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use ownsight_model::{CameraAddress, CameraFault, CameraTestStep, StepOutcome, StepReport};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use crate::codec::VideoFormat;
use crate::config::{CLEAR_TEXT_ONLY, Credentials};
use crate::decode::{Picture, PictureDecoder};
use crate::fingerprint::{Guard, KnownCamera, Passed};
use crate::jpeg::SmallPicture;
use crate::output::Still;
use crate::source::{Connection, Described, Fault, Found, SignIn, Stream, Way, ask, find, parse_url, reach};
use crate::video::AccessUnit;

/// Longest wait for a key frame.
const KEY_FRAME_MAX: Duration = Duration::from_secs(10);

/// Tries a camera: reached, RTSP, password, path, format, first picture.
///
/// Each step is reported to `steps` as it ends; the first that fails is the last. Returns the first picture, or
/// the fault. Each wait has a limit of its own; a camera that uses all of them up takes some two minutes. Ends early, as
/// [`CameraFault::NoAnswer`], when `steps` is closed.
///
/// With `known` another camera than that one fails as [`CameraFault::AnotherCamera`], before it is given a password; one
/// that nothing is known of is known from then on. With [`Credentials::by_digest_only`] one that asks for its password in
/// another way fails as [`CameraFault::Refused`], before it is given any. Cancel safe: a dropped call leaves nothing behind.
pub async fn test_connection(
    address: &CameraAddress,
    credentials: Option<&Credentials>,
    known: Option<Arc<dyn KnownCamera>>,
    steps: &mpsc::Sender<StepReport>,
) -> Result<Still, CameraFault> {
    let mut report = Report { steps, next: CameraTestStep::ALL.into_iter() };
    let guard = Guard::new(known);
    // The RTSP library reads a stranger's bytes. Should it panic, the step that was tried fails.
    let tried = AssertUnwindSafe(run(address, credentials, &guard, &mut report)).catch_unwind().await;
    let panicked = |_| Err(Fault::new(CameraFault::Broken, "reading its answer failed").into());
    match tried.unwrap_or_else(panicked) {
        Ok(still) => Ok(still),
        Err(Stop::Fault(fault)) => {
            let kind = fault.kind;
            let _ = report.send(StepOutcome::Failed(kind), fault.detail).await;
            Err(kind)
        }
        Err(Stop::NobodyListens) => Err(CameraFault::NoAnswer),
    }
}

enum Stop {
    Fault(Fault),
    NobodyListens,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Reports steps in their order.
struct Report<'a> {
    steps: &'a mpsc::Sender<StepReport>,
    next: std::array::IntoIter<CameraTestStep, 6>,
}

impl Report<'_> {
    async fn passed(&mut self, detail: impl Into<String>) -> Result<(), Stop> {
        self.send(StepOutcome::Passed, detail.into()).await
    }

    async fn send(&mut self, outcome: StepOutcome, detail: String) -> Result<(), Stop> {
        let Some(step) = self.next.next() else { return Ok(()) };
        self.steps.send(StepReport { step, outcome, detail }).await.map_err(|_| Stop::NobodyListens)
    }
}

async fn run(
    address: &CameraAddress,
    credentials: Option<&Credentials>,
    guard: &Guard,
    report: &mut Report<'_>,
) -> Result<Still, Stop> {
    let url = parse_url(address)?;
    let found = probe(&url, report).await?;
    let redirected = if found.url == url { "" } else { ", where it redirects to" };
    let passed = admit(guard, &found, report).await?;
    let mut described = describe(&found, credentials, report).await?;
    guard.described(passed, described.sdp()).await?;
    report.passed(described.offers() + redirected).await?;
    let format = described.choose_video()?;
    let frame_rate = described.frame_rate();
    if let Some(format) = &format {
        report.passed(describe_format(format, frame_rate)).await?;
    }
    let begun = Instant::now();
    let mut stream = described.play().await?;
    let way = match stream.way() {
        Way::Tcp => "",
        Way::Udp => ", by UDP",
    };
    let format_due = format.is_none();
    let first = async {
        let unit = first_key_frame(&mut stream, format_due, frame_rate, report).await?;
        picture(unit).await
    };
    let still = match timeout(KEY_FRAME_MAX, first).await {
        Ok(still) => still?,
        Err(_) => return Err(Fault::new(CameraFault::NoKeyFrame, "no key frame in 10 s").into()),
    };
    report.passed(format!("after {} ms{way}", begun.elapsed().as_millis())).await?;
    Ok(still)
}

/// The first two steps. Returns what the camera answers to who has no password, and where. One that redirects and is
/// not followed has no stream for us.
async fn probe(url: &Url, report: &mut Report<'_>) -> Result<Found, Stop> {
    let reached = reach(url).await?;
    let (host, port) = (reached.peer.ip(), reached.peer.port());
    let took = reached.took.as_millis().max(1);
    report.passed(format!("{host}, port {port}, in {took} ms")).await?;
    let mut connection = Connection::on(reached, url).await?;
    ask(&mut connection, "OPTIONS", url, 1).await?;
    let encrypted = match (connection.tls(), connection.key()) {
        (Some(version), Some(key)) => format!(" over {version}, key {key}"),
        _ => String::new(),
    };
    report.passed(format!("RTSP/1.0{encrypted}")).await?;
    // Some cameras close the connection after a first answer; others speak only once it is closed.
    drop(connection);
    match find(url).await {
        Err(fault) if fault.kind == CameraFault::Refused => {
            report.passed("not asked for").await?;
            Err(fault.into())
        }
        found => Ok(found?),
    }
}

/// Before the password's step: whether this is the camera that may hear it. One that has no stream to describe fails as
/// it would there.
async fn admit(guard: &Guard, found: &Found, report: &mut Report<'_>) -> Result<Passed, Stop> {
    match guard.answered(found).await {
        Err(fault) if fault.another.is_none() && found.answer.status != 401 => {
            report.passed("not asked for").await?;
            Err(fault.into())
        }
        admitted => Ok(admitted?),
    }
}

/// The password's step.
async fn describe(
    found: &Found,
    credentials: Option<&Credentials>,
    report: &mut Report<'_>,
) -> Result<Described, Stop> {
    let unasked = &found.answer;
    if unasked.status == 401 && credentials.is_none() {
        let detail = "the camera asks for a user name and password";
        return Err(Fault::new(CameraFault::Unauthorized, detail).into());
    }
    let mut credentials = credentials;
    if credentials.is_some_and(Credentials::is_digest_only) {
        match (unasked.status, unasked.sign_in) {
            (401, SignIn::Digest) => {}
            (401, SignIn::Clear) => return Err(Fault::new(CameraFault::Refused, CLEAR_TEXT_ONLY).into()),
            // It describes its streams to anybody. How it would ask later is not known: it gets no password.
            _ => credentials = None,
        }
    }
    let described = Described::connect(found, credentials).await;
    match &described {
        Err(fault) if matches!(fault.kind, CameraFault::Unauthorized | CameraFault::AnotherCamera) => {}
        _ if unasked.status == 401 => report.passed(unasked.scheme().unwrap_or_default()).await?,
        _ => report.passed("not asked for").await?,
    }
    Ok(described?)
}

/// Waits for a key frame. Reports the format with the first frame, if that is still to be done.
async fn first_key_frame(
    stream: &mut Stream,
    mut format_due: bool,
    frame_rate: Option<f64>,
    report: &mut Report<'_>,
) -> Result<AccessUnit, Stop> {
    loop {
        let unit = stream.next().await?.unit;
        if std::mem::take(&mut format_due) {
            report.passed(describe_format(&unit.format, frame_rate)).await?;
        }
        if unit.key {
            return Ok(unit);
        }
    }
}

/// Decodes a key frame.
async fn picture(unit: AccessUnit) -> Result<Still, Stop> {
    let decoding = tokio::task::spawn_blocking(move || {
        let mut decoder = PictureDecoder::new();
        let mut small = None;
        let mut keep = |picture: Picture<'_>| small = Some(SmallPicture::of(&picture, &unit.format));
        decoder.decode(&unit, &mut keep).ok()?;
        decoder.flush(&mut keep);
        let small = small?;
        let jpeg = small.to_jpeg()?;
        Some(Still { at: unit.at, jpeg, width: small.width(), height: small.height() })
    });
    match decoding.await {
        Ok(Some(still)) => Ok(still),
        _ => Err(Fault::new(CameraFault::Broken, "the first key frame cannot be decoded").into()),
    }
}

fn describe_format(format: &VideoFormat, frame_rate: Option<f64>) -> String {
    let rate = frame_rate.or(format.frame_rate()).filter(|rate| (0.1..=240.0).contains(rate));
    let rate = rate.map(|rate| format!(", {} frames/s", (rate * 10.0).round() / 10.0)).unwrap_or_default();
    format!("{} {}, {}×{}{rate}", format.codec().name(), format.profile(), format.width(), format.height())
}
