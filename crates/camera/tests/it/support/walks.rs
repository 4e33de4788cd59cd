//! Labelled scenes: people of the footage walk through what the camera sees when nobody is there, at known times, in what
//! weather and light there is. Encoded by `ffmpeg` as cameras do. All seeds are fixed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::footage;

pub(crate) const WIDTH: usize = 384;
pub(crate) const HEIGHT: usize = 288;
/// Frames of a second.
pub(crate) const RATE: usize = 10;
const NOISES: usize = 1 << 20;
/// Frames from one switching of the light to the next.
const TURN: usize = 1490;

/// Somebody in the footage with nobody else about, looked up by eye. Places are in the footage's pixels, times in its tenths
/// of a second.
pub(crate) struct Walk {
    pub(crate) name: &'static str,
    /// Left, top, width, height of where nobody else is.
    place: (usize, usize, usize, usize),
    /// Cut from here to there; at the first nobody is in it yet.
    cut: (usize, usize),
    /// In sight from here to there.
    seen: (usize, usize),
}

pub(crate) const WALKS: [Walk; 3] = [
    // A man on the far lawn, 40 pixels high, from its right border to its left.
    Walk { name: "far", place: (0, 30, 300, 140), cut: (60, 185), seen: (70, 170) },
    // A woman in red, 100 pixels high, who comes from the right.
    Walk { name: "right", place: (498, 240, 270, 200), cut: (405, 450), seen: (420, 450) },
    // Two people on the lawn in front, 170 pixels high, of whom one stays, hardly moves, and goes.
    Walk { name: "near", place: (0, 330, 460, 246), cut: (500, 730), seen: (520, 700) },
];

/// A walk in a scene.
#[derive(Clone, Copy)]
pub(crate) struct Appearance {
    /// Which of [`WALKS`].
    pub(crate) walk: usize,
    /// The frame of the scene with which the cut begins.
    pub(crate) from: usize,
    /// So many frames for each of the footage.
    pub(crate) stretch: usize,
}

impl Appearance {
    /// First and last frame in sight.
    pub(crate) fn seen(&self) -> (usize, usize) {
        let walk = &WALKS[self.walk];
        let at = |frame: usize| self.from + (frame - walk.cut.0) * self.stretch;
        (at(walk.seen.0), at(walk.seen.1))
    }
}

/// What besides people there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Day,
    Night,
    Rain,
    Downpour,
    Snow,
    Thread,
    Lamp,
    Leaves,
    Infrared,
    Shake,
    Pulses,
}

pub(crate) const WEATHERS: [Weather; 11] = [
    Weather::Day,
    Weather::Night,
    Weather::Rain,
    Weather::Downpour,
    Weather::Snow,
    Weather::Thread,
    Weather::Lamp,
    Weather::Leaves,
    Weather::Infrared,
    Weather::Shake,
    Weather::Pulses,
];

/// The footage, half as wide and high, and what it shows without people.
pub(crate) struct Stage {
    frames: Vec<Vec<u8>>,
    empty: Vec<u8>,
    noises: Vec<f32>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let frames: Vec<Vec<u8>> = footage::decode(&footage::units()).0.iter().map(halve).collect();
        let some: Vec<&Vec<u8>> = frames.iter().step_by(19).collect();
        let median = |index| {
            let mut values: Vec<u8> = some.iter().map(|frame| frame[index]).collect();
            let middle = values.len() / 2;
            *values.select_nth_unstable(middle).1
        };
        let empty = (0..WIDTH * HEIGHT).map(median).collect();
        let mut rng = fastrand::Rng::with_seed(1);
        let noises = (0..NOISES).map(|_| (0..12).map(|_| rng.f32()).sum::<f32>() - 6.0).collect();
        Self { frames, empty, noises }
    }

    /// The frames of a scene, one after the other, for ever.
    pub(crate) fn scene<'a>(&'a self, weather: Weather, people: &'a [Appearance]) -> Frames<'a> {
        let rng = fastrand::Rng::with_seed(7 + weather as u64);
        Frames { stage: self, weather, people, number: 0, rng, shaken: 0, flakes: Vec::new() }
    }

    /// Writes a scene of so many frames as an MP4 file.
    pub(crate) fn film(&self, file: &Path, weather: Weather, frames: usize, people: &[Appearance]) {
        let size = format!("{WIDTH}x{HEIGHT}");
        let rate: &[&str] = match weather {
            Weather::Pulses => &["-b:v", "50k", "-maxrate", "80k", "-bufsize", "100k", "-g", "50"],
            _ => &["-crf", "26", "-g", "30"],
        };
        let mut child = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", &size, "-r", "10"])
            .args([
                "-i", "-", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-threads", "1",
            ])
            .args(["-bf", "0", "-sc_threshold", "0"])
            .args(rate)
            .arg(file)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        for picture in self.scene(weather, people).take(frames) {
            input.write_all(&picture).unwrap();
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }

    fn put(&self, picture: &mut [u8], person: &Appearance, number: usize) {
        let walk = &WALKS[person.walk];
        let Some(since) = number.checked_sub(person.from) else { return };
        let source = walk.cut.0 + since / person.stretch;
        if source >= walk.cut.1 {
            return;
        }
        let (left, top, width, height) = walk.place;
        for row in top / 2..usize::midpoint(top, height) {
            let span = row * WIDTH + left / 2..row * WIDTH + usize::midpoint(left, width);
            picture[span.clone()].copy_from_slice(&self.frames[source][span]);
        }
    }
}

/// The frames of a scene, in order.
pub(crate) struct Frames<'a> {
    stage: &'a Stage,
    weather: Weather,
    people: &'a [Appearance],
    number: usize,
    rng: fastrand::Rng,
    shaken: usize,
    flakes: Vec<(f32, f32, f32)>,
}

impl Iterator for Frames<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let number = self.number;
        self.number += 1;
        let mut picture = self.stage.empty.clone();
        if self.weather == Weather::Leaves {
            sway(&mut picture, number);
        }
        for person in self.people {
            self.stage.put(&mut picture, person, number);
        }
        match self.weather {
            Weather::Shake => self.shake(&mut picture, number),
            Weather::Rain => rain(&mut picture, 60, &mut self.rng),
            Weather::Downpour => rain(&mut picture, 200, &mut self.rng),
            Weather::Snow => self.snow(&mut picture),
            Weather::Thread => thread(&mut picture, number),
            _ => {}
        }
        let late = number / TURN % 2 == 1;
        let start = self.rng.usize(..NOISES - picture.len());
        let noises = &self.stage.noises[start..];
        let deviation = if self.weather == Weather::Night { 4.0 } else { 2.0 };
        for (index, pixel) in picture.iter_mut().enumerate() {
            let luma = f32::from(*pixel);
            let luma = match self.weather {
                Weather::Night => 16.0 + (luma - 16.0) * 0.15,
                Weather::Lamp if late => 0.5 * luma + 90.0 * (1.0 - (index % WIDTH) as f32 / WIDTH as f32),
                Weather::Lamp => 0.5 * luma,
                Weather::Infrared if late => 255.0 * (luma / 255.0).powf(0.6) * 0.7,
                _ => luma,
            };
            *pixel = (luma + noises[index] * deviation).round().clamp(0.0, 255.0) as u8;
        }
        Some(picture)
    }
}

impl Frames<'_> {
    /// A gust each half minute, for half a second.
    fn shake(&mut self, picture: &mut [u8], number: usize) {
        if number % 300 == 290 {
            self.shaken = 5;
        }
        if self.shaken > 0 {
            self.shaken -= 1;
            picture.rotate_right(self.rng.usize(..3) + WIDTH * self.rng.usize(..2));
        }
    }

    /// Flakes of three to six pixels fall by twelve to twenty-four pixels a frame: near ones are larger and faster.
    fn snow(&mut self, picture: &mut [u8]) {
        self.flakes.retain(|flake| flake.1 < HEIGHT as f32);
        while self.flakes.len() < 40 {
            let top = if self.number < 2 { self.rng.f32() * HEIGHT as f32 } else { 0.0 };
            self.flakes.push((self.rng.f32() * WIDTH as f32, top, 3.0 + 3.0 * self.rng.f32()));
        }
        for (x, y, side) in &mut self.flakes {
            let (column, row, width) = (*x as usize, *y as usize, *side as usize);
            for row in row..(row + width).min(HEIGHT) {
                for column in column..(column + width).min(WIDTH) {
                    let pixel = &mut picture[row * WIDTH + column];
                    *pixel = pixel.saturating_add(60);
                }
            }
            *y += 4.0 * *side;
            *x = (*x + 6.0 * self.rng.f32() - 3.0).max(0.0);
        }
    }
}

/// A thread of a spider near the lens, bright in its lamp, that sways with the wind: calm for a minute, then a minute of gusts.
fn thread(picture: &mut [u8], number: usize) {
    let phase = number as f32 / 4.0;
    let wind = if number / 600 % 2 == 1 { 5.0 + 4.0 * (phase / 3.7).sin() } else { 0.5 };
    for row in 20..170 {
        let bent = ((row as f32 - 20.0) / 150.0 * std::f32::consts::PI).sin();
        let middle = 200.0 + row as f32 / 5.0 + wind * bent * phase.sin();
        for column in middle as usize - 3..middle as usize + 4 {
            let near = 1.0 - (column as f32 - middle).abs() / 4.0;
            let pixel = &mut picture[row * WIDTH + column];
            *pixel = pixel.saturating_add((45.0 * near.max(0.0)) as u8);
        }
    }
}

/// A bush with leaves finer than a cell sways by three pixels.
fn sway(picture: &mut [u8], number: usize) {
    let phase = number as f32 / 7.0;
    for row in 90..150 {
        let shift = (3.0 + 3.0 * (phase + row as f32 / 20.0).sin()) as usize;
        for column in 300..360 {
            let leaf = ((column + shift) * 7919 + row * 104_729) / 3 % 40;
            picture[row * WIDTH + column] = 70 + leaf as u8;
        }
    }
}

fn rain(picture: &mut [u8], streaks: usize, rng: &mut fastrand::Rng) {
    for _ in 0..streaks {
        let (column, top, length) = (rng.usize(..WIDTH), rng.usize(..HEIGHT - 16), rng.usize(6..15));
        for row in top..top + length {
            let pixel = &mut picture[row * WIDTH + column];
            *pixel = pixel.saturating_add(40);
        }
    }
}

fn halve(luma: &footage::Luma) -> Vec<u8> {
    let at = |x: usize, y: usize| u32::from(luma.pixels[y * luma.width + x]);
    let mean = |x: usize, y: usize| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4;
    (0..WIDTH * HEIGHT).map(|index| mean(index % WIDTH * 2, index / WIDTH * 2) as u8).collect()
}
