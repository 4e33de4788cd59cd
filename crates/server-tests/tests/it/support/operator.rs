//! The operator in a browser.

use ownsight_gate::LinkFor;
use serde_json::json;

use super::person::{Answered, Cookies, Person, Proof, half};
use super::system::System;

/// Begins a visit by a link that this operator asked for on the socket.
pub(crate) async fn begin(system: &System, by: &str) -> Person {
    let link = system.gate.make_link(LinkFor::Operator { by: by.to_owned() }).await.unwrap();
    let nobody = Person::nobody(&system.url);
    let page_half = half(77);
    let begun = nobody.post("operator/visits", &json!({"secret": *link, "page_half": page_half})).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    of(&nobody, &begun, &page_half)
}

/// The browser that was answered so.
pub(crate) fn of(nobody: &Person, begun: &Answered, page_half: &str) -> Person {
    let set = begun.header("set-cookie").unwrap();
    let (name, rest) = set.split_once('=').unwrap();
    let server = (name.to_owned(), rest.split(';').next().unwrap().to_owned());
    let body = begun.json();
    let page = (body["page_cookie"].as_str().unwrap().to_owned(), page_half.to_owned());
    let s = Some(body["s"].as_str().unwrap().to_owned());
    nobody.with(Proof::Browser { cookies: Cookies { server, page }, s })
}
