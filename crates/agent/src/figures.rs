//! Figures of an agent and its cameras, in Prometheus' form, for the machine that it runs on.
//!
//! They name cameras, by id. That is right here and nowhere else: an agent is of one home, and knows of no other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ownsight_camera::Stats;
use ownsight_device::{DeviceHandle, DeviceStats};
use ownsight_model::{CameraId, CameraState, Timestamp};

/// Figures of the agent that runs. Clones are the same figures. They hold no key, address or name.
#[derive(Clone, Default)]
pub struct Figures(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    device: Option<DeviceHandle>,
    cameras: BTreeMap<CameraId, CameraFigures>,
}

#[derive(Clone, Copy, Default)]
struct CameraFigures {
    status: Option<(CameraState, Timestamp)>,
    stats: Option<Stats>,
}

/// One metric of a camera: name, type, what it says, and how it is read.
struct OfCamera(&'static str, &'static str, &'static str, fn(&CameraFigures) -> Option<f64>);

impl Figures {
    /// All figures now; of the queue there are none before the agent is paired.
    pub fn render(&self) -> String {
        let (device, cameras) = {
            let inner = self.lock();
            (inner.device.as_ref().map(DeviceHandle::stats), inner.cameras.clone())
        };
        let mut text = String::new();
        of_cameras(&mut text, &cameras);
        if let Some(device) = device {
            of_device(&mut text, &device);
        }
        text
    }

    pub(crate) fn of_device(&self, handle: &DeviceHandle) {
        self.lock().device = Some(handle.clone());
    }

    /// From now on a camera has figures; those of its former pipeline are gone.
    pub(crate) fn watched(&self, camera: CameraId) {
        self.lock().cameras.insert(camera, CameraFigures::default());
    }

    pub(crate) fn forget(&self, camera: CameraId) {
        self.lock().cameras.remove(&camera);
    }

    pub(crate) fn status(&self, camera: CameraId, state: CameraState, since: Timestamp) {
        if let Some(figures) = self.lock().cameras.get_mut(&camera) {
            figures.status = Some((state, since));
        }
    }

    pub(crate) fn stats(&self, camera: CameraId, stats: Stats) {
        if let Some(figures) = self.lock().cameras.get_mut(&camera) {
            figures.stats = Some(stats);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under the lock is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Figures({} cameras)", self.lock().cameras.len())
    }
}

const OF_CAMERAS: [OfCamera; 13] = [
    OfCamera("ownsight_camera_records", "gauge", "1 while pictures come.", |camera| {
        camera.status.map(|(state, _)| f64::from(u8::from(state == CameraState::Records)))
    }),
    OfCamera("ownsight_camera_since_seconds", "gauge", "Since when it is as it is, Unix time.", |camera| {
        camera.status.map(|(_, since)| since.as_micros() as f64 / 1e6)
    }),
    OfCamera("ownsight_camera_frames_per_second", "gauge", "Frames that come, each second.", |camera| {
        streaming(camera).map(|stats| f64::from(stats.frames_per_second))
    }),
    OfCamera("ownsight_camera_bits_per_second", "gauge", "Bits of video that come, each second.", |camera| {
        streaming(camera).map(|stats| stats.bits_per_second as f64)
    }),
    OfCamera("ownsight_camera_frames_total", "counter", "Frames that came.", |camera| {
        camera.stats.map(|stats| stats.frames as f64)
    }),
    OfCamera("ownsight_camera_packets_lost_total", "counter", "Packets that never came.", |camera| {
        camera.stats.map(|stats| stats.packets_lost as f64)
    }),
    OfCamera(
        "ownsight_camera_frames_undecoded_total",
        "counter",
        "Frames that could not be decoded.",
        |camera| camera.stats.map(|stats| stats.frames_undecoded as f64),
    ),
    OfCamera(
        "ownsight_camera_frames_overrun_total",
        "counter",
        "Frames that this machine was too slow for.",
        |camera| camera.stats.map(|stats| stats.frames_overrun as f64),
    ),
    OfCamera("ownsight_camera_events_total", "counter", "Events found.", |camera| {
        camera.stats.map(|stats| stats.events as f64)
    }),
    OfCamera(
        "ownsight_camera_events_lost_total",
        "counter",
        "Events found, and not taken in time.",
        |camera| camera.stats.map(|stats| stats.events_lost as f64),
    ),
    OfCamera(
        "ownsight_camera_restarts_total",
        "counter",
        "Times that a decoder or detector failed.",
        |camera| camera.stats.map(|stats| stats.restarts as f64),
    ),
    OfCamera(
        "ownsight_camera_quieted",
        "gauge",
        "1 while its events are further apart, as there was one upon the other.",
        |camera| streaming(camera).map(|stats| f64::from(u8::from(stats.quieted_since.is_some()))),
    ),
    OfCamera("ownsight_camera_watched", "gauge", "1 for each camera that this agent watches.", |_| Some(1.0)),
];

/// The stream's figures, while there is a stream: the last ones of a camera that is offline are no figures of now.
fn streaming(camera: &CameraFigures) -> Option<Stats> {
    let (state, _) = camera.status?;
    match state {
        CameraState::Records => camera.stats,
        CameraState::Connecting | CameraState::Offline(_) => Some(Stats::default()),
    }
}

fn of_cameras(text: &mut String, cameras: &BTreeMap<CameraId, CameraFigures>) {
    for OfCamera(name, kind, says, read) in OF_CAMERAS {
        let values: Vec<_> = cameras.iter().filter_map(|(id, camera)| Some((id, read(camera)?))).collect();
        if values.is_empty() {
            continue;
        }
        head(text, name, kind, says);
        for (camera, value) in values {
            line(text, name, &format!("{{camera=\"{camera}\"}}"), value);
        }
    }
    let offline: Vec<_> = cameras
        .iter()
        .filter_map(|(id, camera)| match camera.status? {
            (CameraState::Offline(fault), _) => Some((id, serde_json::to_value(fault).ok()?)),
            (CameraState::Connecting | CameraState::Records, _) => None,
        })
        .collect();
    if !offline.is_empty() {
        let name = "ownsight_camera_offline";
        head(text, name, "gauge", "1 while no pictures come, by the reason.");
        for (camera, fault) in offline {
            line(text, name, &format!("{{camera=\"{camera}\",fault={fault}}}"), 1.0);
        }
    }
}

fn of_device(text: &mut String, device: &DeviceStats) {
    let queue = &device.queue;
    let offset = device.clock_offset_ms as f64 / 1000.0;
    for (name, kind, says, value) in [
        ("ownsight_agent_queue_events", "gauge", "Events that wait for the server.", queue.events as f64),
        ("ownsight_agent_queue_bytes", "gauge", "Bytes that wait for the server.", queue.bytes as f64),
        (
            "ownsight_agent_queue_bytes_max",
            "gauge",
            "Bytes beyond which the oldest go.",
            queue.bytes_max as f64,
        ),
        ("ownsight_agent_quarantined", "gauge", "Objects that were put aside.", queue.quarantined as f64),
        (
            "ownsight_agent_delivered_total",
            "counter",
            "Objects that the server took.",
            device.delivered as f64,
        ),
        (
            "ownsight_agent_events_dropped_total",
            "counter",
            "Events dropped for want of room, since the agent was paired.",
            device.dropped_events as f64,
        ),
        (
            "ownsight_agent_clock_offset_seconds",
            "gauge",
            "How far its clock is ahead of the server's.",
            offset,
        ),
    ] {
        head(text, name, kind, says);
        line(text, name, "", value);
    }
}

fn head(text: &mut String, name: &str, kind: &str, says: &str) {
    // To write into a string never fails.
    let _ = writeln!(text, "# HELP {name} {says}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: f64) {
    let _ = writeln!(text, "{name}{labels} {value}");
}

#[cfg(test)]
mod tests {
    use ownsight_model::CameraFault;

    use super::*;

    #[test]
    fn a_camera_is_told_as_it_is_now() {
        let figures = Figures::default();
        assert_eq!(figures.render(), "");
        let (one, other) = (CameraId::generate(), CameraId::generate());
        let since = Timestamp::from_micros(1_500_000);
        figures.watched(one);
        figures.status(one, CameraState::Records, since);
        let stats =
            Stats { frames_per_second: 12.5, bits_per_second: 800_000, packets_lost: 7, ..Stats::default() };
        figures.stats(one, stats);
        figures.stats(other, stats);
        figures.status(other, CameraState::Records, since);
        let text = figures.render();
        for line in [
            format!("ownsight_camera_records{{camera=\"{one}\"}} 1"),
            format!("ownsight_camera_since_seconds{{camera=\"{one}\"}} 1.5"),
            format!("ownsight_camera_frames_per_second{{camera=\"{one}\"}} 12.5"),
            format!("ownsight_camera_bits_per_second{{camera=\"{one}\"}} 800000"),
            format!("ownsight_camera_packets_lost_total{{camera=\"{one}\"}} 7"),
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
        assert!(!text.contains(&other.to_string()), "it is not watched\n{text}");

        figures.status(one, CameraState::Offline(CameraFault::Unauthorized), since);
        let text = figures.render();
        for line in [
            format!("ownsight_camera_records{{camera=\"{one}\"}} 0"),
            format!("ownsight_camera_offline{{camera=\"{one}\",fault=\"unauthorized\"}} 1"),
            format!("ownsight_camera_frames_per_second{{camera=\"{one}\"}} 0"),
            format!("ownsight_camera_packets_lost_total{{camera=\"{one}\"}} 7"),
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
        figures.forget(one);
        assert_eq!(figures.render(), "");
    }
}
