//! A home's name, zone, limits and use.

use ownsight_model::{HomeId, Role, Timestamp};
use ownsight_registry::{CameraStanding, HomeDetail, HomeUpdate};

use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, profile, text, views};

/// The least that a home may be told to keep.
pub(crate) const RETENTION_BYTES_MIN: u64 = 100_000_000;
const RETENTION_DAYS_MAX: u32 = 3650;

/// What an owner changes of a home.
#[derive(Debug, Default)]
pub struct HomeChange {
    /// A new name.
    pub name: Option<String>,
    /// A new IANA time zone.
    pub zone: Option<String>,
    /// Erase events older than this.
    pub retention_days: Option<u32>,
    /// Erase the oldest when events take more bytes.
    pub retention_bytes: Option<u64>,
}

impl Gate {
    /// A home with its limits and use.
    pub async fn home(
        &self,
        credentials: &Credentials,
        home: HomeId,
    ) -> Result<Answer<views::Home>, GateError> {
        let (_, access, detail) = self.home_detail(credentials, home, Needs::Homes).await?;
        let view = self.home_view(&access, &detail).await?;
        Ok(Answer::new(credentials, view))
    }

    /// Changes a home; what is left out stays.
    pub async fn change_home(
        &self,
        credentials: &Credentials,
        home: HomeId,
        change: HomeChange,
    ) -> Result<(), GateError> {
        let (person, mut access, _) = self.home_detail(credentials, home, Needs::MANAGE).await?;
        access.control()?;
        let mut update =
            HomeUpdate { home: access.id(), text: None, retention_days: None, retention_bytes: None };
        if change.name.is_some() || change.zone.is_some() {
            if let Some(name) = &change.name {
                access.profile.name = text::name("name", name)?;
            }
            if let Some(zone) = &change.zone {
                access.profile.zone = text::zone(zone)?;
            }
            update.text = Some(access.key.seal_text(&profile::encode(&access.profile)));
        }
        if let Some(days) = change.retention_days {
            if !(1..=RETENTION_DAYS_MAX).contains(&days) {
                return Err(GateError::invalid("retention_days", "1 to 3650 days are expected"));
            }
            update.retention_days = Some(days);
        }
        if let Some(bytes) = change.retention_bytes {
            if bytes < RETENTION_BYTES_MIN || i64::try_from(bytes).is_err() {
                return Err(GateError::invalid("retention_bytes", "at least 100,000,000 bytes are expected"));
            }
            update.retention_bytes = Some(bytes);
        }
        self.registry().update_home(&person.authority_in(&access)?, update).await.map_err(registry_error)
    }

    /// Erases a home for all its people, with everything in it; only an owner may, and names it. It cannot be undone.
    pub async fn erase_home(
        &self,
        credentials: &Credentials,
        home: HomeId,
        name: &str,
    ) -> Result<Answer<views::ErasedHome>, GateError> {
        let (_, _, plan) = self.managing_plan(credentials, home).await?;
        let (person, access, detail) = self.home_detail(credentials, home, Needs::MANAGE).await?;
        if access.role() != Role::Owner {
            return Err(GateError::NotAllowed);
        }
        if access.profile.name != name {
            return Err(GateError::invalid("name", "the name of the home that is to be erased is expected"));
        }
        let authority = person.authority_in(&access)?;
        self.registry().erase_home(&authority, home).await.map_err(registry_error)?;
        tracing::warn!(home.id = %home, "a home was erased by its owner");
        let in_use = plan.cameras.iter().filter(|camera| camera.standing == CameraStanding::Active);
        let erased = views::ErasedHome {
            cameras: u32::try_from(in_use.count()).unwrap_or(u32::MAX),
            events: detail.events,
            bytes: detail.used_bytes,
        };
        Ok(Answer::new(credentials, erased))
    }

    async fn home_detail(
        &self,
        credentials: &Credentials,
        home: HomeId,
        needs: Needs,
    ) -> Result<(Person, HomeAccess, HomeDetail), GateError> {
        let rows =
            self.registry().home(credentials.find(), Timestamp::now(), home).await.map_err(registry_error)?;
        let (person, access, detail) =
            self.open_home(credentials, home, rows.ok_or(GateError::SignedOut)?, needs)?;
        Ok((person, access, detail.ok_or(GateError::NotFound)?))
    }

    async fn home_view(&self, access: &HomeAccess, detail: &HomeDetail) -> Result<views::Home, GateError> {
        let space =
            self.vault().space().await.map_err(|error| alarm::unavailable(&error, "measuring the disk"))?;
        let summary = access.summary();
        Ok(views::Home {
            id: summary.id,
            name: summary.name,
            zone: summary.zone,
            role: summary.role,
            local_agent: summary.local_agent,
            retention_days: access.row.retention_days,
            retention_bytes: access.row.retention_bytes,
            used_bytes: detail.used_bytes,
            events: detail.events,
            oldest_event_at: detail.oldest_event_at,
            dropped: detail.dropped.map(|dropped| views::Dropped {
                events: dropped.events,
                from: dropped.from,
                to: dropped.to,
                last_at: dropped.last_at,
            }),
            disk: views::Disk {
                free_bytes: space.free_bytes,
                floor_bytes: space.floor_bytes,
                full_since: space.full_since,
            },
        })
    }
}

impl HomeAccess {
    pub(crate) fn summary(&self) -> views::HomeSummary {
        views::HomeSummary {
            id: self.id(),
            name: self.profile.name.clone(),
            zone: self.profile.zone.clone(),
            role: self.role(),
            local_agent: self.row.local_agent,
        }
    }
}
