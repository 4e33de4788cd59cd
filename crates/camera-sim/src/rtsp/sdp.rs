//! The session description (RFC 8866) of one camera.

use std::net::IpAddr;

use data_encoding::BASE64;

use crate::camera::settings::SimCamera;
use crate::media::nal::ParameterSets;
use crate::rtp::{CLOCK_RATE, PAYLOAD_TYPE};

/// The last part of the address of a camera's only track.
pub(crate) const TRACK: &str = "trackID=0";

/// Describes a camera's stream; `server` is the address that the client reached.
pub(crate) fn describe(name: &str, server: IpAddr, sets: &ParameterSets, settings: &SimCamera) -> String {
    let SimCamera { fps, identity, .. } = settings;
    let family = if server.is_ipv4() { "IP4 0.0.0.0" } else { "IP6 ::" };
    let origin = if server.is_ipv4() { "IP4" } else { "IP6" };
    let profile = sets.profile_level_id();
    let (sps, pps) = (BASE64.encode(&sets.sps), BASE64.encode(&sets.pps));
    [
        "v=0".to_owned(),
        format!("o={} 1 1 IN {origin} {server}", identity.origin),
        format!("s={name}"),
        format!("c=IN {family}"),
        "t=0 0".to_owned(),
        format!("a=tool:{}", identity.tool),
        "a=control:*".to_owned(),
        "a=range:npt=now-".to_owned(),
        format!("m=video 0 RTP/AVP {PAYLOAD_TYPE}"),
        format!("a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_RATE}"),
        format!(
            "a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={sps},{pps}"
        ),
        format!("a=framerate:{fps}"),
        format!("a=control:{TRACK}"),
        String::new(),
    ]
    .join("\r\n")
}
