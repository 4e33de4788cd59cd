//! How the cameras of all homes are, counted for the operator: how many of each state, and no word of which.
//!
//! The counts are of what devices say. Their reports are tagged and not sealed, so that the server can read them; only
//! a viewer's own key can tell whether they are true. The page of a home shows what verified, this shows claims.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ownsight_model::{CameraFault, CameraId, CameraReport, CameraState, DEVICE_AWAY_AFTER, Timestamp};
use ownsight_registry::{FleetCamera, RegistryError};

use crate::Ingest;
use crate::alarm::{CAMERAS, CAMERAS_BITS, CAMERAS_FRAMES, CAMERAS_LOSSY, CAMERAS_OFFLINE_SECONDS};

/// Cameras that are read at once.
const PAGE: u32 = 500;
/// A rate that a device claims counts up to here: one that lies must not hide all others.
const FRAMES_PER_SECOND_MAX: f64 = 1_000.0;
const BITS_PER_SECOND_MAX: f64 = 1e9;

/// The cameras of all homes, counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fleet {
    /// How many cameras are in a state: `records`, `connecting`, `offline` with the fault's code, `uploads`,
    /// `not-heard-of` (its device is away), or `unassigned` (no device serves it).
    pub cameras: BTreeMap<(&'static str, String), u64>,
    /// Frames each second of those that record.
    pub frames_per_second: f64,
    /// Bits each second of those that record.
    pub bits_per_second: f64,
    /// Those that record and lost packets or frames since their device connected.
    pub lossy: u64,
    /// How long the one is offline that is so the longest, as its device says; not longer than the camera is here.
    pub offline_longest: Duration,
}

/// Which labels were told of: those that nothing has any more are told as zero.
#[derive(Debug, Default)]
pub(crate) struct Told(BTreeSet<(&'static str, String)>);

impl Ingest {
    /// Counts the cameras of all homes, as their devices say. For operators; `/metrics` has the same each minute.
    ///
    /// Cancel-safe: it changes nothing.
    pub async fn fleet(&self, now: Timestamp) -> Result<Fleet, RegistryError> {
        let mut fleet = Fleet::default();
        let mut after = CameraId::from_bytes([0; 16]);
        loop {
            let page = self.inner.registry.fleet(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(fleet) };
            after = last.camera;
            for camera in &page {
                fleet.add(camera, now);
            }
        }
    }

    /// Sets the gauges to how the cameras are now.
    pub(crate) async fn tell_of_cameras(&self, told: &mut Told) {
        let fleet = match self.fleet(Timestamp::now()).await {
            Ok(fleet) => fleet,
            Err(error) => {
                tracing::warn!(%error, "the cameras could not be counted");
                return;
            }
        };
        let labels: BTreeSet<_> = fleet.cameras.keys().cloned().collect();
        for (state, fault) in told.0.union(&labels) {
            let count = fleet.cameras.get(&(*state, fault.clone())).copied().unwrap_or_default();
            metrics::gauge!(CAMERAS, "state" => *state, "fault" => fault.clone()).set(count as f64);
        }
        told.0.extend(labels);
        metrics::gauge!(CAMERAS_FRAMES).set(fleet.frames_per_second);
        metrics::gauge!(CAMERAS_BITS).set(fleet.bits_per_second);
        metrics::gauge!(CAMERAS_LOSSY).set(fleet.lossy as f64);
        metrics::gauge!(CAMERAS_OFFLINE_SECONDS).set(fleet.offline_longest.as_secs_f64());
    }
}

impl Fleet {
    fn add(&mut self, camera: &FleetCamera, now: Timestamp) {
        let (state, fault) = self.state_of(camera, now);
        let fault = fault.map(word).unwrap_or_default();
        *self.cameras.entry((state, fault)).or_default() += 1;
    }

    fn state_of(&mut self, camera: &FleetCamera, now: Timestamp) -> (&'static str, Option<CameraFault>) {
        let Some(device) = camera.device else { return ("unassigned", None) };
        if device.uploads {
            return ("uploads", None);
        }
        if device.seen_at.is_none_or(|seen| now.since(seen) >= DEVICE_AWAY_AFTER) {
            return ("not-heard-of", None);
        }
        // One that does not read any more is of a program that went back: it says nothing.
        let report =
            camera.report.as_deref().and_then(|body| serde_json::from_slice::<CameraReport>(body).ok());
        let Some(report) = report else { return ("connecting", None) };
        match report.state {
            CameraState::Connecting => ("connecting", None),
            CameraState::Offline(fault) => {
                // A claim, too: one that says since ever must not hide all others for ever.
                let since = report.since.max(camera.created_at);
                self.offline_longest = self.offline_longest.max(now.since(since));
                ("offline", Some(fault))
            }
            CameraState::Records => {
                if let Some(video) = report.video {
                    let fps = f64::from(video.fps);
                    self.frames_per_second +=
                        if fps.is_finite() { fps.clamp(0.0, FRAMES_PER_SECOND_MAX) } else { 0.0 };
                    self.bits_per_second += (video.bits_per_second as f64).min(BITS_PER_SECOND_MAX);
                    let lost = video.lost_frames > 0 || video.lost_packets.is_some_and(|lost| lost > 0);
                    self.lossy += u64::from(lost);
                }
                ("records", None)
            }
        }
    }
}

/// A fault's code, one of a fixed number, whatever a device sends.
fn word(fault: CameraFault) -> String {
    match serde_json::to_value(fault) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use ownsight_model::VideoReport;
    use ownsight_registry::FleetDevice;

    use super::*;

    fn camera(
        uploads: bool,
        seen_at: Option<Timestamp>,
        report: Option<(CameraState, VideoReport)>,
    ) -> FleetCamera {
        let camera = CameraId::generate();
        let since = Timestamp::from_micros(1_000_000);
        let body = report.map(|(state, video)| {
            let report = CameraReport {
                camera,
                at: since,
                state,
                since,
                video: Some(video),
                another: None,
                quieted_since: None,
            };
            serde_json::to_vec(&report).unwrap()
        });
        let device = Some(FleetDevice { uploads, seen_at });
        FleetCamera { camera, created_at: Timestamp::from_micros(0), device, report: body }
    }

    #[test]
    fn cameras_are_counted_by_what_their_devices_say() {
        let now = Timestamp::from_micros(61_000_000);
        let (calls, away) = (Some(now), Some(now.minus(DEVICE_AWAY_AFTER)));
        let video = |fps, lost_packets| VideoReport {
            width: 640,
            height: 360,
            fps,
            bits_per_second: 500_000,
            lost_frames: 0,
            lost_packets,
            sound: None,
        };
        let good = (CameraState::Records, video(10.0, Some(0)));
        let refused = (CameraState::Offline(CameraFault::Unauthorized), video(10.0, None));
        let mut fleet = Fleet::default();
        for camera in [
            camera(false, calls, Some(good)),
            camera(false, calls, Some((CameraState::Records, video(f32::MAX, Some(3))))),
            camera(false, calls, Some((CameraState::Connecting, video(5.0, None)))),
            camera(false, calls, Some(refused)),
            camera(false, calls, Some(refused)),
            camera(false, calls, None),
            camera(false, away, Some(good)),
            camera(false, None, Some(good)),
            camera(true, None, None),
            FleetCamera { device: None, ..camera(false, None, None) },
            FleetCamera { report: Some(b"what is this".to_vec()), ..camera(false, calls, None) },
        ] {
            fleet.add(&camera, now);
        }
        let told: Vec<_> =
            fleet.cameras.iter().map(|((state, fault), count)| (*state, fault.as_str(), *count)).collect();
        assert_eq!(
            told,
            [
                ("connecting", "", 3),
                ("not-heard-of", "", 2),
                ("offline", "unauthorized", 2),
                ("records", "", 2),
                ("unassigned", "", 1),
                ("uploads", "", 1),
            ]
        );
        assert!((fleet.frames_per_second - 1_010.0).abs() < 0.01, "{fleet:?}");
        assert!((fleet.bits_per_second - 1e6).abs() < 0.01, "{fleet:?}");
        assert_eq!((fleet.lossy, fleet.offline_longest), (1, Duration::from_mins(1)));
    }

    #[test]
    fn no_camera_is_offline_since_before_it_was_added() {
        let now = Timestamp::from_micros(61_000_000);
        let state = CameraState::Offline(CameraFault::Unauthorized);
        let id = CameraId::generate();
        let (at, since) = (now, Timestamp::from_micros(0));
        let report =
            CameraReport { camera: id, at, state, since, video: None, another: None, quieted_since: None };
        let liar = FleetCamera {
            camera: id,
            created_at: Timestamp::from_micros(56_000_000),
            device: Some(FleetDevice { uploads: false, seen_at: Some(now) }),
            report: Some(serde_json::to_vec(&report).unwrap()),
        };
        let mut fleet = Fleet::default();
        fleet.add(&liar, now);
        assert_eq!(fleet.offline_longest, Duration::from_secs(5));
    }
}
