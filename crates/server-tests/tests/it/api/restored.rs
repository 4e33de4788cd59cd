//! A backup is brought back: what was revoked since does not come back with it.

use ownsight_gate::LockdownFor;
use ownsight_ingest::IngestConfig;
use ownsight_model::{Closable, Closed, Timestamp};
use ownsight_server::ServerConfig;
use serde_json::{Value, json};

use crate::support::member::Member;
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::share::{holder, share};
use crate::support::system::{System, loopback};

/// A consistent copy of a database that is in use.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    let raw = rusqlite::Connection::open(from).unwrap();
    raw.execute("VACUUM INTO ?1", [to.to_string_lossy()]).unwrap();
}

/// Ends the system and starts it on the databases of a backup, as a restored one.
async fn bring_back(system: System, backup: &std::path::Path) -> System {
    let (folder, master) = system.stop().await;
    for name in ["registry.db", "ledger.db"] {
        for suffix in ["", "-wal", "-shm"] {
            std::fs::remove_file(folder.path().join(format!("{name}{suffix}"))).ok();
        }
        std::fs::copy(backup.join(name), folder.path().join(name)).unwrap();
    }
    let system = System::on(folder, master, ServerConfig::at(loopback()), IngestConfig::default()).await;
    system.registry.mark_restored(Timestamp::now(), 0).await.unwrap();
    system
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn sign_in(system: &System, name: &str) -> Person {
    Person::by_token(&system.url, &format!("{name}@example.org"), &format!("{name} password")).await
}

/// A viewer is removed and a share ends after the backup. Neither opens anything after it was brought back, not before the owner's
/// word and not after.
#[tokio::test]
async fn who_was_removed_after_the_backup_stays_out_once_the_owner_has_confirmed() {
    let system = System::start().await;
    let mut side = Side::build(&system, "anna").await;
    let tom = Member::join(&side, &system.url, "tom", "viewer").await;
    let ida = Member::join(&side, &system.url, "ida", "adult").await;
    let zoe = holder(&side, &system.url, "zoe", &json!({})).await;
    let carl = Side::build(&system, "carl").await;
    let stays = share(&side, &carl.program, &carl.email, &json!({})).await;
    // The device takes what there is for it: it is where the backup is.
    while side.serving.device.ask(0).await.status() == 200 {
        side.serving.renew().await;
    }
    let event = side.deliver().await;
    for person in [&tom.person, &zoe.person, &ida.person, &carl.program] {
        person.see(&format!("events/{event}")).await;
    }
    let backup = tempfile::tempdir().unwrap();
    for name in ["registry.db", "ledger.db"] {
        copy(&system.registry_file().with_file_name(name), &backup.path().join(name));
    }
    let of_home = |what: &str| format!("homes/{}/{what}", side.home.id);
    assert_eq!(side.program.delete(&of_home(&format!("members/{}", tom.id))).await.status, 200);
    assert_eq!(side.program.delete(&of_home(&format!("shares/{}", zoe.id))).await.status, 200);
    assert_eq!(tom.person.get(&format!("events/{event}")).await.status, 404);

    let system = bring_back(system, backup.path()).await;
    side.serving.device.base.clone_from(&system.url);
    let old = tom.person.with(tom.person.proof.clone());
    assert!(old.request(reqwest::Method::GET, "me").send().await.is_err(), "that server has ended");
    let again = Person::nobody(&system.url).with(tom.person.proof.clone());
    assert_eq!(again.get("me").await.status, 401, "sessions of the backup have ended");
    let (tom, ida, zoe) =
        (sign_in(&system, "tom").await, sign_in(&system, "ida").await, sign_in(&system, "zoe").await);
    let (anna, carl) = (sign_in(&system, "anna").await, sign_in(&system, "carl").await);
    for person in [&tom, &ida, &zoe, &anna, &carl] {
        for part in ["", "/thumbnail", "/video"] {
            let answer = person.get(&format!("events/{event}{part}")).await;
            assert_eq!(answer.problem(), (403, "restored".into()));
        }
        assert_eq!(person.see("events").await["events"], json!([]));
        assert_eq!(person.see("shares").await["shares"], json!([]));
    }
    let later = side.deliver().await;
    let path = of_home("restored");
    let there = anna.see(&path).await;
    assert_eq!(there["name"], "anna home");
    assert_eq!(there["members"].as_array().unwrap().len(), 3);
    assert_eq!(ids(&there["shares"]).len(), 2);
    let device = side.serving.device.scope.device.to_string();
    assert_eq!(ids(&there["devices"]), [device.as_str()]);
    assert!(there["as_of"].as_i64().unwrap() <= there["restored_at"].as_i64().unwrap());

    let kept = json!({"members": [ida_id(&there)], "shares": [stays], "devices": [device]});
    let with = |field: &str, value: Value| {
        let mut body = kept.clone();
        body[field] = value;
        body
    };
    for field in ["members", "shares", "devices"] {
        let unknown = json!([ownsight_model::HomeId::generate()]);
        let answer = anna.post(&path, &with(field, unknown)).await;
        assert_eq!(
            (answer.problem(), answer.json()["field"].clone()),
            ((422, "invalid".into()), json!(field))
        );
    }
    assert_eq!(ida.post(&path, &kept).await.problem(), (403, "restored".into()));
    // To who holds a share it says that it waits, and to strangers nothing.
    assert_eq!(zoe.get(&path).await.problem(), (403, "restored".into()));
    let stranger = system.home("stranger").await;
    let nobody = sign_in(&system, "stranger").await;
    assert_eq!(nobody.get(&path).await.problem(), (404, "not-found".into()));
    assert_eq!(
        zoe.get(&format!("homes/{}/restored", stranger.id)).await.problem(),
        (404, "not-found".into())
    );
    let confirmed = anna.post(&path, &kept).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    assert_eq!(anna.get(&path).await.problem(), (404, "not-found".into()), "once");

    assert_eq!(side.serving.renew().await.tests.len(), 2, "what was being tested goes on");
    let newest = side.deliver_now().await;
    for event in [event, later, newest] {
        for person in [&anna, &ida, &carl] {
            person.see(&format!("events/{event}")).await;
        }
        for person in [&tom, &zoe] {
            let answer = person.get(&format!("events/{event}")).await;
            assert_eq!(answer.problem(), (404, "not-found".into()));
        }
    }
    for person in [&tom, &zoe] {
        let me = person.see("me").await;
        assert_eq!((&me["homes"], &me["waiting"], &me["shares"]), (&json!([]), &json!([]), &json!(0)));
    }
    assert_eq!(anna.see(&of_home("people")).await["members"].as_array().unwrap().len(), 2);
    let raw = system.raw();
    let sql = "SELECT a.email, c.confirmed_at >= c.restored_at FROM confirmations c JOIN accounts a ON a.id = c.account";
    let record: (String, bool) = raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(record, ("anna@example.org".to_owned(), true));
}

fn ida_id(there: &Value) -> &str {
    let members = there["members"].as_array().unwrap();
    members.iter().find(|member| member["email"] == "ida@example.org").unwrap()["id"].as_str().unwrap()
}

/// A device that is not named is out, and its cameras stay; the owner stays without being named.
#[tokio::test]
async fn a_device_that_is_not_named_is_out() {
    let system = System::start().await;
    let side = Side::build(&system, "anna").await;
    system.registry.mark_restored(Timestamp::now(), 0).await.unwrap();
    let anna = sign_in(&system, "anna").await;
    let body = json!({"members": [], "shares": [], "devices": []});
    let confirmed = anna.post(&format!("homes/{}/restored", side.home.id), &body).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    assert_eq!(side.serving.device.ask(0).await.status(), 403);
    anna.see(&format!("events/{}", side.event)).await;
    assert!(!anna.see("cameras").await["cameras"].as_array().unwrap().is_empty());
    let devices = anna.see(&format!("homes/{}/devices", side.home.id)).await;
    assert_eq!(devices["devices"], json!([]));
}

/// The operator's remedy against a former owner who came back with the backup.
#[tokio::test]
async fn what_is_locked_down_is_not_confirmed() {
    let system = System::start().await;
    let side = Side::build(&system, "anna").await;
    system.registry.mark_restored(Timestamp::now(), 0).await.unwrap();
    let anna = sign_in(&system, "anna").await;
    let all = Closed::of([Closable::All]).unwrap();
    let of = LockdownFor::Account("anna@example.org".into());
    system.gate.lock_down(&of, all, "Removed since.", "the operator").await.unwrap();
    let path = format!("homes/{}/restored", side.home.id);
    let body = json!({"members": [], "shares": [], "devices": []});
    assert_eq!(anna.get(&path).await.problem(), (423, "locked-down".into()));
    assert_eq!(anna.post(&path, &body).await.problem(), (423, "locked-down".into()));
    assert!(system.gate.lift_lockdown(&of, "the operator").await.unwrap());
    assert_eq!(anna.post(&path, &body).await.status, 200);
}
