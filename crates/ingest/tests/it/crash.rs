//! Crashes: a history of deliveries, stills, retries and erasures on the disk that forgets, over a real registry
//! whose every committed state is copied. Each state of the vault is paired with each state of the registry that
//! was possible at that moment, and after the next start's sweep the deep check must find nothing: every event
//! that the registry knows is there and whole, nothing half-written shows, nothing is left over.

use std::path::PathBuf;
use std::sync::Arc;

use ownsight_disk::{ForgettingDisk, SyncTarget};
use ownsight_ingest::check::{self, CheckOptions};
use ownsight_ingest::{Ingest, IngestConfig, IngestError, Receipt};
use ownsight_model::Timestamp;
use ownsight_registry::{Registry, RegistryOptions};
use ownsight_vault::Vault;

use crate::household::{Camera, HOUR, Household, Like, Sealed};
use crate::witness::{Moments, Witness};
use crate::world::{deliver, vault_config};

/// What was acknowledged, and from which position of the vault's journal on.
struct Acknowledged {
    position: usize,
    sealed: Sealed,
    receipt: Receipt,
}

/// A history that was played.
struct Played {
    disk: ForgettingDisk,
    moments: Moments,
    household: Household,
    acknowledged: Vec<Acknowledged>,
    /// Ranges of the journal in which objects were erased.
    erasing: Vec<std::ops::Range<usize>>,
    folder: tempfile::TempDir,
}

fn config() -> IngestConfig {
    IngestConfig { device_events_burst: 10_000, erase_batch: 2, ..IngestConfig::default() }
}

/// One thread for blocking work, so that the order of the disk's steps is that of the history.
fn run<T>(steps: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(steps)
}

struct Player {
    disk: ForgettingDisk,
    ingest: Ingest,
    household: Household,
    acknowledged: Vec<Acknowledged>,
    erasing: Vec<std::ops::Range<usize>>,
}

impl Player {
    /// Delivers as a device does: again, until it is acknowledged.
    async fn deliver(&mut self, sealed: &Sealed) {
        for _ in 0..3 {
            match deliver(&self.ingest, &self.household, sealed).await {
                Ok(receipt) => {
                    let position = self.disk.position();
                    return self.acknowledged.push(Acknowledged {
                        position,
                        sealed: sealed.clone(),
                        receipt,
                    });
                }
                Err(IngestError::Busy { .. } | IngestError::DiskFull { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("three faults in a row");
    }

    async fn keep_limits(&mut self, now: Timestamp) {
        let begin = self.disk.position();
        self.ingest.keep_limits_once(now).await.unwrap();
        self.erasing.push(begin..self.disk.position());
    }
}

/// Small and large events, of two cameras and several days' folders, a retry, stills that take each other's
/// place, and retention by age and by bytes in between.
async fn history(player: &mut Player, one: &Camera, two: &Camera, registry: &Registry) {
    let event = |camera: &Camera, hours: u32, bytes| camera.seal(Like { bytes, ..Like::event(HOUR * hours) });
    let first = event(one, 10 * 24, 300);
    player.deliver(&first).await;
    player.deliver(&event(one, 9 * 24, 200_000)).await;
    player.deliver(&first).await;
    player.deliver(&event(two, 5, 1)).await;
    player.deliver(&one.seal(Like::still(HOUR * 4))).await;
    player.deliver(&event(one, 4, 2_000)).await;
    player.deliver(&one.seal(Like::still(HOUR * 3))).await;
    player.household.clone().limit(registry, Some(7), None).await;
    player.keep_limits(Timestamp::now()).await;
    player.deliver(&event(two, 3, 70_000)).await;
    player.deliver(&event(one, 2, 5_000)).await;
    player.household.clone().limit(registry, None, Some(76_000)).await;
    player.keep_limits(Timestamp::now()).await;
    player.deliver(&event(two, 1, 900)).await;
}

fn play(disk: &ForgettingDisk) -> Played {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    run(async {
        let registry = Registry::open(&path, RegistryOptions::default()).unwrap();
        let installation = crate::household::install(&registry).await;
        let household = Household::settle(&registry, installation).await;
        let (one, two) = (household.camera(&registry).await, household.camera(&registry).await);
        let witness = Witness::new(disk.clone(), &path, folder.path());
        let vault = Vault::start(Arc::new(witness.clone()), vault_config()).await.unwrap();
        let ingest = Ingest::open(registry.clone(), vault, config()).await.unwrap();
        let (acknowledged, erasing) = (Vec::new(), Vec::new());
        let mut player =
            Player { disk: disk.clone(), ingest, household: household.clone(), acknowledged, erasing };
        history(&mut player, &one, &two, &registry).await;
        let moments = witness.end();
        registry.close().await;
        let Player { acknowledged, erasing, .. } = player;
        Played { disk: disk.clone(), moments, household, acknowledged, erasing, folder }
    })
}

/// Starts on what a crash left, sweeps, and says what is wrong then.
async fn recover(disk: &ForgettingDisk, registry: &Registry) -> Result<(), String> {
    let vault = Vault::start(Arc::new(disk.clone()), vault_config()).await.unwrap();
    let ingest = Ingest::open(registry.clone(), vault.clone(), config()).await.unwrap();
    let swept = ingest.sweep().await.unwrap();
    if swept.failed > 0 || swept.too_many {
        return Err(format!("not swept: {swept:?}"));
    }
    let options = CheckOptions { deep: true, ..CheckOptions::default() };
    let report = check::run(registry, &vault, options).await.unwrap();
    if report.is_clean() { Ok(()) } else { Err(format!("{:?}", report.findings)) }
}

/// Other seeds at each position: one seed begins with the same choice each time.
fn seeds(position: usize, count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |seed| position as u64 * 1_000 + seed)
}

impl Played {
    /// The registry's committed states, opened.
    fn states(&self) -> Vec<Registry> {
        let open = |path: &PathBuf| {
            let options = RegistryOptions { readers: 1, ..RegistryOptions::default() };
            Registry::open(path, options).unwrap()
        };
        self.moments.states.iter().map(open).collect()
    }

    fn end(&self) -> usize {
        self.disk.position()
    }
}

#[test]
fn every_state_of_the_vault_recovers_with_every_state_of_the_registry_that_was_possible() {
    let played = play(&ForgettingDisk::new());
    assert!(played.moments.states.len() >= 12, "the history commits: {}", played.moments.states.len());
    run(async {
        let states = played.states();
        let mut pairs = 0;
        for position in 0..=played.end() {
            for state in played.moments.possible_at(position) {
                for seed in seeds(position, 6) {
                    let verdict = recover(&played.disk.crash_at(position, seed), &states[state]).await;
                    assert_eq!(verdict, Ok(()), "position {position}, state {state}, seed {seed}");
                    pairs += 1;
                }
                // What was acknowledged before is known, or was erased since.
                for acknowledged in played.acknowledged.iter().filter(|fact| fact.position < position) {
                    let Acknowledged { sealed, receipt, .. } = acknowledged;
                    let stored = states[state].stored_event(sealed.camera, sealed.event).await.unwrap();
                    let replaced_still = stored.is_none() && sealed.bytes.len() < 1_000;
                    let known = stored.is_some_and(|stored| stored.received_at == receipt.received_at);
                    assert!(known || replaced_still, "lost at {position}: {:?}", sealed.event);
                }
            }
        }
        assert!(pairs > 6 * played.end(), "{pairs} pairs");
    });
}

/// The negative control: with any one sync of a delivery left out, some crash breaks a promise and the check
/// says so. A sync of an erasure that is left out brings an object back, which is swept, or leaves its old
/// header in free blocks, which only the vault's own tests can see.
#[test]
fn every_sync_of_a_delivery_is_missed_when_it_is_left_out() {
    let played = play(&ForgettingDisk::new());
    run(async {
        let states = played.states();
        let mut missed = 0;
        let mut erased_folder = None;
        for sync in played.disk.syncs() {
            // A still's successor erases it: its header, then its folder.
            if sync.target == SyncTarget::File && sync.path.extension().is_some_and(|end| end == "own") {
                erased_folder = sync.path.parent().map(PathBuf::from);
                continue;
            }
            if erased_folder.take().is_some_and(|folder| folder == sync.path) {
                continue;
            }
            if played.erasing.iter().any(|range| range.contains(&sync.position)) {
                continue;
            }
            let mut caught = false;
            'positions: for position in sync.position + 1..=played.end() {
                for state in played.moments.possible_at(position) {
                    for seed in seeds(position, 8) {
                        let after = played.disk.crash_without(sync.index, position, seed);
                        if recover(&after, &states[state]).await.is_err() {
                            caught = true;
                            break 'positions;
                        }
                    }
                }
            }
            assert!(caught, "nothing noticed that this was left out: {sync:?}");
            missed += 1;
        }
        assert!(missed >= 20, "{missed} syncs were left out");
    });
}

/// Each sync fails once, and each write ends early once: nothing is acknowledged by it, and what is acknowledged
/// by the next attempt is durable.
#[test]
fn a_disk_that_fails_once_loses_nothing_that_was_acknowledged() {
    let (syncs, writes) = {
        let disk = ForgettingDisk::new();
        play(&disk);
        (disk.syncs().len(), disk.writes())
    };
    let faults = (0..syncs).map(|index| (true, index)).chain((0..writes).map(|index| (false, index)));
    for (is_sync, index) in faults {
        let disk = ForgettingDisk::new();
        if is_sync {
            disk.fail_sync(index);
        } else {
            disk.cut_write(index, 40);
        }
        let played = play(&disk);
        run(async {
            let last = played.states().pop().unwrap();
            for seed in 0..3 {
                let verdict = recover(&played.disk.crash(seed), &last).await;
                assert_eq!(verdict, Ok(()), "fault at sync={is_sync} {index}, seed {seed}");
            }
        });
    }
}

/// After a crash every device sends what it has once more: what was acknowledged is answered as before, and all
/// is there in the end.
#[test]
fn after_a_crash_devices_go_on_as_before() {
    let played = play(&ForgettingDisk::new());
    let end = played.end();
    for (number, position) in (0..=end).step_by(end / 25 + 1).enumerate() {
        let state = played.moments.possible_at(position).next_back().unwrap();
        let copy = played.folder.path().join(format!("again-{number}.db"));
        std::fs::copy(&played.moments.states[state], &copy).unwrap();
        run(async {
            let registry = Registry::open(&copy, RegistryOptions::default()).unwrap();
            let after = played.disk.crash_at(position, 7);
            let vault = Vault::start(Arc::new(after.clone()), vault_config()).await.unwrap();
            let ingest = Ingest::open(registry.clone(), vault, config()).await.unwrap();
            ingest.sweep().await.unwrap();
            for acknowledged in &played.acknowledged {
                let Acknowledged { sealed, receipt, position: since } = acknowledged;
                match deliver(&ingest, &played.household, sealed).await {
                    Ok(again) if *since < position && !again.fresh => {
                        assert_eq!(again.received_at, receipt.received_at, "answered as before");
                    }
                    Ok(_) | Err(IngestError::Erased) => {}
                    Err(error) => panic!("position {position}: {error}"),
                }
            }
            let verdict = recover(&after.crash(1), &registry).await;
            assert_eq!(verdict, Ok(()), "position {position}");
            registry.close().await;
        });
    }
}
