//! `ownsight login`: a session for the commands on cameras.

use anyhow::{Context as _, bail};
use ownsight_device::ServerAddress;

use crate::cli::LoginArgs;
use crate::client::{Client, SignedOut, ask, read_password};

pub(crate) async fn run(args: LoginArgs) -> anyhow::Result<()> {
    if args.out {
        return sign_out().await;
    }
    let Some(server) = args.server else {
        bail!("name the server's address: ownsight login https://cams.example.org")
    };
    // The same rule as for devices: no secret over plain HTTP, but in one's own network.
    let server: ServerAddress = server.parse().with_context(|| format!("`{server}`"))?;
    let email = match args.email {
        Some(email) => email,
        None if args.password_stdin => bail!("name the account with --email"),
        None => ask("E-mail address: ")?,
    };
    let password = read_password("Password: ", args.password_stdin)?;
    let client = Client::sign_in(&server.to_string(), &email, &password).await?;
    client.save()?;
    eprintln!("Signed in.");
    Ok(())
}

async fn sign_out() -> anyhow::Result<()> {
    let client = Client::load()?;
    let ended = client.delete("/api/v1/sessions/current").await;
    // Whether the server hears of it or not, this machine forgets.
    Client::forget()?;
    match ended {
        Err(error) if !error.is::<SignedOut>() => {
            Err(error.context("this machine has forgotten the session, but the server has not heard of it"))
        }
        _ => {
            eprintln!("Signed out.");
            Ok(())
        }
    }
}
