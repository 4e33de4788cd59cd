//! `ownsight login`: a session for the commands on cameras.

use anyhow::{Context as _, bail};

use crate::cli::LoginArgs;
use crate::client::{Client, ask, read_password};

pub(crate) async fn run(args: LoginArgs) -> anyhow::Result<()> {
    if args.out {
        let client = Client::load()?;
        let ended = client.delete("/api/v1/sessions/current").await;
        // Whether the server hears of it or not, this machine forgets.
        Client::forget()?;
        ended.context("this machine has forgotten the session, but the server has not heard of it")?;
        eprintln!("Signed out.");
        return Ok(());
    }
    let Some(server) = args.server else {
        bail!("name the server's address: ownsight login https://cams.example.org")
    };
    if !server.starts_with("https://") && !server.starts_with("http://") {
        bail!(
            "`{server}` is no address of a server: write it as https://cams.example.org or http://192.168.1.2:7700"
        );
    }
    let email = match args.email {
        Some(email) => email,
        None if args.password_stdin => bail!("name the account with --email"),
        None => ask("E-mail address: ")?,
    };
    let password = read_password("Password: ", args.password_stdin)?;
    let client = Client::sign_in(&server, &email, &password).await?;
    client.save()?;
    eprintln!("Signed in.");
    Ok(())
}
