//! Pairing: from the code that a person carries to a device with a home.
//!
//! The code itself is never sent, only what is derived from it to find the pairing. What the server gives back
//! opens under the code, so a server (or somebody in between) cannot invite to another home. State is on disk
//! before the server hears the answer: a crash in between is made good by sending the same answer again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{digest, rand};
use data_encoding::BASE64URL_NOPAD;
use ownsight_model::{DeviceId, HomeId, InstallationId, Timestamp};
use ownsight_seal::{KeyPair, PairingAnswer, PairingCode, PairingScope};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::address::ServerAddress;
use crate::api::{Answer, Api};
use crate::clock::{CLOCK_FILE, Clock, SavedClock};
use crate::error::{CallError, LoadError, PairError};
use crate::former::{FormerPairing, FormerPairings};
use crate::place::Place;
use crate::run::Run;
use crate::state::{Folder, PairingReply, State};
use crate::tls::{Discovery, ServerPin, Trust};

const CALL_LIMIT: Duration = Duration::from_secs(20);

/// What kind of device asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// It pulls cameras near it.
    Agent,
    /// It is a camera, and pushes by itself.
    Camera,
}

/// What a person has typed, and what this program is.
#[derive(Debug, Clone)]
pub struct PairingRequest {
    /// Where the server is.
    pub server: ServerAddress,
    /// The code from the web app.
    pub code: PairingCode,
    /// What kind of device this is.
    pub kind: DeviceKind,
    /// The program and its version, such as `ownsight agent 0.1.0`.
    pub version: String,
}

/// What the code leads to: shown to the person before anything is answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Invitation {
    /// The installation.
    pub installation: InstallationId,
    /// The home that the device will belong to.
    pub home: HomeId,
    /// Its name.
    pub home_name: String,
    /// The id that the device will have.
    pub device: DeviceId,
    /// How the server is known, if public authorities do not know it.
    pub server_pin: Option<ServerPin>,
    /// Whether the device leaves another pairing for this one. What it recorded until then is delivered where that belongs.
    #[serde(skip)]
    pub leaves: bool,
}

#[derive(Serialize)]
struct Find {
    find: String,
}

#[derive(Deserialize)]
struct Found {
    blob: String,
}

#[derive(Serialize)]
struct AnswerBody<'a> {
    find: String,
    device_id: DeviceId,
    public_key: String,
    credential_hash: String,
    mac: String,
    kind: DeviceKind,
    version: &'a str,
}

/// Pairs the device of a folder. See [`Device::pair`](crate::Device::pair).
pub(crate) async fn pair(
    folder: Folder,
    request: PairingRequest,
    confirm: impl FnOnce(&Invitation) -> bool + Send,
) -> Result<(Folder, State), PairError> {
    let before = match State::load(&folder) {
        Ok(state) => Some(state),
        Err(LoadError::NotPaired) => None,
        Err(error) => return Err(error.into()),
    };
    let find_text = BASE64URL_NOPAD.encode(&request.code.find());
    if let Some(same) = before.as_ref().filter(|state| state.was_paired_by(&find_text)) {
        // This very pairing was answered before a crash or restart; other keys would be refused.
        return Ok((folder, same.clone()));
    }
    let leaves = before.as_ref().filter(|state| state.serial() > 0);
    let (mut invitation, api) = match find(&request).await {
        Err(PairError::UnknownCode) if leaves.is_some() => return Err(PairError::AlreadyPaired),
        found => found?,
    };
    invitation.leaves = leaves.is_some();
    if !confirm(&invitation) {
        return Err(PairError::NotConfirmed);
    }
    // One that has not come about yet leaves nothing; one that has delivers what it recorded.
    if let Some(leaves) = leaves {
        keep_former(&folder, leaves.clone()).await?;
    }
    let place = before.as_ref().map_or(Place::default(), |before| before.place.next());
    let state = answer(&request, &invitation)?.placed(place);
    let mut state = store(&folder, state).await?;
    match send_answer(&api, &state).await {
        Ok(answer) if answer.status.is_success() => {
            state.answer_taken();
            state = store(&folder, state).await?;
        }
        Ok(answer) if may_be_later(&answer) => {
            tracing::warn!(status = %answer.status, "the pairing's answer was not taken yet: it is sent again");
        }
        Ok(answer) => {
            match before {
                // It is the present one again, and so no former one.
                Some(before) => drop(store(&folder, before).await?),
                None => forget(&folder).await?,
            }
            return Err(refused(&answer));
        }
        // The running device sends the same answer again until there is a reply.
        Err(error) => tracing::warn!(%error, "no reply to the pairing's answer yet: it is sent again"),
    }
    Ok((folder, state))
}

/// Notes that the present pairing ends, before another takes its place.
async fn keep_former(folder: &Folder, state: State) -> Result<(), PairError> {
    let folder = folder.clone();
    let kept = spawn_blocking(move || -> Result<bool, LoadError> {
        let run = Run::begin(&folder)?;
        let saved: SavedClock = folder.read(CLOCK_FILE)?.unwrap_or_default();
        let former = FormerPairings::load(folder, state.place)?;
        // A machine without a clock of its own may have begun anew at a time long past.
        let ended_at = Clock::new(saved).now().max(Timestamp::from_micros(saved.last));
        Ok(former.add(FormerPairing::of(&state, run, ended_at))?)
    });
    let noted = kept.await.map_err(|_| CallError::TimedOut)??;
    if noted { Ok(()) } else { Err(PairError::TooManyFormer) }
}

fn may_be_later(answer: &Answer) -> bool {
    answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error()
}

/// Finds the pairing of a code, and a way to call its server that is proven.
async fn find(request: &PairingRequest) -> Result<(Invitation, Api), PairError> {
    let clock = Arc::new(Clock::new(SavedClock::default()));
    let api = |trust: &Trust| Api::new(request.server.clone(), trust, Arc::clone(&clock));
    let public = match api(&Trust::PublicRoots) {
        Ok(api) => call_find(&api, &request.code).await.map(|answer| (answer, api)),
        // A machine without roots can still know its server by a pin.
        Err(error) => Err(error),
    };
    let (answer, proven, discovery) = match public {
        Ok((answer, api)) => (answer, Some(api), None),
        Err(CallError::Unreachable(_) | CallError::Setup(_)) if request.server.is_encrypted() => {
            let discovery = Discovery::default();
            let unproven = api(&Trust::Unproven(discovery.clone()))?;
            (call_find(&unproven, &request.code).await?, None, Some(discovery))
        }
        Err(error) => return Err(error.into()),
    };
    if answer.status != StatusCode::OK {
        return Err(refused(&answer));
    }
    let malformed = || PairError::Refused { status: 200, detail: "its answer cannot be read".to_owned() };
    let blob = answer.json::<Found>().ok_or_else(malformed)?;
    let blob = BASE64URL_NOPAD.decode(blob.blob.as_bytes()).map_err(|_| malformed())?;
    let blob = request.code.open_blob(&blob).map_err(PairError::NotAuthentic)?;
    let mut invitation: Invitation = serde_json::from_slice(&blob).map_err(|_| malformed())?;
    let api = match (proven, discovery, invitation.server_pin) {
        (Some(api), _, _) => {
            // Who answers here is known already, and may stand in front of a server with a key of its own.
            invitation.server_pin = None;
            api
        }
        (None, Some(discovery), Some(pin)) if discovery.was(pin) => api(&Trust::Pin(pin))?,
        (None, _, _) => return Err(PairError::WrongServer),
    };
    Ok((invitation, api))
}

async fn call_find(api: &Api, code: &PairingCode) -> Result<Answer, CallError> {
    let body = Find { find: BASE64URL_NOPAD.encode(&code.find()) };
    api.send(api.request(Method::POST, "pairings/find").json(&body), CALL_LIMIT).await
}

/// Makes keys and credential, and the answer that proves the code to the home.
fn answer(request: &PairingRequest, invitation: &Invitation) -> Result<State, PairError> {
    let (installation, home, device) = (invitation.installation, invitation.home, invitation.device);
    let scope = PairingScope { installation, home, device };
    let first_key = request.code.device_key(installation, home, device);
    let keys = KeyPair::generate();
    let mut credential = Zeroizing::new([0; 32]);
    rand::fill(&mut *credential).map_err(|error| CallError::Setup(error.to_string().into()))?;
    let mut credential_hash = [0; 32];
    let hashed = digest::digest(&digest::SHA256, &*credential);
    credential_hash.iter_mut().zip(hashed.as_ref()).for_each(|(to, from)| *to = *from);
    let answer = PairingAnswer { public_key: keys.public(), credential_hash };
    let body = AnswerBody {
        find: BASE64URL_NOPAD.encode(&request.code.find()),
        device_id: device,
        public_key: BASE64URL_NOPAD.encode(&answer.public_key.to_bytes()),
        credential_hash: BASE64URL_NOPAD.encode(&credential_hash),
        mac: BASE64URL_NOPAD.encode(&answer.mac(&first_key, scope)),
        kind: request.kind,
        version: &request.version,
    };
    // A struct of texts always has a JSON form.
    let text = serde_json::to_string(&body).unwrap_or_default();
    let reply = PairingReply { find: body.find, body: text, taken: false };
    let pin = invitation.server_pin;
    Ok(State::new(request.server.clone(), pin, scope, &keys, credential, &first_key, reply))
}

/// Sends the answer that the state holds, word for word.
pub(crate) async fn send_answer(api: &Api, state: &State) -> Result<Answer, CallError> {
    let body = state.answer.as_ref().map(|answer| answer.body.clone()).unwrap_or_default();
    let request = api
        .request(Method::POST, "pairings/answer")
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(body);
    api.send(request, CALL_LIMIT).await
}

fn refused(answer: &Answer) -> PairError {
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => PairError::UnknownCode,
        StatusCode::CONFLICT => PairError::CodeTaken,
        StatusCode::UPGRADE_REQUIRED => PairError::OtherProtocol,
        status => PairError::Refused { status: status.as_u16(), detail: answer.detail().to_owned() },
    }
}

async fn store(folder: &Folder, state: State) -> Result<State, PairError> {
    let folder = folder.clone();
    spawn_blocking(move || state.store(&folder).map(|()| state))
        .await
        .map_err(|_| CallError::TimedOut)?
        .map_err(|error| PairError::State(error.into()))
}

async fn forget(folder: &Folder) -> Result<(), PairError> {
    let folder = folder.clone();
    let forgotten = spawn_blocking(move || State::forget(&folder)).await.map_err(|_| CallError::TimedOut)?;
    forgotten.map_err(|error| PairError::State(error.into()))
}

/// Opens a device's folder, made if it is missing.
pub(crate) async fn open_folder(path: &Path) -> Result<Folder, PairError> {
    let path = path.to_path_buf();
    let opened = spawn_blocking(move || Folder::open(&path, true)).await.map_err(|_| CallError::TimedOut)?;
    Ok(opened?)
}
