//! What counts as motion of a camera.

use ownsight_model::ZoneKind;
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// What counts as motion of a camera, besides its sensitivity.
    Motion {
        /// Where it is watched for; none: everywhere.
        zones: Vec<Zone>,
        /// What moves must cover so many thousandths of the picture.
        size_min: u16,
        /// It must last so many ms.
        lasts_min_ms: u16,
        /// Whether the camera is quieted while it makes event upon event.
        quieting: bool,
    }
}
view! {
    /// A part of a camera's picture.
    Zone {
        /// `include`: only here motion counts; `exclude`: here it does not.
        kind: ZoneKind as String,
        /// Its corners in order, `[x, y]` in thousandths of the picture's width and height, from the left and the top.
        corners: Vec<[u16; 2]>,
    }
}
