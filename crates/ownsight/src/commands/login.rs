//! `ownsight login`: a session for the commands on cameras.

use anyhow::bail;

use crate::cli::LoginArgs;
use crate::client::{Client, ask, read_password};

pub(crate) async fn run(args: LoginArgs) -> anyhow::Result<()> {
    if args.out {
        let client = Client::load()?;
        client.delete("/api/v1/sessions/current").await?;
        Client::forget()?;
        eprintln!("Signed out.");
        return Ok(());
    }
    let email = match args.email {
        Some(email) => email,
        None if args.password_stdin => bail!("name the account with --email"),
        None => ask("E-mail address: ")?,
    };
    let password = read_password("Password: ", args.password_stdin)?;
    let client = Client::sign_in(&args.server, &email, &password).await?;
    client.save()?;
    eprintln!("Signed in.");
    Ok(())
}
