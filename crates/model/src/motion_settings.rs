//! What a home says about motion before one of its cameras: where it is watched for, how large and how long it must be, and
//! whether it may be too much.

use serde::{Deserialize, Serialize};

/// What counts as motion of a camera, besides its sensitivity. By default: all that moves, anywhere, at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MotionSettings {
    /// Where it is watched for.
    #[serde(skip_serializing_if = "Zones::is_empty")]
    pub zones: Zones,
    /// What moves must cover so much of the picture, in thousandths of it.
    pub size_min: u16,
    /// It must last so long, in milliseconds.
    pub lasts_min_ms: u16,
    /// Whether the camera is quieted while it makes event upon event. Left out where it is.
    #[serde(skip_serializing_if = "is_true")]
    pub quieting: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

impl MotionSettings {
    /// Largest [`size_min`](Self::size_min).
    pub const SIZE_MIN_MAX: u16 = 500;
    /// Shortest [`lasts_min_ms`](Self::lasts_min_ms), which is also the default.
    pub const LASTS_MIN_MS_MIN: u16 = 300;
    /// Longest [`lasts_min_ms`](Self::lasts_min_ms).
    pub const LASTS_MIN_MS_MAX: u16 = 10_000;

    /// Whether nothing was said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for MotionSettings {
    fn default() -> Self {
        Self { zones: Zones::default(), size_min: 0, lasts_min_ms: Self::LASTS_MIN_MS_MIN, quieting: true }
    }
}

/// What a zone says of the motion in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneKind {
    /// Only here motion counts; several of these add up.
    Include,
    /// Here motion does not count, also within what is included.
    Exclude,
}

/// A polygon in a camera's picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// What it says.
    pub kind: ZoneKind,
    /// Its corners in order, `[x, y]` in thousandths of the picture's width from the left and of its height from the top.
    pub corners: Vec<[u16; 2]>,
}

/// The zones of a camera.
///
/// [`Zones::drawn`] checks what somebody drew. Reading what was sealed checks nothing: it was checked when it was sealed, and a
/// device is not to drop its whole configuration over a limit that is younger than itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zones(Vec<Zone>);

/// Why zones are not taken. Zones are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZonesError {
    /// There are too many.
    #[error("there are {zones} zones; at most {} are expected", Zones::MAX)]
    TooMany {
        /// How many.
        zones: usize,
    },
    /// One has too few corners, or too many.
    #[error(
        "zone {zone} has {corners} corners; {} to {} are expected",
        Zones::CORNERS_MIN,
        Zones::CORNERS_MAX
    )]
    Corners {
        /// Which.
        zone: usize,
        /// How many it has.
        corners: usize,
    },
    /// One has a corner outside the picture.
    #[error("zone {zone} has a corner outside the picture; 0 to {} is expected", Zones::UNIT)]
    Outside {
        /// Which.
        zone: usize,
    },
    /// One covers next to nothing.
    #[error("zone {zone} covers next to nothing of the picture; draw it larger")]
    Small {
        /// Which.
        zone: usize,
    },
    /// Together they say that nothing is watched.
    #[error("these zones leave next to nothing of the picture to watch")]
    NothingLeft,
}

/// Points across and down at which zones are looked at: somewhat coarser than the cells in which motion is found.
const LATTICE: i64 = 64;
/// A zone must hold so many of those points, a thousandth of the picture: the smallest motion that counts is about as large.
const POINTS_MIN: usize = 4;

impl Zones {
    /// Most zones of a camera.
    pub const MAX: usize = 8;
    /// Fewest corners of a zone.
    pub const CORNERS_MIN: usize = 3;
    /// Most corners of a zone.
    pub const CORNERS_MAX: usize = 16;
    /// The picture's width and height.
    pub const UNIT: i32 = 1_000;

    /// Checks zones as somebody drew them.
    pub fn drawn<'a>(
        zones: impl ExactSizeIterator<Item = (ZoneKind, &'a [[i32; 2]])>,
    ) -> Result<Self, ZonesError> {
        if zones.len() > Self::MAX {
            return Err(ZonesError::TooMany { zones: zones.len() });
        }
        let checked: Vec<Zone> = zones
            .zip(1..)
            .map(|((kind, corners), zone)| checked(kind, corners, zone))
            .collect::<Result<_, _>>()?;
        let zones = Self(checked);
        if points().filter(|(x, y)| zones.watches(*x, *y)).count() < POINTS_MIN {
            return Err(ZonesError::NothingLeft);
        }
        Ok(zones)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The zones, in the order in which they were drawn.
    pub fn iter(&self) -> std::slice::Iter<'_, Zone> {
        self.0.iter()
    }

    fn watches(&self, x: i64, y: i64) -> bool {
        let within = |kind| self.0.iter().any(|zone| zone.kind == kind && zone.holds(x, y));
        let anywhere = self.0.iter().all(|zone| zone.kind == ZoneKind::Exclude);
        (anywhere || within(ZoneKind::Include)) && !within(ZoneKind::Exclude)
    }
}

impl<'a> IntoIterator for &'a Zones {
    type Item = &'a Zone;
    type IntoIter = std::slice::Iter<'a, Zone>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Zone {
    /// Whether a point, in thousandths, lies inside, by the even-odd rule.
    fn holds(&self, x: i64, y: i64) -> bool {
        let mut inside = false;
        let before = self.corners.iter().cycle().skip(self.corners.len().saturating_sub(1));
        for (to, from) in self.corners.iter().zip(before) {
            let ([x1, y1], [x2, y2]) = (to.map(i64::from), from.map(i64::from));
            if (y1 > y) == (y2 > y) {
                continue;
            }
            // Left of the edge at this height, without a division.
            let (left, right) = ((x - x1) * (y2 - y1), (x2 - x1) * (y - y1));
            if (y2 > y1 && left < right) || (y2 < y1 && left > right) {
                inside = !inside;
            }
        }
        inside
    }
}

fn checked(kind: ZoneKind, corners: &[[i32; 2]], zone: usize) -> Result<Zone, ZonesError> {
    if !(Zones::CORNERS_MIN..=Zones::CORNERS_MAX).contains(&corners.len()) {
        return Err(ZonesError::Corners { zone, corners: corners.len() });
    }
    let in_picture = |value: i32| match u16::try_from(value) {
        Ok(inside) if value <= Zones::UNIT => Ok(inside),
        _ => Err(ZonesError::Outside { zone }),
    };
    let corners = corners.iter().map(|[x, y]| Ok([in_picture(*x)?, in_picture(*y)?]));
    let drawn = Zone { kind, corners: corners.collect::<Result<_, _>>()? };
    if points().filter(|(x, y)| drawn.holds(*x, *y)).count() < POINTS_MIN {
        return Err(ZonesError::Small { zone });
    }
    Ok(drawn)
}

fn points() -> impl Iterator<Item = (i64, i64)> {
    let at = |index: i64| (index * 2 + 1) * i64::from(Zones::UNIT) / (LATTICE * 2);
    (0..LATTICE).flat_map(move |row| (0..LATTICE).map(move |column| (at(column), at(row))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(from: i32, to: i32) -> Vec<[i32; 2]> {
        vec![[from, from], [to, from], [to, to], [from, to]]
    }

    fn drawn(zones: &[(ZoneKind, Vec<[i32; 2]>)]) -> Result<Zones, ZonesError> {
        Zones::drawn(zones.iter().map(|(kind, corners)| (*kind, corners.as_slice())))
    }

    #[test]
    fn what_is_wrong_is_named() {
        use ZoneKind::{Exclude, Include};
        let small = ZonesError::Small { zone: 2 };
        let around = |count: i32| (0..count).map(|i| [500 + (i % 2) * 400, i * 60]).collect::<Vec<_>>();
        for (zones, wrong) in [
            (vec![(Exclude, square(0, 100)); 9], ZonesError::TooMany { zones: 9 }),
            (vec![(Include, vec![[0, 0], [9, 9]])], ZonesError::Corners { zone: 1, corners: 2 }),
            (vec![(Include, around(17))], ZonesError::Corners { zone: 1, corners: 17 }),
            (vec![(Include, square(0, 1_001))], ZonesError::Outside { zone: 1 }),
            (vec![(Include, square(-1, 900))], ZonesError::Outside { zone: 1 }),
            (vec![(Include, square(0, 70_000))], ZonesError::Outside { zone: 1 }),
            (vec![(Include, square(0, 500)), (Exclude, square(500, 510))], small.clone()),
            (vec![(Include, square(0, 500)), (Exclude, vec![[0, 0], [500, 500], [900, 900]])], small),
            (vec![(Exclude, square(0, 1_000))], ZonesError::NothingLeft),
            (vec![(Include, square(100, 500)), (Exclude, square(0, 600))], ZonesError::NothingLeft),
        ] {
            assert_eq!(drawn(&zones), Err(wrong));
        }
        let longest = ZonesError::Corners { zone: 3, corners: 17 };
        assert_eq!(longest.to_string(), "zone 3 has 17 corners; 3 to 16 are expected");
        for zones in [
            vec![],
            vec![(Include, square(0, 1_000))],
            vec![(Include, around(16))],
            vec![(Exclude, square(0, 40)); 8],
            vec![(Include, square(0, 600)), (Exclude, square(100, 500))],
            // An hourglass: its halves are covered, whichever way round they are drawn.
            vec![(Include, vec![[0, 0], [1_000, 0], [0, 1_000], [1_000, 1_000]])],
        ] {
            let count = zones.len();
            assert_eq!(drawn(&zones).unwrap().iter().count(), count);
        }
    }

    #[test]
    fn a_zone_holds_what_lies_inside() {
        let corner = Zone { kind: ZoneKind::Include, corners: vec![[0, 0], [500, 0], [0, 500]] };
        assert!(corner.holds(100, 100) && corner.holds(300, 100));
        assert!(!corner.holds(300, 300) && !corner.holds(600, 10) && !corner.holds(10, 600));
        let turned = Zone { corners: corner.corners.iter().rev().copied().collect(), ..corner };
        assert!(turned.holds(100, 100) && !turned.holds(300, 300));
    }

    #[test]
    fn what_was_not_said_is_as_it_was() {
        let settings: MotionSettings = serde_json::from_str("{}").unwrap();
        assert!(settings.is_default());
        let settings: MotionSettings = serde_json::from_str(r#"{"size_min":10,"later":1}"#).unwrap();
        assert_eq!((settings.size_min, settings.lasts_min_ms, settings.quieting), (10, 300, true));
        let zones = drawn(&[(ZoneKind::Exclude, square(0, 600))]).unwrap();
        let settings = MotionSettings { zones, ..MotionSettings::default() };
        let json = serde_json::to_string(&settings).unwrap();
        assert!(json.starts_with(r#"{"zones":[{"kind":"exclude","corners":[[0,0],[600,0]"#), "{json}");
        assert_eq!(serde_json::from_str::<MotionSettings>(&json).unwrap(), settings);
    }
}
