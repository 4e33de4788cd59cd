//! Events for an archive to keep: thumbnail and video of one, opened together and one line of the record.

use ownsight_ledger::Action;
use ownsight_model::{Closable, EventId, Right, SectionKind};

use crate::event_access::Wanted;
use crate::gate::Gate;
use crate::media::MediaStream;
use crate::rights::Needs;
use crate::{Credentials, GateError};

const THUMBNAIL: Wanted = Wanted::new(Closable::Thumbnails, Right::Export);
const VIDEO: Wanted = Wanted::new(Closable::Videos, Right::Export);

/// What of an event goes into an archive, each to be read as often as it is rewound.
#[derive(Debug)]
pub struct Exported {
    /// Its thumbnail, a JPEG.
    pub thumbnail: MediaStream,
    /// Its video, an MP4.
    pub video: MediaStream,
    /// What its files are called: the time in the home's zone and the camera, of ASCII letters, digits, `-` and `_` only.
    pub name: String,
}

impl Gate {
    /// Whether these credentials may keep footage at all: a token needs the right to.
    pub async fn may_export(&self, credentials: &Credentials) -> Result<(), GateError> {
        let rows = self.session_rows(credentials).await?;
        self.open_person(credentials, rows.session, &rows.account, Needs::Right(Right::Export.into()))?;
        Ok(())
    }

    /// Unlocks an event to keep it, as [`Gate::open_media`] does for one section: for who may keep its video, and while neither
    /// thumbnails nor videos are closed.
    pub async fn open_export(
        &self,
        credentials: &Credentials,
        event: EventId,
    ) -> Result<Exported, GateError> {
        // Each with what closes it: its stream looks at that for as long as it goes on.
        let with_thumbnail = self.find_event(credentials, event, THUMBNAIL).await?;
        let found = self.find_event(credentials, event, VIDEO).await?;
        if found.row.still {
            return Err(GateError::NotFound);
        }
        let name = found.file_stem();
        let action = Action::Export(found.event_ref());
        let unlocking = self.record(credentials, &found.person, found.access.home(), action).await?;
        let thumbnail =
            self.begin_stream(credentials, &with_thumbnail, SectionKind::Thumbnail, (THUMBNAIL, None)).await;
        let video = self.begin_stream(credentials, &found, SectionKind::Clip, (VIDEO, None)).await;
        unlocking.unlock(|| Ok(Exported { thumbnail: thumbnail?, video: video?, name }))
    }
}
