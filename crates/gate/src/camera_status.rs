//! How a camera is, as its device says, once that verified.

use ownsight_model::{AnotherCamera, CameraFault, CameraReport, CameraState, Timestamp};
use ownsight_registry::{CameraDetail, DeviceRow};
use ownsight_seal::{CameraReportKind, Purpose, report_is_about};

use crate::access::HomeAccess;
use crate::devices::AWAY_AFTER;
use crate::{alarm, profile, views};

/// Most differences of another camera that are shown: there are no more parts.
const DIFFERENCES_MAX: usize = 8;

pub(crate) fn status(
    access: &HomeAccess,
    detail: &CameraDetail,
    device: Option<&DeviceRow>,
) -> (views::CameraStatus, Option<views::Video>) {
    let now = Timestamp::now();
    let of = |state, fault: Option<CameraFault>, since, verified| {
        (views::CameraStatus { state, fault, since, verified, another: None, quieted_since: None }, None)
    };
    let Some(device) = device else {
        return of("unknown", None, detail.camera.created_at, true);
    };
    if device.upload_key.is_some() {
        // It says nothing of itself: all that is known is when it last uploaded.
        return of("uploads", None, device.seen_at.unwrap_or(detail.camera.created_at), true);
    }
    let seen = device.seen_at.filter(|seen| now.since(*seen) < AWAY_AFTER);
    let Some(row) = detail.report.as_ref() else {
        let state = if seen.is_some() { "connecting" } else { "unknown" };
        return of(state, None, detail.camera.created_at, true);
    };
    let report = access
        .verify_report(CameraReportKind::State, detail.epochs.iter(), row)
        .and_then(|()| profile::decode::<CameraReport>(&row.body))
        .and_then(|report| {
            report_is_about(&detail.camera.id, &report.camera, Purpose::CameraReport)?;
            Ok(report)
        });
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            alarm::raise(&error, "verifying a report on a camera");
            return of("unknown", None, row.received_at, false);
        }
    };
    if seen.is_none() {
        return of("unknown", None, device.seen_at.unwrap_or(row.received_at), true);
    }
    let video = report.video.map(|video| views::Video {
        width: video.width,
        height: video.height,
        fps: video.fps,
        bits_per_second: video.bits_per_second,
        lost_frames: video.lost_frames,
        lost_packets: video.lost_packets,
        sound: video.sound,
        at: report.at,
    });
    let (mut status, _) = match report.state {
        CameraState::Connecting => of("connecting", None, report.since, true),
        CameraState::Records => of("records", None, report.since, true),
        CameraState::Offline(fault) => of("offline", Some(fault), report.since, true),
    };
    status.quieted_since = report.quieted_since.filter(|_| status.state == "records");
    // Serial numbers of cameras are for who may say which of them is this one.
    let another = report.another.filter(|_| status.fault == Some(CameraFault::AnotherCamera));
    status.another = another.filter(|_| access.control().is_ok()).map(another_view);
    (status, video)
}

fn another_view(another: AnotherCamera) -> views::AnotherCamera {
    let differs = another.differs.into_iter().take(DIFFERENCES_MAX);
    views::AnotherCamera {
        fingerprint: another.fingerprint,
        differs: differs
            .map(|difference| views::Difference {
                part: difference.part,
                known: difference.known,
                seen: difference.seen,
            })
            .collect(),
    }
}
