//! What people see: plain values, opened for one session, in the form of the HTTP API.

use ownsight_model::{
    AccountId, CameraFault, CameraId, CameraTestStep, DeviceId, EventId, FingerprintId, FingerprintPart,
    HomeId, Label, LabelSource, Rights, Role, SessionId, TestId, Timestamp, TokenRights,
};
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! view {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty $(as $schema:ty)?,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, ToSchema)]
        pub struct $name {
            $($(#[$field_doc])* $(#[schema(value_type = $schema)])? pub $field: $type,)+
        }
    };
}

mod days;
mod lockdowns;
mod looks;
mod motion;
mod people;
mod restored;
mod shares;
mod tokens;
mod uploads;
pub use days::*;
pub use lockdowns::*;
pub use looks::*;
pub use motion::*;
pub use people::*;
pub use restored::*;
pub use shares::*;
pub use tokens::*;
pub use uploads::*;

view! {
    /// Who is signed in, and in which homes.
    Me {
        /// The account.
        account: Account,
        /// The homes that it is a member of.
        homes: Vec<HomeSummary>,
        /// Homes of the account that came back from a backup and wait for an owner to confirm them; not among `homes`.
        waiting: Vec<WaitingHome>,
        /// The session.
        session: Session,
        /// Other sign-ins of the account that nobody looked at yet.
        new_sign_ins: u32,
        /// How much is shared with the account: shares that have begun, and those to come.
        shares: u32,
        /// Homes and shares that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// What an account sees of itself.
    Account {
        /// Its id.
        id: AccountId as String,
        /// Its e-mail address.
        email: String,
        /// The person's name.
        name: String,
        /// The name's initials.
        initials: String,
    }
}
view! {
    /// A sign-in.
    Session {
        /// When it ends.
        expires_at: Timestamp as i64,
        /// `cookie`, `bearer` or `token`.
        kind: &'static str,
        /// What a token may do; `null` for a sign-in, which may do all that the account may.
        rights: Option<TokenRights> as Option<Vec<String>>,
    }
}
view! {
    /// The sessions of an account.
    Sessions {
        /// The sessions, newest first.
        sessions: Vec<SessionInList>,
        /// Sessions that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// One of an account's sessions.
    SessionInList {
        /// Its id.
        id: SessionId as String,
        /// `cookie` or `bearer`.
        kind: &'static str,
        /// What program began it, as that said itself.
        client: Option<String>,
        /// Since when.
        created_at: Timestamp as i64,
        /// When it ends.
        expires_at: Timestamp as i64,
        /// Whether it is the one that asks.
        this: bool,
        /// Whether somebody of the account has looked at it.
        noticed: bool,
    }
}
view! {
    /// A home, in short.
    HomeSummary {
        /// Its id.
        id: HomeId as String,
        /// Its name.
        name: String,
        /// Its IANA time zone.
        zone: String,
        /// What the account is in it.
        role: Role as String,
        /// Whether the server runs an agent for it.
        local_agent: bool,
    }
}
view! {
    /// A home with its limits and use.
    Home {
        /// Its id.
        id: HomeId as String,
        /// Its name.
        name: String,
        /// Its IANA time zone.
        zone: String,
        /// What the account is in it.
        role: Role as String,
        /// Whether the server runs an agent for it.
        local_agent: bool,
        /// Events older than this are erased.
        retention_days: u32,
        /// The oldest are erased when the home's events take more.
        retention_bytes: u64,
        /// What they take now.
        used_bytes: u64,
        /// How many there are.
        events: u64,
        /// When the oldest began.
        oldest_event_at: Option<Timestamp> as Option<i64>,
        /// What went in the last 32 days because the home's space was used up.
        dropped: Option<Dropped>,
        /// The disk that they lie on.
        disk: Disk,
    }
}
view! {
    /// Events that went because their home's space was used up, the oldest first.
    Dropped {
        /// How many.
        events: u64,
        /// When the first of them began.
        from: Timestamp as i64,
        /// When the last of them began.
        to: Timestamp as i64,
        /// When the last of them went.
        last_at: Timestamp as i64,
    }
}
view! {
    /// The disk that footage lies on.
    Disk {
        /// Bytes that are free.
        free_bytes: u64,
        /// Below this no footage is taken.
        floor_bytes: u64,
        /// Since when it is full, if it is.
        full_since: Option<Timestamp> as Option<i64>,
    }
}
view! {
    /// What an operator has closed.
    Lockdown {
        /// Since when.
        since: Timestamp as i64,
        /// Why.
        reason: String,
        /// Who did it.
        by: String,
        /// `installation`, `home`, `camera` or `account`.
        scope: &'static str,
        /// `thumbnails`, `videos`, `live`, `sign-in`, `all`.
        closes: Vec<&'static str>,
    }
}
view! {
    /// Events, newest first.
    Events {
        /// The events.
        events: Vec<Event>,
        /// Asks for the next page; `null` on the last.
        next_cursor: Option<String>,
        /// Events that could not be verified and are not shown.
        unverified: u32,
        /// Events that are locked down and not shown.
        locked_down: u32,
    }
}
view! {
    /// An event in a list.
    Event {
        /// Its id.
        id: EventId as String,
        /// Its home.
        home_id: HomeId as String,
        /// Its camera.
        camera_id: CameraId as String,
        /// The camera's name.
        camera_name: String,
        /// When it began.
        started_at: Timestamp as i64,
        /// When it ended.
        ended_at: Timestamp as i64,
        /// What it is about.
        label: Label as String,
        /// Who says so.
        label_source: LabelSource as String,
        /// The name of the device that sealed it.
        found_by: Option<String>,
        /// Whether this account has opened it.
        opened: bool,
        /// Whether somebody who manages its home said that it is none.
        not_an_event: bool,
        /// What the account may do with it.
        rights: Rights as Vec<String>,
        /// Bytes of the event video.
        clip_bytes: u64,
        /// When it will be erased by age.
        expires_at: Timestamp as i64,
        /// Where its picture is.
        thumbnail_url: String,
        /// Where its video is.
        video_url: String,
    }
}
view! {
    /// One event, with what its motion section says.
    EventDetail {
        /// The event.
        #[serde(flatten)]
        event: Event,
        /// When motion began.
        motion_started_at: Option<Timestamp> as Option<i64>,
        /// When motion ended.
        motion_ended_at: Option<Timestamp> as Option<i64>,
        /// Width of the video in pixels.
        width: Option<u16>,
        /// Height of the video in pixels.
        height: Option<u16>,
        /// Frames that are shown.
        frames: Option<u32>,
        /// Offset in ms and strength, 0 to 255.
        motion: Vec<(u32, u8)> as Vec<[u32; 2]>,
        /// Its place on its day; `null` for one that is shared, or none.
        position: Option<Position>,
    }
}
view! {
    /// An event's place on its day, oldest first, from 1.
    Position {
        /// How many there are.
        of_day: u64,
        /// Which one it is.
        in_day: u64,
    }
}
view! {
    /// The cameras of a home, or of all.
    Cameras {
        /// The cameras.
        cameras: Vec<Camera>,
        /// Cameras that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// A camera.
    Camera {
        /// Its id.
        id: CameraId as String,
        /// Its home.
        home_id: HomeId as String,
        /// Its name.
        name: String,
        /// Its address; `null` for one that pushes by itself.
        address: Option<String>,
        /// The user name, if it asks for one.
        user: Option<String>,
        /// Whether a password is set.
        has_password: bool,
        /// How readily motion is an event, 1 to 10.
        sensitivity: u8,
        /// Whether sound is recorded.
        sound: bool,
        /// What else counts as motion.
        #[serde(flatten)]
        motion: Motion,
        /// The device that serves it.
        device_id: Option<DeviceId> as Option<String>,
        /// That device's name.
        device_name: Option<String>,
        /// When it was added.
        created_at: Timestamp as i64,
        /// How it is.
        status: CameraStatus,
        /// When the last still was taken.
        still_at: Option<Timestamp> as Option<i64>,
        /// Where that is.
        still_url: Option<String>,
        /// What its stream is like, while it records.
        video: Option<Video>,
        /// Events kept.
        events: u64,
        /// Of them those that were said to be none.
        not_events: u64,
        /// Of those, the ones of which it was said in the last seven days.
        not_events_week: u64,
    }
}
view! {
    /// How a camera is.
    CameraStatus {
        /// `connecting`, `records`, `offline` or `unknown`.
        state: &'static str,
        /// Why, if it is offline.
        fault: Option<CameraFault> as Option<String>,
        /// Since when.
        since: Timestamp as i64,
        /// Whether the device's report verified; what did not is not shown.
        verified: bool,
        /// With the fault `another-camera`, for owners and adults: what answers in the camera's place.
        another: Option<AnotherCamera>,
        /// Since when it is quieted, if it is: it makes event upon event, so they are further apart.
        quieted_since: Option<Timestamp> as Option<i64>,
    }
}
view! {
    /// A camera that is not the one that was added.
    AnotherCamera {
        /// Names it: who says that it is the same camera sends this back.
        fingerprint: FingerprintId as String,
        /// What differs, the weightiest first.
        differs: Vec<Difference>,
    }
}
view! {
    /// How it differs from the camera that was added.
    Difference {
        /// `realm`, `sign-in`, `server`, `origin`, `session`, `tool`, or `kept`: what was known cannot be read.
        part: FingerprintPart as String,
        /// As it was.
        known: Option<String>,
        /// As it is.
        seen: Option<String>,
    }
}
view! {
    /// What a camera's stream is like.
    Video {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Frames each second.
        fps: f32,
        /// Bits each second.
        bits_per_second: u64,
        /// Frames lost since the device connected.
        lost_frames: u64,
        /// Packets that never came, since the device connected; `null` of a device that does not count them.
        lost_packets: Option<u64>,
        /// With sound switched on, whether this connection brings one that is recorded; `null` where that is not known.
        sound: Option<bool>,
        /// When these figures were made.
        at: Timestamp as i64,
    }
}
view! {
    /// A test of a camera's address.
    CameraTest {
        /// Its id.
        id: TestId as String,
        /// The home.
        home_id: HomeId as String,
        /// The device that tests; `null` once it was removed.
        device_id: Option<DeviceId> as Option<String>,
        /// That device's name.
        device_name: Option<String>,
        /// `waiting`, `running`, `passed`, `failed` or `expired`.
        state: &'static str,
        /// The six steps; none of a look.
        steps: Vec<TestStep>,
        /// What a look found so far; `null` of a test, and while the device has not begun.
        look: Option<Look>,
        /// Where the first picture is.
        still_url: Option<String>,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// One step of a camera test.
    TestStep {
        /// Which.
        step: CameraTestStep as String,
        /// `passed`, `failed`, `not-tried` or `waiting`.
        outcome: &'static str,
        /// Why it failed.
        fault: Option<CameraFault> as Option<String>,
        /// A fact, such as `192.168.1.40, port 554, in 4 ms`.
        detail: String,
    }
}
view! {
    /// What was erased with a camera.
    Erased {
        /// Events.
        events: u64,
        /// Bytes.
        bytes: u64,
    }
}
view! {
    /// What was erased with a home.
    ErasedHome {
        /// Cameras.
        cameras: u32,
        /// Events.
        events: u64,
        /// Bytes.
        bytes: u64,
    }
}
view! {
    /// The devices of a home.
    Devices {
        /// The devices.
        devices: Vec<Device>,
        /// Devices that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// A device.
    Device {
        /// Its id.
        id: DeviceId as String,
        /// Its home.
        home_id: HomeId as String,
        /// Its name.
        name: String,
        /// `agent` or `camera`.
        kind: &'static str,
        /// Whether this server runs it.
        local: bool,
        /// `waiting`, `paired`, `connected`, `away` or `expired`.
        state: &'static str,
        /// Since when.
        since: Timestamp as i64,
        /// The program and version.
        version: Option<String>,
        /// When it was paired.
        paired_at: Option<Timestamp> as Option<i64>,
        /// The cameras that it serves.
        cameras: Vec<CameraId> as Vec<String>,
        /// Events waiting to be sent.
        queued_events: Option<u64>,
        /// Events dropped because its queue was full.
        dropped_events: Option<u64>,
        /// How far its clock is off, in ms.
        clock_offset_ms: Option<i64>,
        /// Its configurations.
        configuration: ConfigurationState,
    }
}
view! {
    /// Which configuration a device has.
    ConfigurationState {
        /// The latest that there is.
        latest: u64,
        /// The one in use.
        acknowledged: u64,
    }
}
view! {
    /// A pairing code, shown once.
    Pairing {
        /// The device that it will make.
        device_id: DeviceId as String,
        /// 16 characters in four groups.
        code: String,
        /// When it ends.
        expires_at: Timestamp as i64,
        /// The name that the device will show.
        home_name: String,
    }
}
view! {
    /// What a one-time link is for.
    Link {
        /// `first`, `account` or `reset`.
        kind: &'static str,
        /// The account's e-mail address, if the link names one.
        email: Option<String>,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// What a redeemed link made.
    Redeemed {
        /// The account.
        account_id: Option<AccountId> as Option<String>,
        /// Its home.
        home_id: Option<HomeId> as Option<String>,
        /// With the first account only: what a restored installation needs.
        recovery_sheet: Option<RecoverySheet>,
    }
}
view! {
    /// The recovery sheet: shown once, to be printed.
    RecoverySheet {
        /// The installation.
        installation: String,
        /// When it was made.
        created_at: Timestamp as i64,
        /// The master key, in the form of its file.
        master_key: String,
        /// The same in groups that can be typed.
        words: Vec<String>,
    }
}
