//! A backup is brought back by hand, with and without the command for it, and the master key is replaced.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use reqwest::Method;
use serde_json::json;

use crate::machine::{EMAIL, Machine, PASSWORD, Serving, copy};

/// An installation with an account; its sheet's digits, and a backup of its data.
async fn installed(machine: &Machine) -> (String, PathBuf) {
    let serving = machine.serve();
    let secret = serving.said.split_once("/setup#").unwrap().1;
    let body = json!({"secret": secret, "email": EMAIL, "password": PASSWORD, "home_name": "Mill Yard 7"});
    let (status, redeemed) = serving.ask(None, Method::POST, "links/redeem", Some(&body)).await;
    assert_eq!(status, 201, "{redeemed}");
    let digits = redeemed["recovery_sheet"]["master_key"].as_str().unwrap().to_owned();
    let token = serving.sign_in().await;
    assert_eq!(serving.me(&token).await.1["homes"][0]["name"], "Mill Yard 7");
    serving.stop();
    let backup = machine.folder.path().join("backup");
    copy(&machine.data(), &backup);
    (digits, backup)
}

/// Everybody is signed out, and the home waits.
async fn waits(serving: &Serving) -> (String, String) {
    let token = serving.sign_in().await;
    let (_, me) = serving.me(&token).await;
    assert_eq!(me["homes"], json!([]), "{me}");
    let home = me["waiting"][0]["home_id"].as_str().unwrap().to_owned();
    (token, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_brought_back_with_the_recovery_sheet() {
    let machine = Machine::new();
    let (digits, backup) = installed(&machine).await;
    machine.bring_back(&backup);
    fs::remove_dir_all(machine.configuration()).unwrap();
    fs::create_dir(machine.configuration()).unwrap();
    fs::write(
        machine.configuration().join("ownsight.toml"),
        "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
    )
    .unwrap();

    let said = machine.refused(&["serve"], "");
    assert!(said.contains("run `ownsight master-key restore`"), "{said}");
    for (typed, why) in [
        (String::new(), "is not 64 hexadecimal digits"),
        (digits[1..].to_owned(), "is not 64 hexadecimal digits"),
        ("ab".repeat(32), "this is not the master key that the data was made with"),
    ] {
        let said = machine.refused(&["master-key", "restore"], &typed);
        assert!(said.contains(why), "{said}");
        assert!(typed.is_empty() || !said.contains(&typed), "what was typed is not repeated");
        assert!(!machine.key().exists(), "nothing was written");
    }
    // As it stands on the paper: in groups of four, in rows, in capitals.
    let groups: Vec<_> = digits.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect();
    let rows: Vec<_> = groups.chunks(4).map(|row| row.join(" ").to_uppercase()).collect();
    machine.done(
        &["master-key", "restore", "--lock-down", "A backup is brought back."],
        &(rows.join("\n") + "\n"),
    );
    assert_eq!(fs::read_to_string(machine.key()).unwrap().trim(), digits);
    assert_eq!(fs::metadata(machine.key()).unwrap().mode() & 0o777, 0o600);

    let serving = machine.serve();
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let (status, answer) = serving.ask(None, Method::POST, "sessions", Some(&body)).await;
    assert_eq!((status, &answer["lockdown"]["reason"]), (423, &json!("A backup is brought back.")));
    machine.done(&["lockdown", "off"], "");
    let (token, home) = waits(&serving).await;
    let path = format!("homes/{home}/restored");
    let (status, there) = serving.ask(Some(&token), Method::GET, &path, None).await;
    assert_eq!((status, &there["name"]), (200, &json!("Mill Yard 7")), "{there}");
    let keep = json!({"members": [], "shares": [], "devices": []});
    assert_eq!(serving.ask(Some(&token), Method::POST, &path, Some(&keep)).await.0, 200);
    assert_eq!(serving.me(&token).await.1["homes"][0]["name"], "Mill Yard 7");
    serving.stop();
    let serving = machine.serve();
    assert_eq!(serving.me(&token).await.1["homes"][0]["name"], "Mill Yard 7", "a start is no restore");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_was_rolled_back_is_noticed_and_a_crash_is_not() {
    let machine = Machine::new();
    let (_, backup) = installed(&machine).await;
    let mut serving = machine.serve();
    let ends = serving.sign_in().await;
    let stays = serving.sign_in().await;
    assert_eq!(serving.ask(Some(&ends), Method::DELETE, "sessions/current", None).await.0, 204);
    let mark = machine.configuration().join("restore.mark");
    let before = fs::read_to_string(&mark).unwrap();
    serving.child.kill().unwrap();
    drop(serving);
    let serving = machine.serve();
    assert_eq!(serving.me(&stays).await.0, 200, "a kill is no rollback: {before}");
    assert_eq!(serving.me(&ends).await.0, 401);
    serving.stop();

    machine.bring_back(&backup);
    let serving = machine.serve();
    waits(&serving).await;
    assert!(serving.stop().contains("the data folder is of an earlier time"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_replaced_while_the_server_is_stopped() {
    let machine = Machine::new();
    let (digits, backup) = installed(&machine).await;
    let serving = machine.serve();
    let token = serving.sign_in().await;
    let said = machine.refused(&["master-key", "rotate"], "");
    assert!(said.contains("the server must be stopped for this"), "{said}");
    serving.stop();
    let said = machine.refused(&["master-key", "sheet"], "");
    assert!(said.contains("no server answers at"), "{said}");

    let said = machine.done(&["master-key", "rotate"], "");
    assert_eq!(said, "", "nothing of it on standard output");
    let next = fs::read_to_string(machine.key()).unwrap().trim().to_owned();
    assert_ne!(next, digits);
    let serving = machine.serve();
    assert_eq!(serving.me(&token).await.0, 200, "sessions live on");
    let link = machine.done(&["master-key", "sheet"], "");
    assert!(!link.contains(&next));
    let secret = link.trim().split_once("/setup#").unwrap().1;
    let body = json!({"secret": secret});
    let (status, sheet) = serving.ask(None, Method::POST, "links/sheet", Some(&body)).await;
    assert_eq!((status, sheet["master_key"].as_str()), (200, Some(next.as_str())));
    assert_eq!(serving.ask(None, Method::POST, "links/sheet", Some(&body)).await.0, 404, "once");
    let reset = machine.done(&["account", "reset", EMAIL], "");
    let secret = reset.trim().split_once("/setup#").unwrap().1;
    let body = json!({"secret": secret, "email": EMAIL, "password": PASSWORD});
    assert_eq!(serving.ask(None, Method::POST, "links/redeem", Some(&body)).await.0, 201);
    serving.sign_in().await;
    serving.stop();

    // A backup of before opens with the key of before only.
    machine.bring_back(&backup);
    let said = machine.refused(&["serve"], "");
    assert!(said.contains("is not the one that the database"), "{said}");
    let said = machine.refused(&["master-key", "restore"], &digits);
    assert!(said.contains("move it away"), "{said}");
    fs::remove_file(machine.key()).unwrap();
    machine.done(&["master-key", "restore"], &digits);
    waits(&machine.serve()).await;
    // Others may not read it, whatever the umask.
    assert_eq!(fs::metadata(machine.key()).unwrap().permissions().mode() & 0o077, 0);
}
