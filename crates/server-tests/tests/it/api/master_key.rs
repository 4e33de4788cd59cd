//! Another master key: what hangs on it goes along, and nothing else notices.

use ownsight_gate::{
    Gate, LinkFor, OpenGateError, RotateError, Unopened, master_key_fits, rotate_master_key,
};
use ownsight_registry::Rewrapped;
use ownsight_seal::MasterKey;
use serde_json::json;

use crate::support::person::{Person, half};
use crate::support::system::System;

/// The server's gate, started anew with this master key.
async fn started(system: &System, master: &MasterKey) -> Result<Gate, OpenGateError> {
    let (registry, vault, ledger) = (system.registry.clone(), system.vault.clone(), system.ledger.clone());
    Gate::open(master.clone(), registry, vault, ledger).await.map(|(gate, _)| gate)
}

#[tokio::test]
async fn after_a_rotation_only_the_new_key_fits_and_a_reset_works() {
    let system = System::start().await;
    system.home("anna").await;
    system.home("berta").await;
    let anna = Person::by_browser(&system.url, "anna@example.org", "anna password", &half(1)).await;
    let before = anna.see("me").await;
    let next = MasterKey::generate();
    let fits = async |key: &MasterKey| master_key_fits(key, &system.registry).await.unwrap();
    assert_eq!((fits(&system.master).await, fits(&next).await), (true, false));
    let rotated = rotate_master_key(&system.registry, &system.master, &next, Unopened::Refuse).await.unwrap();
    assert_eq!(rotated, Rewrapped { wrapped: 2, dropped: 0 });
    assert_eq!((fits(&system.master).await, fits(&next).await), (false, true));

    assert!(matches!(started(&system, &system.master).await, Err(OpenGateError::WrongMasterKey)));
    let again = rotate_master_key(&system.registry, &system.master, &next, Unopened::Drop).await;
    assert!(matches!(again, Err(RotateError::Open(OpenGateError::WrongMasterKey))), "{again:?}");
    assert_eq!(anna.see("me").await, before, "sessions do not hang on it");

    let gate = started(&system, &next).await.unwrap();
    let link = LinkFor::Reset { email: "anna@example.org".into() };
    let secret = gate.make_link(link).await.unwrap().to_string();
    let body = json!({"secret": secret, "email": "anna@example.org", "password": "quite another password"});
    // The server that runs still has the former key: it opens nothing any more, which is an alarm.
    let refused = Person::nobody(&system.url).post("links/redeem", &body).await;
    assert_eq!(refused.problem(), (500, "not-verified".into()));
    let redemption = ownsight_gate::Redemption {
        email: "anna@example.org".into(),
        password: ownsight_gate::Password::new("quite another password".to_owned()),
        name: None,
        home_name: None,
        zone: None,
    };
    gate.redeem_link(&secret, redemption).await.unwrap();
    assert_eq!(anna.get("me").await.status, 401);
    let anna = Person::by_token(&system.url, "anna@example.org", "quite another password").await;
    assert_eq!(anna.see("me").await["homes"], before["homes"]);
}

#[tokio::test]
async fn a_custody_that_does_not_open_stops_a_rotation_unless_it_is_dropped() {
    let system = System::start().await;
    system.home("anna").await;
    system.home("berta").await;
    let raw = system.raw();
    let sql = "UPDATE custodies SET wrap = (SELECT wrap FROM custodies WHERE email = 'berta@example.org')
               WHERE email = 'anna@example.org'";
    assert_eq!(raw.execute(sql, []).unwrap(), 1);
    let next = MasterKey::generate();
    let refused = rotate_master_key(&system.registry, &system.master, &next, Unopened::Refuse).await;
    assert!(matches!(refused, Err(RotateError::Unopened { count: 1 })), "{refused:?}");
    started(&system, &system.master).await.unwrap();

    let rotated = rotate_master_key(&system.registry, &system.master, &next, Unopened::Drop).await.unwrap();
    assert_eq!(rotated, Rewrapped { wrapped: 1, dropped: 1 });
    started(&system, &next).await.unwrap();
    Person::by_token(&system.url, "anna@example.org", "anna password").await.see("me").await;
}

/// Once, and by no other link.
#[tokio::test]
async fn a_link_shows_the_recovery_sheet_once() {
    let system = System::start().await;
    system.home("anna").await;
    let nobody = Person::nobody(&system.url);
    let secret = system.gate.make_link(LinkFor::Sheet).await.unwrap().to_string();
    let body = json!({"secret": secret});
    assert_eq!(nobody.post("links/open", &body).await.json()["kind"], "sheet");
    let as_account = json!({"secret": secret, "email": "eve@example.org", "password": "a good password"});
    assert_eq!(nobody.post("links/redeem", &as_account).await.problem(), (404, "link-used".into()));
    let shown = nobody.post("links/sheet", &body).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.json()["master_key"], data_encoding::HEXLOWER.encode(system.master.expose()));
    for path in ["links/open", "links/sheet"] {
        assert_eq!(nobody.post(path, &body).await.problem(), (404, "link-used".into()), "{path}");
    }
    let link = LinkFor::Account { email: None, local_agent: false };
    let account = json!({"secret": system.gate.make_link(link).await.unwrap().to_string()});
    assert_eq!(nobody.post("links/sheet", &account).await.problem(), (404, "link-used".into()));
    assert_eq!(nobody.post("links/open", &account).await.status, 200, "and it stays good");
}

/// Two operators at once: one of them is told that the key is another one by now.
#[tokio::test]
async fn of_two_rotations_at_once_one_is_done() {
    let system = System::start().await;
    system.home("anna").await;
    let keys = [MasterKey::generate(), MasterKey::generate()];
    let rotate = |to| rotate_master_key(&system.registry, &system.master, to, Unopened::Refuse);
    let outcomes = <[_; 2]>::from(tokio::join!(rotate(&keys[0]), rotate(&keys[1])));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for (outcome, key) in outcomes.into_iter().zip(&keys) {
        assert_eq!(master_key_fits(key, &system.registry).await.unwrap(), outcome.is_ok());
        assert!(matches!(outcome, Ok(_) | Err(RotateError::Open(_))), "{outcome:?}");
    }
}
