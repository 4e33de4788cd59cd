//! What an account sees and changes of itself.

use std::time::Instant;

use ownsight_registry::{Authorised, RegistryError};
use ownsight_seal::{AccountKey, OpenError, Purpose};

use crate::access::{HomeAccess, Person};
use crate::gate::{Gate, registry_error};
use crate::password::Password;
use crate::rights::{LetIn, Needs};
use crate::{Answer, Credentials, GateError, profile, text, views};
use ownsight_model::Timestamp;
use std::net::IpAddr;

impl Gate {
    pub(crate) async fn session_rows(&self, credentials: &Credentials) -> Result<Authorised<()>, GateError> {
        let rows =
            self.registry().session(credentials.find(), Timestamp::now()).await.map_err(registry_error)?;
        rows.ok_or(GateError::SignedOut)
    }

    /// Who is signed in, and in which homes.
    pub async fn me(&self, credentials: &Credentials) -> Result<Answer<views::Me>, GateError> {
        let now = Timestamp::now();
        let rows =
            self.registry().unnoticed_sessions(credentials.find(), now).await.map_err(registry_error)?;
        let mut rows = rows.ok_or(GateError::SignedOut)?;
        let shares = std::mem::take(&mut rows.shares);
        let restored = std::mem::take(&mut rows.restored);
        let (person, homes, mut unverified, new_sign_ins) =
            self.open_homes(credentials, rows, Needs::Live)?;
        for home in &homes {
            self.settle_home(credentials, &person, home).await;
        }
        let (shares, unopened) = person.open_shares(shares);
        let (waiting, unopened_waiting) = person.waiting(restored);
        unverified += unopened + unopened_waiting;
        for share in &shares {
            self.settle_share(&person, share).await;
        }
        let mut view = view(credentials, &person, &homes, new_sign_ins, unverified);
        view.shares = u32::try_from(shares.len()).unwrap_or(u32::MAX);
        view.waiting = waiting;
        Ok(Answer::new(credentials, view))
    }

    /// Whether these credentials open a live session. For streams, which must end with their session.
    pub async fn is_live(&self, credentials: &Credentials) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        self.open_person(credentials, rows.session, &rows.account, Needs::Live)?;
        Ok(())
    }

    /// Counts credentials whose halves are of two sessions, as an alarm of its own: it happens to one who signs in anew while
    /// other pages are open, and to one who was given somebody else's cookie.
    pub async fn suspect(&self, credentials: &Credentials) {
        let Ok(rows) = self.session_rows(credentials).await else { return };
        let session = &rows.session;
        if let Err(error) = credentials.secret.open(session.id, session.expires_at, &session.wrap) {
            crate::alarm::halves_differ(&error);
        }
    }

    /// The homes of these credentials, by which a stream of changes is narrowed.
    pub async fn home_ids(
        &self,
        credentials: &Credentials,
    ) -> Result<Answer<Vec<ownsight_model::HomeId>>, GateError> {
        let rows = self.session_rows(credentials).await?;
        let (_, homes, _, ()) = self.open_homes(credentials, rows, Needs::FOOTAGE)?;
        Ok(Answer::new(credentials, homes.iter().map(HomeAccess::id).collect()))
    }

    /// Changes the person's name.
    pub async fn rename_account(&self, credentials: &Credentials, name: &str) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let mut person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        person.profile.name = text::name("name", name)?;
        let sealed = person.key.seal_text(person.scope, &profile::encode(&person.profile));
        self.registry().update_account_text(&person.authority()?, sealed).await.map_err(registry_error)
    }

    /// Changes the password, and ends all other sessions and all tokens of the account.
    pub async fn change_password(
        &self,
        credentials: &Credentials,
        current: &Password,
        new: &Password,
        peer: IpAddr,
    ) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        new.strong()?;
        let key = self.prove_password(&person, current, peer).await?;
        let row = self.wrap_under_password(person.scope, &person.profile.email, &key, new).await?;
        self.registry().replace_password(&person.authority()?, row).await.map_err(registry_error)
    }

    /// Erases the account: it leaves its homes, and its address is free again. Not while it is the only owner of one.
    pub async fn erase_account(
        &self,
        credentials: &Credentials,
        password: &Password,
        peer: IpAddr,
    ) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        let person = self.open_person(credentials, rows.session, &rows.account, Needs::SignIn)?;
        self.prove_password(&person, password, peer).await?;
        let (account, email) = (person.scope.account, &person.profile.email);
        match self.registry().erase_account(&person.authority()?, account, email).await {
            Err(RegistryError::NotFound) => {
                let error = OpenError::MixUp(Purpose::AccountText);
                return Err(crate::alarm::raise(&error, "finding the account that is to be erased"));
            }
            erased => erased.map_err(registry_error)?,
        }
        tracing::warn!(account.id = %person.scope.account, "an account was erased by its person");
        Ok(())
    }

    /// Opens the account by its password once more, for what a session alone may not do.
    pub(crate) async fn prove_password(
        &self,
        person: &Person,
        password: &Password,
        peer: IpAddr,
    ) -> Result<AccountKey, GateError> {
        let email = &person.profile.email;
        let (scope, key) = self.try_password(email, password, peer).await.map_err(|error| match error {
            GateError::WrongCredentials => GateError::WrongPassword,
            error => error,
        })?;
        if scope != person.scope {
            return Err(GateError::WrongPassword);
        }
        self.throttle().succeeded(email, peer, Instant::now());
        Ok(key)
    }
}

fn view(
    credentials: &Credentials,
    person: &Person,
    homes: &[HomeAccess],
    new_sign_ins: u32,
    unverified: u32,
) -> views::Me {
    let (kind, rights) = match person.let_in {
        LetIn::Token(rights) => ("token", Some(rights)),
        LetIn::SignIn if credentials.is_cookie() => ("cookie", None),
        LetIn::SignIn => ("bearer", None),
    };
    views::Me {
        account: views::Account {
            id: person.scope.account,
            email: person.profile.email.as_str().to_owned(),
            name: person.profile.name.clone(),
            initials: text::initials(&person.profile.name),
        },
        homes: homes.iter().map(HomeAccess::summary).collect(),
        session: views::Session { expires_at: person.session_ends_at(), kind, rights },
        waiting: Vec::new(),
        new_sign_ins: if rights.is_none() { new_sign_ins } else { 0 },
        shares: 0,
        unverified,
    }
}
