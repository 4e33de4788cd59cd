//! Agreeing on the way that a camera's packets take: within the RTSP connection, else by UDP to this machine. Never
//! by multicast, which everybody in the network could hear.

use std::net::IpAddr;

use ownsight_model::CameraFault;
use retina::client::{Described, Session, SetupOptions, TcpTransportOptions, Transport, UdpTransportOptions};
use retina::codec::FrameFormat;
use tokio::time::timeout;

use super::fault::Fault;
use super::reach::ANSWER_MAX;

/// RTSP's *Unsupported Transport*.
const UNSUPPORTED_TRANSPORT: u16 = 461;
const MULTICAST: &str =
    "it offers multicast only, which is not taken: allow unicast on the camera's own page";
const NEITHER: &str = "461: it gives this stream neither over TCP nor by UDP to one viewer (unicast)";
const ANOTHER: &str = "it answers with another transport than the one asked for, such as multicast: allow unicast \
                       on the camera's own page";

const CLEAR: &str = "461: it gives this stream by UDP only, which TLS does not encrypt: allow RTSP over TCP on the \
                     camera's own page";

/// The way of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Within the RTSP connection: nothing is lost, and no firewall is in between.
    Tcp,
    /// As datagrams of their own.
    Udp,
}

/// Sets a stream up. UDP is asked for only where the camera refuses TCP, and never where the connection is `encrypted`. Not cancel safe: a session that was dropped
/// in between is torn down by the library.
pub(super) async fn set_up(
    session: &mut Session<Described>,
    video: usize,
    encrypted: bool,
) -> Result<Way, Fault> {
    let refused = match ask(session, video, Way::Tcp).await? {
        Ok(()) => return Ok(Way::Tcp),
        Err(error) => error,
    };
    if refused.status_code() != Some(UNSUPPORTED_TRANSPORT) {
        return Err(fault(session, video, &refused));
    }
    if encrypted {
        return Err(Fault::new(CameraFault::Refused, CLEAR));
    }
    match ask(session, video, Way::Udp).await? {
        Ok(()) => Ok(Way::Udp),
        Err(error) => Err(fault(session, video, &error)),
    }
}

/// Sets up a stream beside one that was set up this way. Not cancel safe, as [`set_up`].
pub(super) async fn set_up_by(
    way: Way,
    session: &mut Session<Described>,
    stream: usize,
) -> Result<(), Fault> {
    ask(session, stream, way).await?.map_err(|error| fault(session, stream, &error))
}

async fn ask(
    session: &mut Session<Described>,
    video: usize,
    way: Way,
) -> Result<Result<(), retina::Error>, Fault> {
    let transport = match way {
        Way::Tcp => Transport::Tcp(TcpTransportOptions::default()),
        Way::Udp => Transport::Udp(UdpTransportOptions::default()),
    };
    let options = SetupOptions::default().frame_format(FrameFormat::MP4).transport(transport);
    match timeout(ANSWER_MAX, session.setup(video, options)).await {
        Ok(answered) => Ok(answered),
        Err(_) => Err(Fault::new(CameraFault::NoAnswer, "no answer in 5 s")),
    }
}

fn fault(session: &Session<Described>, video: usize, error: &retina::Error) -> Fault {
    let multicast = is_multicast(session.sdp(), video);
    match error.status_code() {
        Some(UNSUPPORTED_TRANSPORT) if multicast => Fault::new(CameraFault::Refused, MULTICAST),
        Some(UNSUPPORTED_TRANSPORT) => Fault::new(CameraFault::Refused, NEITHER),
        // It agreed, to what was not asked for. The library names what it misses, and shows the header to nobody.
        Some(200..300) if error.to_string().contains("Transport header is missing") => {
            Fault::new(CameraFault::Refused, if multicast { MULTICAST } else { ANOTHER })
        }
        Some(status) if !(200..300).contains(&status) => Fault::of_status(status),
        _ => Fault::of_protocol(error),
    }
}

/// Whether a description sends its stream with this index to a group (`c=`, RFC 4566, 5.7).
fn is_multicast(sdp: &[u8], video: usize) -> bool {
    let sdp = String::from_utf8_lossy(sdp);
    let (mut group, mut media) = (false, None);
    for line in sdp.lines() {
        if line.starts_with("m=") {
            let index = media.map_or(0, |media: usize| media + 1);
            if index > video {
                break;
            }
            media = Some(index);
        } else if let Some(connection) =
            line.strip_prefix("c=").filter(|_| media.is_none_or(|index| index == video))
        {
            let address = connection.split_whitespace().nth(2).unwrap_or("");
            let address = address.split('/').next().unwrap_or("");
            group = address.parse::<IpAddr>().is_ok_and(|address| address.is_multicast());
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_where_they_count() {
        let head = "v=0\r\no=- 0 0 IN IP4 239.0.0.9\r\ns=-\r\n";
        for (rest, expected) in [
            ("c=IN IP4 0.0.0.0\r\nm=video 0 RTP/AVP 96\r\n", false),
            ("c=IN IP4 239.1.1.1/127\r\nm=video 0 RTP/AVP 96\r\n", true),
            ("c=IN IP6 ff15::101/3\r\nm=video 0 RTP/AVP 96\r\n", true),
            ("c=IN IP4 239.1.1.1/127\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 192.168.1.40\r\n", false),
            (
                "m=video 0 RTP/AVP 96\r\nc=IN IP4 224.1.2.3\r\nm=audio 0 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
                true,
            ),
            ("m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\nc=IN IP4 224.1.2.3\r\n", false),
            ("c=IN IP4 camera.example\r\nm=video 0 RTP/AVP 96\r\n", false),
            ("c=\r\nc=IN\r\n", false),
        ] {
            assert_eq!(is_multicast(format!("{head}{rest}").as_bytes(), 0), expected, "{rest}");
        }
    }
}
