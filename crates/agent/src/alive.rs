//! The last moment at which the agent was alive, so that the time in which it was not is on record.

use std::time::Duration;

use ownsight_device::{DeviceFiles, DeviceHandle};
use ownsight_model::{CameraFault, CameraId, GapReason, GapReport, TenureId, Timestamp};
use serde::{Deserialize, Serialize};

const FILE: &str = "alive";
/// A shorter absence is no gap.
const AWAY_MIN: Duration = Duration::from_secs(3);

/// When the agent was last alive, and how its cameras were then. Times are the server's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alive {
    pub(crate) at: Timestamp,
    pub(crate) cameras: Vec<AliveCamera>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AliveCamera {
    pub(crate) camera: CameraId,
    pub(crate) tenure: TenureId,
    pub(crate) offline: Option<Offline>,
}

/// A camera that gives no pictures: a gap that is not reported yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offline {
    pub(crate) since: Timestamp,
    pub(crate) fault: CameraFault,
}

impl Alive {
    /// What the agent's last run left; `None` before the first. Blocks on the disk.
    pub(crate) fn read(files: &DeviceFiles) -> Option<Self> {
        files
            .read(FILE)
            .inspect_err(|error| tracing::warn!(%error, "when this agent was last alive cannot be read"))
            .ok()
            .flatten()
    }

    /// Blocks on the disk.
    pub(crate) fn write(&self, files: &DeviceFiles) {
        if let Err(error) = files.write(FILE, self) {
            tracing::warn!(%error, "that this agent is alive cannot be written");
        }
    }

    /// The gaps of a camera between then and now: that it was offline, and that the agent was away.
    pub(crate) fn gaps(&self, camera: CameraId, tenure: TenureId, now: Timestamp) -> Vec<GapReport> {
        let Some(then) = self.cameras.iter().find(|then| (then.camera, then.tenure) == (camera, tenure))
        else {
            return Vec::new();
        };
        let gap = |from, to, reason| GapReport { camera, from, to: Some(to), reason };
        let offline = then.offline.filter(|offline| offline.since < self.at);
        let offline = offline.map(|offline| gap(offline.since, self.at, GapReason::Camera(offline.fault)));
        let away = (now.since(self.at) >= AWAY_MIN).then(|| gap(self.at, now, GapReason::AgentAway));
        offline.into_iter().chain(away).collect()
    }
}

/// Reports the gaps that the agent's last run left for this camera.
pub(crate) async fn report_gaps(
    handle: &DeviceHandle,
    sealer: &ownsight_device::CameraSealer,
    gaps: Vec<GapReport>,
) {
    for gap in gaps {
        if let Err(error) = handle.report_gap(sealer, gap).await {
            tracing::error!(%error, "a gap could not be kept on disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_tell_what_was_known() {
        let second = |second: i64| Timestamp::from_micros(second * 1_000_000);
        let (camera, tenure) = (CameraId::generate(), TenureId::generate());
        let fault = CameraFault::Stalled;
        let mut alive =
            Alive { at: second(100), cameras: vec![AliveCamera { camera, tenure, offline: None }] };
        let gap = |from, to, reason| GapReport { camera, from: second(from), to: Some(second(to)), reason };
        assert_eq!(alive.gaps(camera, tenure, second(160)), [gap(100, 160, GapReason::AgentAway)]);
        assert_eq!(alive.gaps(camera, tenure, second(102)), [], "too short");
        assert_eq!(alive.gaps(camera, tenure, second(90)), [], "a clock that went back");
        assert_eq!(alive.gaps(camera, TenureId::generate(), second(160)), [], "another time in another home");
        assert_eq!(alive.gaps(CameraId::generate(), tenure, second(160)), []);
        alive.cameras[0].offline = Some(Offline { since: second(40), fault });
        let expected = [gap(40, 100, GapReason::Camera(fault)), gap(100, 160, GapReason::AgentAway)];
        assert_eq!(alive.gaps(camera, tenure, second(160)), expected);
    }
}
