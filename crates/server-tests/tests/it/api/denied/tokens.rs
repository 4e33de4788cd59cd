//! What a program's token is let do of everything there is, by its rights.

use reqwest::Method;
use serde_json::Value;

use super::operations::{Operation, People, ids_of, operations};
use crate::support::person::Answered;
use crate::support::scene::Side;
use crate::support::system::System;
use crate::support::token::Token;

/// Which rights an operation needs, each of these sets by itself; none: no token does it.
fn needed(operation: &Operation) -> &'static [&'static [&'static str]] {
    let see: &[&[&str]] = &[&["footage"]];
    let template = operation.template.strip_prefix("/api/v1/").unwrap();
    let is_get = operation.method == Method::GET;
    let of_the_account = ["me", "sessions", "tokens"].map(|what| template.split('/').next() == Some(what));
    match template {
        "me" if is_get => &[&[]],
        "invitations/accept" | "invitation-codes/ask" | "shares/{share}" => &[],
        _ if of_the_account.contains(&true) => &[],
        "events/{event}" if !is_get => &[&["delete"]],
        "shares" | "cameras/{camera}/still" | "homes/{home}/days" | "homes/{home}/days/{date}" => see,
        _ if template.starts_with("events") => see,
        "export" => &[&["footage", "export"]],
        "camera-tests/{test}/still" => &[&["footage", "manage"]],
        "homes/{home}" | "cameras" | "cameras/{camera}" if is_get => &[&["footage"], &["manage"]],
        _ => &[&["manage"]],
    }
}

#[tokio::test]
async fn each_right_alone_does_what_it_names_and_nothing_does_what_is_the_accounts() {
    let system = System::start().await;
    let other = Side::build(&system, "other").await;
    let all = ["footage", "export", "delete", "manage"];
    let of_rights: [(&str, &[&str]); 5] = [
        ("fay", &["footage"]),
        ("eva", &["export"]),
        ("dag", &["delete"]),
        ("max", &["manage"]),
        ("all", &all),
    ];
    for (owner, rights) in of_rights {
        let side = Side::build(&system, owner).await;
        let people = People::of(&system, &side, &other, (&side.program, &side.email)).await;
        let token = Token::make(&side, rights).await.person;
        let ids = ids_of(&side, &people);
        let sessions = async || side.browser.see("sessions").await["sessions"].as_array().unwrap().len();
        let (tokens, had) = (side.browser.see("tokens").await, sessions().await);
        let (mut done, mut refused) = (0, 0);
        for operation in operations(&side, &people) {
            let what = format!("{} {} with {rights:?}", operation.method, operation.template);
            let path = match &operation.special {
                Some((special, id)) => {
                    let with = ids.iter().map(|(name, usual)| {
                        (*name, if name == special { id.clone() } else { usual.clone() })
                    });
                    operation.path(&with.collect::<Vec<_>>())
                }
                None => operation.path(&ids),
            };
            let request = token.request(operation.method.clone(), &path);
            let request = match &operation.body {
                Some(body) => request.json(body),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let sets = needed(&operation);
            if sets.iter().any(|set| set.iter().all(|right| rights.contains(right))) {
                assert_eq!(status, operation.owner, "{what}");
                done += 1;
                continue;
            }
            let answer = Answered::read(answer).await;
            let code = if sets.is_empty() { "token-account" } else { "token-right" };
            assert_eq!(answer.problem(), (403, code.to_owned()), "{what}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            let missing = sets.iter().flat_map(|set| set.iter()).filter(|right| !rights.contains(right));
            let named = missing.map(|right| format!("`{right}`")).any(|right| detail.contains(&right));
            assert!(named || (sets.is_empty() && detail.contains("sign-in")), "{what}: {detail}");
            refused += 1;
        }
        assert!(done > 0 && refused > 0, "{rights:?}: {done} done, {refused} refused");
        // Neither its account nor anything that lets in was touched.
        let without_use = |mut list: Value| {
            for token in list["tokens"].as_array_mut().unwrap() {
                token["used_at"] = Value::Null;
            }
            list
        };
        assert_eq!(without_use(side.browser.see("tokens").await), without_use(tokens), "{rights:?}");
        assert_eq!(sessions().await, had, "{rights:?}");
        assert_eq!(side.browser.see("me").await["account"]["name"], owner, "{rights:?}");
    }
}
