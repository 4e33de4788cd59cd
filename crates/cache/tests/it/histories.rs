//! Random histories against a map that never caches.

use std::collections::HashMap;
use std::time::Duration;

use ownsight_cache::{Ask, Group, Key};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::support::{
    Broken, Marked, MarkedCache, Server, cache_of, key, local, patient, process, server_only,
};

#[derive(Debug, Clone)]
enum Step {
    /// Ask, taking what is at most so many seconds old.
    Ask { key: u8, age: Option<u64> },
    /// The source changes, and is invalidated.
    Change { key: u8 },
    /// All keys of a group change, and are invalidated together.
    ChangeGroup { group: u8 },
    /// The source changes, and nobody says so.
    ChangeUntold { key: u8 },
    /// The key vanishes from the source, and is invalidated.
    Vanish { key: u8 },
    /// Time passes.
    Wait { seconds: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..6_u8;
    let step = prop_oneof![
        6 => (key.clone(), proptest::option::of(0..20_u64)).prop_map(|(key, age)| Step::Ask { key, age }),
        2 => key.clone().prop_map(|key| Step::Change { key }),
        1 => (0..2_u8).prop_map(|group| Step::ChangeGroup { group }),
        1 => key.clone().prop_map(|key| Step::ChangeUntold { key }),
        1 => key.prop_map(|key| Step::Vanish { key }),
        2 => (0..30_u64).prop_map(|seconds| Step::Wait { seconds }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// The source, with everything that a key ever was and when it ended.
#[derive(Default)]
struct Model {
    now: u64,
    versions: u64,
    /// The present version; none is absent.
    present: HashMap<u8, Option<u64>>,
    /// What may still come out by being old: version, and until when it was the present one.
    former: HashMap<u8, Vec<(Option<u64>, u64)>>,
}

impl Model {
    fn present(&self, key: u8) -> Option<u64> {
        self.present.get(&key).copied().unwrap_or(Some(0))
    }

    fn change(&mut self, key: u8, vanish: bool, told: bool) {
        self.versions += 1;
        let old = self.present(key);
        let former = self.former.entry(key).or_default();
        if told {
            former.clear();
        } else {
            former.push((old, self.now));
        }
        self.present.insert(key, (!vanish).then_some(self.versions));
    }

    /// Whether this may be what somebody gets who takes what is so old.
    fn allows(&self, key: u8, version: Option<u64>, age: u64) -> bool {
        let former = self.former.get(&key).into_iter().flatten();
        let mut young = former.filter(|(_, until)| until + age >= self.now);
        version == self.present(key) || young.any(|(former, _)| *former == version)
    }
}

fn named(n: u8) -> Key {
    key(&n.to_string()).in_group(Group::of([[n % 2]]).unwrap()).unwrap()
}

/// `oldest` is how old a value may be that nobody set a bound for, in seconds.
async fn run(steps: Vec<Step>, cache: &MarkedCache, advance: impl Fn(Duration), oldest: u64) {
    let mut model = Model::default();
    for (at, step) in steps.iter().enumerate() {
        match *step {
            Step::Ask { key: n, age } => {
                let ask = age.map_or(Ask::ANY, |age| Ask::ANY.no_older_than(Duration::from_secs(age)));
                let present = model.present(n);
                let load =
                    async || Ok::<_, Broken>(present.map(|version| Marked { key: n.to_string(), version }));
                let found = cache.get_or_load(&named(n), ask, load).await.unwrap();
                if let Some(marked) = found.value() {
                    assert_eq!(marked.key, n.to_string(), "step {at} of {steps:?}");
                }
                let version = found.value().map(|marked| marked.version);
                let age = age.unwrap_or(oldest).min(oldest);
                assert!(model.allows(n, version, age), "step {at}: {version:?} of {steps:?}");
            }
            Step::Change { key } => {
                model.change(key, false, true);
                cache.invalidate(&named(key)).await.unwrap();
            }
            Step::ChangeGroup { group } => {
                for key in (0..6).filter(|key| key % 2 == group) {
                    model.change(key, false, true);
                }
                cache.invalidate_group(&Group::of([[group]]).unwrap()).await.unwrap();
            }
            Step::ChangeUntold { key } => model.change(key, false, false),
            Step::Vanish { key } => {
                model.change(key, true, true);
                cache.invalidate(&named(key)).await.unwrap();
            }
            Step::Wait { seconds } => {
                model.now += seconds;
                advance(Duration::from_secs(seconds));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn in_this_process(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (cache, clock) = local(patient());
        runtime.block_on(run(steps, &cache, |by| clock.advance(by), 60));
    }
}

/// Without a tier in the process, so that each invalidation is the server's.
#[tokio::test]
async fn on_a_server() {
    let Some(server) = Server::start("histories") else { return };
    let (caches, clock) = process(&server.url()).await;
    let cache = cache_of(&caches, server_only());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..60 {
        let history = steps().new_tree(&mut runner).unwrap().current();
        server.run(&[b"FLUSHALL"]).unwrap();
        clock.advance(Duration::from_secs(10));
        run(history, &cache, |by| clock.advance(by), 3_600).await;
    }
}

/// Negative control: the model does not allow what is too old, what was invalidated, and what never was.
#[test]
fn the_model_finds_what_is_wrong() {
    let mut model = Model::default();
    model.change(1, false, false);
    model.now = 10;
    assert!(model.allows(1, Some(1), 0) && model.allows(1, Some(0), 10));
    assert!(!model.allows(1, Some(0), 9) && !model.allows(1, Some(2), 99) && !model.allows(1, None, 99));
    model.change(1, true, true);
    assert!(model.allows(1, None, 0) && !model.allows(1, Some(1), 99) && !model.allows(1, Some(0), 99));
}
