//! What is motion, and what is not. Scenes are a frame of the footage with noise; each kind of disturbance is shown
//! to be none, and a small moving block is found in the same disturbance.

use std::time::Duration;

use ownsight_camera::{EventConfig, MotionConfig, Recorded, Recorder, Savings, Zone};

use crate::support::footage;
use crate::support::scene::{Block, HEIGHT, Scene, WIDTH};
use crate::support::tools;

const MINUTE: usize = 600;
const NONE: [usize; 0] = [];

/// A block of 12 pixels, a 21st of the picture's width, that crosses from the frame `from` on, two pixels a frame.
fn crossing(from: usize) -> Block {
    Box::new(move |number| {
        let x = 20 + number.checked_sub(from)? * 2;
        (x + 12 < WIDTH).then_some((x, HEIGHT / 2, 12))
    })
}

fn assert_found(starts: &[usize], from: usize) {
    assert_eq!(starts.len(), 1, "once: {starts:?}");
    assert!((from..from + 5).contains(&starts[0]), "at {from}: {starts:?}");
}

/// Nothing is found in the scene, and the block is found in it.
fn assert_no_motion_but_the_block(scene: impl Fn() -> Scene, frames: usize) {
    assert_eq!(scene().watch(MotionConfig::default(), frames), NONE);
    for from in [MINUTE, MINUTE + 17] {
        let mut scene = scene();
        scene.block = crossing(from);
        assert_found(&scene.watch(MotionConfig::default(), MINUTE * 3 / 2), from);
    }
}

#[test]
fn ten_minutes_of_sensor_noise_are_no_motion() {
    for noise in [3.0, 8.0] {
        let scene = || Scene { noise, ..Scene::new(1) };
        assert_no_motion_but_the_block(scene, 10 * MINUTE);
    }
}

#[test]
fn slow_light_is_no_motion() {
    // From day to dusk and back in two minutes, and a shadow that moves over the picture meanwhile.
    let light = |number: usize, x: usize, _: usize, luma: f32| {
        let phase = number as f32 / MINUTE as f32 * std::f32::consts::PI;
        let shadow = (x as f32 / WIDTH as f32 - number as f32 / MINUTE as f32 / 3.0).clamp(-0.5, 0.5);
        luma * (0.75 + 0.25 * phase.cos()) * (1.0 + 0.3 * shadow)
    };
    let scene = || Scene { noise: 3.0, light: Box::new(light), ..Scene::new(2) };
    assert_no_motion_but_the_block(scene, 5 * MINUTE);
}

#[test]
fn sudden_light_is_no_motion() {
    // Every 20 s a cloud comes or goes at once; every 45 s a lamp at the left is switched.
    let light = |number: usize, x: usize, _: usize, luma: f32| {
        let cloud = if number / 200 % 2 == 1 { 0.6 } else { 1.0 };
        let lamp = if number / 450 % 2 == 1 { 60.0 * (1.0 - x as f32 / WIDTH as f32) } else { 0.0 };
        luma * cloud + lamp
    };
    let mut scene = Scene { noise: 3.0, light: Box::new(light), ..Scene::new(3) };
    assert_eq!(scene.watch(MotionConfig::default(), 5 * MINUTE), NONE);
}

#[test]
fn pulses_at_key_frames_are_no_motion() {
    // Pulses that last for one frame, that fade within a second, and that stay until the next key frame.
    for pulse in [(6.0, 0.0), (6.0, 0.8), (4.0, 1.0)] {
        let scene = || Scene { noise: 2.0, pulse, ..Scene::new(4) };
        assert_no_motion_but_the_block(scene, 5 * MINUTE);
    }
}

#[test]
fn excluded_zones_are_not_looked_at() {
    let lower_half = Zone { corners: vec![(0.0, 0.4), (1.0, 0.4), (1.0, 1.0), (0.0, 1.0)] };
    let config = MotionConfig { exclude: vec![lower_half], ..MotionConfig::default() };
    let mut scene = Scene { noise: 3.0, block: crossing(MINUTE), ..Scene::new(5) };
    assert_eq!(scene.watch(config, 2 * MINUTE), NONE);
}

#[test]
fn of_included_zones_only_the_rest_is_not_looked_at() {
    let watch = |left: f32| {
        let corners = vec![(left, 0.0), (left + 0.5, 0.0), (left + 0.5, 1.0), (left, 1.0)];
        let config = MotionConfig { include: vec![Zone { corners }], ..MotionConfig::default() };
        // The block goes from left to right until the frame 700.
        let mut scene = Scene { noise: 3.0, block: crossing(MINUTE), ..Scene::new(5) };
        scene.watch(config, MINUTE * 3 / 2)
    };
    assert_found(&watch(0.0), MINUTE);
    let right = watch(0.5);
    assert!(right.len() == 1 && right[0] > MINUTE + 40, "{right:?}");
}

#[test]
fn what_is_smaller_than_the_least_size_is_no_motion() {
    let watch = |size_min| {
        let config = MotionConfig { size_min, ..MotionConfig::default() };
        Scene { noise: 3.0, block: crossing(MINUTE), ..Scene::new(6) }.watch(config, MINUTE * 3 / 2)
    };
    assert_found(&watch(0.001), MINUTE);
    assert_eq!(watch(0.02), NONE);
}

#[test]
fn sensitivity_decides_what_is_too_small() {
    let block = |number: usize| number.checked_sub(300).map(|since| (20 + since % 200, HEIGHT / 2, 7));
    let watch = |sensitivity| {
        let config = MotionConfig { sensitivity, ..MotionConfig::default() };
        Scene { noise: 2.0, block: Box::new(block), ..Scene::new(6) }.watch(config, MINUTE).len()
    };
    assert_eq!((watch(10), watch(80)), (0, 1));
}

#[test]
fn a_still_scene_from_a_real_encoder_is_no_event() {
    if !tools::have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, quality) in [("fine", "23"), ("coarse", "35")] {
        let file = folder.path().join(format!("{name}.mp4"));
        tools::make_still_movie(&file, 120, quality);
        let interval = Duration::from_hours(1);
        let motion = MotionConfig { savings: Savings::NONE, ..MotionConfig::default() };
        let mut recorder = Recorder::new(motion, EventConfig::default(), interval);
        let mut found = Vec::new();
        for unit in footage::read(&std::fs::read(&file).unwrap()) {
            found.extend(recorder.frame(&unit));
        }
        found.extend(recorder.interrupt());
        assert_eq!(recorder.stats().pictures, 1200);
        let events = found.iter().filter(|found| matches!(found, Recorded::Event(_))).count();
        assert_eq!(events, 0, "{name}");
    }
}
