//! Lockdowns on the record. To close something waits for no record, for closing is the safe side: what could not be recorded is
//! an alarm, and recorded at the next chance. To open it again is on record first.

use std::collections::HashMap;
use std::time::Instant;

use ownsight_ledger::{KeptNotice, LockdownNotice, LockdownStep, ReadError};
use ownsight_model::{LockdownId, Timestamp};
use ownsight_registry::LockdownRow;

use crate::gate::Gate;
use crate::record::APPEND_WAITS;
use crate::{GateError, alarm, views};

/// Notices that are read at a time.
const PAGE: usize = 500;

impl Gate {
    /// Records the begin of each live lockdown whose last notice is none, or says that it was lifted. For the start, and after
    /// each change: a failure is an alarm, and closes or opens nothing.
    pub async fn record_lockdowns(&self) {
        if let Err(why) = self.try_record_lockdowns().await {
            alarm::lockdown_not_recorded(&why);
        }
    }

    /// What was closed and opened again, the newest first; with `before`, what has smaller numbers. For the operator's socket
    /// only.
    pub async fn lockdown_record(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<views::LockdownLine>, GateError> {
        let notices = self.ledger().notices(before, limit).await;
        let notices =
            notices.map_err(|error| alarm::unavailable(&error, "reading the record of lockdowns"))?;
        Ok(notices.into_iter().map(view).collect())
    }

    pub(crate) async fn record_lifting(
        &self,
        row: &LockdownRow,
        by: &str,
        time: Timestamp,
    ) -> Result<(), GateError> {
        let (lockdown, scope, by) = (row.id, row.scope, by.to_owned());
        let notice = LockdownNotice { time, lockdown, scope, by, step: LockdownStep::Lifted };
        let noted = self.ledger().note(notice, Instant::now() + APPEND_WAITS).await;
        noted.map_err(|error| {
            alarm::lockdown_not_recorded(&error.to_string());
            GateError::Busy
        })
    }

    async fn try_record_lockdowns(&self) -> Result<(), String> {
        let live = self.registry().lockdowns().await.map_err(|error| error.to_string())?;
        let recorded = self.last_steps(&live).await.map_err(|error| error.to_string())?;
        for row in live {
            if matches!(recorded.get(&row.id), Some(LockdownStep::Begun { .. })) {
                continue;
            }
            let step = LockdownStep::Begun { closes: row.closes, reason: row.reason };
            let (time, lockdown, scope, by) = (row.begun_at, row.id, row.scope, row.begun_by);
            let notice = LockdownNotice { time, lockdown, scope, by, step };
            let noted = self.ledger().note(notice, Instant::now() + APPEND_WAITS).await;
            noted.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The last thing on record of each of these lockdowns.
    async fn last_steps(&self, of: &[LockdownRow]) -> Result<HashMap<LockdownId, LockdownStep>, ReadError> {
        let mut steps = HashMap::new();
        let mut before = None;
        while of.iter().any(|row| !steps.contains_key(&row.id)) {
            let page = self.ledger().notices(before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.sequence);
            for KeptNotice { notice, .. } in page {
                steps.entry(notice.lockdown).or_insert(notice.step);
            }
        }
        Ok(steps)
    }
}

fn view(kept: KeptNotice) -> views::LockdownLine {
    let KeptNotice { sequence, notice } = kept;
    let (closes, reason) = match notice.step {
        LockdownStep::Begun { closes, reason } => (Some(closes.words()), Some(reason)),
        LockdownStep::Lifted => (None, None),
    };
    views::LockdownLine { sequence, at: notice.time, of: notice.scope, by: notice.by, closes, reason }
}
