//! Days of a home: their events, and the times in which cameras did not record.

use ownsight_model::{CameraId, EventId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// Days that have events, newest first.
    Days {
        /// The home's IANA time zone.
        zone: String,
        /// The days.
        days: Vec<DayCount>,
    }
}
view! {
    /// How many events a day has.
    DayCount {
        /// The date, in the home's zone.
        date: String,
        /// How many.
        events: u64,
    }
}
view! {
    /// A day: its events and the times in which cameras did not record.
    Day {
        /// The date, in the home's zone.
        date: String,
        /// The home's IANA time zone.
        zone: String,
        /// When the day begins.
        starts_at: Timestamp as i64,
        /// When the next begins.
        ends_at: Timestamp as i64,
        /// The server's clock.
        now: Timestamp as i64,
        /// The events, oldest first.
        events: Vec<DayEvent>,
        /// The gaps.
        gaps: Vec<Gap>,
        /// Whether there are more events or gaps than these.
        truncated: bool,
        /// Rows that could not be verified and are not shown.
        unverified: u32,
        /// Events that are locked down and not shown.
        locked_down: u32,
    }
}
view! {
    /// An event on the day line.
    DayEvent {
        /// Its id.
        id: EventId as String,
        /// Its camera.
        camera_id: CameraId as String,
        /// When it began.
        started_at: Timestamp as i64,
        /// When it ended.
        ended_at: Timestamp as i64,
    }
}
view! {
    /// A time in which a camera did not record.
    Gap {
        /// The camera.
        camera_id: CameraId as String,
        /// When it began.
        from: Timestamp as i64,
        /// When it ended; `null` while it goes on.
        to: Option<Timestamp> as Option<i64>,
        /// A camera fault, `agent-away`, `queue-full`, or `quieted`: events were further apart.
        reason: String,
    }
}
