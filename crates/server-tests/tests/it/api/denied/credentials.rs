//! Credentials that open nothing.

use std::time::Duration;

use ownsight_model::Timestamp;

use super::operations::Operation;
use crate::support::person::{Cookies, Person, Proof, half};
use crate::support::scene::Side;
use crate::support::system::System;
use crate::support::token::{self, Token};

/// Those who are turned away whatever they ask for.
pub(super) struct Denied(Vec<(&'static str, Person, &'static [u16])>);

impl Denied {
    pub(super) async fn of(system: &System, anna: &Side, berta: &Side) -> Self {
        let nobody = Person::nobody(&system.url);
        let ended = Person::by_token(&system.url, &anna.email, &anna.password).await;
        assert_eq!(ended.delete("sessions/current").await.status, 204);
        let Proof::Bearer { token, .. } = anna.program.proof.clone() else { panic!("no token") };
        let made = Token::make(anna, &["footage", "export", "delete", "manage"]).await;
        assert_eq!(anna.browser.delete(&format!("tokens/{}", made.id)).await.status, 204);
        let soon = Timestamp::now().shifted(1_000_000);
        let mut body = token::body(&anna.password, &["footage", "export", "delete", "manage"]);
        body["expires_at"] = soon.as_micros().into();
        let expired = Token::of(anna, &body).await.person;
        tokio::time::sleep(Duration::from_millis(1_010)).await;
        let lives = Token::make(anna, &["footage", "export", "delete", "manage"]).await.text;
        let browser = |server: &Person, page: &Person, s: Option<&str>| {
            let cookies =
                Cookies { server: server.cookies().server.clone(), page: page.cookies().page.clone() };
            nobody.with(Proof::Browser { cookies, s: s.map(str::to_owned) })
        };
        let bearer = |token: String, half: Option<String>| nobody.with(Proof::Bearer { token, half });
        let (a, b) = (&anna.browser, &berta.browser);
        Self(vec![
            ("signed out", nobody.clone(), &[401]),
            ("by a token whose session ended", ended, &[401]),
            ("by a token of nobody's", bearer(half(9), None), &[401]),
            ("by a program's token that was ended", made.person, &[401]),
            ("by a program's token whose time is over", expired, &[401]),
            ("by a program's token with a half of a client's", bearer(lives.clone(), Some(half(1))), &[401]),
            ("by a program's token as a session's", bearer(lives.replace("ownsight_", ""), None), &[401]),
            ("by the owner's token as a program's", bearer(format!("ownsight_{token}"), None), &[401]),
            ("by something that is no token", bearer("x".into(), None), &[401]),
            ("by the owner's token with a half of the client's", bearer(token, Some(half(1))), &[401]),
            (
                "by the server's half of the owner's cookie as a token",
                bearer(a.cookies().server.1.clone(), None),
                &[401],
            ),
            (
                "by both halves as a token's",
                bearer(a.cookies().server.1.clone(), Some(a.cookies().page.1.clone())),
                &[401],
            ),
            ("as the owner's browser without `s`", browser(a, a, None), &[404]),
            ("as the owner's browser with the stranger's `s`", browser(a, a, Some(b.s())), &[404]),
            ("as the stranger's browser with the owner's `s`", browser(b, b, Some(a.s())), &[404]),
            (
                "with the owner's cookie from the server, in the stranger's page",
                browser(a, b, Some(a.s())),
                &[404],
            ),
            ("the same with the stranger's `s`", browser(a, b, Some(b.s())), &[404]),
            (
                "with the stranger's cookie from the server, in the owner's page",
                browser(b, a, Some(a.s())),
                &[404],
            ),
        ])
    }

    pub(super) async fn check(&self, operation: &Operation, path: &str, name: &str) {
        for (how, person, expected) in &self.0 {
            // With its body and without: who is not let in is not told what is wrong with it.
            for body in [operation.body.as_ref(), None] {
                let answer = person.send(operation.method.clone(), path, body).await;
                let (status, code) = answer.problem();
                assert!(expected.contains(&status), "{name}, {how}: {status} {code}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}, {how}");
                assert_eq!(answer.header("set-cookie"), None, "{name}, {how}");
                assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{name}, {how}");
            }
        }
    }
}
