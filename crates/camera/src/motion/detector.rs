//! From the differences of single pictures to motion with a beginning and an end.

use crate::config::{MotionConfig, Zone};
use crate::decode::Picture;
use crate::video::{TICKS_PER_SECOND, to_ticks};

use super::Steps;
use super::grid::Grid;
use super::scene::{CELL_AMOUNT_MAX, Difference, Limits, Scene};
use super::tracks::{Blob, Tracks};

/// What one picture says about motion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionUpdate {
    /// When the picture is shown, in ticks.
    pub pts: i64,
    /// How much moves in it: 0 nothing, 255 the whole picture. Grows with the side of what moves, not with its area, so that
    /// a person far off is seen on the same scale as one in front of the lens.
    pub strength: u8,
    /// Motion has begun or ended.
    pub change: Option<MotionChange>,
    /// Motion is going on, or may be about to begin.
    pub stirring: bool,
}

/// A part of the picture. Coordinates go from 0 (left, top) to 1 (right, bottom).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Its left border.
    pub left: f32,
    /// Its upper border.
    pub top: f32,
    /// Its right border.
    pub right: f32,
    /// Its lower border.
    pub bottom: f32,
}

/// Motion has begun or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotionChange {
    /// It has begun, with the picture shown at this time (in ticks).
    Started(i64),
    /// It has ended, with the picture shown at this time (in ticks).
    Ended(i64),
}

/// A beginning that pauses for longer than this was none.
const PAUSE_TICKS_MAX: i64 = TICKS_PER_SECOND / 4;
/// Longest time between two pictures that is believed, in seconds.
const ELAPSED_MAX: f32 = 2.0;

/// In clutter motion must last this much longer: streaks may meet by chance for some pictures.
const CLUTTER_TICKS: i64 = TICKS_PER_SECOND / 2;

#[derive(Clone, Copy, Debug)]
enum State {
    Still,
    Moving { last: i64 },
}

/// Finds motion in a stream of pictures in the order of showing. Does no I/O and never fails.
#[derive(Debug)]
pub struct Detector {
    config: MotionConfig,
    grid: Grid,
    scene: Option<Scene>,
    state: State,
    tracks: Tracks,
    steps: Steps,
    last_pts: Option<i64>,
}

impl Detector {
    /// A detector that has seen nothing. It learns the scene for 1.5 s before it finds motion.
    pub fn new(config: MotionConfig) -> Self {
        Self::with_steps(config, Steps::default())
    }

    /// The same with some of the steps only, to measure what the others are worth.
    pub fn with_steps(config: MotionConfig, steps: Steps) -> Self {
        let (grid, tracks) = (Grid::default(), Tracks::default());
        Self { config, grid, scene: None, state: State::Still, tracks, steps, last_pts: None }
    }

    /// Looks at the next picture.
    pub fn picture(&mut self, picture: &Picture<'_>) -> MotionUpdate {
        self.luma(picture.y, picture.stride.0, picture.width, picture.height, picture.pts, picture.key)
    }

    /// Looks at the next picture, given its luma only: `height` rows of `width` pixels, `stride` bytes apart.
    pub fn luma(
        &mut self,
        luma: &[u8],
        stride: usize,
        width: usize,
        height: usize,
        pts: i64,
        key: bool,
    ) -> MotionUpdate {
        self.grid.measure(luma, stride, width, height);
        let difference = self.look(pts, key);
        self.last_pts = Some(pts);
        let clutter = self.scene.as_ref().is_some_and(Scene::is_cluttered);
        if let Some(scene) = &mut self.scene {
            self.tracks.follow(scene.blobs_mut(), pts, PAUSE_TICKS_MAX, clutter);
        }
        let change = self.step(pts, difference.cells > 0, clutter);
        MotionUpdate {
            pts,
            strength: strength(difference, self.grid.cells.len()),
            change,
            stirring: !self.is_quiet(),
        }
    }

    /// Where something moves in the last picture: boxes around what hangs together.
    pub fn moving(&self) -> impl Iterator<Item = Area> {
        let (columns, rows) = (self.grid.columns.max(1) as f32, self.grid.rows.max(1) as f32);
        let area = move |blob: &Blob| Area {
            left: blob.columns.0 as f32 / columns,
            top: blob.rows.0 as f32 / rows,
            right: (blob.columns.1 + 1) as f32 / columns,
            bottom: (blob.rows.1 + 1) as f32 / rows,
        };
        self.scene.iter().flat_map(Scene::blobs).map(area)
    }

    /// Looks at a key frame of which it is enough to know whether something moved since the key frame before it, without
    /// what lies between. If so, nothing is learnt of it: [`wake`](Self::wake), and all since is to be looked at.
    pub(crate) fn key_differs(&mut self, picture: &Picture<'_>) -> bool {
        self.grid.measure(picture.y, picture.stride.0, picture.width, picture.height);
        let differs = match &mut self.scene {
            Some(scene) if scene.fits(&self.grid) => scene.key_differs(&self.grid),
            _ => true,
        };
        if !differs {
            self.last_pts = Some(picture.pts);
        }
        differs
    }

    /// After key frames only, each picture is looked at again.
    pub(crate) fn wake(&mut self) {
        if let Some(scene) = &mut self.scene {
            scene.wake();
        }
    }

    /// Nothing moves, and the scene is known.
    pub(crate) fn is_still(&self) -> bool {
        self.is_quiet() && self.scene.as_ref().is_some_and(Scene::is_learnt)
    }

    fn is_quiet(&self) -> bool {
        matches!(self.state, State::Still) && !self.tracks.any()
    }

    /// The stream has a hole or begins anew: motion that goes on ends here, and the scene is learnt for 1.5 s again.
    pub fn interrupt(&mut self) -> Option<MotionChange> {
        self.last_pts = None;
        if let Some(scene) = &mut self.scene {
            scene.learn_anew();
        }
        self.tracks.clear();
        match std::mem::replace(&mut self.state, State::Still) {
            State::Moving { last } => Some(MotionChange::Ended(last)),
            State::Still => None,
        }
    }

    fn look(&mut self, pts: i64, key: bool) -> Difference {
        let elapsed = self.last_pts.map_or(0.0, |last| (pts - last) as f32 / TICKS_PER_SECOND as f32);
        match &mut self.scene {
            Some(scene) if scene.fits(&self.grid) => {
                scene.look(&self.grid, elapsed.clamp(0.001, ELAPSED_MAX), key)
            }
            scene => {
                let (columns, rows) = (self.grid.columns as f32, self.grid.rows as f32);
                let excluded = |column: usize, row: usize| {
                    let (x, y) = ((column as f32 + 0.5) / columns, (row as f32 + 0.5) / rows);
                    let within = |zones: &[Zone]| zones.iter().any(|zone| zone.contains(x, y));
                    let MotionConfig { include, exclude, .. } = &self.config;
                    within(exclude) || !include.is_empty() && !within(include)
                };
                let mut limits = limits(self.config.sensitivity);
                let size_min = self.config.size_min.clamp(0.0, 1.0) * self.grid.cells.len() as f32;
                limits.cells_min = limits.cells_min.max(size_min.ceil() as usize);
                *scene = Some(Scene::new(limits, self.steps, &self.grid, excluded));
                Difference::default()
            }
        }
    }

    fn step(&mut self, pts: i64, moves: bool, clutter: bool) -> Option<MotionChange> {
        let age = to_ticks(self.config.start_after) + if clutter { CLUTTER_TICKS } else { 0 };
        let since = self.tracks.since(pts, age);
        match self.state {
            State::Still => since.map(|since| {
                self.state = State::Moving { last: pts };
                MotionChange::Started(since)
            }),
            State::Moving { .. } if since.is_some() || moves && !clutter => {
                self.state = State::Moving { last: pts };
                None
            }
            State::Moving { last } => (pts - last >= to_ticks(self.config.quiet_after)).then(|| {
                self.state = State::Still;
                MotionChange::Ended(last)
            }),
        }
    }
}

/// From 0 to 100: the floor falls from 14 to 3 luma, the cells from 10 to 2; 50 gives 6.5 and 4.
fn limits(sensitivity: u8) -> Limits {
    let part = f32::from(sensitivity.min(100)) / 100.0;
    Limits { floor: 14.0 * (3.0_f32 / 14.0).powf(part), cells_min: (10.0 * 0.2_f32.powf(part)) as usize }
}

fn strength(difference: Difference, cells: usize) -> u8 {
    if difference.cells == 0 {
        return 0;
    }
    let part = difference.amount / (cells.max(1) as f32 * CELL_AMOUNT_MAX);
    // What counts is never 0.
    (255.0 * part.clamp(0.0, 1.0).sqrt()).max(1.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: i64 = TICKS_PER_SECOND / 10;

    fn see(detector: &mut Detector, pts: i64, moves: bool) -> Option<MotionChange> {
        let mut blob = Blob::EMPTY;
        blob.add(3, 4, 1.0);
        let mut blobs = if moves { vec![blob] } else { Vec::new() };
        detector.tracks.follow(&mut blobs, pts, PAUSE_TICKS_MAX, false);
        detector.step(pts, moves, false)
    }

    fn changes(pattern: &str) -> Vec<(usize, MotionChange)> {
        let mut detector = Detector::new(MotionConfig::default());
        (pattern.chars().enumerate())
            .filter_map(|(index, mark)| Some((index, see(&mut detector, index as i64 * FRAME, mark == '#')?)))
            .collect()
    }

    #[test]
    fn motion_begins_with_its_first_picture() {
        assert_eq!(changes("..####.."), [(5, MotionChange::Started(2 * FRAME))]);
    }

    #[test]
    fn flicker_is_no_motion() {
        assert_eq!(changes("..#..#.#..##....###....#.#.#.."), []);
    }

    #[test]
    fn a_short_pause_belongs_to_a_beginning() {
        assert_eq!(changes("..##.#.."), [(5, MotionChange::Started(2 * FRAME))]);
    }

    #[test]
    fn motion_ends_after_quiet_with_its_last_picture() {
        let pattern = format!("####{}##{}", ".".repeat(15), ".".repeat(25));
        assert_eq!(changes(&pattern), [(3, MotionChange::Started(0)), (40, MotionChange::Ended(20 * FRAME))]);
    }

    #[test]
    fn an_interruption_ends_motion_once() {
        let mut detector = Detector::new(MotionConfig::default());
        for index in 0..4 {
            see(&mut detector, index * FRAME, true);
        }
        assert_eq!(detector.interrupt(), Some(MotionChange::Ended(3 * FRAME)));
        assert_eq!(detector.interrupt(), None);
    }

    #[test]
    fn strength_tells_near_from_far() {
        let of = |amount: f32| strength(Difference { cells: 4, amount }, 6_912);
        assert_eq!(strength(Difference::default(), 6_912), 0);
        assert_eq!(of(0.0), 1, "what counts is never 0");
        assert_eq!(of(6_912.0 * CELL_AMOUNT_MAX), 255);
        let sizes = [6.0, 240.0, 860.0, 2_170.0].map(of);
        assert!(sizes.is_sorted() && sizes[3] > 2 * sizes[1] && sizes[1] > 2 * sizes[0], "{sizes:?}");
    }

    #[test]
    fn limits_follow_sensitivity() {
        let middle = limits(50);
        assert!((6.0..7.0).contains(&middle.floor) && middle.cells_min == 4, "{middle:?}");
        assert!(limits(0).floor > 13.0 && limits(100).floor < 3.1 && limits(100).cells_min >= 1);
        assert!(limits(100).floor > limits(255).floor - 0.01);
    }
}
