//! What somebody who manages a home says about motion of one of its cameras.

use ownsight_model::{MotionSettings, ZoneKind, Zones, ZonesError};

use crate::{GateError, views};

/// What changes; what is left out stays.
#[derive(Debug, Default)]
pub struct MotionChange {
    /// All zones, in the place of those before.
    pub zones: Option<Vec<DrawnZone>>,
    /// What moves must cover so many thousandths of the picture, 0 to 500.
    pub size_min: Option<u16>,
    /// It must last so many ms, 300 to 10,000.
    pub lasts_min_ms: Option<u16>,
    /// Whether the camera is quieted while it makes event upon event.
    pub quieting: Option<bool>,
}

/// A zone as somebody drew it: not checked yet.
#[derive(Debug, Clone)]
pub struct DrawnZone {
    /// What it says.
    pub kind: ZoneKind,
    /// Its corners in thousandths of the picture.
    pub corners: Vec<[i32; 2]>,
}

impl From<ZonesError> for GateError {
    fn from(error: ZonesError) -> Self {
        Self::invalid("zones", error.to_string())
    }
}

impl MotionChange {
    pub(crate) fn apply(&self, settings: &mut MotionSettings) -> Result<(), GateError> {
        if let Some(zones) = &self.zones {
            settings.zones = Zones::drawn(zones.iter().map(|zone| (zone.kind, zone.corners.as_slice())))?;
        }
        if let Some(size) = self.size_min {
            settings.size_min = within("size_min", size, 0, MotionSettings::SIZE_MIN_MAX)?;
        }
        if let Some(ms) = self.lasts_min_ms {
            let (least, most) = (MotionSettings::LASTS_MIN_MS_MIN, MotionSettings::LASTS_MIN_MS_MAX);
            settings.lasts_min_ms = within("lasts_min_ms", ms, least, most)?;
        }
        settings.quieting = self.quieting.unwrap_or(settings.quieting);
        Ok(())
    }
}

fn within(field: &'static str, value: u16, least: u16, most: u16) -> Result<u16, GateError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(GateError::invalid(field, format!("{least} to {most} is expected")))
}

pub(crate) fn view(settings: &MotionSettings) -> views::Motion {
    let zones = settings.zones.iter();
    views::Motion {
        zones: zones.map(|zone| views::Zone { kind: zone.kind, corners: zone.corners.clone() }).collect(),
        size_min: settings.size_min,
        lasts_min_ms: settings.lasts_min_ms,
        quieting: settings.quieting,
    }
}
