//! One camera that speaks ONVIF, asked for its time, what it is, and its streams.

use std::time::Duration;

use ownsight_model::{AskedCamera, OnvifAddress, Timestamp};
use tokio::time::timeout;
use url::Url;

use crate::OnvifError;
use crate::clock;
use crate::http::{Http, Reply};
use crate::password::{Asked, Login};
use crate::soap::{Request, accepted, escaped};
use crate::streams::{Profile, ordered, profiles, service, stream};
use crate::xml::{all, parse, shown, text};

const DEVICE: &str = "http://www.onvif.org/ver10/device/wsdl";
const MEDIA: &str = "http://www.onvif.org/ver10/media/wsdl";
const MEDIA2: &str = "http://www.onvif.org/ver20/media/wsdl";

/// Longest time for everything that is asked of a camera.
const ASK_MAX: Duration = Duration::from_secs(45);

/// A camera's ONVIF service, and who asks.
#[derive(Debug)]
pub struct OnvifCamera {
    http: Http,
    device: Url,
    login: Option<Login>,
    /// Microseconds that its clock is ahead of ours; `None` if it did not say.
    clock_offset: Option<i64>,
}

/// Where a camera's media service is, and which of the two it is.
struct Media {
    at: Url,
    namespace: &'static str,
}

impl OnvifCamera {
    /// Asks a camera what time it is, without a password: what it gets later is made by its own clock.
    ///
    /// A camera that does not say is asked by our clock. Cancel safe; at most some 10 s.
    pub async fn connect(address: &OnvifAddress, login: Option<Login>) -> Result<Self, OnvifError> {
        let device =
            Url::parse(address.as_str()).map_err(|_| OnvifError::not_onvif("its address cannot be read"))?;
        let mut camera = Self { http: Http::new()?, device, login: None, clock_offset: None };
        let time = Request::new(DEVICE, "GetSystemDateAndTime", "");
        match camera.call(&camera.device, &time).await {
            Ok(answer) => {
                let document = parse(&answer)?;
                camera.clock_offset =
                    clock::utc(document.root()).and_then(|theirs| clock::offset(theirs, Timestamp::now()));
            }
            // It says so to nobody, which the standard does not allow; our clock may do.
            Err(OnvifError::Unauthorized | OnvifError::ClearTextOnly | OnvifError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        camera.login = login;
        Ok(camera)
    }

    /// Microseconds that the camera's clock is ahead of ours; `None` if it did not say what time it is.
    pub fn clock_offset(&self) -> Option<i64> {
        self.clock_offset
    }

    /// Asks what it is, and for the streams of its profiles with video. Cancel safe; at most some 45 s.
    pub async fn ask(&self) -> Result<AskedCamera, OnvifError> {
        let within = timeout(ASK_MAX, self.ask_all()).await;
        within.unwrap_or_else(|_| {
            Err(OnvifError::NoAnswer { why: format!("not done within {} s", ASK_MAX.as_secs()) })
        })
    }

    async fn ask_all(&self) -> Result<AskedCamera, OnvifError> {
        let answer = self.call(&self.device, &Request::new(DEVICE, "GetDeviceInformation", "")).await?;
        let document = parse(&answer)?;
        let said = |name| text(document.root(), name).map(shown).unwrap_or_default();
        let (maker, model, firmware) = (said("Manufacturer"), said("Model"), said("FirmwareVersion"));
        let mut streams = Vec::new();
        for media in self.media().await? {
            streams = self.streams(&media).await?;
            if !streams.is_empty() {
                break;
            }
        }
        if streams.is_empty() {
            return Err(OnvifError::NoStream);
        }
        let clock_offset_ms = self.clock_offset.map(|micros| micros / 1000);
        Ok(AskedCamera { maker, model, firmware, clock_offset_ms, streams })
    }

    /// Its media services, in the order in which they are tried: only Media2 knows H.265.
    async fn media(&self) -> Result<Vec<Media>, OnvifError> {
        let services =
            Request::new(DEVICE, "GetServices", "<q:IncludeCapability>false</q:IncludeCapability>");
        let mut found = Vec::new();
        match self.call(&self.device, &services).await {
            Ok(answer) => {
                let document = parse(&answer)?;
                for namespace in [MEDIA2, MEDIA] {
                    let said = all(document.root(), "Service")
                        .find(|one| text(*one, "Namespace") == Some(namespace))
                        .and_then(|one| text(one, "XAddr"));
                    let at = said.and_then(|said| service(&self.device, said));
                    found.extend(at.map(|at| Media { at, namespace }));
                }
            }
            // Older ones have no such operation.
            Err(OnvifError::Refused { .. } | OnvifError::NotOnvif { .. }) => {}
            Err(error) => return Err(error),
        }
        if found.is_empty() {
            let capabilities = Request::new(DEVICE, "GetCapabilities", "<q:Category>Media</q:Category>");
            let answer = self.call(&self.device, &capabilities).await?;
            let document = parse(&answer)?;
            let said = all(document.root(), "Media").find_map(|media| text(media, "XAddr"));
            let at = said.and_then(|said| service(&self.device, said));
            found.extend(at.map(|at| Media { at, namespace: MEDIA }));
        }
        Ok(found)
    }

    async fn streams(&self, media: &Media) -> Result<Vec<ownsight_model::FoundStream>, OnvifError> {
        let content = if media.namespace == MEDIA2 { "<q:Type>VideoEncoder</q:Type>" } else { "" };
        let request = Request::new(media.namespace, "GetProfiles", content);
        let answer = match self.call(&media.at, &request).await {
            Ok(answer) => answer,
            // Some name a Media2 that does not work; the other one may.
            Err(OnvifError::Refused { .. } | OnvifError::NotOnvif { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let found = profiles(parse(&answer)?.root());
        let host = self.device.host_str().unwrap_or_default();
        let mut streams = Vec::new();
        for profile in &found {
            match self.call(&media.at, &stream_request(media, profile)).await {
                Ok(answer) => streams.extend(stream(profile, host, parse(&answer)?.root())),
                // One profile may be broken and the others not.
                Err(OnvifError::Refused { reason }) => {
                    tracing::debug!(reason, "a profile without a stream");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(ordered(streams))
    }

    /// Calls an operation: with a token in the envelope, and with HTTP Digest in its place if the camera asks for that.
    async fn call(&self, at: &Url, request: &Request) -> Result<Vec<u8>, OnvifError> {
        let action = request.action();
        let created = Timestamp::now().shifted(self.clock_offset.unwrap_or(0));
        let token = self.login.as_ref().map(|login| (login, created));
        let first = self.http.post(at, &action, request.envelope(token), None).await?;
        let answer = match (first, &self.login) {
            (Reply::Body(answer), _) => answer,
            (Reply::Asks(Asked::Digest(mut digest)), Some(login)) => {
                let body = request.envelope(None);
                let path = match at.query() {
                    Some(query) => format!("{}?{query}", at.path()),
                    None => at.path().to_owned(),
                };
                let authorization = login.answer(&mut digest, &path, body.as_bytes()).map_err(|why| {
                    OnvifError::not_onvif(format!("its challenge cannot be answered: {why}"))
                })?;
                match self.http.post(at, &action, body, Some(authorization)).await? {
                    Reply::Body(answer) => answer,
                    Reply::Asks(_) => return Err(OnvifError::Unauthorized),
                }
            }
            (Reply::Asks(Asked::ClearText), Some(_)) => return Err(OnvifError::ClearTextOnly),
            (Reply::Asks(_), _) => return Err(OnvifError::Unauthorized),
        };
        accepted(&parse(&answer)?)?;
        Ok(answer)
    }
}

fn stream_request(media: &Media, profile: &Profile) -> Request {
    let token = escaped(&profile.token);
    let content = if media.namespace == MEDIA2 {
        format!("<q:Protocol>RTSP</q:Protocol><q:ProfileToken>{token}</q:ProfileToken>")
    } else {
        format!(
            "<q:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol>\
             </tt:Transport></q:StreamSetup><q:ProfileToken>{token}</q:ProfileToken>"
        )
    };
    Request::new(media.namespace, "GetStreamUri", content)
}
