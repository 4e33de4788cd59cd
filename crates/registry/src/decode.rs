//! Whole rows: the columns that a query must name, and what is made of them.

use ownsight_model::{Closed, LockdownScope, Role};

use crate::columns::Columns;
use crate::error::Step;
use crate::rows::{
    AccountRow, CameraEpochRow, CameraRow, CameraStanding, DeviceLeft, DeviceRow, DeviceRun, DeviceStanding,
    EventRow, GrantRow, HomeRestored, HomeRow, InvitationCodeRow, InvitationRow, JoinRow, LockdownRow,
    PairingAnswerRow, PairingRow, ReportRow, RosterRow, SessionRow, ShareRow,
};

/// The columns of each row, in the order in which its reader below takes them.
macro_rules! columns {
    (session $t:literal) => { columns!(@ $t find id account kind created_at expires_at wrap text noticed rights used_at) };
    (account $t:literal) => { columns!(@ $t id email created_at public_key text) };
    (home $t:literal) => {
        columns!(@ $t id epoch created_at text local_agent retention_days retention_bytes keyring epoch_due joins_due
            shares_due restored_at restored_as_of)
    };
    (grant $t:literal) => { columns!(@ $t id account home role epoch created_at wrap away member_key) };
    (epoch $t:literal) => { columns!(@ $t camera home tenure home_epoch camera_epoch salt created_at) };
    (camera $t:literal) => { columns!(@ $t id home standing device created_at text address) };
    (device $t:literal) => {
        columns!(@ $t id home standing agent local public_key credential_hash text text_epoch created_at paired_at
            seen_at version latest_serial acknowledged_serial key_epoch device_key run run_since
            contested_at left_at left_itself upload_key)
    };
    (pairing $t:literal) => {
        columns!(@ $t device find expires_at blob answer_public_key answer_credential_hash answer_mac answer_agent
            answer_version)
    };
    (event $t:literal) => {
        columns!(@ $t id camera home tenure home_epoch camera_epoch device started_at ended_at label still
            received_at digest bytes header trailer upload_mac)
    };
    (report $t:literal) => { columns!(@ $t device received_at body tag) };
    (lockdown $t:literal) => { columns!(@ $t id scope subject closes reason begun_by begun_at) };
    (share $t:literal) => {
        columns!(@ $t id home account serial created_at from_at until_at wrap away member_key contents revoked_at)
    };
    (roster $t:literal) => { columns!(@ $t home epoch serial roster members) };
    (invitation $t:literal) => {
        columns!(@ $t id find home role epoch created_at expires_at text wrap kept joined_at joined_account note tag)
    };
    (code $t:literal) => {
        columns!(@ $t id find home epoch created_at expires_at text kept joined_at joined_account note tag member_key
            confirmed_at)
    };
    (test $t:literal) => { columns!(@ $t id home device draft existing created_at expires_at) };
    (@ $t:literal $first:ident $($column:ident)*) => {
        concat!($t, ".", stringify!($first) $(, ", ", $t, ".", stringify!($column))*)
    };
}
pub(crate) use columns;

pub(crate) fn session(c: &mut Columns<'_, '_>) -> Step<SessionRow> {
    c.of("sessions");
    Ok(SessionRow {
        find: c.array("find")?,
        id: c.id("id")?,
        account: c.id("account")?,
        kind: c.number("kind")?,
        created_at: c.time("created_at")?,
        expires_at: c.time("expires_at")?,
        wrap: c.blob("wrap")?,
        text: c.blob("text")?,
        noticed: c.flag("noticed")?,
        rights: c.joined(1, |c| c.number("rights"))?,
        used_at: c.time_or_null("used_at")?,
    })
}

pub(crate) fn account(c: &mut Columns<'_, '_>) -> Step<AccountRow> {
    c.of("accounts");
    Ok(AccountRow {
        id: c.id("id")?,
        email: c.email("email")?,
        created_at: c.time("created_at")?,
        public_key: c.array("public_key")?,
        text: c.blob("text")?,
    })
}

pub(crate) fn home(c: &mut Columns<'_, '_>) -> Step<HomeRow> {
    c.of("homes");
    let mut row = HomeRow {
        id: c.id("id")?,
        epoch: c.home_epoch("epoch")?,
        created_at: c.time("created_at")?,
        text: c.blob("text")?,
        local_agent: c.flag("local_agent")?,
        retention_days: c.number("retention_days")?,
        retention_bytes: c.number("retention_bytes")?,
        keyring: c.blob("keyring")?,
        epoch_due: c.flag("epoch_due")?,
        joins_due: c.flag("joins_due")?,
        shares_due: c.flag("shares_due")?,
        restored: None,
    };
    row.restored = match (c.time_or_null("restored_at")?, c.time_or_null("restored_as_of")?) {
        (Some(at), Some(as_of)) => Some(HomeRestored { at, as_of }),
        (None, None) => None,
        _ => return c.corrupt("restored_as_of"),
    };
    Ok(row)
}

pub(crate) fn grant(c: &mut Columns<'_, '_>) -> Step<GrantRow> {
    c.of("grants");
    Ok(GrantRow {
        id: c.id("id")?,
        account: c.id("account")?,
        home: c.id("home")?,
        role: role(c)?,
        epoch: c.home_epoch("epoch")?,
        created_at: c.time("created_at")?,
        wrap: c.blob("wrap")?,
        away: c.flag("away")?,
        member_key: c.blob("member_key")?,
    })
}

fn role(c: &mut Columns<'_, '_>) -> Step<Role> {
    let code = c.number("role")?;
    Role::from_code(code).map_or_else(|| c.corrupt("role"), Ok)
}

pub(crate) fn share(c: &mut Columns<'_, '_>) -> Step<ShareRow> {
    c.of("shares");
    Ok(ShareRow {
        id: c.id("id")?,
        home: c.id("home")?,
        account: c.joined(1, |c| c.id("account"))?,
        serial: c.number("serial")?,
        created_at: c.time("created_at")?,
        from_at: c.time_or_null("from_at")?,
        until_at: c.time_or_null("until_at")?,
        wrap: c.blob("wrap")?,
        away: c.flag("away")?,
        member_key: c.blob("member_key")?,
        contents: c.blob("contents")?,
        revoked: c.time_or_null("revoked_at")?.is_some(),
    })
}

pub(crate) fn roster(c: &mut Columns<'_, '_>) -> Step<RosterRow> {
    c.of("rosters");
    Ok(RosterRow {
        home: c.id("home")?,
        epoch: c.home_epoch("epoch")?,
        serial: c.number("serial")?,
        roster: c.blob("roster")?,
        members: c.blob("members")?,
    })
}

pub(crate) fn code(c: &mut Columns<'_, '_>) -> Step<InvitationCodeRow> {
    c.of("invitation_codes");
    Ok(InvitationCodeRow {
        id: c.id("id")?,
        find: c.array("find")?,
        home: c.id("home")?,
        epoch: c.home_epoch("epoch")?,
        created_at: c.time("created_at")?,
        expires_at: c.time("expires_at")?,
        text: c.blob("text")?,
        kept: c.blob("kept")?,
        joined: joined(c)?,
        member_key: c.blob("member_key")?,
        confirmed_at: c.time_or_null("confirmed_at")?,
    })
}

/// Who accepted an invitation, or asked to join.
fn joined(c: &mut Columns<'_, '_>) -> Step<Option<JoinRow>> {
    c.joined(4, |c| {
        Ok(JoinRow {
            at: c.time("joined_at")?,
            account: c.id("joined_account")?,
            note: c.blob("note")?,
            tag: c.array("tag")?,
        })
    })
}

pub(crate) fn invitation(c: &mut Columns<'_, '_>) -> Step<InvitationRow> {
    c.of("invitations");
    Ok(InvitationRow {
        id: c.id("id")?,
        find: c.array("find")?,
        home: c.id("home")?,
        role: {
            let code = c.joined(1, |c| c.number("role"))?;
            code.map(|code| Role::from_code(code).map_or_else(|| c.corrupt("role"), Ok)).transpose()?
        },
        epoch: c.home_epoch("epoch")?,
        created_at: c.time("created_at")?,
        expires_at: c.time("expires_at")?,
        text: c.blob("text")?,
        wrap: c.blob("wrap")?,
        kept: c.blob("kept")?,
        joined: joined(c)?,
    })
}

pub(crate) fn epoch(c: &mut Columns<'_, '_>) -> Step<CameraEpochRow> {
    c.of("camera_epochs");
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
pub(crate) fn camera(c: &mut Columns<'_, '_>) -> Step<CameraRow> {
    c.of("cameras");
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
        epoch: epoch(c)?,
    })
}

pub(crate) fn device(c: &mut Columns<'_, '_>) -> Step<DeviceRow> {
    c.of("devices");
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
        run: c.joined(2, |c| Ok(DeviceRun { run: c.array("run")?, since: c.time("run_since")? }))?,
        contested_at: c.time_or_null("contested_at")?,
        left: c.joined(2, |c| Ok(DeviceLeft { at: c.time("left_at")?, itself: c.flag("left_itself")? }))?,
        upload_key: c.joined(1, |c| c.blob("upload_key"))?,
    })
}

pub(crate) fn pairing(c: &mut Columns<'_, '_>) -> Step<PairingRow> {
    c.of("pairings");
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

pub(crate) fn event(c: &mut Columns<'_, '_>) -> Step<EventRow> {
    c.of("events");
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
        upload_mac: c.joined(1, |c| c.array("upload_mac"))?,
    })
}

pub(crate) fn report(c: &mut Columns<'_, '_>, table: &'static str) -> Step<ReportRow> {
    c.of(table);
    Ok(ReportRow {
        device: c.id("device")?,
        received_at: c.time("received_at")?,
        body: c.blob("body")?,
        tag: c.blob("tag")?,
    })
}

pub(crate) fn lockdown(c: &mut Columns<'_, '_>) -> Step<LockdownRow> {
    c.of("lockdowns");
    Ok(LockdownRow {
        id: c.id("id")?,
        scope: {
            let (code, subject) = (c.number("scope")?, c.array("subject")?);
            LockdownScope::from_parts(code, subject).map_or_else(|| c.corrupt("scope"), Ok)?
        },
        closes: {
            let bits = c.number("closes")?;
            Closed::from_bits(bits).map_or_else(|| c.corrupt("closes"), Ok)?
        },
        reason: c.text("reason")?,
        begun_by: c.text("begun_by")?,
        begun_at: c.time("begun_at")?,
    })
}

/// How many columns a row has: what an outer join without a partner skips.
pub(crate) mod width {
    pub(crate) const HOME: usize = 13;
    pub(crate) const GRANT: usize = 9;
    pub(crate) const EPOCH: usize = 7;
    pub(crate) const CAMERA: usize = 14;
    pub(crate) const DEVICE: usize = 23;
    pub(crate) const EVENT: usize = 17;
}
