//! Live updates: they say that something changed, to those whose it is.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::Method;
use tokio::time::timeout;

use crate::support::person::{Answered, Person};
use crate::support::scene::Side;
use crate::support::system::System;

struct Updates {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Updates {
    async fn open(person: &Person) -> Self {
        let response = person.request(Method::GET, "events/stream").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let mut updates = Self { body: response.bytes_stream().boxed(), text: String::new() };
        updates.until("connected").await;
        updates
    }

    /// Reads until the text holds this.
    async fn until(&mut self, wanted: &str) {
        let read = async {
            while !self.text.contains(wanted) {
                match self.body.next().await {
                    Some(piece) => self.text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap()),
                    None => panic!("the stream ended: {}", self.text),
                }
            }
        };
        let in_time = timeout(Duration::from_secs(20), read).await.is_ok();
        assert!(in_time, "no `{wanted}` in: {}", self.text);
    }

    /// Everything within a time.
    async fn during(&mut self, time: Duration) -> &str {
        let read = async {
            while let Some(Ok(piece)) = self.body.next().await {
                self.text.push_str(std::str::from_utf8(&piece).unwrap());
            }
        };
        // Running out of time is what is expected.
        let _ = timeout(time, read).await;
        &self.text
    }

    async fn ends(&mut self) -> bool {
        let read = async { while let Some(Ok(_)) = self.body.next().await {} };
        timeout(Duration::from_secs(20), read).await.is_ok()
    }
}

#[tokio::test]
async fn a_new_event_is_told_of_to_its_home_and_to_nobody_else() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let mut own = Updates::open(&anna.browser).await;
    let mut others = Updates::open(&berta.browser).await;
    let event = anna.deliver().await;
    let told = format!("event: changed\ndata: {{\"home\":\"{}\",\"what\":\"events\"}}", anna.home.id);
    own.until(&told).await;
    // That it changed, and not what.
    assert!(!own.text.contains(&event.to_string()) && !own.text.contains(&anna.camera().to_string()));
    let others = others.during(Duration::from_secs(2)).await;
    assert!(!others.contains("changed"), "{others}");
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let mut updates = Updates::open(&anna.browser).await;
    assert_eq!(anna.program.delete("sessions").await.status, 204);
    updates.until("event: bye").await;
    assert!(updates.ends().await);
}

#[tokio::test]
async fn a_session_has_so_many_streams_and_others_are_not_concerned() {
    let system = System::start().await;
    let anna = Side::build(&system, "anna").await;
    let berta = Side::build(&system, "berta").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Updates::open(&anna.browser).await);
    }
    let refused =
        Answered::read(anna.browser.request(Method::GET, "events/stream").send().await.unwrap()).await;
    assert_eq!(refused.problem(), (429, "too-many-streams".into()));
    assert!(refused.header("retry-after").is_some());
    Updates::open(&berta.browser).await;
    Updates::open(&anna.program).await;
    drop(open);
    // Given back when the server sees that the readers went: at the latest with its next line.
    let mut last = None;
    for _ in 0..200 {
        let response = anna.browser.request(Method::GET, "events/stream").send().await.unwrap();
        last = Some(response.status().as_u16());
        if last == Some(200) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(last, Some(200), "the slots came back");
}
