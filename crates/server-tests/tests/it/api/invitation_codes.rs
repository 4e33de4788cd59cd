//! Invitations by code: for somebody who is there, confirmed by who sees who asks. No key lies in one.

use data_encoding::BASE64URL_NOPAD;
use ownsight_model::GrantId;
use ownsight_seal::InvitationSecret;
use serde_json::{Value, json};

use crate::support::alarms::alarms;
use crate::support::member::{Member, code, invite};
use crate::support::person::{Person, half};
use crate::support::scene::Side;
use crate::support::system::System;

const PASSWORD: &str = "a long password";

async fn shown(side: &Side, role: &str) -> Value {
    code(&side.program, &side.home.id.to_string(), role).await
}

/// Who was shown a code makes an account and asks.
async fn asks(base: &str, code: &Value, name: &str) -> Person {
    let email = format!("{name}@example.org");
    let body = json!({"secret": code["secret"], "email": email, "password": PASSWORD, "name": name});
    let answer = Person::nobody(base).post("invitation-codes/redeem", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    Person::by_token(base, &email, PASSWORD).await
}

async fn state(person: &Person, code: &Value) -> Value {
    let answer = person.post("invitation-codes/ask", &json!({"secret": code["secret"]})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn path(side: &Side, code: &Value, what: &str) -> String {
    format!("homes/{}/invitation-codes/{}{what}", side.home.id, code["id"].as_str().unwrap())
}

async fn confirm(by: &Person, side: &Side, code: &Value, name: &str) -> (u16, String) {
    let body = json!({"email": format!("{name}@example.org")});
    let answer = by.post_until_unchanged(&path(side, code, "/confirm"), &body).await;
    if answer.status == 204 { (204, String::new()) } else { answer.problem() }
}

async fn waiting(side: &Side) -> Vec<Value> {
    let people = side.program.see(&format!("homes/{}/people", side.home.id)).await;
    people["codes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn who_is_shown_a_code_asks_and_is_a_member_once_confirmed() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let nobody = Person::nobody(&system.url);
    let shown = shown(&anna, "viewer").await;
    let link = format!("{}/join#{}", system.url, shown["secret"].as_str().unwrap());
    assert_eq!(shown["link"], link);
    assert!(shown["qr_svg"].as_str().unwrap().contains("<svg"));
    let secret = json!({"secret": shown["secret"]});
    let opened = nobody.post("invitation-codes/open", &secret).await.json();
    assert_eq!(
        opened,
        json!({"home_name": "anna home", "role": "viewer", "invited_by": "anna", "expires_at": shown["expires_at"]})
    );
    let [row] = waiting(&anna).await.try_into().unwrap();
    assert_eq!(
        (&row["id"], &row["role"], &row["made_by"], &row["asks"]),
        (&shown["id"], &json!("viewer"), &json!("anna"), &Value::Null)
    );
    assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await, (404, "not-found".into()), "nobody asks");

    let mia = asks(&system.url, &shown, "mia").await;
    // The first is the only one; she herself is told how it stands.
    assert_eq!(nobody.post("invitation-codes/open", &secret).await.problem(), (404, "link-used".into()));
    let late =
        json!({"secret": shown["secret"], "email": "eve@example.org", "password": PASSWORD, "name": "Eve"});
    assert_eq!(nobody.post("invitation-codes/redeem", &late).await.problem(), (404, "link-used".into()));
    let berta = Side::build(&system, "berta").await;
    let second = berta.program.post("invitation-codes/ask", &secret).await;
    assert_eq!(second.problem(), (404, "link-used".into()));
    let waits = state(&mia, &shown).await;
    assert_eq!(
        (&waits["state"], &waits["home_name"], &waits["invited_by"], &waits["home_id"]),
        (&json!("waiting"), &json!("anna home"), &json!("anna"), &Value::Null)
    );
    // She has nothing of the home.
    assert_eq!(mia.see("me").await["homes"], json!([]));
    assert_eq!(mia.see("events").await["events"], json!([]));
    assert_eq!(mia.get(&format!("homes/{}", anna.home.id)).await.status, 404);
    assert_eq!(mia.get(&format!("events/{}/thumbnail", anna.event)).await.status, 404);

    let [row] = waiting(&anna).await.try_into().unwrap();
    assert_eq!(
        (&row["asks"]["email"], &row["asks"]["name"]),
        (&json!("mia@example.org"), &json!("mia")),
        "{row}"
    );
    // Another address than the one that asks was not seen; and others' codes are nothing.
    let other =
        anna.program.post(&path(&anna, &shown, "/confirm"), &json!({"email": "eve@example.org"})).await;
    assert_eq!(other.problem(), (409, "changed".into()));
    assert_eq!(confirm(&berta.program, &anna, &shown, "mia").await, (404, "not-found".into()));
    assert_eq!(confirm(&mia, &anna, &shown, "mia").await, (404, "not-found".into()));

    assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await.0, 204);
    let joined = state(&mia, &shown).await;
    assert_eq!((&joined["state"], &joined["home_id"]), (&json!("joined"), &json!(anna.home.id.to_string())));
    assert_eq!(mia.get(&format!("events/{}/thumbnail", anna.event)).await.body, anna.footage.thumbnail);
    assert_eq!(mia.see("me").await["homes"][0]["role"], "viewer");
    assert!(waiting(&anna).await.is_empty());
    let people = anna.program.see(&format!("homes/{}/people", anna.home.id)).await;
    assert_eq!(
        (&people["members"][1]["email"], &people["members"][1]["invited_by"], &people["unverified"]),
        (&json!("mia@example.org"), &json!("anna"), &json!(0))
    );
    assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await, (404, "not-found".into()));
    // Once she was removed, the code says nothing more.
    let member = format!("homes/{}/members/{}", anna.home.id, shown["id"].as_str().unwrap());
    assert_eq!(anna.program.delete(&member).await.status, 200);
    let gone = mia.post("invitation-codes/ask", &secret).await;
    assert_eq!(gone.problem(), (404, "link-used".into()));
}

#[tokio::test]
async fn who_has_an_account_asks_with_it() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let shown = shown(&anna, "adult").await;
    assert_eq!(state(&berta.browser, &shown).await["state"], "waiting");
    assert_eq!(state(&berta.browser, &shown).await["state"], "waiting", "asked again");
    assert_eq!(confirm(&anna.program, &anna, &shown, "berta").await.0, 204);
    assert_eq!(state(&berta.browser, &shown).await["state"], "joined");
    assert_eq!(berta.program.see("cameras").await["cameras"].as_array().unwrap().len(), 2);
    let again = code(&anna.program, &anna.home.id.to_string(), "viewer").await;
    let again = berta.program.post("invitation-codes/ask", &json!({"secret": again["secret"]})).await;
    assert_eq!(again.problem(), (409, "already-member".into()));
}

/// Any owner or adult who may decide on the role, for they see who it is; nobody else.
#[tokio::test]
async fn an_adult_confirms_what_another_one_made_and_refuses_too() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let adult = Member::join(&anna, &system.url, "tom", "adult").await;
    let viewer = Member::join(&anna, &system.url, "lea", "viewer").await;
    let home = anna.home.id.to_string();
    let made =
        viewer.person.post(&format!("homes/{home}/invitation-codes"), &json!({"role": "viewer"})).await;
    assert_eq!(made.problem(), (403, "not-allowed".into()));
    let owner = adult.person.post(&format!("homes/{home}/invitation-codes"), &json!({"role": "owner"})).await;
    assert_eq!(owner.problem(), (403, "not-allowed".into()));

    let one = shown(&anna, "viewer").await;
    let mia = asks(&system.url, &one, "mia").await;
    assert_eq!(confirm(&viewer.person, &anna, &one, "mia").await, (403, "not-allowed".into()));
    let seen = viewer.person.see(&format!("homes/{home}/people")).await;
    assert_eq!(seen["codes"], json!([]));
    assert_eq!(confirm(&adult.person, &anna, &one, "mia").await.0, 204);
    assert_eq!(mia.get(&format!("events/{}/thumbnail", anna.event)).await.body, anna.footage.thumbnail);

    let two = code(&adult.person, &home, "viewer").await;
    let eve = asks(&system.url, &two, "eve").await;
    assert_eq!(viewer.person.delete(&path(&anna, &two, "")).await.problem().0, 403);
    assert_eq!(anna.program.delete(&path(&anna, &two, "")).await.status, 204);
    let refused = eve.post("invitation-codes/ask", &json!({"secret": two["secret"]})).await;
    assert_eq!(refused.problem(), (404, "link-used".into()));
    assert_eq!(eve.see("me").await["homes"], json!([]));
    assert_eq!(confirm(&anna.program, &anna, &two, "eve").await, (404, "not-found".into()));

    // Who is to be an owner, an owner confirms.
    let three = shown(&anna, "owner").await;
    let ida = asks(&system.url, &three, "ida").await;
    assert_eq!(confirm(&adult.person, &anna, &three, "ida").await, (403, "not-allowed".into()));
    assert_eq!(adult.person.delete(&path(&anna, &three, "")).await.problem().0, 403);
    assert_eq!(confirm(&anna.program, &anna, &three, "ida").await.0, 204);
    assert_eq!(ida.see("me").await["homes"][0]["role"], "owner");
}

/// By what was sealed, whatever a row says.
#[tokio::test]
async fn a_code_ends_in_time_used_or_not() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let nobody = Person::nobody(&system.url);
    let raw = system.raw();
    let used = shown(&anna, "viewer").await;
    let secret = json!({"secret": used["secret"]});
    raw.execute("UPDATE invitation_codes SET expires_at = created_at - 1", []).unwrap();
    assert_eq!(nobody.post("invitation-codes/open", &secret).await.problem(), (404, "link-used".into()));
    assert!(waiting(&anna).await.is_empty());
    raw.execute("UPDATE invitation_codes SET expires_at = created_at + 900000000", []).unwrap();
    let mia = asks(&system.url, &used, "mia").await;
    let [row] = waiting(&anna).await.try_into().unwrap();
    let until = row["expires_at"].as_i64().unwrap() - row["asks"]["at"].as_i64().unwrap();
    assert_eq!(until, 86_400_000_000, "a day to confirm");
    raw.execute("UPDATE invitation_codes SET expires_at = created_at - 1", []).unwrap();
    assert!(waiting(&anna).await.is_empty());
    assert_eq!(confirm(&anna.program, &anna, &used, "mia").await, (404, "not-found".into()));
    assert_eq!(mia.post("invitation-codes/ask", &secret).await.problem(), (404, "link-used".into()));
    for other in [half(7), "x".into(), String::new()] {
        let answer = nobody.post("invitation-codes/open", &json!({"secret": other})).await;
        assert_eq!(answer.problem(), (404, "link-used".into()));
    }
    // An invitation's link is no code's, and a code's is no invitation's.
    let invitation = invite(&anna.program, &anna.home.id.to_string(), "tom@example.org", "viewer").await;
    let answer = nobody.post("invitation-codes/open", &json!({"secret": invitation["secret"]})).await;
    assert_eq!(answer.problem(), (404, "link-used".into()));
    let shown = shown(&anna, "viewer").await;
    let body = json!({"secret": shown["secret"], "email": "tom@example.org"});
    assert_eq!(nobody.post("invitations/open", &body).await.problem(), (404, "link-used".into()));
    assert_eq!(anna.program.delete(&path(&anna, &shown, "")).await.status, 204);
    let secret = json!({"secret": shown["secret"]});
    assert_eq!(nobody.post("invitation-codes/open", &secret).await.problem(), (404, "link-used".into()));
}

/// What somebody puts into a row is an alarm, and no grant.
#[tokio::test]
async fn a_note_that_is_forged_edited_or_anothers_makes_no_member() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let raw = system.raw();
    let ours = shown(&anna, "viewer").await;
    let theirs = shown(&berta, "viewer").await;
    let mia = asks(&system.url, &ours, "mia").await;
    let eve = asks(&system.url, &theirs, "eve").await;
    let of =
        |code: &Value| format!("upper(hex(id)) = upper('{}')", code["id"].as_str().unwrap().replace('-', ""));
    let (us, them) = (of(&ours), of(&theirs));
    raw.execute("CREATE TABLE kept_codes AS SELECT * FROM invitation_codes", []).unwrap();
    let columns = ["kept", "text", "joined_account", "note", "tag", "member_key"];
    let restore = || {
        for column in columns.iter().chain(&["home", "epoch"]) {
            let sql = format!(
                "UPDATE invitation_codes SET {column} = (SELECT {column} FROM kept_codes k WHERE k.id = invitation_codes.id)"
            );
            raw.execute(&sql, []).unwrap();
        }
    };
    let from_them = |columns: &str| format!("({columns}) = (SELECT {columns} FROM kept_codes WHERE {them})");
    let changes = [
        "tag = randomblob(32)".to_owned(),
        "note = CAST(replace(CAST(note AS TEXT), 'mia', 'ida') AS BLOB)".to_owned(),
        from_them("note, tag"),
        from_them("joined_account, note, tag"),
        from_them("joined_account, note, tag, kept"),
        from_them("kept"),
        from_them("joined_account"),
    ];
    for change in changes {
        let set = format!("UPDATE invitation_codes SET {change} WHERE {us}");
        assert_eq!(raw.execute(&set, []).unwrap(), 1, "{change}");
        let before = alarms("mix-up") + alarms("not-authentic");
        for name in ["mia", "ida", "eve"] {
            assert_eq!(
                confirm(&anna.program, &anna, &ours, name).await,
                (500, "not-verified".into()),
                "{change}, as {name}"
            );
        }
        let people = anna.program.see(&format!("homes/{}/people", anna.home.id)).await;
        assert_eq!((&people["codes"], &people["unverified"]), (&json!([]), &json!(1)), "{change}");
        assert!(alarms("mix-up") + alarms("not-authentic") >= before + 4, "{change}: no alarm");
        for person in [&mia, &eve] {
            assert_eq!(person.see("me").await["homes"], json!([]), "{change}");
        }
        restore();
        assert_eq!(waiting(&anna).await.len(), 1);
    }
    // The whole row under the other home: it is found there, and does not open.
    raw.execute(
        &format!("UPDATE invitation_codes SET home = (SELECT home FROM kept_codes WHERE {them}) WHERE {us}"),
        [],
    )
    .unwrap();
    let answer =
        berta.program.post(&path(&berta, &ours, "/confirm"), &json!({"email": "mia@example.org"})).await;
    assert_eq!(answer.problem(), (500, "not-verified".into()));
    let asked = mia.post("invitation-codes/ask", &json!({"secret": ours["secret"]})).await;
    assert_eq!(asked.problem(), (500, "not-verified".into()));
    restore();
    // Another's member key: a member by the home's account, and yet nothing opens.
    raw.execute(&format!("UPDATE invitation_codes SET {} WHERE {us}", from_them("member_key")), []).unwrap();
    assert_eq!(confirm(&anna.program, &anna, &ours, "mia").await.0, 204);
    let me = mia.see("me").await;
    assert_eq!((&me["homes"], &me["unverified"]), (&json!([]), &json!(1)));
    assert_eq!(eve.see("me").await["homes"], json!([]));
    // Theirs was not touched.
    assert_eq!(confirm(&berta.program, &berta, &theirs, "eve").await.0, 204);
    assert_eq!(eve.see("me").await["homes"][0]["role"], "viewer");
}

/// Who waits comes along under the new keys; a code that nobody used ends. A note that comes later is none, even of who knew
/// all that the home kept.
#[tokio::test]
async fn a_home_epoch_takes_along_who_waits() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let adult = Member::join(&anna, &system.url, "tom", "adult").await;
    let (unused, one, two) =
        (shown(&anna, "viewer").await, shown(&anna, "viewer").await, shown(&anna, "viewer").await);
    let mia = asks(&system.url, &one, "mia").await;
    let ida = asks(&system.url, &two, "ida").await;
    let raw = system.raw();
    // What does not verify when the epoch begins ends with it, and keeps nobody in.
    let of =
        |code: &Value| format!("upper(hex(id)) = upper('{}')", code["id"].as_str().unwrap().replace('-', ""));
    raw.execute(&format!("UPDATE invitation_codes SET tag = randomblob(32) WHERE {}", of(&two)), []).unwrap();
    let member = format!("homes/{}/members/{}", anna.home.id, adult.id);
    let removed = anna.program.delete(&member).await;
    assert_eq!((removed.status, &removed.json()["cameras"]), (200, &json!(3)), "{removed:?}");
    let waits = waiting(&anna).await;
    let ids: Vec<_> = waits.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&one["id"]]);
    let nobody = Person::nobody(&system.url);
    for code in [&unused, &two] {
        let answer = nobody.post("invitation-codes/open", &json!({"secret": code["secret"]})).await;
        assert_eq!(answer.problem(), (404, "link-used".into()));
    }
    assert_eq!(state(&mia, &one).await["state"], "waiting");
    assert_eq!(confirm(&anna.program, &anna, &one, "mia").await.0, 204);
    assert_eq!(state(&mia, &one).await["state"], "joined");
    // With the home's past, and its present.
    assert_eq!(mia.get(&format!("events/{}/thumbnail", anna.event)).await.body, anna.footage.thumbnail);
    assert_eq!(mia.see("me").await["unverified"], 0);
    assert_eq!(ida.see("me").await["homes"], json!([]));
}

/// Whoever was shown a code can tag a note under it, with any time; it was left in time, and is confirmed in time, or is none.
/// And after a home epoch the one that was seen before it is the only one.
#[tokio::test]
async fn a_note_counts_by_the_time_that_it_says_and_none_comes_after_an_epoch() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let adult = Member::join(&anna, &system.url, "tom", "adult").await;
    let raw = system.raw();
    let shown = shown(&anna, "viewer").await;
    asks(&system.url, &shown, "mia").await;
    let code: GrantId = shown["id"].as_str().unwrap().parse().unwrap();
    let secret = BASE64URL_NOPAD.decode(shown["secret"].as_str().unwrap().as_bytes()).unwrap();
    let key = InvitationSecret::from_bytes(secret.try_into().unwrap()).code_key(system.gate.installation());
    let sql = "SELECT CAST(note AS TEXT) FROM invitation_codes WHERE note IS NOT NULL";
    let note: String = raw.query_row(sql, [], |row| row.get(0)).unwrap();
    let note: Value = serde_json::from_str(&note).unwrap();
    let leave = |change: &dyn Fn(&mut Value)| {
        let mut note = note.clone();
        change(&mut note);
        let note = serde_json::to_vec(&note).unwrap();
        let tag = key.tag_join_note(system.gate.installation(), code, &note);
        raw.execute("UPDATE invitation_codes SET note = ?1, tag = ?2 WHERE note IS NOT NULL", (note, tag))
            .unwrap();
    };
    let left_at = note["at"].as_i64().unwrap();
    let (minute, day) = (60_000_000, 86_400_000_000);
    for (at, counts) in [
        (left_at, true),
        (left_at - day + minute, true),
        (left_at - day - minute, false),
        (left_at + 14 * minute, true),
        (left_at + 16 * minute, false),
    ] {
        leave(&|note| note["at"] = json!(at));
        let people = anna.program.see(&format!("homes/{}/people", anna.home.id)).await;
        assert_eq!(
            (people["codes"].as_array().unwrap().len(), &people["unverified"]),
            (counts.into(), &json!(0))
        );
        if !counts {
            assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await, (404, "not-found".into()));
        }
    }
    leave(&|_| {});
    let member = format!("homes/{}/members/{}", anna.home.id, adult.id);
    assert_eq!(anna.program.delete(&member).await.status, 200);
    assert_eq!(waiting(&anna).await.len(), 1);
    // Who knew the code leaves a note of somebody else, or another one of the same person.
    leave(&|note| note["name"] = json!("Mia"));
    assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await, (500, "not-verified".into()));
    // Nor after one more epoch.
    leave(&|_| {});
    let eve = Member::join(&anna, &system.url, "eve", "viewer").await;
    let member = format!("homes/{}/members/{}", anna.home.id, eve.id);
    assert_eq!(anna.program.delete(&member).await.status, 200);
    leave(&|note| note["name"] = json!("Mia"));
    assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await, (500, "not-verified".into()));
    leave(&|_| {});
    assert_eq!(confirm(&anna.program, &anna, &shown, "mia").await.0, 204);
}
