//! Things that are compared are measured in turn, several times; what counts is the median of the ratios.

use std::time::Duration;

/// How often each has its turn.
const TURNS: usize = 25;

/// One thing: its name, and a turn of it.
pub struct Candidate<'a> {
    pub name: &'a str,
    pub turn: Box<dyn FnMut() -> Turn + 'a>,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// The turn's time for each operation: its throughput.
    pub each: Duration,
    /// What half of the operations took at most, if that was measured.
    pub p50: Option<Duration>,
}

impl Turn {
    /// Of so many operations in all.
    pub fn of(time: Duration, operations: usize) -> Self {
        Self { each: time / operations as u32, p50: None }
    }

    /// The same with what each took.
    pub fn with_latencies(self, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Self { p50: latencies.get(latencies.len() / 2).copied(), ..self }
    }
}

/// Lets all have their turns, and prints for each the median, and the median ratio to the first. A second argument of the
/// command names those that take part.
pub fn compare(what: &str, mut candidates: Vec<Candidate<'_>>) {
    if let Some(only) = std::env::args().nth(2) {
        candidates.retain(|candidate| only.split(',').any(|name| name == candidate.name));
    }
    for candidate in &mut candidates {
        (candidate.turn)();
    }
    let mut turns = vec![Vec::new(); candidates.len()];
    for turn in 0..TURNS {
        // Now from the front, now from the back: what drifts does so for all.
        let mut order = (0..candidates.len()).collect::<Vec<_>>();
        if turn % 2 == 1 {
            order.reverse();
        }
        for at in order {
            turns[at].push((candidates[at].turn)());
        }
    }
    println!("{what}");
    for (candidate, own) in candidates.iter().zip(&turns) {
        print!("  {:>24}", candidate.name);
        column("each", own, &turns[0], |turn| Some(turn.each));
        column("p50", own, &turns[0], |turn| turn.p50);
        println!();
    }
}

fn column(name: &str, own: &[Turn], first: &[Turn], of: impl Fn(&Turn) -> Option<Duration>) {
    let seconds = |turn: &Turn| of(turn).map(|time| time.as_secs_f64());
    let times = own.iter().filter_map(seconds).collect::<Vec<_>>();
    if times.is_empty() {
        return;
    }
    let ratios = own.iter().zip(first).filter_map(|(own, first)| Some(seconds(own)? / seconds(first)?));
    print!("  {name} {:>10.0} ns {:>6.2}", median(times.into_iter()) * 1e9, median(ratios));
}

/// The middle one.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.collect::<Vec<_>>();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
