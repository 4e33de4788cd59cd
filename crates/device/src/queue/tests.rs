//! What the queue promises, on a disk that forgets whatever was not synced.

use std::io::Write as _;
use std::time::Duration;

use ownsight_disk::{ForgettingDisk, RealDisk};

use super::*;

#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<Dropped>>>);

impl DropRecord for Record {
    fn dropped(&self, event: Dropped) {
        self.0.lock().unwrap().push(event);
    }
}

fn open(disk: &ForgettingDisk) -> Arc<Queue> {
    Arc::new(
        Queue::open(Arc::new(disk.clone()), Place::default(), 1 << 40, Box::new(Record::default())).unwrap(),
    )
}

fn put(queue: &Arc<Queue>, kind: ObjectKind, camera: CameraId, bytes: &[u8]) -> EventId {
    let event = EventId::generate();
    let mut writer = queue.begin(kind).unwrap();
    writer.write_all(bytes).unwrap();
    queue.commit(writer, camera, event).unwrap();
    event
}

fn names(queue: &Queue) -> Vec<Name> {
    queue.lock().entries.values().map(|entry| entry.name.clone()).collect()
}

/// Whether everything in the queue has the bytes that its name says.
fn is_whole(queue: &Queue) -> bool {
    names(queue).iter().all(|name| {
        let file = queue.open_queued(name).unwrap();
        let mut bytes = vec![0; usize::try_from(file.file_len().unwrap()).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref() == name.digest
    })
}

#[test]
fn what_is_queued_survives_a_crash_at_every_operation() {
    let disk = ForgettingDisk::new();
    let queue = open(&disk);
    let camera = CameraId::generate();
    // (position from which it must be there, event), (position from which it may be gone, event)
    let (mut queued, mut gone) = (Vec::new(), Vec::new());
    for round in 0..4u8 {
        let event =
            put(&queue, ObjectKind::Event, camera, &vec![round; if round == 1 { 70_000 } else { 1000 }]);
        queued.push((disk.position(), event));
        if round == 2 {
            // Some operations between the promise and the removals, so that a crash can fall in between.
            drop(queue.begin(ObjectKind::Event).unwrap());
            let job = queue.next().unwrap();
            gone.push((disk.position(), job.name().event));
            job.done(Outcome::Delivered).unwrap();
            let job = queue.next().unwrap();
            gone.push((disk.position(), job.name().event));
            job.quarantine("digest-differs").unwrap();
        }
    }
    let sound = |disk: ForgettingDisk, position: usize| {
        let Ok(queue) =
            Queue::open(Arc::new(disk.clone()), Place::default(), 1 << 40, Box::new(Record::default()))
        else {
            return false;
        };
        let left: Vec<_> = names(&queue).iter().map(|name| name.event).collect();
        let may_be_gone =
            |event: &EventId| gone.iter().any(|(from, gone)| gone == event && *from <= position);
        is_whole(&queue)
            && disk.list(Path::new(SEALING)).unwrap().is_empty()
            && queued
                .iter()
                .filter(|(from, event)| *from <= position && !may_be_gone(event))
                .all(|(_, event)| left.contains(event))
    };
    for position in 0..=disk.position() {
        for seed in 0..10 {
            assert!(sound(disk.crash_at(position, seed), position), "position {position}, seed {seed}");
        }
    }
    for sync in disk.syncs() {
        let caught = (0..=disk.position()).any(|position| {
            (0..60).any(|seed| !sound(disk.crash_without(sync.index, position, seed), position))
        });
        assert!(caught, "nothing noticed that this was left out: {sync:?}");
    }
}

#[test]
fn a_failed_sync_queues_nothing() {
    for failing in 0..2 {
        let disk = ForgettingDisk::new();
        let queue = open(&disk);
        let camera = CameraId::generate();
        let kept = put(&queue, ObjectKind::Event, camera, b"kept");
        disk.fail_sync(disk.syncs().len() + failing);
        let mut writer = queue.begin(ObjectKind::Event).unwrap();
        writer.write_all(b"lost").unwrap();
        assert!(queue.commit(writer, camera, EventId::generate()).is_err());
        assert_eq!(names(&queue).iter().map(|name| name.event).collect::<Vec<_>>(), [kept]);
        for seed in 0..20 {
            let queue = open(&disk.crash(seed));
            assert!(is_whole(&queue), "what the crash left is whole");
            assert!(names(&queue).iter().any(|name| name.event == kept));
        }
    }
}

#[test]
fn a_broken_write_or_rename_queues_nothing_and_leaves_nothing() {
    let disk = ForgettingDisk::new();
    let queue = open(&disk);
    let camera = CameraId::generate();
    let kept = put(&queue, ObjectKind::Event, camera, b"kept");
    let attempt = || {
        let mut writer = queue.begin(ObjectKind::Event).unwrap();
        writer.write_all(&vec![1; 100_000]).ok();
        queue.commit(writer, camera, EventId::generate())
    };
    // The object takes two writes: the first comes while it is written, the second at its end.
    for write in 0..2 {
        disk.cut_write(disk.writes() + write, 17);
        let mut writer = queue.begin(ObjectKind::Event).unwrap();
        let written = writer.write_all(&vec![1; 100_000]);
        assert_eq!(written.is_err(), write == 0, "an error comes at once");
        if written.is_ok() {
            assert!(queue.commit(writer, camera, EventId::generate()).is_err());
        }
    }
    // Create, two writes and a sync come before the rename.
    disk.fail_change(disk.position() + 4);
    assert!(attempt().is_err());
    assert_eq!(disk.list(Path::new(SEALING)).unwrap(), []);
    assert_eq!(names(&queue).iter().map(|name| name.event).collect::<Vec<_>>(), [kept]);
    assert!(attempt().is_ok(), "and it goes on");
    assert!(is_whole(&queue));
}

#[test]
fn the_newest_goes_first_and_a_dropped_job_comes_back() {
    let disk = ForgettingDisk::new();
    let queue = open(&disk);
    let camera = CameraId::generate();
    let events: Vec<_> = (0..3).map(|n| put(&queue, ObjectKind::Event, camera, &[n])).collect();
    let first = queue.next().unwrap();
    let second = queue.next().unwrap();
    assert_eq!((first.name().event, second.name().event), (events[2], events[1]));
    drop(first);
    assert_eq!(queue.next().unwrap().name().event, events[2]);
    let job = queue.next().unwrap();
    job.later(Duration::from_hours(1));
    assert_eq!(queue.next().unwrap().name().event, events[0], "the one that must wait stands back");
    assert!(queue.next_moment().is_some());
    drop(second);
    let order: Vec<_> = names(&open(&disk)).iter().map(|name| name.event).collect();
    assert_eq!(order, events, "the order outlives a restart");
}

#[test]
fn a_full_queue_drops_the_oldest_and_says_so_first() {
    let disk = ForgettingDisk::new();
    let record = Record::default();
    let queue =
        Arc::new(Queue::open(Arc::new(disk.clone()), Place::default(), 0, Box::new(record.clone())).unwrap());
    let camera = CameraId::generate();
    let large = vec![0; 30 << 20];
    let first = put(&queue, ObjectKind::Event, camera, &large);
    let second = put(&queue, ObjectKind::Event, camera, &large);
    assert!(record.0.lock().unwrap().is_empty());
    let third = put(&queue, ObjectKind::Event, camera, &large);
    assert_eq!(record.0.lock().unwrap().iter().map(|dropped| dropped.event).collect::<Vec<_>>(), [first]);
    assert_eq!(names(&queue).iter().map(|name| name.event).collect::<Vec<_>>(), [second, third]);
    assert_eq!(queue.stats().bytes, 60 << 20);
}

#[test]
fn a_full_disk_drops_the_oldest_too() {
    let disk = ForgettingDisk::new();
    let record = Record::default();
    let queue =
        Queue::open(Arc::new(disk.clone()), Place::default(), 1 << 40, Box::new(record.clone())).unwrap();
    let queue = Arc::new(queue);
    let camera = CameraId::generate();
    let first = put(&queue, ObjectKind::Event, camera, &vec![1; 100_000]);
    disk.set_capacity(Some(150_000));
    let second = put(&queue, ObjectKind::Event, camera, &vec![2; 100_000]);
    assert_eq!(record.0.lock().unwrap().iter().map(|dropped| dropped.event).collect::<Vec<_>>(), [first]);
    assert_eq!(names(&queue).iter().map(|name| name.event).collect::<Vec<_>>(), [second]);
    assert!(is_whole(&queue));
    let mut writer = queue.begin(ObjectKind::Event).unwrap();
    assert!(writer.write_all(&vec![3; 300_000]).is_err());
    drop(writer);
    assert_eq!(disk.list(Path::new(SEALING)).unwrap(), []);
}

#[test]
fn stills_go_first_then_tests_then_events_and_only_for_what_matters_as_much() {
    for full_disk in [false, true] {
        let disk = ForgettingDisk::new();
        let record = Record::default();
        let queue =
            Queue::open(Arc::new(disk.clone()), Place::default(), 0, Box::new(record.clone())).unwrap();
        let queue = Arc::new(queue);
        let (camera, other) = (CameraId::generate(), CameraId::generate());
        let large = vec![0; 15 << 20];
        let first = put(&queue, ObjectKind::Event, camera, &large);
        let second = put(&queue, ObjectKind::Event, camera, &large);
        put(&queue, ObjectKind::Still, camera, &large);
        let test = put(&queue, ObjectKind::Test, camera, &large);
        let left = || names(&queue).iter().map(|name| name.event).collect::<Vec<_>>();
        if full_disk {
            disk.set_capacity(Some(62 << 20));
        }
        let still = put(&queue, ObjectKind::Still, other, &large[..10 << 20]);
        // By its limit alone the queue finds only afterwards that it is over.
        assert_eq!(left(), [first, second, test, still], "another still went for it");
        let third = put(&queue, ObjectKind::Event, camera, &large);
        assert_eq!(left(), [first, second, test, third], "a still went for an event");
        let fourth = put(&queue, ObjectKind::Event, camera, &large);
        assert_eq!(left(), [first, second, third, fourth], "and then a test");
        assert!(record.0.lock().unwrap().is_empty(), "no event was lost until here");
        let fifth = put(&queue, ObjectKind::Event, camera, &large);
        assert_eq!(left(), [second, third, fourth, fifth], "and then the oldest event");
        assert_eq!(record.0.lock().unwrap().iter().map(|dropped| dropped.event).collect::<Vec<_>>(), [first]);

        // Of a queue of events a still takes nothing.
        disk.set_capacity(Some(disk.used_bytes() + 1000));
        let mut writer = queue.begin(ObjectKind::Still).unwrap();
        let written = writer.write_all(&large);
        assert!(written.is_err() || queue.commit(writer, other, EventId::generate()).is_err());
        assert_eq!(left(), [second, third, fourth, fifth]);
    }
}

#[test]
fn a_newer_still_takes_the_place_of_an_older_one() {
    let disk = ForgettingDisk::new();
    let queue = open(&disk);
    let (camera, other) = (CameraId::generate(), CameraId::generate());
    put(&queue, ObjectKind::Still, camera, b"old");
    let others = put(&queue, ObjectKind::Still, other, b"other");
    let test = put(&queue, ObjectKind::Test, camera, b"test");
    let event = put(&queue, ObjectKind::Event, camera, b"event");
    let new = put(&queue, ObjectKind::Still, camera, b"new");
    let left: Vec<_> = names(&queue).iter().map(|name| name.event).collect();
    assert_eq!(left, [others, test, event, new]);
}

#[test]
fn an_older_still_never_arrives_after_a_newer_one() {
    let disk = ForgettingDisk::new();
    let queue = open(&disk);
    let camera = CameraId::generate();
    put(&queue, ObjectKind::Still, camera, b"old");
    let under_way = queue.next().unwrap();
    let new = put(&queue, ObjectKind::Still, camera, b"new");
    drop(under_way);
    let job = queue.next().unwrap();
    assert_eq!(job.name().event, new);
    job.done(Outcome::Delivered).unwrap();
    assert!(queue.next().is_none());
    let newest = put(&queue, ObjectKind::Still, camera, b"newest");
    let left: Vec<_> = names(&queue).iter().map(|name| name.event).collect();
    assert_eq!(left, [newest], "it is removed with the next one");
}

#[test]
fn too_large_objects_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(folder.path()).unwrap());
    let queue = Arc::new(
        Queue::open(Arc::clone(&disk), Place::default(), 1 << 40, Box::new(Record::default())).unwrap(),
    );
    let mut writer = queue.begin(ObjectKind::Event).unwrap();
    let chunk = vec![0; 1 << 20];
    for _ in 0..64 {
        writer.write_all(&chunk).unwrap();
    }
    assert!(writer.write_all(&[0]).is_err());
    drop(writer);
    assert_eq!(disk.list(Path::new(SEALING)).unwrap(), []);
}

#[test]
fn quarantine_is_bounded() {
    let disk = ForgettingDisk::new();
    let queue = open(&disk);
    let camera = CameraId::generate();
    for _ in 0..QUARANTINE_OBJECTS_MAX + 3 {
        put(&queue, ObjectKind::Event, camera, b"x");
        queue.next().unwrap().quarantine("malformed").unwrap();
    }
    assert_eq!(queue.stats().quarantined, QUARANTINE_OBJECTS_MAX as u64);
    assert_eq!(disk.list(Path::new(QUARANTINE)).unwrap().len(), QUARANTINE_OBJECTS_MAX);
    assert_eq!(open(&disk).stats().quarantined, QUARANTINE_OBJECTS_MAX as u64);
}
