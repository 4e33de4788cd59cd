//! What devices report: JSON bodies that travel with a tag, stored as they came and believed only once verified.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AnotherCamera, CameraId, CameraState, DeviceId, StepReport, TestId, Timestamp};

/// A device that has not called for so long is away: what it said of its cameras counts no longer.
pub const DEVICE_AWAY_AFTER: Duration = Duration::from_secs(90);

/// A device's report on a camera's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraReport {
    /// The camera.
    pub camera: CameraId,
    /// When it was made.
    pub at: Timestamp,
    /// How it is.
    pub state: CameraState,
    /// Since when it is so.
    pub since: Timestamp,
    /// What the stream is like, while pictures come.
    pub video: Option<VideoReport>,
    /// What differs, while the state is offline because another camera answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub another: Option<AnotherCamera>,
    /// Since when it is quieted: it makes event upon event, so they are further apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quieted_since: Option<Timestamp>,
}

/// What a camera's stream is like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VideoReport {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames each second.
    pub fps: f32,
    /// Bits each second.
    pub bits_per_second: u64,
    /// Frames lost since the device connected.
    pub lost_frames: u64,
    /// Packets that the camera numbered and that never came, since the device connected; `None` of a device that does not
    /// count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_packets: Option<u64>,
    /// With sound switched on, whether this connection brings one that is recorded; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<bool>,
}

/// A time in which a camera did not record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GapReport {
    /// The camera.
    pub camera: CameraId,
    /// When it began: also what identifies the gap of a camera.
    pub from: Timestamp,
    /// When it ended; `None` while it goes on.
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: GapReason,
}

/// Why a camera did not record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason", content = "fault")]
pub enum GapReason {
    /// The camera gave no pictures.
    Camera(crate::CameraFault),
    /// The agent was not running.
    AgentAway,
    /// Events were dropped because the device's queue was full.
    QueueFull,
    /// Events were left out, because there was one upon the other.
    Quieted,
}

/// How far a camera test is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// The test.
    pub test: TestId,
    /// When it was made.
    pub at: Timestamp,
    /// The steps that were tried, in order.
    pub steps: Vec<StepReport>,
    /// Whether the test is over. The still, if there is one, arrived before.
    pub done: bool,
    /// What was found so far, of a look: base64url of a [`crate::LookReport`], sealed to the draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<String>,
}

/// A device's report on itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// The device.
    pub device: DeviceId,
    /// When it was made.
    pub at: Timestamp,
    /// The program and its version, such as `ownsight agent 0.1.0`.
    pub version: String,
    /// Events waiting to be sent.
    pub queued_events: u64,
    /// Events dropped because the queue was full, since the device was paired.
    pub dropped_events: u64,
    /// How far the device's clock is from the server's, in milliseconds: positive if it is ahead. Corrected for.
    pub clock_offset_ms: i64,
    /// The serial number of the configuration in use.
    pub configuration: u64,
}
