//! Eight views of the footage that look like eight cameras.

use super::view::{Crop, Look, View};

/// A named view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// For people, e.g. `Side gate`.
    pub name: &'static str,
    /// For addresses, e.g. `/side-gate`.
    pub path: &'static str,
    /// What it shows.
    pub view: View,
}

/// The presets, the best-looking first. Their starts are spread over the footage, so that neighbours see people at
/// different times.
pub const PRESETS: [Preset; 8] = [
    Preset {
        name: "Main path",
        path: "/main-path",
        view: View {
            crop: Crop { x: 0, y: 64, width: 768, height: 432 },
            mirror: false,
            look: Look::DAY,
            width: 768,
            height: 432,
            start: 0,
        },
    },
    Preset {
        name: "Driveway",
        path: "/driveway",
        view: View {
            crop: Crop { x: 288, y: 18, width: 480, height: 270 },
            mirror: false,
            look: Look::DAY,
            width: 640,
            height: 360,
            start: 200,
        },
    },
    Preset {
        name: "Lawn",
        path: "/lawn",
        view: View {
            crop: Crop { x: 128, y: 216, width: 640, height: 360 },
            mirror: false,
            look: Look::DAY,
            width: 640,
            height: 360,
            start: 420,
        },
    },
    Preset {
        name: "Side gate",
        path: "/side-gate",
        view: View {
            crop: Crop { x: 320, y: 120, width: 448, height: 252 },
            mirror: true,
            look: Look::NIGHT,
            width: 640,
            height: 360,
            start: 600,
        },
    },
    Preset {
        name: "Courtyard",
        path: "/courtyard",
        view: View {
            crop: Crop { x: 0, y: 0, width: 768, height: 576 },
            mirror: true,
            look: Look::OVERCAST,
            width: 640,
            height: 480,
            start: 100,
        },
    },
    Preset {
        name: "Car park",
        path: "/car-park",
        view: View {
            crop: Crop { x: 0, y: 40, width: 448, height: 252 },
            mirror: false,
            look: Look::EVENING,
            width: 640,
            height: 360,
            start: 300,
        },
    },
    Preset {
        name: "Entrance",
        path: "/entrance",
        view: View {
            crop: Crop { x: 400, y: 60, width: 368, height: 276 },
            mirror: true,
            look: Look::DAY,
            width: 640,
            height: 480,
            start: 500,
        },
    },
    Preset {
        name: "Back yard",
        path: "/back-yard",
        view: View {
            crop: Crop { x: 64, y: 100, width: 672, height: 378 },
            mirror: true,
            look: Look::NIGHT,
            width: 640,
            height: 360,
            start: 700,
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::footage::Footage;

    #[test]
    fn presets_are_undistorted_and_distinct() {
        let footage = Footage::bundled().unwrap();
        for (index, Preset { name, path, view }) in PRESETS.iter().enumerate() {
            view.check(footage.width, footage.height).unwrap();
            let stretch = (view.width * view.crop.height) as f32 / (view.height * view.crop.width) as f32;
            assert!((stretch - 1.0).abs() < 0.005, "{name} is stretched by {stretch}");
            assert!(view.start < footage.units.len() as u32);
            for other in &PRESETS[..index] {
                assert!(other.name != *name && other.path != *path && other.view != *view);
            }
        }
    }
}
