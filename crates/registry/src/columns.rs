//! From columns to values: each value is checked, and one that is not of its form is an error.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, InstallationId, Role,
    SessionId, TenureId, TestId, Timestamp,
};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::RegistryError;
use crate::error::Step;
use crate::rows::{
    AccountRow, CameraEpochRow, CameraRow, CameraStanding, DeviceRow, DeviceStanding, EventRow, GrantRow, HomeRow,
    PairingAnswerRow, PairingRow, ReportRow, SessionRow,
};

/// An id as its sixteen bytes.
pub(crate) trait Id: Sized {
    fn of(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($name:ident)+) => { $(impl Id for $name { fn of(bytes: [u8; 16]) -> Self { Self::from_bytes(bytes) } })+ };
}
ids! { AccountId CameraId DeviceId EventId GrantId HomeId InstallationId SessionId TenureId TestId }

/// The columns of each row, in the order in which its reader below takes them.
macro_rules! columns {
    (session $t:literal) => { columns!(@ $t find id account kind created_at expires_at wrap) };
    (account $t:literal) => { columns!(@ $t id email created_at public_key text) };
    (home $t:literal) => { columns!(@ $t id epoch created_at text local_agent retention_days retention_bytes) };
    (grant $t:literal) => { columns!(@ $t id account home role epoch created_at wrap) };
    (epoch $t:literal) => { columns!(@ $t camera home tenure home_epoch camera_epoch salt created_at) };
    (camera $t:literal) => { columns!(@ $t id home standing device created_at text address) };
    (device $t:literal) => {
        columns!(@ $t id home standing agent local public_key credential_hash text text_epoch created_at paired_at
            seen_at version latest_serial acknowledged_serial key_epoch device_key)
    };
    (pairing $t:literal) => {
        columns!(@ $t device find expires_at blob answer_public_key answer_credential_hash answer_mac answer_agent
            answer_version)
    };
    (event $t:literal) => {
        columns!(@ $t id camera home tenure home_epoch camera_epoch device started_at ended_at label still
            received_at digest bytes header trailer)
    };
    (report $t:literal) => { columns!(@ $t device received_at body tag) };
    (test $t:literal) => { columns!(@ $t id home device draft existing created_at expires_at) };
    (@ $t:literal $first:ident $($column:ident)*) => {
        concat!($t, ".", stringify!($first) $(, ", ", $t, ".", stringify!($column))*)
    };
}
pub(crate) use columns;

/// An integer of the database for a number that is never negative; those beyond its range become its largest.
pub(crate) fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a row's columns from left to right.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
    table: &'static str,
}

impl<'r, 's> Columns<'r, 's> {
    pub(crate) fn new(row: &'r Row<'s>, table: &'static str) -> Self {
        Self { row, next: 0, table }
    }

    /// From here on columns are of this table.
    pub(crate) fn of(&mut self, table: &'static str) -> &mut Self {
        self.table = table;
        self
    }

    fn take(&mut self) -> Step<ValueRef<'r>> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn corrupt<T>(&self, column: &'static str) -> Step<T> {
        Err(RegistryError::Corrupt { table: self.table, column }.into())
    }

    /// What `read` makes of the next columns; `None`, `count` columns further, if the first of them is null:
    /// the row of an outer join that has no partner.
    pub(crate) fn joined<T>(&mut self, count: usize, read: impl FnOnce(&mut Self) -> Step<T>) -> Step<Option<T>> {
        if self.row.get_ref(self.next)? == ValueRef::Null {
            self.next += count;
            return Ok(None);
        }
        read(self).map(Some)
    }

    pub(crate) fn integer(&mut self, column: &'static str) -> Step<i64> {
        match self.take()? {
            ValueRef::Integer(number) => Ok(number),
            _ => self.corrupt(column),
        }
    }

    pub(crate) fn number<N: TryFrom<i64>>(&mut self, column: &'static str) -> Step<N> {
        let number = self.integer(column)?;
        N::try_from(number).or_else(|_| self.corrupt(column))
    }

    pub(crate) fn flag(&mut self, column: &'static str) -> Step<bool> {
        match self.integer(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => self.corrupt(column),
        }
    }

    pub(crate) fn time(&mut self, column: &'static str) -> Step<Timestamp> {
        self.integer(column).map(Timestamp::from_micros)
    }

    pub(crate) fn time_or_null(&mut self, column: &'static str) -> Step<Option<Timestamp>> {
        self.joined(1, |c| c.time(column))
    }

    pub(crate) fn blob(&mut self, column: &'static str) -> Step<Vec<u8>> {
        match self.take()? {
            ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
            _ => self.corrupt(column),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self, column: &'static str) -> Step<[u8; N]> {
        match self.take()? {
            ValueRef::Blob(bytes) => <[u8; N]>::try_from(bytes).or_else(|_| self.corrupt(column)),
            _ => self.corrupt(column),
        }
    }

    pub(crate) fn text(&mut self, column: &'static str) -> Step<String> {
        match self.take()? {
            ValueRef::Text(bytes) => {
                std::str::from_utf8(bytes).map(str::to_owned).or_else(|_| self.corrupt(column))
            }
            _ => self.corrupt(column),
        }
    }

    pub(crate) fn id<T: Id>(&mut self, column: &'static str) -> Step<T> {
        self.array(column).map(T::of)
    }

    fn email(&mut self, column: &'static str) -> Step<Email> {
        let text = self.text(column)?;
        match Email::parse(&text) {
            Ok(email) if email.as_str() == text => Ok(email),
            _ => self.corrupt(column),
        }
    }

    fn home_epoch(&mut self, column: &'static str) -> Step<HomeEpoch> {
        let number = self.number(column)?;
        HomeEpoch::new(number).map_or_else(|| self.corrupt(column), Ok)
    }

    fn camera_epoch(&mut self, column: &'static str) -> Step<CameraEpoch> {
        let number = self.number(column)?;
        CameraEpoch::new(number).map_or_else(|| self.corrupt(column), Ok)
    }

    pub(crate) fn session(&mut self) -> Step<SessionRow> {
        let c = self.of("sessions");
        Ok(SessionRow {
            find: c.array("find")?,
            id: c.id("id")?,
            account: c.id("account")?,
            kind: c.number("kind")?,
            created_at: c.time("created_at")?,
            expires_at: c.time("expires_at")?,
            wrap: c.blob("wrap")?,
        })
    }

    pub(crate) fn account(&mut self) -> Step<AccountRow> {
        let c = self.of("accounts");
        Ok(AccountRow {
            id: c.id("id")?,
            email: c.email("email")?,
            created_at: c.time("created_at")?,
            public_key: c.array("public_key")?,
            text: c.blob("text")?,
        })
    }

    pub(crate) fn home(&mut self) -> Step<HomeRow> {
        let c = self.of("homes");
        Ok(HomeRow {
            id: c.id("id")?,
            epoch: c.home_epoch("epoch")?,
            created_at: c.time("created_at")?,
            text: c.blob("text")?,
            local_agent: c.flag("local_agent")?,
            retention_days: c.number("retention_days")?,
            retention_bytes: c.number("retention_bytes")?,
        })
    }

    pub(crate) fn grant(&mut self) -> Step<GrantRow> {
        let c = self.of("grants");
        Ok(GrantRow {
            id: c.id("id")?,
            account: c.id("account")?,
            home: c.id("home")?,
            role: {
                let code = c.number("role")?;
                Role::from_code(code).map_or_else(|| c.corrupt("role"), Ok)?
            },
            epoch: c.home_epoch("epoch")?,
            created_at: c.time("created_at")?,
            wrap: c.blob("wrap")?,
        })
    }

    pub(crate) fn epoch(&mut self) -> Step<CameraEpochRow> {
        let c = self.of("camera_epochs");
        Ok(CameraEpochRow {
            camera: c.id("camera")?,
            home: c.id("home")?,
            tenure: c.id("tenure")?,
            home_epoch: c.home_epoch("home_epoch")?,
            camera_epoch: c.camera_epoch("camera_epoch")?,
            salt: c.array("salt")?,
            created_at: c.time("created_at")?,
        })
    }

    /// A camera's columns, then those of its current epoch.
    pub(crate) fn camera(&mut self) -> Step<CameraRow> {
        let c = self.of("cameras");
        let id = c.id("id")?;
        let home = c.id("home")?;
        let standing = match c.integer("standing")? {
            1 => CameraStanding::Draft,
            2 => CameraStanding::Active,
            3 => CameraStanding::Erased,
            _ => return c.corrupt("standing"),
        };
        Ok(CameraRow {
            id,
            home,
            standing,
            device: c.joined(1, |c| c.id("device"))?,
            created_at: c.time("created_at")?,
            text: c.blob("text")?,
            address: c.joined(1, |c| c.blob("address"))?,
            epoch: c.epoch()?,
        })
    }

    pub(crate) fn device(&mut self) -> Step<DeviceRow> {
        let c = self.of("devices");
        Ok(DeviceRow {
            id: c.id("id")?,
            home: c.id("home")?,
            standing: match c.integer("standing")? {
                1 => DeviceStanding::Waiting,
                2 => DeviceStanding::Paired,
                3 => DeviceStanding::Removed,
                _ => return c.corrupt("standing"),
            },
            agent: c.flag("agent")?,
            local: c.flag("local")?,
            public_key: c.joined(1, |c| c.array("public_key"))?,
            credential_hash: c.joined(1, |c| c.array("credential_hash"))?,
            text: c.blob("text")?,
            text_epoch: c.home_epoch("text_epoch")?,
            created_at: c.time("created_at")?,
            paired_at: c.time_or_null("paired_at")?,
            seen_at: c.time_or_null("seen_at")?,
            version: c.joined(1, |c| c.text("version"))?,
            latest_serial: c.number("latest_serial")?,
            acknowledged_serial: c.number("acknowledged_serial")?,
            key_epoch: c.home_epoch("key_epoch")?,
            device_key: c.blob("device_key")?,
        })
    }

    pub(crate) fn pairing(&mut self) -> Step<PairingRow> {
        let c = self.of("pairings");
        Ok(PairingRow {
            device: c.id("device")?,
            find: c.array("find")?,
            expires_at: c.time("expires_at")?,
            blob: c.blob("blob")?,
            answer: c.joined(5, |c| {
                Ok(PairingAnswerRow {
                    public_key: c.array("answer_public_key")?,
                    credential_hash: c.array("answer_credential_hash")?,
                    mac: c.array("answer_mac")?,
                    agent: c.flag("answer_agent")?,
                    version: c.text("answer_version")?,
                })
            })?,
        })
    }

    pub(crate) fn event(&mut self) -> Step<EventRow> {
        let c = self.of("events");
        Ok(EventRow {
            id: c.id("id")?,
            camera: c.id("camera")?,
            home: c.id("home")?,
            tenure: c.id("tenure")?,
            home_epoch: c.home_epoch("home_epoch")?,
            camera_epoch: c.camera_epoch("camera_epoch")?,
            device: c.id("device")?,
            started_at: c.time("started_at")?,
            ended_at: c.time("ended_at")?,
            label: c.number("label")?,
            still: c.flag("still")?,
            received_at: c.time("received_at")?,
            digest: c.array("digest")?,
            bytes: c.number("bytes")?,
            header: c.blob("header")?,
            trailer: c.blob("trailer")?,
        })
    }

    pub(crate) fn report(&mut self, table: &'static str) -> Step<ReportRow> {
        let c = self.of(table);
        Ok(ReportRow {
            device: c.id("device")?,
            received_at: c.time("received_at")?,
            body: c.blob("body")?,
            tag: c.blob("tag")?,
        })
    }
}

/// How many columns a row has: what an outer join without a partner skips.
pub(crate) mod width {
    pub(crate) const HOME: usize = 7;
    pub(crate) const GRANT: usize = 7;
    pub(crate) const EPOCH: usize = 7;
    pub(crate) const CAMERA: usize = 14;
    pub(crate) const DEVICE: usize = 17;
    pub(crate) const EVENT: usize = 16;
}
