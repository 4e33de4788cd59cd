//! A reader for the one kind of MP4 file the simulator bundles: a single H.264 track, not fragmented.
//!
//! ```text
//! moov ─ trak ─ mdia ┬ hdlr  "vide"
//!                    └ minf ─ stbl ┬ stsd ─ avc1 ─ avcC   size, parameter sets
//!                                  ├ stts, ctts           decoding time, composition offset
//!                                  ├ stss                 key frames
//!                                  └ stsz, stsc, stco     where each sample's bytes are
//! ```
//! Boxes are those of ISO/IEC 14496-12, `avcC` is that of 14496-15. Every read is checked: a damaged file is a
//! [`Mp4Error`], never a panic. 64-bit box sizes and `co64` are not read.

/// Why a file is not an MP4 that the simulator can play.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mp4Error {
    /// A box or table ends before its content.
    #[error("the file ends in the middle of `{0}`")]
    Truncated(&'static str),
    /// There is no such box where one is needed.
    #[error("the file has no `{0}` box")]
    Missing(&'static str),
    /// The file uses something this reader does not know.
    #[error("the file uses {0}, which the simulator cannot read")]
    Unsupported(&'static str),
}

/// The video track, with everything that playing needs.
#[derive(Debug)]
pub(crate) struct Track<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Sequence and picture parameter set, without start codes.
    pub(crate) sps: &'a [u8],
    pub(crate) pps: &'a [u8],
    /// In decoding order.
    pub(crate) samples: Vec<Sample<'a>>,
}

/// One access unit as it lies in the file: NAL units, each after its 4-byte length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) data: &'a [u8],
    /// Presentation time in the track's units.
    pub(crate) presentation: i64,
    pub(crate) key: bool,
}

impl<'a> Sample<'a> {
    /// The NAL units of this sample.
    pub(crate) fn nals(&self) -> Result<Vec<&'a [u8]>, Mp4Error> {
        let mut rest = Cursor::new(self.data, "a sample");
        let mut nals = Vec::new();
        while !rest.is_empty() {
            let length = rest.u32()? as usize;
            nals.push(rest.take(length)?);
        }
        Ok(nals)
    }
}

/// Reads the first H.264 track of `file`.
pub(crate) fn read(file: &[u8]) -> Result<Track<'_>, Mp4Error> {
    let moov = child(file, "moov")?;
    let mut rest = Cursor::new(moov, "moov");
    while let Some((kind, trak)) = rest.next_box()? {
        if kind == *b"trak"
            && let Some(track) = read_track(file, trak)?
        {
            return Ok(track);
        }
    }
    Err(Mp4Error::Missing("avc1"))
}

fn read_track<'a>(file: &'a [u8], trak: &'a [u8]) -> Result<Option<Track<'a>>, Mp4Error> {
    let mdia = child(trak, "mdia")?;
    let mut handler = Cursor::new(child(mdia, "hdlr")?, "hdlr");
    handler.skip(8)?;
    if handler.take(4)? != b"vide" {
        return Ok(None);
    }
    let stbl = child(child(mdia, "minf")?, "stbl")?;

    let mut stsd = Cursor::new(child(stbl, "stsd")?, "stsd");
    stsd.skip(8)?;
    let Some((kind, entry)) = stsd.next_box()? else { return Err(Mp4Error::Missing("avc1")) };
    if kind != *b"avc1" {
        return Err(Mp4Error::Unsupported("another codec than H.264"));
    }
    let mut avc1 = Cursor::new(entry, "avc1");
    avc1.skip(24)?;
    let width = usize::from(avc1.u16()?);
    let height = usize::from(avc1.u16()?);
    avc1.skip(50)?;
    let (sps, pps) = parameter_sets(child(avc1.rest, "avcC")?)?;

    let data = sample_data(file, stbl)?;
    let times = presentation_times(stbl, data.len())?;
    let mut samples: Vec<Sample<'a>> = data
        .into_iter()
        .zip(times)
        .map(|(data, presentation)| Sample { data, presentation, key: false })
        .collect();
    mark_keys(stbl, &mut samples)?;
    Ok(Some(Track { width, height, sps, pps, samples }))
}

/// The first sequence and picture parameter set of an `avcC` box.
fn parameter_sets(avcc: &[u8]) -> Result<(&[u8], &[u8]), Mp4Error> {
    let mut avcc = Cursor::new(avcc, "avcC");
    avcc.skip(4)?;
    if avcc.u8()? & 3 != 3 {
        return Err(Mp4Error::Unsupported("NAL lengths of less than 4 bytes"));
    }
    if avcc.u8()? & 0x1f != 1 {
        return Err(Mp4Error::Unsupported("more than one sequence parameter set"));
    }
    let length = avcc.u16()?;
    let sps = avcc.take(usize::from(length))?;
    if avcc.u8()? != 1 {
        return Err(Mp4Error::Unsupported("more than one picture parameter set"));
    }
    let length = avcc.u16()?;
    Ok((sps, avcc.take(usize::from(length))?))
}

/// Where each sample's bytes are: `stsz` has the sizes, `stco` the chunks, `stsc` how many samples are in which chunk.
fn sample_data<'a>(file: &'a [u8], stbl: &[u8]) -> Result<Vec<&'a [u8]>, Mp4Error> {
    let mut sizes = Cursor::new(child(stbl, "stsz")?, "stsz");
    sizes.skip(4)?;
    let common = sizes.u32()?;
    let count = sizes.u32()?;
    let mut offsets = Cursor::new(child(stbl, "stco")?, "stco");
    offsets.skip(4)?;
    let chunks = offsets.u32()?;
    let mut layout = Cursor::new(child(stbl, "stsc")?, "stsc");
    layout.skip(4)?;
    let mut runs = Vec::new();
    for _ in 0..layout.u32()? {
        runs.push((layout.u32()?, layout.u32()?));
        layout.skip(4)?;
    }
    let mut runs = runs.into_iter().peekable();
    let mut per_chunk = 0;
    let mut samples = Vec::new();
    for chunk in 1..=chunks {
        if let Some((_, samples)) = runs.next_if(|(first, _)| *first <= chunk) {
            per_chunk = samples;
        }
        let offset = offsets.u32()? as usize;
        let mut bytes = Cursor::new(file.get(offset..).ok_or(Mp4Error::Truncated("mdat"))?, "mdat");
        for _ in 0..per_chunk {
            if samples.len() == count as usize {
                return Ok(samples);
            }
            let size = if common == 0 { sizes.u32()? } else { common };
            samples.push(bytes.take(size as usize)?);
        }
    }
    if samples.len() == count as usize { Ok(samples) } else { Err(Mp4Error::Truncated("stsc")) }
}

fn presentation_times(stbl: &[u8], count: usize) -> Result<Vec<i64>, Mp4Error> {
    let mut stts = Cursor::new(child(stbl, "stts")?, "stts");
    stts.skip(4)?;
    let mut times = Vec::with_capacity(count);
    let mut now = 0_i64;
    for _ in 0..stts.u32()? {
        let run = stts.u32()?;
        let delta = i64::from(stts.u32()?);
        for _ in 0..run {
            if times.len() == count {
                return Err(Mp4Error::Truncated("stsz"));
            }
            times.push(now);
            now += delta;
        }
    }
    if times.len() != count {
        return Err(Mp4Error::Truncated("stts"));
    }
    match child(stbl, "ctts") {
        Ok(ctts) => {
            let mut ctts = Cursor::new(ctts, "ctts");
            ctts.skip(4)?;
            let mut times_left = times.iter_mut();
            for _ in 0..ctts.u32()? {
                let run = ctts.u32()?;
                // Version 0 has unsigned offsets, version 1 signed ones; both fit what encoders write.
                let offset = i64::from(ctts.u32()? as i32);
                for _ in 0..run {
                    *times_left.next().ok_or(Mp4Error::Truncated("stsz"))? += offset;
                }
            }
        }
        Err(Mp4Error::Missing(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(times)
}

fn mark_keys(stbl: &[u8], samples: &mut [Sample<'_>]) -> Result<(), Mp4Error> {
    let mut stss = match child(stbl, "stss") {
        Ok(stss) => Cursor::new(stss, "stss"),
        Err(Mp4Error::Missing(_)) => {
            for sample in samples {
                sample.key = true;
            }
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    stss.skip(4)?;
    for _ in 0..stss.u32()? {
        let number = stss.u32()? as usize;
        let sample = number.checked_sub(1).and_then(|index| samples.get_mut(index));
        sample.ok_or(Mp4Error::Truncated("stsz"))?.key = true;
    }
    Ok(())
}

/// The content of the first box of this kind among the boxes in `parent`.
fn child<'a>(parent: &'a [u8], name: &'static str) -> Result<&'a [u8], Mp4Error> {
    let mut rest = Cursor::new(parent, name);
    while let Some((kind, content)) = rest.next_box()? {
        if kind == name.as_bytes() {
            return Ok(content);
        }
    }
    Err(Mp4Error::Missing(name))
}

type KindAndContent<'a> = ([u8; 4], &'a [u8]);

/// Reads big-endian fields from the front of a slice.
struct Cursor<'a> {
    rest: &'a [u8],
    /// What is read, for the error.
    what: &'static str,
}

impl<'a> Cursor<'a> {
    fn new(rest: &'a [u8], what: &'static str) -> Self {
        Self { rest, what }
    }

    fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Mp4Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Mp4Error::Truncated(self.what))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Mp4Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Mp4Error::Truncated(self.what))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn skip(&mut self, length: usize) -> Result<(), Mp4Error> {
        self.take(length).map(drop)
    }

    fn u8(&mut self) -> Result<u8, Mp4Error> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, Mp4Error> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Mp4Error> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next box's kind and content; `None` at the end.
    fn next_box(&mut self) -> Result<Option<KindAndContent<'a>>, Mp4Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let size = self.u32()? as usize;
        let kind = self.array()?;
        let content = match size {
            0 => self.take(self.rest.len())?,
            1 => return Err(Mp4Error::Unsupported("64-bit box sizes")),
            _ => self.take(size.checked_sub(8).ok_or(Mp4Error::Truncated(self.what))?)?,
        };
        Ok(Some((kind, content)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOOTAGE: &[u8] = include_bytes!("../../../../footage/pedestrians.mp4");

    #[test]
    fn bundled_file_is_read_whole() {
        let track = read(FOOTAGE).unwrap();
        assert_eq!((track.width, track.height), (768, 576));
        assert_eq!(track.samples.len(), 795);
        assert_eq!(track.sps[0] & 0x1f, 7);
        assert_eq!(track.pps[0] & 0x1f, 8);
        let keys: Vec<usize> =
            track.samples.iter().enumerate().filter(|(_, s)| s.key).map(|(index, _)| index).collect();
        assert_eq!(keys[..3], [0, 20, 40]);
        for sample in &track.samples {
            let idr = sample.nals().unwrap().iter().any(|nal| nal[0] & 0x1f == 5);
            assert_eq!(idr, sample.key);
        }
        let mut times: Vec<i64> = track.samples.iter().map(|s| s.presentation).collect();
        times.sort_unstable();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 1024), "each picture has its own time");
    }

    #[test]
    fn cut_or_damaged_header_is_an_error() {
        // `faststart` puts the header first; what follows is picture data.
        let header = 16 * 1024;
        for length in (0..header).step_by(97) {
            assert!(read(&FOOTAGE[..length]).is_err(), "{length} bytes");
        }
        let mut damaged = FOOTAGE[..header].to_vec();
        for index in (0..header).step_by(13) {
            let kept = std::mem::replace(&mut damaged[index], 0xff);
            // Whatever it says, it may not panic and not run on for ever.
            let _ = read(&damaged);
            damaged[index] = kept;
        }
    }
}
