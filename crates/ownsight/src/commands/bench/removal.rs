//! Removing a member of a home with a thousand cameras: new keys for everything, in one transaction.

use std::time::Instant;

use anyhow::Context as _;
use ownsight_gate::{Credentials, Gate, NewAccount, NewCamera, Password, Source};
use ownsight_model::{GrantId, HomeId, Role};

use super::stage::Stage;
use super::{Figure, middle_and_99, millis};

const CAMERAS: usize = 1_000;
const MEMBERS: usize = 10;
const ROUNDS: usize = 15;
const PEER: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

pub(super) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let gate = stage.serving.gate();
    let home: HomeId = stage.home.parse()?;
    let (token, half) = stage.client.session();
    let owner = gate.bearer_credentials(token, Some(half)).context("the session has no form of one")?;
    for number in 1..CAMERAS {
        let source = Source {
            address: format!("rtsp://camera.invalid/{number}/"),
            user: None,
            password: None,
            digest_only: false,
        };
        let camera =
            NewCamera { name: format!("camera {number}"), source: Some(source), sound: false, device: None };
        gate.add_camera(&owner, home, camera).await?;
    }
    for number in 0..MEMBERS {
        join(gate, &owner, home, &format!("member{number}@example.org")).await?;
    }
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let member = join(gate, &owner, home, &format!("removed{round}@example.org")).await?;
        let begun = Instant::now();
        gate.remove_member(&owner, home, member).await?;
        times.push(begun.elapsed());
    }
    let (middle, longest) = middle_and_99(times);
    Ok(vec![(
        "removing a member of a home with 1,000 cameras on one device, and 11 other members",
        format!("{}; the longest of {ROUNDS} {}", millis(middle), millis(longest)),
    )])
}

/// Somebody who was invited, accepted, and is in the roster.
async fn join(gate: &Gate, owner: &Credentials, home: HomeId, email: &str) -> anyhow::Result<GrantId> {
    let invitation = gate.invite(owner, home, email, Role::Adult).await?.release(owner)?;
    let new =
        NewAccount { password: Password::new("a password for the bench".into()), name: "member".into() };
    gate.redeem_invitation(&invitation.secret, email, &new, PEER).await?;
    gate.people(owner, home).await?;
    Ok(invitation.id)
}
