//! Whether a call is of the one device that it says, or of a copy: by the random id that each start of a device has.
//!
//! A device names the run that calls and the one before it that the server answered. A copy of its folder begins a run of its own
//! from the same one before; so as soon as both have called, one of them names as before what is not the present run.

use std::time::Duration;

use ownsight_model::Timestamp;
use ownsight_registry::DeviceRun;

/// For how long after a start a call of any other run is taken for one that was on its way then. A copy goes on calling.
const STRAGGLES: Duration = Duration::from_mins(1);

/// Which start of a device calls, as the call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The random id of this start.
    pub id: [u8; 16],
    /// That of the start before, if the server ever answered one.
    pub before: Option<[u8; 16]>,
}

/// What a call's run says of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the one that calls.
    Same,
    /// It was started anew: this run takes the place of that one.
    Began { before: Option<[u8; 16]> },
    /// It is of a process before, or of a copy, of which it was found too early to say: not served, and told to come back.
    Straggler,
    /// It names no run, and calls of this device do.
    Unnamed,
    /// Two devices present this identity.
    Contested,
}

/// What a call says, given the run that calls by what the registry knows.
pub(crate) fn judge(known: Option<DeviceRun>, call: Option<Run>, now: Timestamp) -> Verdict {
    match (known, call) {
        // A program from before runs were named, or one of another maker that names none.
        (None, None) => Verdict::Same,
        (Some(_), None) => Verdict::Unnamed,
        (None, Some(_)) => Verdict::Began { before: None },
        (Some(DeviceRun { run, .. }), Some(call)) if call.id == run => Verdict::Same,
        (Some(DeviceRun { run, .. }), Some(call)) if call.before == Some(run) => {
            Verdict::Began { before: Some(run) }
        }
        (Some(DeviceRun { since, .. }), Some(_)) if now.since(since) < STRAGGLES => Verdict::Straggler,
        (Some(_), Some(_)) => Verdict::Contested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of its own: the same schedules each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % below
        }

        fn id(&mut self) -> [u8; 16] {
            let halves = [self.below(u64::MAX), self.below(u64::MAX)].map(u64::to_be_bytes);
            halves.concat().try_into().unwrap()
        }
    }

    /// What the registry knows, and what the server does with a verdict.
    #[derive(Default)]
    struct Server {
        known: Option<DeviceRun>,
        contested: bool,
        now: i64,
    }

    impl Server {
        /// Whether the call is served.
        fn call(&mut self, run: Run) -> bool {
            let now = Timestamp::from_micros(self.now);
            match judge(self.known, Some(run), now) {
                _ if self.contested => false,
                Verdict::Same => true,
                Verdict::Began { before } => {
                    assert_eq!(before, self.known.map(|known| known.run));
                    self.known = Some(DeviceRun { run: run.id, since: now });
                    true
                }
                Verdict::Straggler => false,
                Verdict::Unnamed => panic!("it is named"),
                Verdict::Contested => {
                    self.contested = true;
                    false
                }
            }
        }

        fn later(&mut self, seconds: u64) {
            self.now += i64::try_from(seconds).unwrap() * 1_000_000;
        }
    }

    /// What a device has on its disk, as `ownsight-device` keeps it.
    #[derive(Clone, Copy)]
    struct Disk {
        run: Run,
        acknowledged: bool,
    }

    impl Disk {
        fn new(random: &mut Random) -> Self {
            Self { run: Run { id: random.id(), before: None }, acknowledged: false }
        }

        /// A start; a run that the server may not have heard of is used again.
        fn start(&mut self, random: &mut Random) {
            if self.acknowledged {
                *self = Self { run: Run { id: random.id(), before: Some(self.run.id) }, acknowledged: false };
            }
        }
    }

    #[test]
    fn one_device_is_served_whatever_is_lost_and_whenever_it_starts_anew() {
        let mut random = Random(7);
        let mut stragglers = 0;
        for _ in 0..3_000 {
            let (mut server, mut disk) = (Server::default(), Disk::new(&mut random));
            let mut on_their_way: Vec<(i64, Run)> = Vec::new();
            for _ in 0..random.below(40) {
                match random.below(4) {
                    0 => {
                        // Calls of the process that ends may arrive within the minute.
                        on_their_way.push((server.now + 59_000_000, disk.run));
                        disk.start(&mut random);
                    }
                    1 => server.later(random.below(100)),
                    2 => {
                        let now = server.now;
                        on_their_way.retain(|(until, _)| *until > now);
                        if let Some((_, late)) = on_their_way.pop() {
                            let served = server.call(late);
                            stragglers += u64::from(!served);
                        }
                    }
                    _ => {
                        assert!(server.call(disk.run));
                        // The answer may be lost, or the disk not written before a crash.
                        disk.acknowledged |= random.below(3) > 0;
                    }
                }
                assert!(!server.contested, "one device is taken for two");
            }
        }
        assert!(stragglers > 100, "{stragglers}");
    }

    #[test]
    fn two_devices_with_one_identity_are_found_once_both_have_called() {
        let mut random = Random(11);
        for _ in 0..3_000 {
            let (mut server, mut disk) = (Server::default(), Disk::new(&mut random));
            for _ in 0..random.below(5) {
                disk.start(&mut random);
                assert!(server.call(disk.run));
                disk.acknowledged = true;
                server.later(random.below(100));
            }
            let mut copy = disk;
            copy.start(&mut random);
            // A copy that was taken before the server had ever answered is the same start; the next start of either tells.
            if copy.run == disk.run {
                assert!(server.call(disk.run) && server.call(copy.run));
                copy.acknowledged = true;
                copy.start(&mut random);
            }
            if random.below(2) == 0 {
                disk.acknowledged = true;
                disk.start(&mut random);
            }
            let mut calls = 0;
            while !server.contested {
                server.call(if random.below(2) == 0 { disk.run } else { copy.run });
                server.later(61);
                calls += 1;
                assert!(calls < 64, "it is not found");
            }
            assert!(!server.call(disk.run) && !server.call(copy.run), "neither is served");
        }
    }

    #[test]
    fn a_device_that_names_no_run_is_served_until_one_was_named() {
        let now = Timestamp::from_micros(0);
        assert_eq!(judge(None, None, now), Verdict::Same);
        let known = DeviceRun { run: [1; 16], since: now };
        assert_eq!(judge(Some(known), None, now), Verdict::Unnamed);
        // Another run is a straggler for a minute, and then a copy.
        let known = DeviceRun { run: [2; 16], since: now };
        let before = Some(Run { id: [1; 16], before: None });
        assert_eq!(judge(Some(known), before, now.plus(Duration::from_secs(59))), Verdict::Straggler);
        assert_eq!(judge(Some(known), before, now.plus(STRAGGLES)), Verdict::Contested);
    }
}
