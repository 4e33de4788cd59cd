//! The operator and people: what one may, the other may not, whatever their secrets are taken for.

use ownsight_gate::LinkFor;
use reqwest::Method;
use serde_json::json;

use super::operations::{OF_THE_OPERATOR, People, ids_of, operations};
use crate::support::member::Member;
use crate::support::operator::begin;
use crate::support::person::{Cookies, Person, Proof, half};
use crate::support::scene::Side;
use crate::support::share::holder;
use crate::support::system::System;
use crate::support::token::Token;

#[tokio::test]
async fn nobody_is_the_operator_and_the_operator_is_nobody() {
    let system = System::start().await;
    let (anna, berta) = (Side::build(&system, "anna").await, Side::build(&system, "berta").await);
    let people = People::of(&system, &anna, &berta, (&anna.program, &anna.email)).await;
    let operator = begin(&system, "olga").await;
    assert_eq!(operator.see("operator/visit").await["by"], "olga");

    // Each of these people, as themselves, and with their secrets under the operator's names.
    let (adult, viewer) = (
        Member::join(&anna, &system.url, "adam", "adult").await,
        Member::join(&anna, &system.url, "vera", "viewer").await,
    );
    let holder = holder(&anna, &system.url, "hal", &json!({})).await;
    let token = Token::make(&anna, &["footage", "export", "delete", "manage"]).await;
    let nobody = Person::nobody(&system.url);
    let Cookies { server, page } = anna.browser.cookies().clone();
    let names = operator.cookies().clone();
    let disguised = |s: Option<String>| {
        let (server, page) =
            ((names.server.0.clone(), server.1.clone()), (names.page.0.clone(), page.1.clone()));
        nobody.with(Proof::Browser { cookies: Cookies { server, page }, s })
    };
    let as_a_token =
        nobody.with(Proof::Bearer { token: names.server.1.clone(), half: Some(names.page.1.clone()) });
    let body = json!({"of": {"scope": "installation"}, "closes": ["all"], "reason": "mine"});
    for (method, path) in OF_THE_OPERATOR {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        for person in [
            &anna.browser,
            &anna.program,
            &adult.person,
            &viewer.person,
            &holder.person,
            &berta.browser,
            &token.person,
            &nobody,
            &as_a_token,
        ] {
            let answer = person.send(method.clone(), path, Some(&body)).await;
            assert_eq!(answer.problem(), (401, "no-visit".into()), "{method} {path}");
        }
        let guessed =
            disguised(Some(anna.browser.s().to_owned())).send(method.clone(), path, Some(&body)).await;
        assert_eq!(guessed.problem(), (404, "not-found".into()), "{method} {path}");
    }
    assert_eq!(system.gate.lockdowns().await.unwrap().len(), 0);

    // And the operator's visit, as it is and under a person's names, opens nothing of theirs.
    let people_s = anna.browser.cookies().clone();
    let as_anna = nobody.with(Proof::Browser {
        cookies: Cookies {
            server: (people_s.server.0, names.server.1.clone()),
            page: (people_s.page.0, names.page.1.clone()),
        },
        s: Some(operator.s().to_owned()),
    });
    let ids = ids_of(&anna, &people);
    for operation in operations(&anna, &people) {
        let path = operation.path(&ids);
        for (who, statuses) in [(&operator, [401, 401]), (&as_a_token, [401, 401]), (&as_anna, [404, 401])] {
            let answer = who.send(operation.method.clone(), &path, operation.body.as_ref()).await;
            assert!(statuses.contains(&answer.status), "{} {path}: {answer:?}", operation.method);
        }
    }
    assert_eq!(operator.get("operator/visit").await.status, 200, "and nothing of it ended the visit");
}

#[tokio::test]
async fn a_visit_is_of_one_browser_and_of_its_own_link() {
    let system = System::start().await;
    let link = system.gate.make_link(LinkFor::Operator { by: "olga".to_owned() }).await.unwrap();
    let nobody = Person::nobody(&system.url);
    let body = |secret: &str, page_half: &str| json!({"secret": secret, "page_half": page_half});
    let begin =
        async |secret: &str, page_half: &str| nobody.post("operator/visits", &body(secret, page_half)).await;
    assert_eq!(begin(&link, "short").await.problem(), (422, "invalid".into()));
    assert_eq!(begin(&half(1), &half(2)).await.problem(), (404, "link-used".into()));
    // A link for something else begins no visit, and a visit's link makes no account.
    let sheet = system.gate.make_link(LinkFor::Sheet).await.unwrap();
    assert_eq!(begin(&sheet, &half(2)).await.problem(), (404, "link-used".into()));
    let account = json!({"secret": *link, "email": "mia@example.org", "password": "a long password"});
    assert_eq!(nobody.post("links/redeem", &account).await.problem(), (404, "link-used".into()));
    assert_eq!(
        nobody.post("links/sheet", &json!({"secret": *link})).await.problem(),
        (404, "link-used".into())
    );
    assert_eq!(nobody.post("links/open", &json!({"secret": *link})).await.json()["kind"], "operator");

    let begun = begin(&link, &half(3)).await;
    assert_eq!(begun.status, 201);
    let set = begun.header("set-cookie").unwrap();
    assert!(
        set.contains("-operator=") && set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    assert_eq!(begin(&link, &half(3)).await.problem(), (404, "link-used".into()), "it works once");

    // Another browser's half, and an address without or with another `s`.
    let visit = crate::support::operator::of(&nobody, &begun, &half(3));
    assert_eq!(visit.get("operator/visit").await.status, 200);
    let Cookies { server, page } = visit.cookies().clone();
    let stolen = Cookies { server: server.clone(), page: (page.0.clone(), half(4)) };
    for (cookies, s) in [
        (stolen, Some(visit.s().to_owned())),
        (visit.cookies().clone(), None),
        (visit.cookies().clone(), Some(half(5))),
    ] {
        let other = nobody.with(Proof::Browser { cookies, s });
        assert_eq!(other.get("operator/visit").await.problem(), (404, "not-found".into()));
    }
    let alone =
        nobody.request(Method::GET, "operator/visit").header("Cookie", format!("{}={}", server.0, server.1));
    assert_eq!(alone.send().await.unwrap().status(), 401);
}
