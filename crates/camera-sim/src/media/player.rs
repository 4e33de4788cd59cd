//! Decodes the footage, picture after picture, round and round.

use std::collections::VecDeque;

use openh264::OpenH264API;
use openh264::decoder::{Decoder, DecoderConfig, Flush};

use super::footage::Footage;
use super::nal::push_annex_b;
use super::picture::Picture;

/// The decoder gave up. The footage is bundled, so this is a defect and not a matter of input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlayerError {
    #[error("cannot decode the footage")]
    Decode(#[source] openh264::Error),
    #[error("the footage holds no picture")]
    NoPicture,
}

impl From<openh264::Error> for PlayerError {
    fn from(error: openh264::Error) -> Self {
        Self::Decode(error)
    }
}

/// A place in the footage with a decoder of its own: some 5 MB, whatever the footage's length.
pub(crate) struct Player {
    footage: &'static Footage,
    /// The loop's length in units.
    end: usize,
    decoder: Decoder,
    /// Next unit to decode.
    unit: usize,
    /// Display number of the next picture, within the loop.
    position: u32,
    /// Pictures still to be thrown away after a start in the middle of a group.
    skip: u32,
    /// What the decoder held back until the loop's end: at most its reorder depth.
    held: VecDeque<Picture>,
    stream: Vec<u8>,
}

impl Player {
    /// Starts with picture `position` of a loop of `end` units (see [`Footage::loop_end`]).
    pub(crate) fn start(footage: &'static Footage, end: usize, position: u32) -> Result<Self, PlayerError> {
        let position = position % (end.max(1) as u32);
        let key = footage.key_before(position as usize);
        Ok(Self {
            footage,
            end,
            decoder: new_decoder()?,
            unit: key,
            position,
            skip: position - key as u32,
            held: VecDeque::new(),
            stream: Vec::new(),
        })
    }

    /// Display number of the next picture.
    pub(crate) fn position(&self) -> u32 {
        self.position
    }

    /// Decodes the next picture in display order into `picture`.
    pub(crate) fn next_into(&mut self, picture: &mut Picture) -> Result<(), PlayerError> {
        // Twice round the loop without any picture means that there is none.
        for _ in 0..=2 * self.end {
            if !self.advance(picture)? {
                continue;
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.position = (self.position + 1) % (self.end.max(1) as u32);
            return Ok(());
        }
        Err(PlayerError::NoPicture)
    }

    /// One step of the decoder; whether it yielded a picture.
    fn advance(&mut self, picture: &mut Picture) -> Result<bool, PlayerError> {
        if let Some(held) = self.held.pop_front() {
            *picture = held;
            return Ok(true);
        }
        let Some(unit) = self.footage.units.get(self.unit).filter(|_| self.unit < self.end) else {
            self.rewind()?;
            return Ok(false);
        };
        self.unit += 1;
        self.stream.clear();
        if unit.key {
            push_annex_b(&mut self.stream, &self.footage.parameter_sets.sps);
            push_annex_b(&mut self.stream, &self.footage.parameter_sets.pps);
        }
        for nal in &unit.nals {
            push_annex_b(&mut self.stream, nal);
        }
        match self.decoder.decode(&self.stream)? {
            Some(decoded) => {
                picture.copy_from(&decoded);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// At the loop's end: takes what the decoder still holds back, and begins again.
    fn rewind(&mut self) -> Result<(), PlayerError> {
        for decoded in self.decoder.flush_remaining()? {
            let mut picture = Picture::default();
            picture.copy_from(&decoded);
            self.held.push_back(picture);
        }
        self.decoder = new_decoder()?;
        self.unit = 0;
        Ok(())
    }
}

fn new_decoder() -> Result<Decoder, openh264::Error> {
    // Flushing after each unit would break the order of B-frames and fail on half of them.
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    Decoder::with_api_config(OpenH264API::from_source(), config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma_sum(picture: &Picture) -> u64 {
        picture.y.iter().map(|value| u64::from(*value)).sum()
    }

    fn sums(player: &mut Player, count: usize) -> Vec<u64> {
        let mut picture = Picture::default();
        (0..count)
            .map(|_| {
                player.next_into(&mut picture).unwrap();
                assert_eq!((picture.width, picture.height), (768, 576));
                luma_sum(&picture)
            })
            .collect()
    }

    #[test]
    fn no_picture_is_lost_or_doubled_over_the_loop() {
        let footage = Footage::bundled().unwrap();
        let end = footage.loop_end(Some(40));
        let mut player = Player::start(footage, end, 0).unwrap();
        let first = sums(&mut player, 40);
        assert_eq!(player.position(), 0);
        let second = sums(&mut player, 40);
        assert_eq!(first, second);
        let mut distinct = first.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 40, "each picture differs from the one before");
    }

    #[test]
    fn starting_in_the_middle_shows_the_same_pictures() {
        let footage = Footage::bundled().unwrap();
        let end = footage.loop_end(Some(60));
        let whole = sums(&mut Player::start(footage, end, 0).unwrap(), 60);
        let mut player = Player::start(footage, end, 33).unwrap();
        assert_eq!(sums(&mut player, 37), [&whole[33..], &whole[..10]].concat());
    }
}
