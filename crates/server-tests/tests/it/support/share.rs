//! Shares: offered by a home's people, accepted by somebody outside it.

use ownsight_model::CameraId;
use ownsight_seal::Configuration;
use serde_json::{Value, json};

use super::device::Serving;
use super::member::Member;
use super::person::Person;
use super::scene::Side;

/// What is offered: these cameras, to see; `terms` says the rest.
pub(crate) fn of(cameras: &[CameraId], email: &str, terms: &Value) -> Value {
    let mut body = json!({"email": email, "cameras": cameras, "rights": ["footage"]});
    for (name, value) in terms.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Offers a share as `by`: what the answer says.
pub(crate) async fn offer(by: &Person, side: &Side, body: &Value) -> Value {
    let answer = by.post_until_unchanged(&format!("homes/{}/shares", side.home.id), body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// Shares the side's camera with a person who has an account; the share's id.
pub(crate) async fn share(side: &Side, with: &Person, email: &str, terms: &Value) -> String {
    let offered = offer(&side.program, side, &of(&[side.camera()], email, terms)).await;
    let accept = json!({"secret": offered["secret"], "email": email});
    let joined = with.post("invitations/accept", &accept).await;
    assert_eq!(joined.status, 201, "{joined:?}");
    assert_eq!(joined.json()["share_id"], offered["id"]);
    // The owner is there again, and takes them into the roster.
    side.program.see("me").await;
    offered["id"].as_str().unwrap().to_owned()
}

/// A holder of a share of the side's camera, with an account that has no home.
pub(crate) async fn holder(side: &Side, base: &str, name: &str, terms: &Value) -> Member {
    let email = format!("{name}@example.org");
    let offered = offer(&side.program, side, &of(&[side.camera()], &email, terms)).await;
    let holder = Member::redeem(base, &offered, name).await;
    side.program.see("me").await;
    holder
}

impl Serving {
    /// Takes the configuration that waits, and seals under it from then on.
    pub(crate) async fn renew(&mut self) -> Configuration {
        let configuration = self.device.configure().await;
        let assigned = configuration.cameras.iter().find(|assigned| assigned.camera == self.camera);
        self.sealer = configuration.sealer(assigned.unwrap());
        configuration
    }
}
