//! From what a pipeline found to what is sealed: times become the server's, an event becomes its sections.

use std::collections::VecDeque;
use std::io;

use bytes::{Buf as _, Bytes};
use ownsight_camera::{Event, Gap};
use ownsight_device::{DeviceHandle, EventToSeal, SectionToSeal};
use ownsight_model::{
    CameraId, EventId, GapReason, GapReport, Label, LabelSource, MotionTrack, SectionKind, Timestamp,
};

/// The parts of a clip, read one after the other without a copy of the whole.
struct Chunks(VecDeque<Bytes>);

impl io::Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.0.front().is_some_and(Bytes::is_empty) {
            self.0.pop_front();
        }
        let Some(chunk) = self.0.front_mut() else { return Ok(0) };
        let length = chunk.len().min(out.len());
        out.iter_mut().zip(chunk.iter()).for_each(|(to, from)| *to = *from);
        chunk.advance(length);
        Ok(length)
    }
}

/// An event as it is sealed: thumbnail, clip, motion.
pub(crate) fn event_to_seal(handle: &DeviceHandle, event: Event) -> EventToSeal {
    let started_at = handle.server_time(event.started_at);
    let track = MotionTrack {
        began_ms: millis_between(event.started_at, event.motion_started_at),
        ended_ms: millis_between(event.started_at, event.motion_ended_at),
        width: u16::try_from(event.width).unwrap_or(u16::MAX),
        height: u16::try_from(event.height).unwrap_or(u16::MAX),
        frames: event.frames,
        samples: event.motion.iter().map(|sample| (sample.offset_ms, sample.strength)).collect(),
    };
    let clip = Chunks(event.clip.chunks().cloned().collect());
    EventToSeal {
        event: EventId::generate(),
        started_at,
        // The duration is the video's own, whatever the clocks do meanwhile.
        ended_at: started_at.plus(event.ended_at.since(event.started_at)),
        sections: vec![
            SectionToSeal::bytes(SectionKind::Thumbnail, event.thumbnail),
            SectionToSeal::reader(SectionKind::Clip, clip),
            SectionToSeal::bytes(SectionKind::Motion, track.encode().into()),
        ],
        label: Label::Motion,
        label_source: LabelSource::Agent,
    }
}

/// A gap as it is reported.
pub(crate) fn gap_report(handle: &DeviceHandle, camera: CameraId, gap: &Gap) -> GapReport {
    let from = handle.server_time(gap.from);
    GapReport {
        camera,
        from,
        to: Some(from.plus(gap.to.since(gap.from))),
        reason: match gap.reason {
            ownsight_camera::GapReason::Camera(fault) => GapReason::Camera(fault),
            // Both mean that what came found no room on its way.
            ownsight_camera::GapReason::Overloaded | ownsight_camera::GapReason::NotTaken => {
                GapReason::QueueFull
            }
        },
    }
}

fn millis_between(start: Timestamp, at: Timestamp) -> u32 {
    u32::try_from(at.since(start).as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn chunks_are_read_in_order() {
        let parts = [&b"one"[..], b"", b"two", b"three"].map(Bytes::from_static);
        let mut chunks = Chunks(VecDeque::from(parts));
        let mut whole = Vec::new();
        chunks.read_to_end(&mut whole).unwrap();
        assert_eq!(whole, b"onetwothree");
    }
}
