//! From credentials and rows to keys: each step opens, and what opens is compared with what was asked.

use std::sync::OnceLock;

use ownsight_model::{GrantId, HomeEpoch, HomeId, Role, SessionId, Timestamp, TokenRights};
use ownsight_registry::{
    AccountRow, Authorised, Authority, CameraEpochRow, CameraRow, DeviceRow, GrantRow, HomeRow, LockdownRow,
    ReportRow, SessionRow,
};
use ownsight_seal::{
    AccountKey, AccountScope, CameraPlace, CameraReportKind, CameraSalt, CameraSecret, ControlKey,
    GrantScope, Granted, HomeKey, OpenError, OpenedSession, Purpose, SessionKind,
};

use crate::gate::Gate;
use crate::profile::{
    self, AccountProfile, CameraAccess, CameraProfile, DeviceProfile, DraftLook, HomeProfile,
};
use crate::rights::{LetIn, Needs};
use crate::{Credentials, GateError, alarm};

/// Who asks: opened from both halves of the session's secret, or from a token.
pub(crate) struct Person {
    pub(crate) scope: AccountScope,
    pub(crate) key: AccountKey,
    /// By what it was let in.
    pub(crate) let_in: LetIn,
    session: SessionRow,
    pub(crate) profile: AccountProfile,
    /// What may be closed to it; `None` where it was not read, and then everything is.
    pub(crate) lockdowns: Option<Vec<LockdownRow>>,
}

/// A home that the person's own grant opens.
pub(crate) struct HomeAccess {
    pub(crate) grant: GrantId,
    pub(crate) row: HomeRow,
    pub(crate) key: HomeKey,
    pub(crate) profile: HomeProfile,
    /// What the grant opened to: with the control key for owners and adults only.
    pub(crate) granted: Granted,
    /// What is to take the place of a grant that came while its account was away.
    pub(crate) arrived: Option<Arrived>,
    /// Keys of former epochs, oldest first; opened when something asks for one.
    former: OnceLock<Vec<HomeKey>>,
}

/// A grant that came while its account was away.
pub(crate) struct Arrived {
    /// As it was sealed.
    pub(crate) sealed: Vec<u8>,
    /// The same under the account's own key.
    pub(crate) wrap: Vec<u8>,
}

impl Gate {
    /// Opens the session, then the account's own text with the key that it gave; a token only for what it has a right to.
    ///
    /// Halves that do not fit each other or the row are an alarm, and look signed out: a person can then sign in anew.
    pub(crate) fn open_person(
        &self,
        credentials: &Credentials,
        session: SessionRow,
        account: &AccountRow,
        needs: Needs,
    ) -> Result<Person, GateError> {
        let (opened, let_in) = credentials.open(&session).map_err(|error| {
            alarm::raise(&error, "opening a session");
            GateError::SignedOut
        })?;
        let scope = AccountScope { installation: self.installation(), account: opened.account };
        let profile = opened
            .key
            .open_text(scope, &account.text)
            .and_then(|text| profile::decode::<AccountProfile>(&text))
            .map_err(|error| alarm::raise(&error, "opening an account's text"))?;
        let_in.may(needs)?;
        if let LetIn::Token(_) = let_in {
            self.token_uses().note(session.id, session.used_at);
        }
        Ok(Person { scope, key: opened.key, let_in, session, profile, lockdowns: None })
    }

    /// Opens everything that a session's rows hold for the asker: the person, and the homes that its grants open.
    ///
    /// A home that does not open is an alarm, counted in the last value, and not part of the answer.
    pub(crate) fn open_homes<T>(
        &self,
        credentials: &Credentials,
        rows: Authorised<T>,
        needs: Needs,
    ) -> Result<(Person, Vec<HomeAccess>, u32, T), GateError> {
        let mut person = self.open_person(credentials, rows.session, &rows.account, needs)?;
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
        needs: Needs,
    ) -> Result<&'a T, GateError> {
        match &rows.data {
            Some(data) => Ok(data),
            None => {
                let person = self.open_person(credentials, rows.session.clone(), &rows.account, needs)?;
                Err(person.nothing(rows.restored.clone()))
            }
        }
    }

    /// Opens the person and the one home that was asked for; 404 if there is no such grant.
    pub(crate) fn open_home<T>(
        &self,
        credentials: &Credentials,
        home: HomeId,
        rows: Authorised<T>,
        needs: Needs,
    ) -> Result<(Person, HomeAccess, T), GateError> {
        let mut person = self.open_person(credentials, rows.session, &rows.account, needs)?;
        person.lockdowns = Some(rows.lockdowns);
        let Some((grant, row)) = rows.grants.into_iter().find(|(grant, _)| grant.home == home) else {
            return Err(person.nothing(rows.restored.of_home(home)));
        };
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

    pub(crate) fn open_home_asked(
        &self,
        grant: &GrantRow,
        row: HomeRow,
        asked: HomeId,
    ) -> Result<HomeAccess, OpenError> {
        let (granted, arrived) = self.open_grant(grant)?;
        granted.scope().is(asked)?;
        HomeAccess::open(grant.id, row, granted, arrived)
    }

    /// What a grant opens to; and of one that came while its account was away, what is to take its place.
    fn open_grant(&self, grant: &GrantRow) -> Result<(Granted, Option<Arrived>), OpenError> {
        let scope = self.grant_scope(grant.id);
        if !grant.away {
            return Ok((self.key.open_grant(scope, grant.role, grant.epoch, &grant.wrap)?, None));
        }
        let (home, member_key) = self.key.open_member_key(scope, &grant.member_key)?;
        let granted = self.key.open_grant_away(
            scope,
            (home, &member_key),
            &self.profile.email,
            grant.role,
            grant.epoch,
            &grant.wrap,
        )?;
        let wrap = self.key.seal_grant(scope, &granted);
        Ok((granted, Some(Arrived { sealed: grant.wrap.clone(), wrap })))
    }

    pub(crate) fn grant_scope(&self, grant: GrantId) -> GrantScope {
        GrantScope { account: self.scope, grant }
    }

    /// The id of the session, or token.
    pub(crate) fn session_id(&self) -> SessionId {
        self.session.id
    }

    /// When the session, or token, ends.
    pub(crate) fn session_ends_at(&self) -> Timestamp {
        self.session.expires_at
    }

    /// What finds the session, for a write that is neither on the account nor by a home's control key.
    pub(crate) fn find_for(&self, needs: Needs) -> Result<[u8; 32], GateError> {
        self.let_in.may(needs)?;
        Ok(self.session.find)
    }

    /// What a write on the account itself must still hold for. No token does that.
    pub(crate) fn authority(&self) -> Result<Authority, GateError> {
        let find = self.find_for(Needs::SignIn)?;
        Ok(Authority { find, now: Timestamp::now(), grant: None })
    }

    /// What a write on one of its homes must still hold for. Only for who has its control key; a token must have the right to
    /// manage.
    pub(crate) fn authority_in(&self, home: &HomeAccess) -> Result<Authority, GateError> {
        self.authority_for(home, Needs::MANAGE)
    }

    /// As [`Self::authority_in`], for erasing an event.
    pub(crate) fn authority_to_erase(&self, home: &HomeAccess) -> Result<Authority, GateError> {
        self.authority_for(home, Needs::DELETE)
    }

    fn authority_for(&self, home: &HomeAccess, needs: Needs) -> Result<Authority, GateError> {
        let epoch = home.control()?.scope().epoch;
        let find = self.find_for(needs)?;
        Ok(Authority { find, now: Timestamp::now(), grant: Some((home.grant, epoch)) })
    }
}

impl Credentials {
    /// What the row of a session or token opens to: by the kind that the request brought, which the row does not decide.
    fn open(&self, row: &SessionRow) -> Result<(OpenedSession, LetIn), OpenError> {
        let is_token = self.secret.kind() == SessionKind::Token;
        let purpose = if is_token { Purpose::ApiToken } else { Purpose::Session };
        if SessionKind::from_code(row.kind).is_none() || is_token != row.rights.is_some() {
            return Err(OpenError::MixUp(purpose));
        }
        let Some(code) = row.rights else {
            return Ok((self.secret.open(row.id, row.expires_at, &row.wrap)?, LetIn::SignIn));
        };
        let rights = TokenRights::from_code(code).ok_or(OpenError::MixUp(purpose))?;
        let opened = self.secret.open_token(row.id, row.expires_at, rights, &row.wrap)?;
        Ok((opened, LetIn::Token(rights)))
    }
}

impl HomeAccess {
    /// A home as a grant opened it.
    pub(crate) fn open(
        grant: GrantId,
        row: HomeRow,
        granted: Granted,
        arrived: Option<Arrived>,
    ) -> Result<Self, OpenError> {
        let key = granted.home_key();
        let profile = profile::decode::<HomeProfile>(&key.open_text(&row.text)?)?;
        Ok(Self { grant, row, key, profile, granted, arrived, former: OnceLock::new() })
    }

    pub(crate) fn id(&self) -> HomeId {
        self.key.scope().home
    }

    pub(crate) fn role(&self) -> Role {
        self.granted.role()
    }

    /// The control key, without which nothing of a home is changed: a role is a key.
    pub(crate) fn control(&self) -> Result<&ControlKey, GateError> {
        self.granted.control_key().ok_or(GateError::NotAllowed)
    }

    /// The home's keys of all epochs up to the present one, oldest first.
    pub(crate) fn keys(&self) -> Result<Vec<&HomeKey>, OpenError> {
        Ok(self.former()?.iter().chain([&self.key]).collect())
    }

    /// Keys of former epochs, oldest first.
    pub(crate) fn former(&self) -> Result<&[HomeKey], OpenError> {
        if self.key.scope().epoch == HomeEpoch::FIRST {
            return Ok(&[]);
        }
        if let Some(former) = self.former.get() {
            return Ok(former);
        }
        let former = self.key.open_keyring(&self.row.keyring)?;
        Ok(self.former.get_or_init(|| former))
    }

    /// The home key of one epoch.
    fn key_of(&self, epoch: HomeEpoch) -> Result<&HomeKey, OpenError> {
        if epoch == self.key.scope().epoch {
            return Ok(&self.key);
        }
        let former = self.former()?.iter().find(|key| key.scope().epoch == epoch);
        former.ok_or(OpenError::MixUp(Purpose::CameraSecret))
    }

    /// The secret of one of this home's cameras, in the tenure and epochs of this row.
    pub(crate) fn camera_secret(&self, epoch: &CameraEpochRow) -> Result<CameraSecret, OpenError> {
        let key = self.key_of(epoch.home_epoch)?;
        let place = CameraPlace { camera: epoch.camera, tenure: epoch.tenure, epoch: epoch.camera_epoch };
        Ok(key.camera_secret(&CameraSalt::from_bytes(epoch.salt), place))
    }

    /// Verifies a device's report on a camera, under the latest of these epochs or a former one: until a device has its next
    /// configuration, it tags under those that it has.
    pub(crate) fn verify_report<'a>(
        &self,
        kind: CameraReportKind,
        epochs: impl DoubleEndedIterator<Item = &'a CameraEpochRow>,
        report: &ReportRow,
    ) -> Result<(), OpenError> {
        let mut verified = Err(OpenError::NotAuthentic(kind.purpose()));
        for epoch in epochs.rev() {
            let secret = self.camera_secret(epoch)?;
            verified = secret.verify_report(kind, report.device, &report.body, &report.tag);
            if verified.is_ok() {
                break;
            }
        }
        verified
    }

    /// A camera's next epoch, under a salt of its own, with its text under that.
    pub(crate) fn next_camera_epoch(&self, row: &CameraRow) -> Result<(CameraEpochRow, Vec<u8>), OpenError> {
        let open = self.open_camera(row)?;
        let last = OpenError::Malformed { what: "camera epoch", why: "it is the last one" };
        let epoch = CameraEpochRow {
            camera_epoch: row.epoch.camera_epoch.next().ok_or(last)?,
            salt: *CameraSalt::generate().as_bytes(),
            created_at: Timestamp::now(),
            ..row.epoch.clone()
        };
        let text = self.camera_secret(&epoch)?.seal_text(&profile::encode(&open.profile));
        Ok((epoch, text))
    }

    /// A camera's secret and text. Its text opens only under the secret of this very home, camera and tenure.
    pub(crate) fn open_camera(&self, row: &CameraRow) -> Result<OpenCamera, OpenError> {
        let secret = self.camera_secret(&row.epoch)?;
        if secret.scope().camera != row.id {
            return Err(OpenError::MixUp(Purpose::CameraText));
        }
        let profile = profile::decode::<CameraProfile>(&secret.open_text(&row.text)?)?;
        let (mut access, mut look) = (None, None);
        if let (Some(sealed), Some(control)) = (&row.address, self.granted.control_key()) {
            let text = control.open_camera_address(row.id, sealed)?;
            look = profile::decode::<DraftLook>(&text).ok();
            if look.is_none() {
                access = Some(profile::decode::<CameraAccess>(&text)?);
            }
        }
        Ok(OpenCamera { secret, profile, access, look })
    }

    /// A device's name, under the epoch that it had it in: that of a removed one is not sealed anew.
    pub(crate) fn open_device(&self, row: &DeviceRow) -> Result<DeviceProfile, OpenError> {
        profile::decode(&self.key_of(row.text_epoch)?.open_device_text(row.id, &row.text)?)
    }
}

/// A camera that opened.
pub(crate) struct OpenCamera {
    pub(crate) secret: CameraSecret,
    pub(crate) profile: CameraProfile,
    pub(crate) access: Option<CameraAccess>,
    /// Of a draft that is made for a look, which has no address.
    pub(crate) look: Option<DraftLook>,
}
