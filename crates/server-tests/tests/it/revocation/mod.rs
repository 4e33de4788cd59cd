//! Once what allowed an open has ended, nothing opens that is asked for later: for removed members, for who left, for holders of
//! shares that were ended or given up, and for who is locked down, while many ask at once. Histories are recorded over HTTP and checked exactly.

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
use crate::support::share::{holder, of, offer};
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

/// What somebody is to the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Member,
    Holder,
}

impl As {
    /// Behind a home's address.
    fn kind(self) -> &'static str {
        match self {
            Self::Member => "members",
            Self::Holder => "shares",
        }
    }
}

/// Members of the home and holders of shares: what ends their access and gives it back, and what they open meanwhile.
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
        let people = [
            (Member::join(&anna, &system.url, "tom", "viewer").await, As::Member),
            (Member::join(&anna, &system.url, "lea", "adult").await, As::Member),
            (holder(&anna, &system.url, "mia", &json!({})).await, As::Holder),
            (holder(&anna, &system.url, "zoe", &json!({"rights": ["footage", "export"]})).await, As::Holder),
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
        let mut of_people = Vec::new();
        for (number, (member, as_)) in people.into_iter().enumerate() {
            let mut openers = tokio::task::JoinSet::new();
            for _ in 0..3 {
                let (scene, person) = (Arc::clone(&scene), member.person.clone());
                openers.spawn(async move { scene.open_again_and_again(&person).await });
            }
            let scene = Arc::clone(&scene);
            let changes = tokio::spawn(async move { scene.end_and_give_back(member, as_, number).await });
            of_people.push((openers, changes));
        }
        let mut histories = Vec::new();
        for (openers, changes) in of_people {
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

    /// Ends somebody's access, each time in another way, and gives it back, until enough was opened.
    async fn end_and_give_back(&self, member: Member, as_: As, number: usize) -> Vec<Change> {
        let home = self.anna.home.id.to_string();
        let owner = &self.anna.program;
        let of = LockdownFor::Account(member.email.clone());
        let mut id = member.id.clone();
        let mut changes = Vec::new();
        let mut round = number;
        while !self.done.load(Ordering::Relaxed) {
            let mut called = self.clock.now();
            if round % 3 == 2 {
                let closed = Closed::of([Closable::Thumbnails]).unwrap();
                self.system.gate.lock_down(&of, closed, "tested", "the test").await.unwrap();
            } else {
                // By the owner, or given up.
                let of_home = format!("homes/{home}/{}/{id}", as_.kind());
                let end = async || match as_ {
                    As::Member if !round.is_multiple_of(3) => member.person.delete(&of_home).await,
                    As::Holder if !round.is_multiple_of(3) => {
                        member.person.delete(&format!("shares/{id}")).await
                    }
                    As::Member | As::Holder => owner.delete(&of_home).await,
                };
                let mut ended = end().await;
                // Too much changed at once: nothing has ended, and the call that ends it is a later one.
                while ended.status == 409 {
                    called = self.clock.now();
                    ended = end().await;
                }
                assert!([200, 204].contains(&ended.status), "{ended:?}");
            }
            changes.push(Change { span: Span { called, returned: self.clock.now() }, may: false });
            tokio::time::sleep(Duration::from_millis(20)).await;

            let called = if round % 3 == 2 {
                let called = self.clock.now();
                assert!(self.system.gate.lift_lockdown(&of, "the test").await.unwrap());
                called
            } else {
                self.join_again(&member, as_, &mut id).await
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
    /// Invites and accepts, until no removal of somebody else ended the invitation in between; when the acceptance was called.
    async fn join_again(&self, member: &Member, as_: As, id: &mut String) -> u64 {
        let home = self.anna.home.id.to_string();
        loop {
            let invitation = match as_ {
                As::Member => invite(&self.anna.program, &home, &member.email, "viewer").await,
                As::Holder => {
                    let share = of(&[self.anna.camera()], &member.email, &json!({}));
                    offer(&self.anna.program, &self.anna, &share).await
                }
            };
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
