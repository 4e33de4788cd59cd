//! Which picture comes next: times that wait for their pictures.
//!
//! Decoders do not say which access unit a picture came from. So presentation times wait here, sorted, and each picture
//! takes the earliest. A decoder that answers at once holds no more back than the stream's depth of reordering and one;
//! if more wait, access units went in of which no picture came, and as many are taken out.

use std::collections::{BTreeMap, VecDeque};

use ownsight_model::Timestamp;

use crate::video::AccessUnit;

/// What is known of a picture before it is decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) at: Timestamp,
    pub(super) key: bool,
}

/// Frames of which pictures are due.
#[derive(Debug, Default)]
pub(super) struct Due {
    waiting: BTreeMap<i64, Tag>,
    depth: Depth,
    undecoded: u64,
}

impl Due {
    /// The next frame in decoding order goes into a decoder.
    pub(super) fn frame(&mut self, unit: &AccessUnit) {
        self.depth.frame(unit.pts);
        if self.waiting.insert(unit.pts, Tag { at: unit.at, key: unit.key }).is_some() {
            self.undecoded += 1;
        }
    }

    /// What the next picture is of.
    pub(super) fn next(&mut self) -> Option<(i64, Tag)> {
        self.waiting.pop_first()
    }

    /// A frame of which no picture comes.
    pub(super) fn in_vain(&mut self) {
        self.undecoded += 1;
    }

    /// The decoder has given all that it can give now.
    pub(super) fn all_given(&mut self) {
        while self.waiting.len() > self.depth.most + 1 {
            self.waiting.pop_first();
            self.undecoded += 1;
        }
    }

    /// The decoder is given up, with what it holds.
    pub(super) fn abandon(&mut self) {
        self.depth = Depth::default();
        self.undecoded += self.waiting.len() as u64;
        self.waiting.clear();
    }

    /// Frames whose pictures have not come yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Frames so far of which no picture came.
    pub(super) fn undecoded(&self) -> u64 {
        self.undecoded
    }
}

/// The deepest reordering there can be (ISO/IEC 14496-10, A.3.1).
const DEPTH_MAX: usize = 16;

/// How many frames the stream shows later than frames that it sends after them.
#[derive(Debug, Default)]
struct Depth {
    recent: VecDeque<i64>,
    most: usize,
}

impl Depth {
    /// The next frame in decoding order.
    fn frame(&mut self, pts: i64) {
        self.most = self.most.max(self.recent.iter().filter(|earlier| **earlier > pts).count());
        if self.recent.len() == DEPTH_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(pts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(order: &[i64]) -> usize {
        let mut depth = Depth::default();
        for pts in order {
            depth.frame(*pts);
        }
        depth.most
    }

    #[test]
    fn depth_is_that_of_reordering() {
        assert_eq!(depth(&[0, 1, 2, 3]), 0);
        assert_eq!(depth(&[0, 2, 1, 4, 3]), 1);
        assert_eq!(depth(&[0, 4, 2, 1, 3, 8, 6, 5, 7]), 2);
    }
}
