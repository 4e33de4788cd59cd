//! Invitations by code, for somebody who is there: a QR code that lives for minutes. No key of the home lies in one, so who
//! photographs it gets nothing: whoever opens it first can ask to join, and an owner or adult who sees who asks confirms.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{AccountId, Email, GrantId, HomeId, InstallationId, Role, Timestamp};
use ownsight_registry::{
    AskToJoin, CodeRenewal, CustodyRow, GrantRow, HomePlan, InvitationCodeRow, JoinAs, JoinRow, RegistryError,
};
use ownsight_seal::{
    AccountKey, AccountScope, ControlKey, GrantScope, InvitationKey, InvitationSecret, OpenError, PublicKey,
    Purpose,
};
use serde::{Deserialize, Serialize};

use crate::access::{HomeAccess, Person};
use crate::credentials::half;
use crate::gate::{Gate, registry_error};
use crate::invitations::NewAccount;
use crate::plan::TRIES;
use crate::profile::{self, AccountProfile, KeyText};
use crate::rights::Needs;
use crate::roster::RosterEntry;
use crate::{Answer, Credentials, GateError, alarm, text, views};

/// How long a code can be used to ask.
const CODE_LASTS: Duration = Duration::from_mins(15);

/// How long after that it can be confirmed: whoever made it may have been called away.
const CONFIRM_LASTS: Duration = Duration::from_hours(24);

/// What it says to who opens it.
#[derive(Serialize, Deserialize)]
struct CodeText {
    home: HomeId,
    home_name: String,
    invited_by: String,
    role: Role,
    until: Timestamp,
}

/// What the home keeps of it.
#[derive(Serialize, Deserialize)]
struct CodeKept {
    key: KeyText,
    role: Role,
    made_by: String,
    until: Timestamp,
    /// The tag of the note that was verified when a home epoch began: from then on another note is none, whoever knows the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<KeyText>,
}

/// Who asks to join, as it says itself.
#[derive(Serialize, Deserialize)]
struct CodeNote {
    account: AccountId,
    email: Email,
    name: String,
    public_key: KeyText,
    at: Timestamp,
}

/// A code that opened by its secret.
struct OpenCode {
    row: InvitationCodeRow,
    key: InvitationKey,
    text: CodeText,
}

/// Who asks to join, verified.
struct Asking {
    kept: CodeKept,
    note: CodeNote,
    tag: [u8; 32],
}

impl Gate {
    /// Makes an invitation by code: gives the secret of its link, once. An adult invites adults and viewers.
    pub async fn create_invitation_code(
        &self,
        credentials: &Credentials,
        home: HomeId,
        role: Role,
    ) -> Result<Answer<views::NewInvitationCode>, GateError> {
        for _ in 0..TRIES {
            let (person, access, _) = self.managing_plan(credentials, home).await?;
            access.may_decide_on(role)?;
            let control = access.control()?;
            let installation = self.installation();
            let id = GrantId::generate();
            let secret = InvitationSecret::generate();
            let key = secret.code_key(installation);
            let now = Timestamp::now();
            let until = now.plus(CODE_LASTS);
            let (home, made_by) = (access.id(), person.profile.name.clone());
            let text = CodeText {
                home,
                home_name: access.profile.name.clone(),
                invited_by: made_by.clone(),
                role,
                until,
            };
            let kept = CodeKept { key: KeyText::new(*key.expose()), role, made_by, until, seen: None };
            let row = InvitationCodeRow {
                id,
                find: secret.code_find(installation),
                home,
                epoch: control.scope().epoch,
                created_at: now,
                expires_at: until,
                text: key.seal_text(installation, id, &profile::encode(&text)),
                kept: control.seal_invitation_code(id, &profile::encode(&kept)),
                joined: None,
                member_key: Vec::new(),
                confirmed_at: None,
            };
            let secret = BASE64URL_NOPAD.encode(secret.expose());
            let view = views::NewInvitationCode { id, secret, role, expires_at: until };
            let authority = person.authority_in(&access)?;
            match self.registry().create_invitation_code(&authority, row).await {
                Ok(()) => return Ok(Answer::new(credentials, view)),
                Err(RegistryError::Conflict) => {}
                Err(error) => return Err(registry_error(error)),
            }
        }
        Err(GateError::Conflict)
    }

    /// Withdraws a code that nobody used, or refuses who asked to join by it.
    pub async fn refuse_invitation_code(
        &self,
        credentials: &Credentials,
        home: HomeId,
        code: GrantId,
    ) -> Result<(), GateError> {
        let (person, access, plan) = self.managing_plan(credentials, home).await?;
        let row = plan.codes.iter().find(|row| row.id == code).ok_or(GateError::NotFound)?;
        // One that does not open can be withdrawn by whoever holds the control key.
        if let Ok(kept) = access.open_code(row) {
            access.may_decide_on(kept.role)?;
        }
        let authority = person.authority_in(&access)?;
        self.registry().refuse_invitation_code(&authority, code).await.map_err(registry_error)
    }

    /// Makes a member of who asked to join, if it is still who has this address: any owner or adult who may decide on the role
    /// does, for they see who it is. Grant and roster are sealed in this request.
    pub async fn confirm_invitation_code(
        &self,
        credentials: &Credentials,
        home: HomeId,
        code: GrantId,
        email: &str,
    ) -> Result<(), GateError> {
        for _ in 0..TRIES {
            let (person, access, plan) = self.managing_plan(credentials, home).await?;
            let seen = Email::parse(email)?;
            let row = plan.codes.iter().find(|row| row.id == code).ok_or(GateError::NotFound)?;
            let asking = access
                .who_asks(row)
                .map_err(|error| alarm::raise(&error, "checking who asks to join"))?
                .ok_or(GateError::NotFound)?;
            if asking.note.email != seen {
                return Err(GateError::Conflict);
            }
            match self.take_in(&person, &access, &plan, row, asking).await {
                Err(GateError::Conflict) => {}
                taken => return taken,
            }
        }
        Err(GateError::Conflict)
    }

    async fn take_in(
        &self,
        person: &Person,
        access: &HomeAccess,
        plan: &HomePlan,
        row: &InvitationCodeRow,
        Asking { kept, note, tag }: Asking,
    ) -> Result<(), GateError> {
        access.may_decide_on(kept.role)?;
        let (mut roster, serial) = access.open_roster(plan)?;
        if roster.members.iter().any(|entry| entry.account == note.account || entry.email == note.email) {
            return Err(GateError::AlreadyMember);
        }
        let control = access.control()?;
        let now = Timestamp::now();
        let account = AccountScope { installation: self.installation(), account: note.account };
        let member_key = kept.key().member_key(account, row.id);
        let entry = RosterEntry {
            grant: row.id,
            account: note.account,
            email: note.email,
            name: note.name,
            role: kept.role,
            public_key: note.public_key,
            member_key: KeyText::new(*member_key.expose()),
            since: now,
            invited_by: Some(kept.made_by),
        };
        let issue = access
            .issue(person, control, &entry)
            .map_err(|error| alarm::raise(&error, "sealing a grant to who asked to join"))?;
        let grant = GrantRow {
            id: row.id,
            account: entry.account,
            home: access.id(),
            role: entry.role,
            epoch: control.scope().epoch,
            created_at: now,
            wrap: issue.wrap,
            away: issue.away,
            member_key: row.member_key.clone(),
        };
        roster.members.push(entry);
        let roster = roster.seal(control, serial + 1);
        let authority = person.authority_in(access)?;
        let confirmed = self.registry().confirm_invitation_code(&authority, roster, grant, tag).await;
        confirmed.map_err(registry_error)
    }

    /// What a code invites to, for who has its link.
    pub async fn open_invitation_code(&self, secret: &str) -> Result<views::OpenedInvitationCode, GateError> {
        let OpenCode { text, .. } = self.find_unused_code(secret).await?;
        Ok(views::OpenedInvitationCode {
            home_name: text.home_name,
            role: text.role,
            invited_by: text.invited_by,
            expires_at: text.until,
        })
    }

    /// Asks to join as the account that is signed in; asked again, how it stands. To anybody else the code is used.
    pub async fn ask_to_join(
        &self,
        credentials: &Credentials,
        secret: &str,
    ) -> Result<Answer<views::AskedToJoin>, GateError> {
        let rows = self.session_rows(credentials).await?;
        let (person, homes, _, ()) = self.open_homes(credentials, rows, Needs::SignIn)?;
        let open = self.find_code(secret).await?;
        let joined = |joined: &HomeAccess| joined.grant == open.row.id && joined.id() == open.text.home;
        let (state, until) = match &open.row.joined {
            None => {
                if open.text.until <= Timestamp::now() {
                    return Err(GateError::LinkUsed);
                }
                let as_ = JoinAs::Session(person.find_for(Needs::SignIn)?);
                ("waiting", self.leave_note(&open, person.scope, &person.key, &person.profile, as_).await?)
            }
            Some(note) if open.asked_by(self.installation(), person.scope.account)? => {
                let until = note.at.plus(CONFIRM_LASTS);
                match open.row.confirmed_at {
                    None => ("waiting", until),
                    Some(_) if homes.iter().any(joined) => ("joined", until),
                    Some(_) => return Err(GateError::LinkUsed),
                }
            }
            Some(_) => return Err(GateError::LinkUsed),
        };
        let OpenCode { text, .. } = open;
        let view = views::AskedToJoin {
            state,
            home_id: (state == "joined").then_some(text.home),
            home_name: text.home_name,
            role: text.role,
            invited_by: text.invited_by,
            expires_at: until,
        };
        Ok(Answer::new(credentials, view))
    }

    /// Makes an account, which has no home, and asks to join with it.
    pub async fn redeem_invitation_code(
        &self,
        secret: &str,
        email: &str,
        new: &NewAccount,
    ) -> Result<views::AskedAnew, GateError> {
        let email = Email::parse(email)?;
        new.password.strong()?;
        let name = text::name("name", &new.name)?;
        let open = self.find_unused_code(secret).await?;
        let account = AccountId::generate();
        let scope = AccountScope { installation: self.installation(), account };
        let key = AccountKey::generate();
        let profile = AccountProfile { email: email.clone(), name };
        let password = self.wrap_under_password(scope, &email, &key, &new.password).await?;
        let custody = CustodyRow { email: email.clone(), wrap: self.master().seal(scope, &email, &key) };
        let as_ = JoinAs::New {
            account: Box::new(Self::account_row(scope, &key, &profile)),
            password: Box::new(password),
            custody: Box::new(custody),
        };
        self.leave_note(&open, scope, &key, &profile, as_).await?;
        Ok(views::AskedAnew { account_id: account })
    }

    async fn find_unused_code(&self, secret: &str) -> Result<OpenCode, GateError> {
        let open = self.find_code(secret).await?;
        let unused = open.row.joined.is_none() && open.text.until > Timestamp::now();
        if unused { Ok(open) } else { Err(GateError::LinkUsed) }
    }

    /// A code that was not withdrawn and has not expired, used or not. One whose row is found and does not open is a mix-up.
    async fn find_code(&self, secret: &str) -> Result<OpenCode, GateError> {
        let installation = self.installation();
        let secret = InvitationSecret::from_bytes(*half(secret).ok_or(GateError::LinkUsed)?);
        let find = secret.code_find(installation);
        let row = self.registry().invitation_code(find).await.map_err(registry_error)?;
        let row = row.filter(|row| row.expires_at > Timestamp::now()).ok_or(GateError::LinkUsed)?;
        let key = secret.code_key(installation);
        let text = key
            .open_text(installation, row.id, &row.text)
            .and_then(|text| profile::decode::<CodeText>(&text))
            .and_then(|text| {
                if text.home == row.home { Ok(text) } else { Err(OpenError::MixUp(Purpose::InvitationText)) }
            })
            .map_err(|error| alarm::raise(&error, "opening an invitation by code"))?;
        Ok(OpenCode { row, key, text })
    }

    /// Leaves the note by which the home learns who asks, and the member key under the account's own key. Gives until when
    /// somebody can confirm.
    async fn leave_note(
        &self,
        open: &OpenCode,
        account: AccountScope,
        key: &AccountKey,
        profile: &AccountProfile,
        as_: JoinAs,
    ) -> Result<Timestamp, GateError> {
        let OpenCode { row, key: code, text } = open;
        let now = Timestamp::now();
        let until = now.plus(CONFIRM_LASTS);
        let note = profile::encode(&CodeNote {
            account: account.account,
            email: profile.email.clone(),
            name: profile.name.clone(),
            public_key: KeyText::new(key.public_key(account).to_bytes()),
            at: now,
        });
        let scope = GrantScope { account, grant: row.id };
        let ask = AskToJoin {
            find: row.find,
            now,
            until,
            as_,
            grant: row.id,
            home: text.home,
            account: account.account,
            tag: code.tag_join_note(self.installation(), row.id, &note),
            note: note.to_vec(),
            member_key: key.seal_member_key(scope, text.home, &code.member_key(account, row.id)),
        };
        self.registry().ask_to_join(ask).await.map_err(registry_error)?;
        Ok(until)
    }
}

impl OpenCode {
    /// Whether it was this account that asked, by its note.
    fn asked_by(&self, installation: InstallationId, account: AccountId) -> Result<bool, GateError> {
        let Some(joined) = &self.row.joined else { return Ok(false) };
        let note = verify(installation, &self.key, self.row.id, joined);
        let note = note.map_err(|error| alarm::raise(&error, "checking who asked to join"))?;
        Ok(note.account == account)
    }
}

impl CodeKept {
    fn key(&self) -> InvitationKey {
        InvitationKey::from_bytes(*self.key.bytes())
    }
}

/// A note that was left by who had the code, and is of the account that its row names.
fn verify(
    installation: InstallationId,
    key: &InvitationKey,
    code: GrantId,
    joined: &JoinRow,
) -> Result<CodeNote, OpenError> {
    key.verify_join_note(installation, code, &joined.note, &joined.tag)?;
    let note: CodeNote = profile::decode(&joined.note)?;
    PublicKey::from_bytes(note.public_key.bytes()).ok_or(OpenError::NotAuthentic(Purpose::JoinNote))?;
    if note.account == joined.account { Ok(note) } else { Err(OpenError::MixUp(Purpose::JoinNote)) }
}

impl HomeAccess {
    fn open_code(&self, row: &InvitationCodeRow) -> Result<CodeKept, OpenError> {
        let control = self.granted.control_key().ok_or(OpenError::MixUp(Purpose::InvitationCodeKept))?;
        profile::decode(&control.open_invitation_code(row.id, &row.kept)?)
    }

    /// Who asks to join by a code; `None` if nobody does, or it is too late to confirm. All times are those that were sealed.
    fn who_asks(&self, row: &InvitationCodeRow) -> Result<Option<Asking>, OpenError> {
        let kept = self.open_code(row)?;
        let Some(joined) = &row.joined else { return Ok(None) };
        let note = verify(self.key.scope().installation, &kept.key(), row.id, joined)?;
        if kept.seen.as_ref().is_some_and(|seen| *seen.bytes() != joined.tag) {
            return Err(OpenError::NotAuthentic(Purpose::JoinNote));
        }
        let in_time = note.at <= kept.until && note.at.plus(CONFIRM_LASTS) > Timestamp::now();
        Ok(in_time.then_some(Asking { kept, note, tag: joined.tag }))
    }

    /// The codes that wait for somebody or for being confirmed, and how many of them do not verify.
    pub(crate) fn codes(&self, plan: &HomePlan) -> (Vec<views::InvitationCode>, u32) {
        let (mut codes, mut unverified) = (Vec::new(), 0);
        for row in &plan.codes {
            let opened = self.open_code(row).and_then(|kept| Ok((kept, self.who_asks(row)?)));
            match opened {
                // Nobody can use it any more.
                Ok((kept, None)) if row.joined.is_some() || kept.until <= Timestamp::now() => {}
                Ok((kept, asking)) => codes.push(views::InvitationCode {
                    id: row.id,
                    role: kept.role,
                    made_by: kept.made_by,
                    expires_at: asking
                        .as_ref()
                        .map_or(kept.until, |asking| asking.note.at.plus(CONFIRM_LASTS)),
                    asks: asking.map(|Asking { note, .. }| views::AsksToJoin {
                        email: note.email.as_str().to_owned(),
                        name: note.name,
                        at: note.at,
                    }),
                }),
                Err(error) => {
                    alarm::raise(&error, "opening an invitation by code");
                    unverified += 1;
                }
            }
        }
        (codes, unverified)
    }

    /// Takes who waits to be confirmed along into a home epoch. A removed adult may know the key of their code: the note that is
    /// verified now stands in what is kept under the new keys, and no other one is taken after that.
    pub(crate) fn renew_codes(&self, next: &ControlKey, plan: &HomePlan) -> CodeRenewal {
        let mut renewal = CodeRenewal::default();
        for row in plan.codes.iter().filter(|row| row.joined.is_some()) {
            match self.who_asks(row) {
                Ok(Some(Asking { kept, tag, .. })) => {
                    let kept = CodeKept { seen: Some(KeyText::new(tag)), ..kept };
                    let sealed = next.seal_invitation_code(row.id, &profile::encode(&kept));
                    renewal.kept.push((row.id, sealed));
                }
                Ok(None) => renewal.ended.push(row.id),
                Err(error) => {
                    alarm::raise(&error, "checking who asks to join");
                    renewal.ended.push(row.id);
                }
            }
        }
        renewal
    }
}
