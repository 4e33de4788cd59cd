//! Reading MP4 files (ISO/IEC 14496-12) with one video track, independently of the code that writes them.
//! Panics on what it does not expect.

use std::ops::Range;

/// A file's video track.
#[derive(Debug)]
pub(crate) struct Mp4 {
    /// Types of the boxes at the top, in order.
    pub(crate) top: Vec<String>,
    /// Duration of the movie (`mvhd`), in seconds.
    pub(crate) movie_seconds: f64,
    /// Duration of the track (`tkhd`), in seconds.
    pub(crate) track_seconds: f64,
    /// Ticks of a second in all that follows.
    pub(crate) scale: u64,
    /// Duration of the media (`mdhd`).
    pub(crate) media_duration: u64,
    /// The edit: from where, and for how long.
    pub(crate) edit: (i64, u64),
    /// Frames in decoding order.
    pub(crate) samples: Vec<Sample>,
    /// Encoded as H.265, not as H.264.
    pub(crate) h265: bool,
    /// Content of `avcC` or `hvcC`.
    pub(crate) config: Vec<u8>,
    /// Size of the picture.
    pub(crate) size: (u16, u16),
}

#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) range: Range<usize>,
    /// In the media's own time, before the edit.
    pub(crate) pts: i64,
    pub(crate) duration: i64,
    pub(crate) key: bool,
}

impl Mp4 {
    pub(crate) fn parse(file: &[u8]) -> Self {
        let top = boxes(file).into_iter().map(|(kind, _)| kind).collect();
        let moov = child(file, "moov");
        let mvhd = child(moov, "mvhd");
        let (movie_scale, movie_duration) = scale_and_duration(mvhd);
        let trak = boxes(moov)
            .into_iter()
            .filter(|(kind, _)| kind == "trak")
            .map(|(_, body)| body)
            .find(|trak| &child(child(trak, "mdia"), "hdlr")[8..12] == b"vide")
            .expect("a video track");
        let tkhd = child(trak, "tkhd");
        let track_duration = if tkhd[0] == 1 { u64_at(tkhd, 28) } else { u64::from(u32_at(tkhd, 20)) };
        let mdia = child(trak, "mdia");
        let (scale, media_duration) = scale_and_duration(child(mdia, "mdhd"));
        let elst = child(child(trak, "edts"), "elst");
        assert_eq!(u32_at(elst, 4), 1, "one edit");
        let (edit_duration, edit_start) = if elst[0] == 1 {
            (u64_at(elst, 8), u64_at(elst, 16) as i64)
        } else {
            (u64::from(u32_at(elst, 8)), i64::from(u32_at(elst, 12) as i32))
        };
        let stbl = child(child(mdia, "minf"), "stbl");
        let stsd = &child(stbl, "stsd")[8..];
        let h265 = has(stsd, "hvc1");
        let (entry, record) = if h265 { ("hvc1", "hvcC") } else { ("avc1", "avcC") };
        let entry = child(stsd, entry);
        Self {
            top,
            movie_seconds: movie_duration as f64 / movie_scale as f64,
            track_seconds: track_duration as f64 / movie_scale as f64,
            scale,
            media_duration,
            edit: (edit_start, edit_duration * scale / movie_scale),
            samples: samples(stbl),
            h265,
            config: child(&entry[78..], record).to_vec(),
            size: (u16_at(entry, 24), u16_at(entry, 26)),
        }
    }

    /// What each track holds (`hdlr`).
    pub(crate) fn tracks(file: &[u8]) -> Vec<String> {
        let traks = boxes(child(file, "moov")).into_iter().filter(|(kind, _)| kind == "trak");
        let handler = |trak| String::from_utf8_lossy(&child(child(trak, "mdia"), "hdlr")[8..12]).into_owned();
        traks.map(|(_, trak)| handler(trak)).collect()
    }

    /// Presentation times that are shown, in order, counted from the edit's beginning.
    pub(crate) fn shown(&self) -> Vec<i64> {
        let (start, duration) = self.edit;
        let mut times: Vec<i64> = self.samples.iter().map(|sample| sample.pts - start).collect();
        times.retain(|time| (0..duration as i64).contains(time));
        times.sort_unstable();
        times
    }
}

fn boxes(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let size = u32_at(bytes, 0) as usize;
        assert!(size >= 8 && size <= bytes.len(), "a box of {size} bytes in {}", bytes.len());
        found.push((String::from_utf8_lossy(&bytes[4..8]).into_owned(), &bytes[8..size]));
        bytes = &bytes[size..];
    }
    found
}

fn child<'a>(bytes: &'a [u8], kind: &str) -> &'a [u8] {
    let found = boxes(bytes).into_iter().find(|(found, _)| found == kind);
    found.unwrap_or_else(|| panic!("no {kind}")).1
}

fn has(bytes: &[u8], kind: &str) -> bool {
    boxes(bytes).iter().any(|(found, _)| found == kind)
}

fn scale_and_duration(header: &[u8]) -> (u64, u64) {
    if header[0] == 1 {
        (u64::from(u32_at(header, 20)), u64_at(header, 24))
    } else {
        (u64::from(u32_at(header, 12)), u64::from(u32_at(header, 16)))
    }
}

fn samples(stbl: &[u8]) -> Vec<Sample> {
    let durations = runs(child(stbl, "stts"));
    let offsets = if has(stbl, "ctts") { runs(child(stbl, "ctts")) } else { vec![0; durations.len()] };
    // Without the table, every sample is a key frame (8.6.2.1).
    let keys: Option<Vec<u32>> = has(stbl, "stss").then(|| {
        let stss = child(stbl, "stss");
        (0..u32_at(stss, 4) as usize).map(|index| u32_at(stss, 8 + index * 4)).collect()
    });
    let ranges = ranges(stbl);
    assert_eq!((durations.len(), offsets.len()), (ranges.len(), ranges.len()), "tables differ in length");
    let mut dts = 0;
    let mut samples = Vec::new();
    for (index, range) in ranges.into_iter().enumerate() {
        let duration = i64::from(durations[index]);
        samples.push(Sample {
            range,
            pts: dts + i64::from(offsets[index] as i32),
            duration,
            key: keys.as_ref().is_none_or(|keys| keys.contains(&(index as u32 + 1))),
        });
        dts += duration;
    }
    samples
}

fn ranges(stbl: &[u8]) -> Vec<Range<usize>> {
    let stsz = child(stbl, "stsz");
    let sizes = (0..u32_at(stsz, 8) as usize).map(|index| u32_at(stsz, 12 + index * 4) as usize);
    let stco = child(stbl, "stco");
    let groups = child(stbl, "stsc");
    let groups: Vec<(u32, u32)> = (0..u32_at(groups, 4) as usize)
        .map(|index| (u32_at(groups, 8 + index * 12), u32_at(groups, 12 + index * 12)))
        .collect();
    let mut sizes = sizes.peekable();
    let mut ranges = Vec::new();
    for chunk in 1..=u32_at(stco, 4) {
        let mut place = u32_at(stco, 4 + chunk as usize * 4) as usize;
        let (_, count) = groups.iter().rev().find(|(first, _)| *first <= chunk).expect("a group");
        for size in sizes.by_ref().take(*count as usize) {
            ranges.push(place..place + size);
            place += size;
        }
    }
    assert_eq!(sizes.peek(), None, "samples without a chunk");
    ranges
}

fn runs(table: &[u8]) -> Vec<u32> {
    (0..u32_at(table, 4) as usize)
        .flat_map(|index| {
            let (count, value) = (u32_at(table, 8 + index * 8), u32_at(table, 12 + index * 8));
            std::iter::repeat_n(value, count as usize)
        })
        .collect()
}

fn u16_at(bytes: &[u8], place: usize) -> u16 {
    u16::from_be_bytes(bytes[place..place + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], place: usize) -> u32 {
    u32::from_be_bytes(bytes[place..place + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], place: usize) -> u64 {
    u64::from_be_bytes(bytes[place..place + 8].try_into().unwrap())
}
