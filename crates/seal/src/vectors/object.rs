//! `testdata/sealed-object.json`: one whole object, sealed under the key chain's vectors.

use data_encoding::BASE64;
use ownsight_model::{Label, LabelSource, MotionTrack, SectionKind, Timestamp};
use serde_json::json;
use zeroize::Zeroizing;

use super::{assert_golden, hex, inputs};
use crate::event::sealer::{section_data, section_key};
use crate::primitives::{Key, sha256};
use crate::stream::{HEADER_LEN, StreamReader, vectors::seal_with_header};
use crate::{CameraSealer, EventOpener, HEADER_BYTES, Header, Section, Trailer, hpke};

const LABEL: Label = Label::Person;
const SOURCE: LabelSource = LabelSource::Agent;

fn ended_at() -> Timestamp {
    inputs::TIME.shifted(12_000_000)
}

/// Thumbnail and clip are no pictures; the motion section is a real one.
fn sections() -> Vec<(SectionKind, Vec<u8>)> {
    let motion = MotionTrack {
        began_ms: 3_000,
        ended_ms: 9_100,
        width: 768,
        height: 576,
        frames: 120,
        samples: vec![(0, 0), (3_000, 17), (6_000, 255), (9_100, 3)],
    };
    vec![
        (SectionKind::Thumbnail, b"the bytes of a JPEG".to_vec()),
        (SectionKind::Clip, (0..1_000u32).map(|i| ((31 * i + 7) % 251) as u8).collect()),
        (SectionKind::Motion, motion.encode()),
    ]
}

/// What is random in an object.
struct Random {
    event_key: Key,
    encapsulation: [u8; 32],
    wrapped: Vec<u8>,
    stream_headers: Vec<[u8; HEADER_LEN]>,
}

fn fixed() -> Random {
    let event_key = Zeroizing::new(inputs::secret("event key"));
    let (encapsulation, wrapped) = hpke::given::seal(
        &inputs::camera_secret().public_key(),
        inputs::psk().expose(),
        inputs::DEVICE.as_bytes(),
        inputs::header_ids().info().as_bytes(),
        &*event_key,
        inputs::secret("ephemeral of event"),
    );
    let stream_header = |kind: &SectionKind| {
        let mut header = [HEADER_LEN as u8; HEADER_LEN];
        header[1..33].copy_from_slice(&sha256(&[b's', kind.code()]));
        header[33..].copy_from_slice(&sha256(&[b'n', kind.code()])[..7]);
        header
    };
    let stream_headers = sections().iter().map(|(kind, _)| stream_header(kind)).collect();
    Random { event_key, encapsulation, wrapped, stream_headers }
}

/// Makes the object from what is random in it.
fn compose(random: &Random) -> Vec<u8> {
    let psk = inputs::psk();
    let header = Header::build(&inputs::header_ids(), &psk, &random.encapsulation, &random.wrapped);
    let mut object = header.as_bytes().to_vec();
    let mut directory = Vec::new();
    for ((kind, plaintext), stream_header) in sections().into_iter().zip(&random.stream_headers) {
        let key = section_key(&random.event_key, &header, kind);
        let stream = seal_with_header(&key, &section_data(&header, kind), &plaintext, stream_header);
        directory.push(Section { kind, offset: object.len() as u64, length: stream.len() as u64 });
        object.extend_from_slice(&stream);
    }
    object.extend_from_slice(&Trailer::build(&header, &psk, &directory, ended_at(), LABEL, SOURCE));
    object
}

fn open(object: &[u8]) -> EventOpener {
    let (header, rest) = object.split_first_chunk::<HEADER_BYTES>().unwrap();
    let length = Trailer::length_of(*rest.last_chunk().unwrap()).unwrap();
    let trailer = Trailer::parse(&rest[rest.len() - length..], object.len() as u64).unwrap();
    let secret = inputs::camera_secret();
    let verified = secret.verify_event(Header::parse(header).unwrap(), trailer).unwrap();
    assert_eq!((verified.trailer().ended_at, verified.trailer().label), (ended_at(), LABEL));
    secret.open_event(verified).unwrap()
}

fn assert_opens(object: &[u8]) -> EventOpener {
    let opener = open(object);
    let header = opener.verified().header();
    for (kind, plaintext) in sections() {
        let section = opener.section(kind).unwrap();
        let place = section.offset..section.offset + section.length;
        let key = section_key(&opener.event_key, header, kind);
        let size = crate::stream::SegmentSize::KIB_64;
        let mut reader =
            StreamReader::new(std::io::Cursor::new(object), place, &key, &section_data(header, kind), size)
                .unwrap();
        let mut shown = Vec::new();
        std::io::Read::read_to_end(&mut reader, &mut shown).unwrap();
        assert_eq!(shown, plaintext, "{kind:?}");
    }
    opener
}

#[test]
fn a_sealed_object_is_as_its_vector_says() {
    let random = fixed();
    let object = compose(&random);
    assert_opens(&object);
    let secret = inputs::camera_secret();
    let listed: Vec<_> = sections()
        .iter()
        .map(|(kind, plaintext)| json!({ "kind": kind, "plaintext": hex(plaintext) }))
        .collect();
    let vector = json!({
        "about": "Inputs are those of key-chain.json; object is base64, the rest hex. See docs/sealed-objects.md.",
        "camera_private_key": hex(*secret.key_pair().private_bytes()),
        "device_psk": hex(inputs::psk().expose()),
        "event_key": hex(*random.event_key),
        "ended_at": ended_at().as_micros(),
        "label": LABEL,
        "label_source": SOURCE,
        "sections": listed,
        "object": BASE64.encode(&object),
    });
    assert_golden("testdata/sealed-object.json", &format!("{vector:#}\n"));
}

#[test]
fn the_sealer_makes_what_the_vector_shows() {
    let secret = inputs::camera_secret();
    let sealer = CameraSealer::new(*secret.scope(), inputs::DEVICE, secret.public_key(), inputs::psk());
    let mut event = sealer.begin(inputs::EVENT, inputs::TIME, Vec::new()).unwrap();
    for (kind, plaintext) in sections() {
        event.section(kind, &mut plaintext.as_slice()).unwrap();
    }
    let (object, length) = event.finish(ended_at(), LABEL, SOURCE).unwrap();
    assert_eq!(object.len() as u64, length);
    let opener = assert_opens(&object);
    let (encapsulation, wrapped) = opener.verified().header().wrapped_key();
    let stream_header = |section: &Section| {
        let start = section.offset as usize;
        object[start..start + HEADER_LEN].try_into().unwrap()
    };
    let random = Random {
        event_key: opener.event_key.clone(),
        encapsulation,
        wrapped: wrapped.to_vec(),
        stream_headers: opener.verified().trailer().sections().iter().map(stream_header).collect(),
    };
    assert!(compose(&random) == object, "the same random bytes give another object");
}
