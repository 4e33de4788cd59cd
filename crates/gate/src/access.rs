//! From credentials and rows to keys: each step opens, and what opens is compared with what was asked.

use ownsight_model::{GrantId, HomeId, Role, Timestamp};
use ownsight_registry::{
    AccountRow, Authorised, Authority, CameraEpochRow, CameraRow, DeviceRow, GrantRow, HomeRow, LockdownRow,
    SessionRow,
};
use ownsight_seal::{
    AccountKey, AccountScope, CameraPlace, CameraSalt, CameraSecret, ControlKey, HomeKey, OpenError, Purpose,
};

use crate::gate::Gate;
use crate::profile::{self, AccountProfile, CameraAccess, CameraProfile, DeviceProfile, HomeProfile};
use crate::{Credentials, GateError, alarm};

/// Who asks: opened from both halves of the session's secret.
pub(crate) struct Person {
    pub(crate) scope: AccountScope,
    pub(crate) key: AccountKey,
    pub(crate) session: SessionRow,
    pub(crate) profile: AccountProfile,
    /// What may be closed to it; `None` where it was not read, and then everything is.
    pub(crate) lockdowns: Option<Vec<LockdownRow>>,
}

/// A home that the person's own grant opens.
pub(crate) struct HomeAccess {
    pub(crate) grant: GrantId,
    pub(crate) role: Role,
    pub(crate) row: HomeRow,
    pub(crate) control: ControlKey,
    pub(crate) key: HomeKey,
    pub(crate) profile: HomeProfile,
}

impl Gate {
    /// Opens the session, then the account's own text with the key that it gave.
    ///
    /// Halves that do not fit each other or the row are an alarm, and look signed out: a person can then sign in anew.
    pub(crate) fn open_person(
        &self,
        credentials: &Credentials,
        session: SessionRow,
        account: &AccountRow,
    ) -> Result<Person, GateError> {
        let opened =
            credentials.secret.open(session.id, session.expires_at, &session.wrap).map_err(|error| {
                alarm::raise(&error, "opening a session");
                GateError::SignedOut
            })?;
        let scope = AccountScope { installation: self.installation(), account: opened.account };
        let profile = opened
            .key
            .open_text(scope, &account.text)
            .and_then(|text| profile::decode::<AccountProfile>(&text))
            .map_err(|error| alarm::raise(&error, "opening an account's text"))?;
        Ok(Person { scope, key: opened.key, session, profile, lockdowns: None })
    }

    /// Opens everything that a session's rows hold for the asker: the person, and the homes that its grants open.
    ///
    /// A home that does not open is an alarm, counted in the last value, and not part of the answer.
    pub(crate) fn open_homes<T>(
        &self,
        credentials: &Credentials,
        rows: Authorised<T>,
    ) -> Result<(Person, Vec<HomeAccess>, u32, T), GateError> {
        let mut person = self.open_person(credentials, rows.session, &rows.account)?;
        person.lockdowns = Some(rows.lockdowns);
        let mut homes = Vec::with_capacity(rows.grants.len());
        let mut unverified = 0;
        for (grant, home) in rows.grants {
            match person.open_home(&grant, home) {
                Ok(access) => homes.push(access),
                Err(error) => {
                    alarm::raise(&error, "opening a home");
                    unverified += 1;
                }
            }
        }
        Ok((person, homes, unverified, rows.data))
    }

    /// What the registry found, or that there is nothing. Credentials that do not open are an alarm whatever they
    /// asked for, so they are opened before anybody is told that there is nothing.
    pub(crate) fn found<'a, T>(
        &self,
        credentials: &Credentials,
        rows: &'a Authorised<Option<T>>,
    ) -> Result<&'a T, GateError> {
        match &rows.data {
            Some(data) => Ok(data),
            None => {
                self.open_person(credentials, rows.session.clone(), &rows.account)?;
                Err(GateError::NotFound)
            }
        }
    }

    /// Opens the person and the one home that was asked for; 404 if there is no such grant.
    pub(crate) fn open_home<T>(
        &self,
        credentials: &Credentials,
        home: HomeId,
        rows: Authorised<T>,
    ) -> Result<(Person, HomeAccess, T), GateError> {
        let mut person = self.open_person(credentials, rows.session, &rows.account)?;
        person.lockdowns = Some(rows.lockdowns);
        let (grant, row) =
            rows.grants.into_iter().find(|(grant, _)| grant.home == home).ok_or(GateError::NotFound)?;
        let access = person
            .open_home_asked(&grant, row, home)
            .map_err(|error| alarm::raise(&error, "opening a home"))?;
        Ok((person, access, rows.data))
    }
}

impl Person {
    fn open_home(&self, grant: &GrantRow, row: HomeRow) -> Result<HomeAccess, OpenError> {
        let asked = grant.home;
        self.open_home_asked(grant, row, asked)
    }

    fn open_home_asked(
        &self,
        grant: &GrantRow,
        row: HomeRow,
        asked: HomeId,
    ) -> Result<HomeAccess, OpenError> {
        let control = self.key.open_grant(self.scope, grant.id, grant.role, grant.epoch, &grant.wrap)?;
        control.scope().is(asked)?;
        let key = control.home_key();
        let profile = profile::decode::<HomeProfile>(&key.open_text(&row.text)?)?;
        Ok(HomeAccess { grant: grant.id, role: grant.role, row, control, key, profile })
    }

    /// What a write on the account itself must still hold for.
    pub(crate) fn authority(&self) -> Authority {
        Authority { find: self.session.find, now: Timestamp::now(), grant: None }
    }

    /// What a write on one of its homes must still hold for.
    pub(crate) fn authority_in(&self, home: &HomeAccess) -> Authority {
        Authority { find: self.session.find, now: Timestamp::now(), grant: Some(home.grant) }
    }
}

impl HomeAccess {
    pub(crate) fn id(&self) -> HomeId {
        self.control.scope().home
    }

    /// The secret of one of this home's cameras, in the tenure and epochs of this row.
    pub(crate) fn camera_secret(&self, epoch: &CameraEpochRow) -> Result<CameraSecret, OpenError> {
        if epoch.home_epoch != self.key.scope().epoch {
            // Former epochs open through keyrings, which no home has yet.
            return Err(OpenError::MixUp(Purpose::CameraSecret));
        }
        let place = CameraPlace { camera: epoch.camera, tenure: epoch.tenure, epoch: epoch.camera_epoch };
        Ok(self.key.camera_secret(&CameraSalt::from_bytes(epoch.salt), place))
    }

    /// A camera's secret and text. Its text opens only under the secret of this very home, camera and tenure.
    pub(crate) fn open_camera(&self, row: &CameraRow) -> Result<OpenCamera, OpenError> {
        let secret = self.camera_secret(&row.epoch)?;
        if secret.scope().camera != row.id {
            return Err(OpenError::MixUp(Purpose::CameraText));
        }
        let profile = profile::decode::<CameraProfile>(&secret.open_text(&row.text)?)?;
        let access = match &row.address {
            Some(sealed) => {
                Some(profile::decode::<CameraAccess>(&self.control.open_camera_address(row.id, sealed)?)?)
            }
            None => None,
        };
        Ok(OpenCamera { secret, profile, access })
    }

    /// A device's name.
    pub(crate) fn open_device(&self, row: &DeviceRow) -> Result<DeviceProfile, OpenError> {
        profile::decode(&self.key.open_device_text(row.id, &row.text)?)
    }
}

/// A camera that opened.
pub(crate) struct OpenCamera {
    pub(crate) secret: CameraSecret,
    pub(crate) profile: CameraProfile,
    pub(crate) access: Option<CameraAccess>,
}
