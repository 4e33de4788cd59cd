//! The gate inside the server: from credentials to the first byte of a thumbnail, and what of that is the record's sync.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use ownsight_gate::{Media, Password};
use ownsight_ledger::{Action, Entry, EventRef, Opening, Origin};
use ownsight_model::{AccountId, CameraId, HomeId, SessionId, Timestamp};

use super::stage::Stage;
use super::{Figure, middle_and_99, millis};

const EVENTS: usize = 200;
const ROUNDS: usize = 1_000;

pub(super) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let events = stage.deliver(EVENTS, 300_000).await?;
    let gate = stage.serving.gate();
    let ledger = stage.serving.ledger();
    let (token, half) = stage.client.session();
    let who = gate.bearer_credentials(token, Some(half)).context("the session has no form of one")?;
    // A password that is of nobody: argon2 runs all the same.
    let nobody = Password::new("of nobody".to_owned());
    let (mut whole, mut record, mut session) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let event = *events.get(round % events.len()).context("no event was delivered")?;
        let begun = Instant::now();
        let mut media = gate.open_media(&who, event, Media::Thumbnail).await?;
        let chunk = media.next().await.context("a thumbnail is empty")??;
        chunk.release(&who)?;
        whole.push(begun.elapsed());

        let begun = Instant::now();
        gate.is_live(&who).await?;
        session.push(begun.elapsed());

        let entry = Entry {
            time: Timestamp::now(),
            origin: Origin::ApiClient,
            opening: Opening {
                account: AccountId::generate(),
                session: SessionId::generate(),
                home: HomeId::generate(),
                action: Action::Thumbnail(EventRef { camera: CameraId::generate(), event }),
            },
        };
        let begun = Instant::now();
        let _ = ledger.append(entry, Instant::now() + Duration::from_secs(5)).await?;
        record.push(begun.elapsed());
    }
    let mut sign_in = Vec::new();
    for round in 0..5_u8 {
        let begun = Instant::now();
        let client = ownsight_gate::Client::Api { client_half: None };
        let address = [127, 0, 1, round].into();
        let refused =
            gate.sign_in(&format!("nobody{round}@example.org"), &nobody, client, None, address).await;
        sign_in.push(begun.elapsed());
        anyhow::ensure!(refused.is_err(), "nobody signed in");
    }
    let (whole_middle, whole_99) = middle_and_99(whole);
    let (record_middle, record_99) = middle_and_99(record);
    let (session_middle, _) = middle_and_99(session);
    let (sign_in, _) = middle_and_99(sign_in);
    let decision = whole_middle.saturating_sub(record_middle);
    Ok(vec![
        (
            "gate, from credentials to a thumbnail's plaintext",
            format!("{}; 99 of 100 within {}", millis(whole_middle), millis(whole_99)),
        ),
        (
            "of which the ledger's record, synced",
            format!("{}; 99 of 100 within {}", millis(record_middle), millis(record_99)),
        ),
        ("of which decision and opening (the difference of the medians)", millis(decision)),
        ("opening a session alone", millis(session_middle)),
        ("a sign-in, argon2id", millis(sign_in)),
    ])
}
