//! A file for each event beside packed files under group commit: durable events a second, erasing, and reading one
//! thumbnail, on this disk and on the same one with slow syncs.
//!
//! `cargo run --release -p ownsight-disk --example files_or_packs -- [FOLDER] [SECONDS]`: in a temporary folder below
//! FOLDER (here, if none is named), so many seconds for each run (1). Only what the disk does is measured: the row of an
//! event in the registry is the same either way. Nothing of it is the vault's own code: the file's way is the one that the
//! vault takes, as short as it can be written.

#![allow(clippy::unwrap_used, reason = "a measurement that fails may end")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ownsight_disk::{Disk, DiskFile, FaultyDisk, RealDisk};

const KIB: usize = 1 << 10;
/// Thumbnail and clip: an event of a camera, and one of a battery camera that sends stills.
const SIZES: [(usize, usize); 2] = [(20 * KIB, 1536 * KIB), (16 * KIB, 48 * KIB)];
const WRITERS: [usize; 3] = [1, 8, 64];
const FOLDERS: u64 = 16;
/// A pack is closed when it is so long.
const PACK_BYTES: u64 = 256 << 20;
/// No run writes more.
const RUN_BYTES_MAX: u64 = 1500 << 20;
/// What the vault overwrites of an object that it erases.
const HEADER_BYTES: usize = 512;
/// Objects that are erased in one go.
const ERASE_BATCH: usize = 64;

/// How an event is kept, and found again.
trait Keep: Sync {
    /// Makes it durable.
    fn put(&self, number: u64, bytes: &[u8]);
    /// Reads its first bytes.
    fn read(&self, number: u64, buffer: &mut [u8]);
    /// Erases these: unreadable for good, and their space free again.
    fn erase(&self, numbers: &[u64]);
}

struct Files {
    disk: Arc<dyn Disk>,
}

impl Files {
    fn new(disk: Arc<dyn Disk>) -> Self {
        disk.make_folder(Path::new("tmp")).unwrap();
        for folder in 0..FOLDERS {
            disk.make_folder(&PathBuf::from(folder.to_string())).unwrap();
        }
        disk.sync_folder(Path::new("")).unwrap();
        Self { disk }
    }

    fn path(number: u64) -> PathBuf {
        PathBuf::from((number % FOLDERS).to_string()).join(number.to_string())
    }
}

impl Keep for Files {
    fn put(&self, number: u64, bytes: &[u8]) {
        let (temporary, path) = (Path::new("tmp").join(number.to_string()), Self::path(number));
        let file = self.disk.create(&temporary).unwrap();
        file.write_at(bytes, 0).unwrap();
        file.sync().unwrap();
        self.disk.rename(&temporary, &path).unwrap();
        self.disk.sync_folder(path.parent().unwrap()).unwrap();
    }

    fn read(&self, number: u64, buffer: &mut [u8]) {
        self.disk.open(&Self::path(number)).unwrap().read_exact_at(buffer, 0).unwrap();
    }

    fn erase(&self, numbers: &[u64]) {
        for number in numbers {
            let path = Self::path(*number);
            let file = self.disk.open_for_change(&path).unwrap();
            file.write_at(&[0; HEADER_BYTES], 0).unwrap();
            file.sync().unwrap();
            self.disk.unlink(&path).unwrap();
        }
        for folder in 0..FOLDERS {
            self.disk.sync_folder(&PathBuf::from(folder.to_string())).unwrap();
        }
    }
}

/// One pack that is written to, by all at once; who waits for a sync shares it.
struct Pack {
    file: Box<dyn DiskFile>,
    name: u64,
}

struct Packs {
    disk: Arc<dyn Disk>,
    state: Mutex<PackState>,
    synced: Condvar,
    all: Mutex<Vec<Arc<Pack>>>,
    /// Where each event lies: the registry's row would have it.
    places: Mutex<Vec<Option<Place>>>,
}

#[derive(Clone, Copy)]
struct Place {
    pack: usize,
    offset: u64,
    len: u64,
}

struct PackState {
    pack: Arc<Pack>,
    index: usize,
    end: u64,
    /// Bytes that were written for whom a sync is to come, in syncs begun and done.
    begun: u64,
    done: u64,
    syncing: bool,
}

impl Packs {
    fn new(disk: Arc<dyn Disk>) -> Self {
        let first = Self::make(&*disk, 0);
        let state =
            PackState { pack: Arc::clone(&first), index: 0, end: 0, begun: 0, done: 0, syncing: false };
        Self {
            disk,
            state: Mutex::new(state),
            synced: Condvar::new(),
            all: Mutex::new(vec![first]),
            places: Mutex::default(),
        }
    }

    fn make(disk: &dyn Disk, name: u64) -> Arc<Pack> {
        let file = disk.create(Path::new(&name.to_string())).unwrap();
        disk.sync_folder(Path::new("")).unwrap();
        Arc::new(Pack { file, name })
    }

    /// Room at the end of the pack, or of a new one.
    fn reserve(&self, len: u64) -> (Arc<Pack>, Place) {
        let mut state = self.state.lock().unwrap();
        if state.end + len > PACK_BYTES {
            // What is under way in the old one is synced with it.
            state.pack.file.sync().unwrap();
            let mut packs = self.all.lock().unwrap();
            let pack = Self::make(&*self.disk, packs.len() as u64);
            packs.push(Arc::clone(&pack));
            (state.pack, state.index, state.end) = (pack, packs.len() - 1, 0);
        }
        let place = Place { pack: state.index, offset: state.end, len };
        state.end += len;
        (Arc::clone(&state.pack), place)
    }

    /// A sync of the pack that began after this was called.
    fn group_sync(&self, pack: &Arc<Pack>) {
        let mut state = self.state.lock().unwrap();
        if !Arc::ptr_eq(&state.pack, pack) {
            drop(state);
            return pack.file.sync().unwrap();
        }
        let mine = state.begun + 1;
        while state.done < mine {
            if state.syncing {
                state = self.synced.wait(state).unwrap();
                continue;
            }
            state.syncing = true;
            state.begun += 1;
            let (number, synced) = (state.begun, Arc::clone(&state.pack));
            drop(state);
            synced.file.sync().unwrap();
            if !Arc::ptr_eq(&synced, pack) {
                pack.file.sync().unwrap();
            }
            state = self.state.lock().unwrap();
            (state.done, state.syncing) = (number, false);
            self.synced.notify_all();
        }
    }

    fn place(&self, number: u64) -> Place {
        self.places.lock().unwrap()[usize::try_from(number).unwrap()].unwrap()
    }
}

impl Keep for Packs {
    fn put(&self, number: u64, bytes: &[u8]) {
        let (pack, place) = self.reserve(bytes.len() as u64);
        pack.file.write_at(bytes, place.offset).unwrap();
        self.group_sync(&pack);
        let mut places = self.places.lock().unwrap();
        let at = usize::try_from(number).unwrap();
        if places.len() <= at {
            places.resize(at + 1, None);
        }
        places[at] = Some(place);
    }

    fn read(&self, number: u64, buffer: &mut [u8]) {
        let place = self.place(number);
        let pack = Arc::clone(&self.all.lock().unwrap()[place.pack]);
        pack.file.read_exact_at(buffer, place.offset).unwrap();
    }

    /// Overwrites the headers, one sync for all of a pack; then moves what is left of each pack into a new one and removes
    /// the old one, which is what gives the space back.
    fn erase(&self, numbers: &[u64]) {
        let mut touched: Vec<usize> = numbers.iter().map(|number| self.place(*number).pack).collect();
        touched.sort_unstable();
        touched.dedup();
        for number in numbers {
            let place = self.place(*number);
            let pack = Arc::clone(&self.all.lock().unwrap()[place.pack]);
            pack.file.write_at(&[0; HEADER_BYTES], place.offset).unwrap();
            self.places.lock().unwrap()[usize::try_from(*number).unwrap()] = None;
        }
        for index in touched {
            let old = Arc::clone(&self.all.lock().unwrap()[index]);
            old.file.sync().unwrap();
            let name = self.all.lock().unwrap().len() as u64;
            let new = Self::make(&*self.disk, name);
            let mut end = 0;
            let mut places = self.places.lock().unwrap();
            for place in places.iter_mut().flatten().filter(|place| place.pack == index) {
                let mut bytes = vec![0; usize::try_from(place.len).unwrap()];
                old.file.read_exact_at(&mut bytes, place.offset).unwrap();
                new.file.write_at(&bytes, end).unwrap();
                *place = Place { pack: usize::try_from(name).unwrap(), offset: end, len: place.len };
                end += place.len;
            }
            new.file.sync().unwrap();
            self.disk.unlink(Path::new(&old.name.to_string())).unwrap();
            self.all.lock().unwrap().push(new);
        }
        self.disk.sync_folder(Path::new("")).unwrap();
    }
}

/// What a run came to.
struct Figures {
    events_per_second: f64,
    median: Duration,
    slowest: Duration,
    erased: Duration,
    read: Duration,
}

fn run(keep: &dyn Keep, (thumbnail, clip): (usize, usize), writers: usize, time: Duration) -> Figures {
    let bytes: Vec<u8> =
        (0..thumbnail + clip).map(|at| (at as u64).wrapping_mul(0x9e37_79b9).to_le_bytes()[2]).collect();
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let events_max = RUN_BYTES_MAX / bytes.len() as u64;
    let begun = Instant::now();
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..writers)
            .map(|_| {
                scope.spawn(|| {
                    let mut took = Vec::new();
                    while !stop.load(Ordering::Relaxed) && begun.elapsed() < time {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= events_max {
                            stop.store(true, Ordering::Relaxed);
                            next.fetch_sub(1, Ordering::Relaxed);
                            break;
                        }
                        let at = Instant::now();
                        keep.put(number, &bytes);
                        took.push(at.elapsed());
                    }
                    took
                })
            })
            .collect();
        all.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let events_per_second = took.len() as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    let (median, slowest) = (took[took.len() / 2], took[took.len() - 1]);

    let mut buffer = vec![0; thumbnail];
    let reads = took.len().min(2_000) as u64;
    let begun = Instant::now();
    (0..reads).for_each(|number| keep.read(number, &mut buffer));
    let read = begun.elapsed() / u32::try_from(reads).unwrap();

    // Every second one: events of two homes lie beside each other, and one of them keeps less.
    let numbers: Vec<u64> = (0..took.len() as u64).step_by(2).take(ERASE_BATCH).collect();
    let begun = Instant::now();
    keep.erase(&numbers);
    let erased = begun.elapsed() / u32::try_from(numbers.len()).unwrap();
    Figures { events_per_second, median, slowest, erased, read }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let below = arguments.next().unwrap_or_else(|| ".".to_owned());
    let seconds = arguments.next().map_or(1.0, |seconds| seconds.parse().unwrap());
    println!(
        "| disk | event | writers | kept as | events/s | median ms | slowest ms | erase, ms each | thumbnail, µs |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let disks: [(&str, Duration, bool); 4] = [
        ("this one", Duration::ZERO, false),
        ("5 ms a sync", Duration::from_millis(5), false),
        ("20 ms a sync", Duration::from_millis(20), false),
        ("20 ms, shared", Duration::from_millis(20), true),
    ];
    for (disk_name, sync, merged) in disks {
        for sizes in SIZES {
            for writers in WRITERS {
                for kept_as in ["files", "packs"] {
                    let folder = tempfile::tempdir_in(&below).unwrap();
                    let disk = FaultyDisk::new(Arc::new(RealDisk::open(folder.path()).unwrap()));
                    let keep: Box<dyn Keep> = match kept_as {
                        "files" => Box::new(Files::new(Arc::new(disk.clone()))),
                        _ => Box::new(Packs::new(Arc::new(disk.clone()))),
                    };
                    if merged {
                        disk.set_merged_sync_time(sync);
                    } else {
                        disk.set_sync_time(sync);
                    }
                    let figures = run(&*keep, sizes, writers, Duration::from_secs_f64(seconds));
                    println!(
                        "| {disk_name} | {} + {} KiB | {writers} | {kept_as} | {:.0} | {:.1} | {:.0} | {:.2} | {:.0} |",
                        sizes.0 / KIB,
                        sizes.1 / KIB,
                        figures.events_per_second,
                        milliseconds(figures.median),
                        milliseconds(figures.slowest),
                        milliseconds(figures.erased),
                        figures.read.as_secs_f64() * 1e6,
                    );
                }
            }
        }
    }
}
