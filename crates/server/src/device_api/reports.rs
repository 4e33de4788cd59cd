//! `POST /reports`: what devices say of themselves and their cameras, and their alarms.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use ownsight_ingest::{AlarmReport, Report, ReportKind};
use ownsight_model::{CameraId, TestId};
use serde::Deserialize;

use super::sign_in::authenticate;
use super::wire::Bytes;
use crate::http::{Problem, read_json};
use crate::state::AppState;

/// Most bytes of a call.
const BYTES_MAX: usize = 256 << 10;
/// Most reports, and most alarms, of a call.
const REPORTS_MAX: usize = 256;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    reports: Vec<ReportBody>,
    #[serde(default)]
    alarms: Vec<AlarmBody>,
}

#[derive(Deserialize)]
struct ReportBody {
    kind: Kind,
    camera_id: Option<CameraId>,
    test_id: Option<TestId>,
    body: Bytes,
    tag: Bytes,
}

#[derive(Deserialize)]
struct AlarmBody {
    kind: String,
    count: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Device,
    Camera,
    Gap,
    Test,
}

pub(crate) async fn take(State(state): State<AppState>, request: Request) -> Result<StatusCode, Problem> {
    let identity = authenticate(&state, request.headers()).await?;
    let body: Body = read_json(request, BYTES_MAX).await?;
    if body.reports.len() > REPORTS_MAX || body.alarms.len() > REPORTS_MAX {
        return Err(malformed("there are more than 256 reports or alarms"));
    }
    let reports = body.reports.into_iter().map(report).collect::<Result<Vec<_>, _>>()?;
    let alarms = body.alarms.into_iter().map(|alarm| AlarmReport { kind: alarm.kind, count: alarm.count });
    state.ingest.reports(&identity, reports, alarms.collect()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn report(report: ReportBody) -> Result<Report, Problem> {
    let camera = || report.camera_id.ok_or_else(|| malformed("`camera_id` is missing"));
    let kind = match report.kind {
        Kind::Device => ReportKind::Device,
        Kind::Camera => ReportKind::Camera(camera()?),
        Kind::Gap => ReportKind::Gap(camera()?),
        Kind::Test => ReportKind::Test(report.test_id.ok_or_else(|| malformed("`test_id` is missing"))?),
    };
    Ok(Report { kind, body: report.body.0, tag: report.tag.0 })
}

fn malformed(why: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "The reports cannot be understood")
        .detail(why)
}
