//! One event as the asker's own grant or share opens it: from credentials to the event's keys, read and opened anew each time.

use std::time::Instant;

use ownsight_ledger::EventRef;
use ownsight_model::{CameraId, Closable, EventId, HomeId, Right, Rights, SectionKind, Timestamp};
use ownsight_registry::{
    Authorised, CameraEpochRow, CameraRow, DeviceRow, EventDetail, EventMarks, EventRow,
};
use ownsight_seal::{CameraSecret, EventOpener, OpenError, Section, VerifiedEvent};

use crate::access::{HomeAccess, Person};
use crate::events::verify;
use crate::gate::{Gate, registry_error};
use crate::rights::Needs;
use crate::shares::ShareAccess;
use crate::{Credentials, GateError, alarm, text};

/// What an event is opened by.
pub(crate) enum EventAccess {
    /// Its whole home.
    Home(Box<HomeAccess>),
    /// A share of its camera, with what all shares of it allow together.
    Share(Box<ShareAccess>, Rights),
}

/// What a caller of the gate wants of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// What a lockdown of this closes.
    pub(crate) closable: Closable,
    /// What a share must allow for it, or a token must have a right to.
    pub(crate) right: Right,
}

impl Wanted {
    pub(crate) const fn new(closable: Closable, right: Right) -> Self {
        Self { closable, right }
    }
}

/// An event that the asker's own grant or share opens, verified.
pub(crate) struct FoundEvent {
    pub(crate) person: Person,
    pub(crate) access: EventAccess,
    pub(crate) row: EventRow,
    pub(crate) camera: CameraRow,
    pub(crate) device: Option<DeviceRow>,
    pub(crate) marks: EventMarks,
    pub(crate) verified: VerifiedEvent,
    /// A moment before the registry was asked.
    pub(crate) asked_at: Instant,
    secret: CameraSecret,
}

impl HomeAccess {
    /// What its role allows to do with its home's footage.
    pub(crate) fn rights(&self) -> Rights {
        if self.control().is_ok() { Rights::ALL } else { Rights::OF_A_VIEWER }
    }
}

impl EventAccess {
    pub(crate) fn home(&self) -> HomeId {
        match self {
            Self::Home(access) => access.id(),
            Self::Share(share, _) => share.home(),
        }
    }

    pub(crate) fn camera_secret(&self, epoch: &CameraEpochRow) -> Result<CameraSecret, OpenError> {
        match self {
            Self::Home(access) => access.camera_secret(epoch),
            Self::Share(share, _) => share.camera_secret(epoch),
        }
    }

    pub(crate) fn camera_name(&self, camera: &CameraRow) -> Result<String, OpenError> {
        match self {
            Self::Home(access) => Ok(access.open_camera(camera)?.profile.name),
            Self::Share(share, _) => share.camera_name(camera),
        }
    }

    /// A device's name, which a share does not open.
    pub(crate) fn device_name(&self, device: Option<&DeviceRow>) -> Result<Option<String>, OpenError> {
        match self {
            Self::Home(access) => {
                let profile = device.map(|device| access.open_device(device)).transpose()?;
                Ok(profile.map(|profile| profile.name))
            }
            Self::Share(..) => Ok(None),
        }
    }

    pub(crate) fn zone(&self) -> &str {
        match self {
            Self::Home(access) => &access.profile.zone,
            Self::Share(share, _) => &share.text.zone,
        }
    }

    pub(crate) fn retention_days(&self) -> u32 {
        match self {
            Self::Home(access) => access.row.retention_days,
            Self::Share(share, _) => share.home_row.retention_days,
        }
    }

    /// Whether an event that began then is part of it.
    pub(crate) fn includes(&self, started_at: Timestamp) -> bool {
        match self {
            Self::Home(_) => true,
            Self::Share(share, _) => share.includes(started_at),
        }
    }

    pub(crate) fn rights(&self) -> Rights {
        match self {
            Self::Home(access) => access.rights(),
            Self::Share(_, rights) => *rights,
        }
    }
}

impl Gate {
    /// Finds an event and opens all that leads to it. For the caller who wants to do something with it that its share does not
    /// allow, [`GateError::NotAllowed`].
    pub(crate) async fn find_event(
        &self,
        credentials: &Credentials,
        event: EventId,
        wanted: Wanted,
    ) -> Result<FoundEvent, GateError> {
        let asked_at = Instant::now();
        let rows = self
            .registry()
            .event(credentials.find(), Timestamp::now(), event)
            .await
            .map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let needs = Needs::Right(wanted.right.into());
        let home = self.found(credentials, &rows, needs)?.event.home;
        let (person, access, data) = if rows.shares.is_empty() {
            let (person, access, data) = self.open_home(credentials, home, rows, needs)?;
            (person, EventAccess::Home(Box::new(access)), data)
        } else {
            self.open_by_share(credentials, rows, wanted.right)?
        };
        let detail = data.ok_or(GateError::NotFound)?;
        let open = || {
            let secret = access.camera_secret(&detail.epoch)?;
            let verified = verify(&secret, &detail.event, event)?;
            Ok::<_, OpenError>((secret, verified))
        };
        let (secret, verified) = open().map_err(|error| alarm::raise(&error, "opening an event"))?;
        if !access.includes(verified.ids().started_at) {
            return Err(GateError::NotFound);
        }
        person.may(wanted.closable, Some(home), Some(verified.ids().scope.camera))?;
        Ok(FoundEvent {
            person,
            access,
            row: detail.event,
            camera: detail.camera,
            device: detail.device,
            marks: detail.marks,
            verified,
            asked_at,
            secret,
        })
    }

    /// Opens the shares that find an event, and takes the one that allows what is wanted.
    fn open_by_share(
        &self,
        credentials: &Credentials,
        rows: Authorised<Option<EventDetail>>,
        right: Right,
    ) -> Result<(Person, EventAccess, Option<EventDetail>), GateError> {
        let mut person =
            self.open_person(credentials, rows.session, &rows.account, Needs::Right(right.into()))?;
        person.lockdowns = Some(rows.lockdowns);
        // One that does not open must not close what another one opens.
        let (mut live, mut refused) = (Vec::new(), None);
        for (row, home) in rows.shares {
            match person.open_share(&row, home) {
                Ok(share) => live.push(share),
                Err(error) => refused = Some(alarm::raise(&error, "opening a share")),
            }
        }
        if let (Some(error), true) = (refused, live.is_empty()) {
            return Err(error);
        }
        let now = Timestamp::now();
        live.retain(|share: &ShareAccess| share.is_live(now));
        let rights = live.iter().map(ShareAccess::rights).reduce(Rights::or).ok_or(GateError::NotFound)?;
        let share = live.into_iter().find(|share| share.allows(right)).ok_or(GateError::NotAllowed)?;
        Ok((person, EventAccess::Share(Box::new(share), rights), rows.data))
    }
}

impl FoundEvent {
    /// Opens the event's own key: for what opens a section and for nothing else.
    pub(crate) fn opener(&self, gate: &Gate) -> Result<EventOpener, GateError> {
        let opened = gate.kept_keys().open(&self.secret, &self.verified, Instant::now());
        opened.map_err(|error| alarm::raise(&error, "opening an event's key"))
    }

    /// A section of the event, as its verified trailer has it; [`GateError::NotFound`] if there is none of the kind.
    pub(crate) fn section(&self, kind: SectionKind) -> Result<Section, GateError> {
        self.verified.trailer().section(kind).ok_or(GateError::NotFound)
    }

    pub(crate) fn event_ref(&self) -> EventRef {
        let ids = self.verified.ids();
        EventRef { camera: ids.scope.camera, event: ids.event }
    }

    pub(crate) fn camera_id(&self) -> CameraId {
        self.verified.ids().scope.camera
    }

    /// `2026-11-23_14-32-08_Main-path.mp4`, in the home's time.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.mp4", self.file_stem())
    }

    /// What the event's files are called, without what they are.
    pub(crate) fn file_stem(&self) -> String {
        let camera = self.access.camera_name(&self.camera).unwrap_or_default();
        text::file_stem(self.access.zone(), self.verified.ids().started_at, &camera)
    }
}
