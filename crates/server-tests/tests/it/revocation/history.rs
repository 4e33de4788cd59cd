//! Whether a history of opens and of what allowed or ended them is linearizable (Herlihy and Wing 1990): whether each can have
//! taken effect at one moment between its call and its return.
//!
//! For one person and one thing that is a register with one writer: *may open*, which is ended and given back by one after
//! another, and read by many opens at once. Then sorting and sweeping decides exactly, in n log n; no search is needed.

/// When something was called and when it returned, on one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) called: u64,
    pub(super) returned: u64,
}

/// An end of what may be opened, or its return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) span: Span,
    /// What holds after it.
    pub(super) may: bool,
}

/// A try to open, and whether it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Open {
    pub(super) span: Span,
    pub(super) opened: bool,
}

/// Everything that one person tried with one thing. At first it may be opened.
#[derive(Debug, Default, Clone)]
pub(super) struct History {
    pub(super) changes: Vec<Change>,
    pub(super) opens: Vec<Open>,
}

/// Why a history is no linearizable one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    /// It opened after an end had returned, and before it was given back.
    OpenedAfterEnd(Open),
    /// It did not open although it had been given back, and no end was called before it was answered.
    DeniedWithoutEnd(Open),
    /// An earlier open had seen a change already that this one did not see.
    WentBack(Open),
}

impl History {
    /// The violations, in the order of calls.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let mut changes = self.changes.clone();
        changes.sort_unstable();
        for pair in changes.windows(2) {
            assert!(pair[0].span.returned <= pair[1].span.called, "there is one writer");
        }
        let mut opens = self.opens.clone();
        opens.sort_unstable();
        // For each state (0: before any change, n: after the nth) the earliest return of an open that can only have seen it or
        // a later one.
        let state_at = |time: u64| changes.partition_point(|change| change.span.returned < time);
        let state_by = |time: u64| changes.partition_point(|change| change.span.called <= time);
        let may = |state: usize| state == 0 || changes[state - 1].may;
        let mut seen = vec![u64::MAX; changes.len() + 1];
        let mut violations = Vec::new();
        for open in &opens {
            // It took effect in one of these states.
            let (first, last) = (state_at(open.span.called), state_by(open.span.returned));
            let Some(earliest) = (first..=last).find(|state| may(*state) == open.opened) else {
                violations.push(if open.opened {
                    Violation::OpenedAfterEnd(*open)
                } else {
                    Violation::DeniedWithoutEnd(*open)
                });
                continue;
            };
            // Opens that had returned before this one was called had seen a state, and time does not go back.
            let known = (0..=last).rev().find(|state| seen[*state] < open.span.called).unwrap_or(0);
            let Some(state) = (earliest.max(known)..=last).find(|state| may(*state) == open.opened) else {
                violations.push(Violation::WentBack(*open));
                continue;
            };
            seen[state] = seen[state].min(open.span.returned);
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(called: u64, returned: u64, may: bool) -> Change {
        Change { span: Span { called, returned }, may }
    }

    fn open(called: u64, returned: u64, opened: bool) -> Open {
        Open { span: Span { called, returned }, opened }
    }

    fn of(changes: &[Change], opens: &[Open]) -> Vec<Violation> {
        History { changes: changes.to_vec(), opens: opens.to_vec() }.violations()
    }

    #[test]
    fn good_histories_have_no_violation() {
        let end = change(10, 20, false);
        let back = change(30, 40, true);
        assert_eq!(of(&[], &[open(0, 1, true)]), []);
        // Before, during either way, after; and during the return either way.
        let opens = [
            open(0, 5, true),
            open(5, 15, true),
            open(12, 14, false),
            open(19, 25, false),
            open(21, 22, false),
            open(31, 33, false),
            open(32, 50, true),
            open(41, 42, true),
        ];
        assert_eq!(of(&[end, back], &opens), []);
        // One that lasts over all of it may have seen any of it.
        for opened in [true, false] {
            assert_eq!(of(&[end, back], &[open(0, 100, opened)]), []);
        }
    }

    #[test]
    fn bad_histories_made_by_hand_are_found() {
        let end = change(10, 20, false);
        let back = change(30, 40, true);
        let stale = open(21, 25, true);
        assert_eq!(of(&[end], &[stale]), [Violation::OpenedAfterEnd(stale)]);
        assert_eq!(
            of(&[end, back], &[stale]),
            [Violation::OpenedAfterEnd(stale)],
            "given back too late for it"
        );
        let denied = open(41, 45, false);
        assert_eq!(of(&[end, back], &[denied]), [Violation::DeniedWithoutEnd(denied)]);
        let early = open(1, 9, false);
        assert_eq!(of(&[end], &[early]), [Violation::DeniedWithoutEnd(early)]);
        // Both within the end: one saw it and had returned, the next did not.
        let (saw, went_back) = (open(11, 13, false), open(14, 16, true));
        assert_eq!(of(&[change(10, 20, false)], &[saw, went_back]), [Violation::WentBack(went_back)]);
        assert_eq!(of(&[change(10, 20, false)], &[went_back, open(17, 18, false)]), []);
    }

    /// The exact search, for small histories: every order of effects that respects calls and returns.
    fn searched(history: &History) -> bool {
        #[derive(Clone, Copy)]
        enum Step {
            Change(Change),
            Open(Open),
        }
        fn span(step: Step) -> Span {
            match step {
                Step::Change(change) => change.span,
                Step::Open(open) => open.span,
            }
        }
        fn go(left: &[Step], may: bool) -> bool {
            (0..left.len()).any(|at| {
                // It can be next if nothing that is left had returned before it was called.
                if left.iter().any(|other| span(*other).returned < span(left[at]).called) {
                    return false;
                }
                let now = match left[at] {
                    Step::Change(change) => change.may,
                    Step::Open(open) if open.opened == may => may,
                    Step::Open(_) => return false,
                };
                let rest: Vec<_> = left
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != at)
                    .map(|(_, step)| *step)
                    .collect();
                rest.is_empty() || go(&rest, now)
            })
        }
        let steps: Vec<_> = history
            .changes
            .iter()
            .map(|change| Step::Change(*change))
            .chain(history.opens.iter().map(|open| Step::Open(*open)))
            .collect();
        go(&steps, true)
    }

    #[test]
    fn the_sweep_says_what_the_search_says() {
        // A small generator of its own: the same histories each time.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut good, mut bad) = (0, 0);
        for _ in 0..20_000 {
            let mut history = History::default();
            let mut time = 1;
            for number in 0..random(3) {
                let called = time + random(6);
                let returned = called + 1 + random(8);
                history.changes.push(change(called, returned, number % 2 == 1));
                time = returned + 1;
            }
            for _ in 0..=random(4) {
                let called = random(30);
                history.opens.push(open(called, called + 1 + random(8), random(2) == 0));
            }
            let swept = history.violations().is_empty();
            assert_eq!(swept, searched(&history), "{history:?}");
            if swept { good += 1 } else { bad += 1 }
        }
        assert!(good > 1_000 && bad > 1_000, "{good} good, {bad} bad");
    }
}
