//! RTP for H.264 (RFC 3550, RFC 6184, packetization mode 1), framed for the RTSP connection (RFC 2326, 10.12), and the
//! sender reports that tie RTP time to wall time.
//!
//! ```text
//!  '$' channel length:16 | V=2 M PT:7 sequence:16 timestamp:32 ssrc:32 | payload
//!  payload: a NAL unit          as it is, if it fits
//!           STAP-A              24 | size:16 NAL | size:16 NAL ...      parameter sets
//!           FU-A                28 | S E type:5 | part of a NAL unit    whatever does not fit
//! ```

use std::time::{Duration, SystemTime};

use bytes::{BufMut, Bytes, BytesMut};

use crate::media::nal;
use crate::media::source::Frame;

/// The dynamic payload type that the SDP announces.
pub(crate) const PAYLOAD_TYPE: u8 = 96;
/// Ticks a second of RTP timestamps.
pub(crate) const CLOCK_RATE: u32 = 90_000;
/// Longest payload; with all headers still within one Ethernet frame, though TCP would not mind more.
const PAYLOAD_MAX: usize = 1400;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// Seconds from 1900, where NTP begins, to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// Packs one client's frames. Data goes to `channel`, reports to the next one.
pub(crate) struct Packer {
    channel: u8,
    ssrc: u32,
    sequence: u16,
    packets: u32,
    octets: u32,
}

impl Packer {
    pub(crate) fn new(channel: u8, ssrc: u32, first_sequence: u16) -> Self {
        Self { channel, ssrc, sequence: first_sequence, packets: 0, octets: 0 }
    }

    /// Appends all packets of a frame to `out`.
    pub(crate) fn pack(&mut self, frame: &Frame, out: &mut BytesMut) {
        let (sets, slices): (Vec<&Bytes>, Vec<&Bytes>) = frame
            .nals
            .iter()
            .filter(|unit| nal::kind(unit) != nal::DELIMITER)
            .partition(|unit| matches!(nal::kind(unit), nal::SPS | nal::PPS));
        if let [only] = sets.as_slice() {
            self.pack_unit(only, frame.timestamp, slices.is_empty(), out);
        } else if !sets.is_empty() {
            self.pack_aggregate(&sets, frame.timestamp, slices.is_empty(), out);
        }
        let last = slices.len().saturating_sub(1);
        for (index, unit) in slices.into_iter().enumerate() {
            self.pack_unit(unit, frame.timestamp, index == last, out);
        }
    }

    /// Parameter sets are some tens of bytes; together they are far below one packet.
    fn pack_aggregate(&mut self, units: &[&Bytes], timestamp: u32, marker: bool, out: &mut BytesMut) {
        let importance = units.iter().filter_map(|unit| unit.first()).map(|header| header & 0x60).max();
        let mut payload = BytesMut::new();
        payload.put_u8(importance.unwrap_or(0) | STAP_A);
        for unit in units {
            payload.put_u16(unit.len() as u16);
            payload.put_slice(unit);
        }
        self.push(&[&payload], timestamp, marker, out);
    }

    fn pack_unit(&mut self, unit: &Bytes, timestamp: u32, marker: bool, out: &mut BytesMut) {
        let Some((header, body)) = unit.split_first().filter(|_| unit.len() > PAYLOAD_MAX) else {
            self.push(&[unit], timestamp, marker, out);
            return;
        };
        let indicator = (header & 0x60) | FU_A;
        let parts = body.chunks(PAYLOAD_MAX - 2);
        let last = parts.len() - 1;
        for (index, part) in parts.enumerate() {
            let start = if index == 0 { 0x80 } else { 0 };
            let end = if index == last { 0x40 } else { 0 };
            let unit_header = start | end | (header & 0x1f);
            self.push(&[&[indicator, unit_header], part], timestamp, marker && index == last, out);
        }
    }

    fn push(&mut self, payload: &[&[u8]], timestamp: u32, marker: bool, out: &mut BytesMut) {
        let length: usize = payload.iter().map(|part| part.len()).sum();
        out.reserve(16 + length);
        put_frame_header(self.channel, 12 + length, out);
        out.put_u8(0x80);
        out.put_u8(u8::from(marker) << 7 | PAYLOAD_TYPE);
        out.put_u16(self.sequence);
        out.put_u32(timestamp);
        out.put_u32(self.ssrc);
        for part in payload {
            out.put_slice(part);
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(length as u32);
    }

    /// Appends a sender report with the source's name (RFC 3550, 6.4.1 and 6.5): at `now` the RTP clock showed
    /// `timestamp`.
    pub(crate) fn report(&self, now: SystemTime, timestamp: u32, out: &mut BytesMut) {
        const NAME: &[u8] = b"camera-sim";
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
        // SSRC, item header and name, then at least one zero up to the next 32-bit word.
        let description = (4 + 2 + NAME.len()) / 4 * 4 + 4;
        put_frame_header(self.channel.wrapping_add(1), 28 + 4 + description, out);
        out.put_slice(&[0x80, 200]);
        out.put_u16(6);
        out.put_u32(self.ssrc);
        out.put_u32((since_1970.as_secs() + NTP_TO_UNIX) as u32);
        out.put_u32(fraction as u32);
        out.put_u32(timestamp);
        out.put_u32(self.packets);
        out.put_u32(self.octets);
        out.put_slice(&[0x81, 202]);
        out.put_u16((description / 4) as u16);
        out.put_u32(self.ssrc);
        out.put_slice(&[1, NAME.len() as u8]);
        out.put_slice(NAME);
        out.put_bytes(0, description - 6 - NAME.len());
    }
}

fn put_frame_header(channel: u8, length: usize, out: &mut BytesMut) {
    out.put_u8(b'$');
    out.put_u8(channel);
    out.put_u16(length as u16);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The interleaved packets in `out`: channel and content.
    fn packets(mut out: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut packets = Vec::new();
        while let [b'$', channel, high, low, rest @ ..] = out {
            let (packet, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            packets.push((*channel, packet.to_vec()));
            out = rest;
        }
        assert!(out.is_empty());
        packets
    }

    #[test]
    fn key_frame_is_aggregated_fragmented_and_marked() {
        let slice: Vec<u8> = std::iter::once(0x65).chain((0..3000).map(|i| i as u8)).collect();
        let nals = vec![
            Bytes::from_static(&[0x67, 1, 2, 3]),
            Bytes::from_static(&[0x68, 4]),
            Bytes::from(slice.clone()),
        ];
        let mut packer = Packer::new(2, 0xAABB_CCDD, 65_535);
        let mut out = BytesMut::new();
        packer.pack(&Frame { timestamp: 9000, key: true, nals }, &mut out);
        let packets = packets(&out);
        assert_eq!(packets.len(), 4);
        for (index, (channel, packet)) in packets.iter().enumerate() {
            assert_eq!(*channel, 2);
            assert!(packet.len() <= PAYLOAD_MAX + 12);
            assert_eq!(packet[0], 0x80);
            assert_eq!(
                packet[1],
                if index == 3 { 0x80 | PAYLOAD_TYPE } else { PAYLOAD_TYPE },
                "only the last one is marked"
            );
            assert_eq!(packet[2..4], 65_535_u16.wrapping_add(index as u16).to_be_bytes());
            assert_eq!(packet[4..12], [0, 0, 0x23, 0x28, 0xAA, 0xBB, 0xCC, 0xDD]);
        }
        assert_eq!(packets[0].1[12..], [0x60 | STAP_A, 0, 4, 0x67, 1, 2, 3, 0, 2, 0x68, 4]);
        let fragments: Vec<&[u8]> = packets[1..].iter().map(|(_, packet)| &packet[12..]).collect();
        assert!(fragments.iter().all(|fragment| fragment[0] == 0x60 | FU_A));
        assert_eq!(fragments.iter().map(|fragment| fragment[1]).collect::<Vec<_>>(), [0x85, 0x05, 0x45]);
        let body: Vec<u8> = fragments.iter().flat_map(|fragment| &fragment[2..]).copied().collect();
        assert_eq!(body, slice[1..]);
    }

    #[test]
    fn unit_that_just_fits_is_not_fragmented() {
        for (length, count) in [(PAYLOAD_MAX, 1), (PAYLOAD_MAX + 1, 2)] {
            let nals = vec![Bytes::from(vec![0x41; length])];
            let mut out = BytesMut::new();
            Packer::new(0, 1, 1).pack(&Frame { timestamp: 0, key: false, nals }, &mut out);
            assert_eq!(packets(&out).len(), count);
        }
    }

    #[test]
    fn report_counts_what_was_sent() {
        let mut packer = Packer::new(0, 7, 0);
        let mut out = BytesMut::new();
        let nals = vec![Bytes::from_static(&[0x41, 1, 2, 3, 4])];
        packer.pack(&Frame { timestamp: 0, key: false, nals }, &mut out);
        out.clear();
        packer.report(SystemTime::UNIX_EPOCH + Duration::from_millis(1500), 1234, &mut out);
        let packets = packets(&out);
        assert_eq!(packets.len(), 1);
        let (channel, report) = &packets[0];
        assert_eq!(*channel, 1);
        let word = |index: usize| u32::from_be_bytes(report[index * 4..][..4].try_into().unwrap());
        assert_eq!(word(0), 0x80C8_0006);
        let ntp = (NTP_TO_UNIX + 1) as u32;
        assert_eq!([word(1), word(2), word(3), word(4), word(5), word(6)], [7, ntp, 1 << 31, 1234, 1, 5]);
        assert_eq!(word(7) >> 16, 0x81CA);
        assert_eq!(report.len(), 28 + 4 + (word(7) & 0xffff) as usize * 4);
        assert_eq!(&report[38..48], b"camera-sim");
        assert_eq!(report.last(), Some(&0));
    }
}
