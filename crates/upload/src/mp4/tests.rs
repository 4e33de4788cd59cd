//! Files made box by box: what passes, what does not, and why.

use super::*;
use proptest::prelude::*;

fn mp4_box(kind: &str, payload: &[u8]) -> Vec<u8> {
    let size = (payload.len() as u32 + 8).to_be_bytes();
    [&size, kind.as_bytes(), payload].concat()
}

/// One whose size has eight bytes.
fn large_box(kind: &str, payload: &[u8]) -> Vec<u8> {
    let size = (payload.len() as u64 + 16).to_be_bytes();
    [&1_u32.to_be_bytes(), kind.as_bytes(), &size, payload].concat()
}

fn ftyp() -> Vec<u8> {
    mp4_box("ftyp", b"isom\0\0\x02\0isomiso2avc1mp41")
}

fn track(handler: &str, codec: &str, width: u16, height: u16) -> Vec<u8> {
    let hdlr = mp4_box("hdlr", &[&[0; 8], handler.as_bytes(), &[0; 13]].concat());
    let mut entry = [0; 78];
    entry[24..26].copy_from_slice(&width.to_be_bytes());
    entry[26..28].copy_from_slice(&height.to_be_bytes());
    let stsd = [&[0, 0, 0, 0, 0, 0, 0, 1], mp4_box(codec, &entry).as_slice()].concat();
    let stbl = mp4_box("stbl", &[mp4_box("stsd", &stsd), mp4_box("stts", &[0; 8])].concat());
    let minf = mp4_box("minf", &[mp4_box("vmhd", &[0; 12]), stbl].concat());
    let mdia = mp4_box("mdia", &[mp4_box("mdhd", &[0; 24]), hdlr, minf].concat());
    mp4_box("trak", &[mp4_box("tkhd", &[0; 84]), mdia].concat())
}

fn video() -> Vec<u8> {
    track("vide", "avc1", 640, 480)
}

fn moov(tracks: &[Vec<u8>]) -> Vec<u8> {
    mp4_box("moov", &[mp4_box("mvhd", &[0; 100]), tracks.concat()].concat())
}

fn mdat() -> Vec<u8> {
    mp4_box("mdat", &[7; 300])
}

fn check_of(bytes: &[u8], length: u64, portion: usize) -> Result<(), Fault> {
    let mut check = Mp4Check::new(length);
    for portion in bytes.chunks(portion.max(1)) {
        check.take(portion)?;
        assert!(check.held.len() <= LOOK_MAX && check.within.len() <= 6, "memory is bounded");
    }
    check.end()
}

fn check(bytes: &[u8], portion: usize) -> Result<(), Fault> {
    check_of(bytes, bytes.len() as u64, portion)
}

#[test]
fn videos_pass_whatever_the_portions() {
    let sound = track("soun", "mp4a", 0, 0);
    let fragments = [mp4_box("moof", &[0; 40]), mdat(), mp4_box("moof", &[0; 40]), mdat()].concat();
    let to_the_end = [&0_u32.to_be_bytes(), b"mdat".as_slice(), &[9; 50]].concat();
    let videos = [
        [ftyp(), moov(&[video()]), mdat()].concat(),
        [ftyp(), mdat(), moov(&[sound.clone(), video()])].concat(),
        [ftyp(), mp4_box("free", &[]), large_box("mdat", &[7; 99]), moov(&[video(), sound])].concat(),
        [ftyp(), moov(&[track("vide", "hvc1", 3840, 2160)]), fragments].concat(),
        [ftyp(), moov(&[video()]), to_the_end].concat(),
    ];
    for video in videos {
        for portion in [1, 2, 3, 7, 8, 9, 100, 100_000] {
            assert_eq!(check(&video, portion), Ok(()), "{portion}");
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let sized =
        |size: u32, kind: &str, payload: &[u8]| [&size.to_be_bytes(), kind.as_bytes(), payload].concat();
    let huge = [ftyp(), sized(1, "mdat", &u64::MAX.to_be_bytes())].concat();
    let wrong = [
        (Vec::new(), Fault::NoMp4),
        (b"\xff\xd8\xff\xe0 a picture".to_vec(), Fault::NoMp4),
        (moov(&[video()]), Fault::NoMp4),
        (mp4_box("ftyp", b"heic\0\0\0\0mif1heic"), Fault::Brand),
        (mp4_box("ftyp", b"qt  \0\0\0\0qt  "), Fault::Brand),
        (mp4_box("ftyp", b""), Fault::Brand),
        ([ftyp(), mdat()].concat(), Fault::NoMoov),
        ([ftyp(), moov(&[video()])].concat(), Fault::NoData),
        ([ftyp(), moov(&[video()]), mp4_box("mdat", &[])].concat(), Fault::NoData),
        ([ftyp(), ftyp()].concat(), Fault::Twice("ftyp")),
        ([ftyp(), moov(&[]), moov(&[])].concat(), Fault::Twice("moov")),
        ([ftyp(), moov(&[]), mdat()].concat(), Fault::NoVideo),
        ([ftyp(), moov(&[track("soun", "mp4a", 0, 0)]), mdat()].concat(), Fault::NoVideo),
        ([ftyp(), moov(&[track("vide", "jpeg", 9, 9)]), mdat()].concat(), Fault::NoVideo),
        ([ftyp(), moov(&[track("soun", "avc1", 9, 9)]), mdat()].concat(), Fault::NoVideo),
        (
            [ftyp(), moov(&[track("vide", "avc1", 0, 9)]), mdat()].concat(),
            Fault::Size { width: 0, height: 9 },
        ),
        (
            [ftyp(), moov(&[track("vide", "avc1", 9, SIDE_MAX + 1)]), mdat()].concat(),
            Fault::Size { width: 9, height: SIDE_MAX + 1 },
        ),
        ([ftyp(), sized(7, "free", &[])].concat(), Fault::BoxSize),
        ([ftyp(), sized(9_999, "free", &[])].concat(), Fault::BoxSize),
        ([ftyp(), sized(1, "mdat", &15_u64.to_be_bytes())].concat(), Fault::BoxSize),
        (huge, Fault::BoxSize),
        ([ftyp(), mp4_box("moov", &sized(0, "trak", &[0; 9]))].concat(), Fault::BoxSize),
        ([ftyp(), mp4_box("moov", &sized(99, "trak", &[0; 9]))].concat(), Fault::BoxSize),
        ([ftyp(), mp4_box("moov", &[0; 5])].concat(), Fault::BoxSize),
        ([ftyp(), vec![0; 4]].concat(), Fault::BoxSize),
        ([ftyp(), sized(8, "\0\0\0\0", &[])].concat(), Fault::NoBox),
        ([ftyp(), mp4_box("free", &[]).repeat(100_000)].concat(), Fault::Boxes),
    ];
    for (bytes, fault) in wrong {
        for portion in [1, 5, 1_000_000] {
            assert_eq!(check(&bytes, portion), Err(fault), "{fault}");
        }
    }
    let moov = [ftyp(), sized(MOOV_MAX as u32 + 9, "moov", &[])].concat();
    assert_eq!(check_of(&moov, MOOV_MAX + 1_000, 9), Err(Fault::MoovSize));
}

proptest! {
    #[test]
    fn a_video_that_is_cut_off_is_not_whole(cut in any::<prop::sample::Index>(), portion in 1_usize..99) {
        let video = [ftyp(), mdat(), moov(&[video()])].concat();
        let cut = &video[..cut.index(video.len())];
        // Of the length that was said, and of the one that it has.
        prop_assert!(check_of(cut, video.len() as u64, portion).is_err());
        prop_assert!(check(cut, portion).is_err());
    }

    #[test]
    fn portions_do_not_matter_and_nothing_panics(
        noise in prop::collection::vec(any::<u8>(), 1..60),
        at in any::<prop::sample::Index>(),
        portion in 1_usize..50,
    ) {
        let mut video = [ftyp(), moov(&[video()]), mdat()].concat();
        let at = at.index(video.len() - noise.len());
        video[at..at + noise.len()].copy_from_slice(&noise);
        prop_assert_eq!(check(&video, portion), check(&video, usize::MAX));
        let _ = check(&noise, portion);
    }
}
