//! From columns to values: each value is checked, and one that is not of its form is an error.

use ownsight_model::{
    AccountId, CameraEpoch, CameraId, DeviceId, Email, EventId, GrantId, HomeEpoch, HomeId, InstallationId,
    LockdownId, SessionId, TenureId, TestId, Timestamp,
};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::RegistryError;
use crate::error::Step;

/// An id as its sixteen bytes.
pub(crate) trait Id: Sized {
    fn of(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($name:ident)+) => { $(impl Id for $name { fn of(bytes: [u8; 16]) -> Self { Self::from_bytes(bytes) } })+ };
}
ids! { AccountId CameraId DeviceId EventId GrantId HomeId InstallationId LockdownId SessionId TenureId TestId }

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

    pub(crate) fn corrupt<T>(&self, column: &'static str) -> Step<T> {
        Err(RegistryError::Corrupt { table: self.table, column }.into())
    }

    /// What `read` makes of the next columns; `None`, `count` columns further, if the first of them is null:
    /// the row of an outer join that has no partner.
    pub(crate) fn joined<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Self) -> Step<T>,
    ) -> Step<Option<T>> {
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

    pub(crate) fn email(&mut self, column: &'static str) -> Step<Email> {
        let text = self.text(column)?;
        match Email::parse(&text) {
            Ok(email) if email.as_str() == text => Ok(email),
            _ => self.corrupt(column),
        }
    }

    pub(crate) fn home_epoch(&mut self, column: &'static str) -> Step<HomeEpoch> {
        let number = self.number(column)?;
        HomeEpoch::new(number).map_or_else(|| self.corrupt(column), Ok)
    }

    pub(crate) fn camera_epoch(&mut self, column: &'static str) -> Step<CameraEpoch> {
        let number = self.number(column)?;
        CameraEpoch::new(number).map_or_else(|| self.corrupt(column), Ok)
    }
}
