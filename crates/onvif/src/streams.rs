//! A camera's profiles and where their streams are.

use ownsight_model::{CameraAddress, FoundStream};
use roxmltree::Node;
use url::Url;

use crate::xml::{all, first, shown, text};

/// Most profiles whose streams are asked for.
pub(crate) const PROFILES_MAX: usize = 16;

/// A media profile with video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// As the camera names it in requests; never shown.
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) codec: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The profiles with video of an answer to GetProfiles, of Media or of Media2.
pub(crate) fn profiles(answer: Node<'_, '_>) -> Vec<Profile> {
    let with_video = all(answer, "Profiles").filter_map(|profile| {
        let token = profile.attribute("token")?;
        let encoder =
            first(profile, "VideoEncoderConfiguration").or_else(|| first(profile, "VideoEncoder"))?;
        let pixels = |name| text(encoder, name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let (width, height) = (pixels("Width"), pixels("Height"));
        Some(Profile {
            token: token.to_owned(),
            name: shown(text(profile, "Name").unwrap_or(token)),
            codec: shown(text(encoder, "Encoding").unwrap_or_default()),
            width,
            height,
        })
    });
    with_video.take(PROFILES_MAX).collect()
}

/// The stream of a profile, at `host` (as in an address) whatever host the camera names.
///
/// Cameras behind NAT name the host that they have on their side, some one of their factory; and none may send us to
/// another. Port and path are the camera's word. A user and password in it are left out.
pub(crate) fn stream(profile: &Profile, host: &str, answer: Node<'_, '_>) -> Option<FoundStream> {
    let said = Url::parse(text(answer, "Uri")?).ok()?;
    let scheme = said.scheme();
    if !matches!(scheme, "rtsp" | "rtsps") || !said.has_host() {
        return None;
    }
    let port = said.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = said.query().map(|query| format!("?{query}")).unwrap_or_default();
    // What comes behind the host begins with a slash, so that no reader takes it for a part of the host.
    let path = said.path().strip_prefix('/').unwrap_or_default();
    let address = CameraAddress::parse(&format!("{scheme}://{host}{port}/{path}{query}")).ok()?;
    let Profile { name, codec, width, height, .. } = profile.clone();
    Some(FoundStream { address, name, codec, width, height })
}

/// Where a service of a camera is: at `device`'s host, whatever host it names. Its port is believed only with that host:
/// one behind NAT names what it has on its side.
pub(crate) fn service(device: &Url, said: &str) -> Option<Url> {
    let said = Url::parse(said.trim()).ok().filter(|said| said.scheme() == "http")?;
    let mut at = device.clone();
    if said.host() == device.host() {
        at.set_port(said.port()).ok()?;
    }
    at.set_path(said.path());
    at.set_query(said.query());
    Some(at)
}

/// The largest first, each address once.
pub(crate) fn ordered(mut streams: Vec<FoundStream>) -> Vec<FoundStream> {
    streams.sort_by_key(|stream| std::cmp::Reverse(u64::from(stream.width) * u64::from(stream.height)));
    let mut seen = std::collections::HashSet::new();
    streams.retain(|stream| seen.insert(stream.address.clone()));
    streams
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::parse;

    fn at(uri: &str) -> Option<String> {
        let profile =
            Profile { token: "1".into(), name: "a".into(), codec: "H264".into(), width: 1, height: 1 };
        let answer = format!("<r><Uri>{}</Uri></r>", crate::soap::escaped(uri));
        let document = parse(answer.as_bytes()).ok()?;
        stream(&profile, "192.168.1.40", document.root()).map(|stream| stream.address.as_str().to_owned())
    }

    #[test]
    fn a_stream_is_at_the_camera_that_was_asked() {
        for (said, is) in [
            (
                "rtsp://192.168.1.40:554/Streaming/Channels/101",
                Some("rtsp://192.168.1.40:554/Streaming/Channels/101"),
            ),
            ("rtsp://10.9.9.9:8554/a?b=1&c=2", Some("rtsp://192.168.1.40:8554/a?b=1&c=2")),
            ("rtsps://10.9.9.9:322/a", Some("rtsps://192.168.1.40:322/a")),
            ("rtsp://admin:secret@192.168.1.40/a", Some("rtsp://192.168.1.40/a")),
            ("rtsp://evil.example/a#b", Some("rtsp://192.168.1.40/a")),
            ("http://192.168.1.40/a", None),
            ("rtsp:evil.example/a", None),
            ("rtsp:.evil.example/a", None),
            ("rtsp://192.168.1.40", Some("rtsp://192.168.1.40/")),
            ("not an address", None),
        ] {
            assert_eq!(at(said).as_deref(), is, "{said}");
        }
    }

    #[test]
    fn a_service_is_at_the_camera_that_was_asked() {
        let device = Url::parse("http://192.168.1.40:8000/onvif/device_service").unwrap();
        for (said, is) in [
            ("http://192.168.1.40:8080/onvif/media", Some("http://192.168.1.40:8080/onvif/media")),
            ("http://192.168.1.40/onvif/media", Some("http://192.168.1.40/onvif/media")),
            ("http://10.0.0.1:80/onvif/media?x=1", Some("http://192.168.1.40:8000/onvif/media?x=1")),
            ("https://192.168.1.40/onvif/media", None),
            ("ftp://192.168.1.40/onvif/media", None),
        ] {
            assert_eq!(service(&device, said).as_ref().map(Url::as_str), is, "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_uri_leads_to_another_host(uri in "(rtsp:(//)?)?[a-z0-9@:/?#%.\\[\\]&<> -]{0,60}|.{0,60}") {
            if let Some(address) = at(&uri) {
                let behind = address.split_once("://192.168.1.40").unwrap().1;
                let port = behind.split('/').next().unwrap();
                prop_assert!(port.is_empty() || port.starts_with(':') && port[1..].parse::<u16>().is_ok(), "{}", address);
            }
        }
    }
}
