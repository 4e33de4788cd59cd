//! Accounts, and what opens an account key.

use ownsight_model::{AccountId, Email};
use rusqlite::{Connection, params};

use crate::access::Authority;
use crate::decode::{self, columns};
use crate::engine::Tx;
use crate::error::Step;
use crate::rows::{AccountRow, CustodyRow, PasswordRow};
use crate::sessions::end_all;
use crate::sql::{exists, first, run};
use crate::{Registry, RegistryError};

impl Registry {
    /// Whether there is any account.
    pub async fn accounts_exist(&self) -> Result<bool, RegistryError> {
        self.engine.statement(|connection| exists(connection, "SELECT 1 FROM accounts", [])).await
    }

    /// The account with this address.
    pub async fn account_by_email(&self, email: &Email) -> Result<Option<AccountRow>, RegistryError> {
        let email = email.clone();
        self.engine.statement(move |connection| by_email(connection, &email)).await
    }

    /// What the password of this address opens.
    pub async fn password(&self, email: &Email) -> Result<Option<PasswordRow>, RegistryError> {
        let email = email.clone();
        self.engine
            .statement(move |connection| {
                let sql = "SELECT params, wrap FROM passwords WHERE email = ?1";
                first(connection, "passwords", sql, [email.as_str()], |c| {
                    Ok(PasswordRow { email: email.clone(), params: c.text("params")?, wrap: c.blob("wrap")? })
                })
            })
            .await
    }

    /// What the master key opens for this address.
    pub async fn custody(&self, email: &Email) -> Result<Option<CustodyRow>, RegistryError> {
        let email = email.clone();
        self.engine
            .statement(move |connection| {
                let sql = "SELECT wrap FROM custodies WHERE email = ?1";
                first(connection, "custodies", sql, [email.as_str()], |c| {
                    Ok(CustodyRow { email: email.clone(), wrap: c.blob("wrap")? })
                })
            })
            .await
    }

    /// Replaces the account's own password and ends its other sessions. [`RegistryError::NotFound`] if the row
    /// names another address.
    pub async fn replace_password(
        &self,
        authority: &Authority,
        password: PasswordRow,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            owns_address(tx, asker.account, &password.email)?;
            write_password(tx, &password)?;
            end_all(tx, asker.account, Some(asker.session))?;
            Ok(())
        })
        .await
    }

    /// Replaces what the account sees of itself.
    pub async fn update_account_text(
        &self,
        authority: &Authority,
        text: Vec<u8>,
    ) -> Result<(), RegistryError> {
        self.authorised_write(authority, move |tx, asker| {
            run(tx, "UPDATE accounts SET text = ?2 WHERE id = ?1", params![asker.account.as_bytes(), text])?;
            Ok(())
        })
        .await
    }
}

pub(crate) fn by_email(connection: &Connection, email: &Email) -> Step<Option<AccountRow>> {
    let sql = concat!("SELECT ", columns!(account "a"), " FROM accounts a WHERE a.email = ?1");
    first(connection, "accounts", sql, [email.as_str()], decode::account)
}

/// Makes an account with what opens its key. [`RegistryError::EmailTaken`]; [`RegistryError::NotFound`] if the rows do not
/// belong together.
pub(crate) fn insert_account(
    tx: &Tx<'_>,
    account: &AccountRow,
    password: &PasswordRow,
    custody: &CustodyRow,
) -> Step<()> {
    if password.email != account.email || custody.email != account.email {
        return Err(RegistryError::NotFound.into());
    }
    if by_email(tx, &account.email)?.is_some() {
        return Err(RegistryError::EmailTaken.into());
    }
    run(
        tx,
        "INSERT INTO accounts (id, email, created_at, public_key, text) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            account.id.as_bytes(),
            account.email.as_str(),
            account.created_at.as_micros(),
            account.public_key,
            account.text
        ],
    )?;
    write_password(tx, password)?;
    run(
        tx,
        "INSERT INTO custodies (email, wrap) VALUES (?1, ?2)",
        params![custody.email.as_str(), custody.wrap],
    )?;
    Ok(())
}

pub(crate) fn owns_address(tx: &Tx<'_>, account: AccountId, email: &Email) -> Step<()> {
    let sql = "SELECT 1 FROM accounts WHERE id = ?1 AND email = ?2";
    if exists(tx, sql, params![account.as_bytes(), email.as_str()])? {
        Ok(())
    } else {
        Err(RegistryError::NotFound.into())
    }
}

pub(crate) fn write_password(tx: &Tx<'_>, password: &PasswordRow) -> Step<()> {
    run(
        tx,
        "INSERT INTO passwords (email, params, wrap) VALUES (?1, ?2, ?3)
         ON CONFLICT (email) DO UPDATE SET params = excluded.params, wrap = excluded.wrap",
        params![password.email.as_str(), password.params, password.wrap],
    )?;
    Ok(())
}
