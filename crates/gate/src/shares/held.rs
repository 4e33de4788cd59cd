//! Shares as their holder opens them.

use ownsight_model::{GrantId, HomeId, Right, Rights, Timestamp};
use ownsight_registry::{CameraEpochRow, CameraRow, HomeRow, ShareRow};
use ownsight_seal::{CameraSecret, OpenError, Purpose};

use super::terms::ShareText;
use crate::access::{Arrived, Person};
use crate::gate::{Gate, registry_error};
use crate::profile::{self, CameraProfile};
use crate::rights::Needs;
use crate::{Answer, Credentials, GateError, alarm, views};

/// A share that the person's own account opens.
pub(crate) struct ShareAccess {
    pub(crate) grant: GrantId,
    home: HomeId,
    /// For what stands there in the clear: how long its events are kept.
    pub(crate) home_row: HomeRow,
    secrets: Vec<CameraSecret>,
    pub(crate) text: ShareText,
    /// What is to take the place of a key that came while the account was away.
    arrived: Option<Arrived>,
}

impl Person {
    /// Opens a share: its key, then its contents.
    pub(crate) fn open_share(&self, row: &ShareRow, home_row: HomeRow) -> Result<ShareAccess, OpenError> {
        let account = self.grant_scope(row.id);
        let (scope, key, arrived) = if row.away {
            let (home, member_key) = self.key.open_member_key(account, &row.member_key)?;
            let member = (home, &member_key);
            let (scope, key) = self.key.open_share_away(account, member, &self.profile.email, &row.wrap)?;
            let wrap = self.key.seal_share(account, scope.home, &key);
            (scope, key, Some(Arrived { sealed: row.wrap.clone(), wrap }))
        } else {
            let (scope, key) = self.key.open_share(account, &row.wrap)?;
            (scope, key, None)
        };
        let contents = key.open_contents(scope, row.serial, &row.contents)?;
        if scope.home != row.home || home_row.id != row.home {
            return Err(OpenError::MixUp(Purpose::GrantShare));
        }
        Ok(ShareAccess {
            grant: row.id,
            home: scope.home,
            home_row,
            text: profile::decode(&contents.text)?,
            secrets: contents.secrets,
            arrived,
        })
    }

    /// The person's shares that open; one that does not is an alarm, counted in the last value.
    pub(crate) fn open_shares(&self, rows: Vec<(ShareRow, HomeRow)>) -> (Vec<ShareAccess>, u32) {
        let (mut shares, mut unverified) = (Vec::with_capacity(rows.len()), 0);
        for (row, home) in rows {
            match self.open_share(&row, home) {
                Ok(share) => shares.push(share),
                Err(error) => {
                    alarm::raise(&error, "opening a share");
                    unverified += 1;
                }
            }
        }
        (shares, unverified)
    }
}

impl ShareAccess {
    /// The home whose cameras they are, as it was opened.
    pub(crate) fn home(&self) -> HomeId {
        self.home
    }

    /// Whether it has begun and not ended, as its contents say.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.text.from.is_none_or(|from| from <= now) && self.text.until.is_none_or(|until| now < until)
    }

    /// Whether an event that began then is part of it.
    pub(crate) fn includes(&self, started_at: Timestamp) -> bool {
        self.text.from.is_none_or(|from| from <= started_at)
    }

    pub(crate) fn allows(&self, right: Right) -> bool {
        self.text.rights.allow(right)
    }

    pub(crate) fn rights(&self) -> Rights {
        self.text.rights
    }

    /// The secret of a camera in the tenure and epochs of this row, if the share holds it.
    pub(crate) fn camera_secret(&self, epoch: &CameraEpochRow) -> Result<CameraSecret, OpenError> {
        let secret = self.secrets.iter().find(|secret| {
            let scope = secret.scope();
            scope.camera == epoch.camera
                && scope.tenure == epoch.tenure
                && scope.home_epoch == epoch.home_epoch
                && scope.camera_epoch == epoch.camera_epoch
        });
        secret.cloned().ok_or(OpenError::MixUp(Purpose::ShareContents))
    }

    /// Whether it holds a secret of this camera.
    fn has(&self, camera: &CameraRow) -> bool {
        self.secrets.iter().any(|secret| secret.scope().camera == camera.id)
    }

    pub(crate) fn camera_name(&self, camera: &CameraRow) -> Result<String, OpenError> {
        let secret = self.camera_secret(&camera.epoch)?;
        Ok(profile::decode::<CameraProfile>(&secret.open_text(&camera.text)?)?.name)
    }
}

impl Gate {
    /// What is shared with the account.
    pub async fn shares(&self, credentials: &Credentials) -> Result<Answer<views::HeldShares>, GateError> {
        let now = Timestamp::now();
        let rows = self.registry().shared_cameras(credentials.find(), now).await.map_err(registry_error)?;
        let rows = rows.ok_or(GateError::SignedOut)?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::FOOTAGE)?;
        let since: Vec<_> = rows.shares.iter().map(|(row, _)| (row.id, row.created_at)).collect();
        let (shares, mut unverified) = person.open_shares(rows.shares);
        let mut views = Vec::with_capacity(shares.len());
        for share in &shares {
            self.settle_share(&person, share).await;
            let mut cameras = Vec::new();
            for camera in rows.data.iter().filter(|camera| share.has(camera)) {
                match share.camera_name(camera) {
                    Ok(name) => cameras.push(views::NamedCamera { id: camera.id, name }),
                    Err(error) => {
                        alarm::raise(&error, "opening a shared camera");
                        unverified += 1;
                    }
                }
            }
            let since = since.iter().find(|(id, _)| *id == share.grant).map_or(now, |(_, since)| *since);
            views.push(share.view(cameras, since, now));
        }
        Ok(Answer::new(credentials, views::HeldShares { shares: views, unverified }))
    }

    /// Puts a share key that came while the account was away under its own key. A failure is logged: it opens as it is.
    pub(crate) async fn settle_share(&self, person: &Person, share: &ShareAccess) {
        let Some(arrived) = &share.arrived else { return };
        let Ok(find) = person.find_for(Needs::Live) else { return };
        let (sealed, wrap) = (arrived.sealed.clone(), arrived.wrap.clone());
        let settled = self.registry().settle_share(find, Timestamp::now(), share.grant, sealed, wrap).await;
        if let Err(error) = settled {
            tracing::warn!(home.id = %share.home(), %error, "a share could not be wrapped under its account's key");
        }
    }
}

impl ShareAccess {
    fn view(&self, cameras: Vec<views::NamedCamera>, since: Timestamp, now: Timestamp) -> views::HeldShare {
        views::HeldShare {
            id: self.grant,
            home_id: self.home,
            home_name: self.text.home_name.clone(),
            zone: self.text.zone.clone(),
            shared_by: self.text.made_by.clone(),
            cameras,
            rights: self.text.rights,
            from: self.text.from,
            until: self.text.until,
            since,
            state: if self.is_live(now) { "live" } else { "not-begun" },
        }
    }
}
