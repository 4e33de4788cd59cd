//! The sealer's own rules: order of sections, and what an error leaves behind.

use std::io::{self, Read, Write};

use ownsight_model::{EventId, InstallationId, Label, LabelSource, SectionKind};

use crate::support::{ENDED_AT, Home, STARTED_AT, open, seal, sections};

struct BreaksOff(usize);

impl Read for BreaksOff {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let length = out.len().min(self.0);
        self.0 -= length;
        Ok(length)
    }
}

#[test]
fn a_section_that_breaks_off_ends_the_event() {
    let home = Home::new(InstallationId::generate());
    for after in [0, 10, 200_000] {
        let mut event = home.sealer().begin(EventId::generate(), STARTED_AT, Vec::new()).unwrap();
        event.section(SectionKind::Thumbnail, &mut b"whole".as_slice()).unwrap();
        let error = event.section(SectionKind::Clip, &mut BreaksOff(after)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(event.section(SectionKind::Motion, &mut b"later".as_slice()).is_err());
        assert!(event.finish(ENDED_AT, Label::Motion, LabelSource::Agent).is_err(), "after {after} bytes");
    }
}

#[test]
fn a_full_disk_ends_the_event() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let home = Home::new(InstallationId::generate());
    let begin = |room| home.sealer().begin(EventId::generate(), STARTED_AT, Full(room));
    assert_eq!(begin(231).map(drop).unwrap_err().kind(), io::ErrorKind::StorageFull);
    let mut event = begin(300).unwrap();
    assert!(event.section(SectionKind::Clip, &mut [7; 100].as_slice()).is_err());
    assert!(event.finish(ENDED_AT, Label::Motion, LabelSource::Agent).is_err());
}

#[test]
fn sections_come_in_the_order_of_their_kinds_each_once() {
    let home = Home::new(InstallationId::generate());
    let mut event = home.sealer().begin(EventId::generate(), STARTED_AT, Vec::new()).unwrap();
    event.section(SectionKind::Clip, &mut b"clip".as_slice()).unwrap();
    for kind in [SectionKind::Thumbnail, SectionKind::Clip] {
        let error = event.section(kind, &mut b"more".as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
    // A wrong call wrote nothing, so the event goes on.
    event.section(SectionKind::Still, &mut b"".as_slice()).unwrap();
    let (object, _) = event.finish(ENDED_AT, Label::Person, LabelSource::Camera).unwrap();
    let expected = vec![(SectionKind::Clip, b"clip".to_vec()), (SectionKind::Still, Vec::new())];
    assert_eq!(open(&home.secret, &object).unwrap(), expected);

    let event = home.sealer().begin(EventId::generate(), STARTED_AT, Vec::new()).unwrap();
    let error = event.finish(ENDED_AT, Label::Motion, LabelSource::Agent).map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "an event without sections");
}

#[test]
fn an_object_shows_nothing_of_its_plaintext_and_none_is_like_another() {
    let home = Home::new(InstallationId::generate());
    let event = EventId::generate();
    let (one, two) = (seal(&home.sealer(), event, &sections(1)), seal(&home.sealer(), event, &sections(1)));
    for (_, plaintext) in sections(1) {
        assert!(!one.windows(16).any(|window| window == &plaintext[..16]));
    }
    assert_eq!(one[..120], two[..120], "ids and times");
    assert_ne!(one[120..152], two[120..152], "encapsulation");
    assert_ne!(one[152..200], two[152..200], "event key");
    assert_ne!(one[232..272], two[232..272], "salt and nonce prefix");
}
