//! Ids and plain domain types of Ownsight: what every part may use, and nothing that acts.
//!
//! Start with [`ids`]: each kind of id is a type of its own from one registry, so that a home's id cannot be
//! handed in where an account's is asked for. There is no conversion between kinds.
//!
//! All times are [`Timestamp`]s: microseconds since 1970-01-01T00:00:00Z.

pub mod camera;
pub mod email;
pub mod epoch;
pub mod event;
pub mod fingerprint;
pub mod ids;
pub mod lockdown;
pub mod motion;
pub mod motion_settings;
pub mod onvif;
pub mod report;
pub mod role;
pub mod share;
pub mod time;
pub mod token;

pub use camera::{
    CameraAddress, CameraAddressError, CameraFault, CameraState, CameraTestStep, StepOutcome, StepReport,
};
pub use email::{Email, EmailError};
pub use epoch::{CameraEpoch, HomeEpoch};
pub use event::{Label, LabelSource, SectionKind};
pub use fingerprint::{
    AnotherCamera, FingerprintDifference, FingerprintId, FingerprintPart, NoFingerprintId,
};
pub use ids::{
    AccountId, CameraId, DeviceId, EventId, GrantId, HomeId, IdKind, InstallationId, LockdownId,
    ParseIdError, SessionId, TenureId, TestId,
};
pub use lockdown::{Closable, Closed, LockdownScope};
pub use motion::MotionTrack;
pub use motion_settings::{MotionSettings, Zone, ZoneKind, Zones, ZonesError};
pub use onvif::{
    AskedCamera, FoundCamera, FoundStream, LookReport, OnvifAddress, OnvifAddressError, OnvifFault,
};
pub use report::{
    CameraReport, DEVICE_AWAY_AFTER, DeviceReport, GapReason, GapReport, TestReport, VideoReport,
};
pub use role::Role;
pub use share::{NoFootage, Right, Rights};
pub use time::Timestamp;
pub use token::{NoRight, TokenRight, TokenRights};
