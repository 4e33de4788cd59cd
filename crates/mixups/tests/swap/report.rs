//! The verdict on all outcomes, and the table of `docs/mixups.md` that is made of them.

use crate::Outcome;

pub(crate) fn check(with: &[Outcome], without: &[Outcome], without_sides: &[String]) {
    println!("without sides: {without_sides:?}");
    for (one, other) in with.iter().zip(without) {
        println!(
            "{} | leaks {:?} | alarms {} | refused {:?} | changed {:?} || off: leaks {:?} alarms {} refused {:?}",
            one.exchange, one.leaks, one.alarms, one.refused, one.changed, other.leaks, other.alarms, other.refused
        );
    }
}
