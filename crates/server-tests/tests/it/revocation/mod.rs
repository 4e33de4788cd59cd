//! Once what allowed an open has ended, nothing opens that is asked for later: for removed members, for who left, and for who
//! is locked down, while many ask at once. Histories are recorded over HTTP and checked exactly.

mod history;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ownsight_gate::LockdownFor;
use ownsight_model::{Closable, Closed};
use serde_json::json;

use self::history::{Change, History, Open, Span, Violation};
use crate::support::member::{Member, invite};
use crate::support::person::Person;
use crate::support::scene::Side;
use crate::support::system::System;

/// How many opens are tried; a long run has a million.
fn opens_wanted() -> usize {
    std::env::var("OWNSIGHT_HISTORY_OPENS").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

struct Clock(Instant);

impl Clock {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap()
    }
}

/// One member of the home: what ends their access and gives it back, and what they open meanwhile.
struct Scene {
    system: System,
    anna: Side,
    clock: Clock,
    wanted: usize,
    tried: AtomicUsize,
    done: AtomicBool,
    /// For how long an opener believes what it was answered last, as a cache of relations would. Never, but for the negative
    /// control.
    believed_for: Duration,
}

impl Scene {
    async fn run(believed_for: Duration, wanted: usize) -> Vec<History> {
        let system = System::start().await;
        let anna = Side::build(&system, "anna").await;
        let members = [
            Member::join(&anna, &system.url, "tom", "viewer").await,
            Member::join(&anna, &system.url, "lea", "adult").await,
        ];
        let clock = Clock(Instant::now());
        let scene = Self {
            system,
            anna,
            clock,
            wanted,
            tried: AtomicUsize::new(0),
            done: AtomicBool::new(false),
            believed_for,
        };
        let scene = Arc::new(scene);
        let mut of_members = Vec::new();
        for (number, member) in members.into_iter().enumerate() {
            let mut openers = tokio::task::JoinSet::new();
            for _ in 0..3 {
                let (scene, person) = (Arc::clone(&scene), member.person.clone());
                openers.spawn(async move { scene.open_again_and_again(&person).await });
            }
            let scene = Arc::clone(&scene);
            let changes = tokio::spawn(async move { scene.end_and_give_back(member, number).await });
            of_members.push((openers, changes));
        }
        let mut histories = Vec::new();
        for (openers, changes) in of_members {
            let opens = openers.join_all().await.concat();
            histories.push(History { changes: changes.await.unwrap(), opens });
        }
        histories
    }

    async fn open_again_and_again(&self, person: &Person) -> Vec<Open> {
        let path = format!("events/{}/thumbnail", self.anna.event);
        let mut opens = Vec::new();
        let mut believed: Option<(Instant, bool)> = None;
        while self.tried.fetch_add(1, Ordering::Relaxed) < self.wanted {
            let called = self.clock.now();
            let opened = match believed {
                Some((since, opened)) if since.elapsed() < self.believed_for => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    opened
                }
                _ => {
                    let answer = person.get(&path).await;
                    let opened = match answer.status {
                        200 => true,
                        404 | 423 => false,
                        other => panic!("{other}: {answer:?}"),
                    };
                    assert!(!opened || answer.body == self.anna.footage.thumbnail);
                    believed = Some((Instant::now(), opened));
                    opened
                }
            };
            opens.push(Open { span: Span { called, returned: self.clock.now() }, opened });
        }
        self.done.store(true, Ordering::Relaxed);
        opens
    }

    /// Ends a member's access, each time in another way, and gives it back, until enough was opened.
    async fn end_and_give_back(&self, member: Member, number: usize) -> Vec<Change> {
        let home = self.anna.home.id.to_string();
        let owner = &self.anna.program;
        let of = LockdownFor::Account(member.email.clone());
        let mut id = member.id.clone();
        let mut changes = Vec::new();
        let mut round = number;
        while !self.done.load(Ordering::Relaxed) {
            let called = self.clock.now();
            if round % 3 == 2 {
                let closed = Closed::of([Closable::Thumbnails]).unwrap();
                self.system.gate.lock_down(&of, closed, "tested", "the test").await.unwrap();
            } else {
                // Removed by the owner, or by leaving.
                let by = if round.is_multiple_of(3) { owner } else { &member.person };
                assert_eq!(by.delete(&format!("homes/{home}/members/{id}")).await.status, 200);
            }
            changes.push(Change { span: Span { called, returned: self.clock.now() }, may: false });
            tokio::time::sleep(Duration::from_millis(20)).await;

            let called = if round % 3 == 2 {
                let called = self.clock.now();
                assert!(self.system.gate.lift_lockdown(&of, "the test").await.unwrap());
                called
            } else {
                self.join_again(&member, &mut id).await
            };
            changes.push(Change { span: Span { called, returned: self.clock.now() }, may: true });
            if round % 3 != 2 {
                // The owner is there, and takes them into the roster.
                owner.see("me").await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            round += 1;
        }
        changes
    }
}

impl Scene {
    /// Invites and accepts, until no removal of the other member ended the invitation in between; when the acceptance was called.
    async fn join_again(&self, member: &Member, id: &mut String) -> u64 {
        let home = self.anna.home.id.to_string();
        loop {
            let invitation = invite(&self.anna.program, &home, &member.email, "viewer").await;
            let body = json!({"secret": invitation["secret"], "email": member.email});
            let called = self.clock.now();
            let joined = member.person.post("invitations/accept", &body).await;
            if joined.status == 201 {
                invitation["id"].as_str().unwrap().clone_into(id);
                return called;
            }
            assert_eq!(joined.problem(), (404, "link-used".into()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_opens_after_what_allowed_it_has_ended() {
    let histories = Scene::run(Duration::ZERO, opens_wanted()).await;
    for history in &histories {
        let opened = history.opens.iter().filter(|open| open.opened).count();
        let denied = history.opens.len() - opened;
        println!("{} changes, {opened} opened, {denied} denied", history.changes.len());
        assert!(history.changes.len() >= 6, "each way of ending at least once");
        assert!(opened > 20 && denied > 20, "both are seen");
        let violations = history.violations();
        assert!(violations.is_empty(), "{} violations: {:?}", violations.len(), violations.first());
    }
}

/// The negative control: were an answer believed for a tenth of a second, this very test would see it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_that_is_believed_for_a_moment_is_seen() {
    let histories = Scene::run(Duration::from_millis(100), 4_000).await;
    let violations: Vec<_> = histories.iter().flat_map(History::violations).collect();
    assert!(
        violations.iter().any(|violation| matches!(violation, Violation::OpenedAfterEnd(_))),
        "{violations:?}"
    );
}
