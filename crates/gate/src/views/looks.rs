//! What a look found.

use ownsight_model::{LookReport, OnvifFault};
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// What was found so far.
    Look {
        /// Cameras that answered, as they call themselves.
        found: Vec<FoundCamera>,
        /// The camera that was asked.
        asked: Option<AskedCamera>,
        /// Why there is nothing.
        fault: Option<OnvifFault> as Option<String>,
    }
}
view! {
    /// A camera that answered the call.
    FoundCamera {
        /// Its name; may be empty.
        name: String,
        /// What it is built on; may be empty.
        hardware: String,
        /// The address that the answer came from.
        host: String,
        /// Where its ONVIF service is.
        onvif: String,
    }
}
view! {
    /// What a camera says of itself.
    AskedCamera {
        /// Its maker.
        maker: String,
        /// Its model.
        model: String,
        /// Its firmware's version.
        firmware: String,
        /// Milliseconds that its clock is ahead; `null` if it does not say what time it is.
        clock_offset_ms: Option<i64>,
        /// Its streams of video, the largest first.
        streams: Vec<FoundStream>,
    }
}
view! {
    /// A stream that a camera offers.
    FoundStream {
        /// `rtsp://…` or `rtsps://…`
        address: String,
        /// What the camera calls its profile.
        name: String,
        /// Such as `H264` or `H265`; may be empty.
        codec: String,
        /// Pixels; 0 if the camera does not say.
        width: u32,
        /// Pixels; 0 if the camera does not say.
        height: u32,
    }
}

impl Look {
    pub(crate) fn of(report: LookReport) -> Self {
        let found = report.found.into_iter().map(|one| FoundCamera {
            name: one.name,
            hardware: one.hardware,
            host: one.host,
            onvif: one.service.into(),
        });
        let asked = report.asked.map(|one| AskedCamera {
            maker: one.maker,
            model: one.model,
            firmware: one.firmware,
            clock_offset_ms: one.clock_offset_ms,
            streams: one
                .streams
                .into_iter()
                .map(|stream| FoundStream {
                    address: stream.address.into(),
                    name: stream.name,
                    codec: stream.codec,
                    width: stream.width,
                    height: stream.height,
                })
                .collect(),
        });
        Self { found: found.collect(), asked, fault: report.fault }
    }
}
