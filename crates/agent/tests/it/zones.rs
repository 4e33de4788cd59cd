//! What a home says about motion reaches the detector.

use ownsight_model::{MotionSettings, SectionKind, Zone, ZoneKind, Zones};

use crate::World;
use crate::support::eventually;

fn zones(zones: &[Zone]) -> MotionSettings {
    let drawn =
        |zone: &Zone| (zone.kind, zone.corners.iter().map(|at| at.map(i32::from)).collect::<Vec<_>>());
    let drawn: Vec<_> = zones.iter().map(drawn).collect();
    let zones = Zones::drawn(drawn.iter().map(|(kind, corners)| (*kind, corners.as_slice()))).unwrap();
    MotionSettings { zones, ..MotionSettings::default() }
}

/// All but the sky's left corner, where nobody ever walks.
fn all_but_the_sky(kind: ZoneKind) -> Zone {
    let corners = match kind {
        ZoneKind::Exclude => vec![[0, 60], [60, 60], [60, 0], [1_000, 0], [1_000, 1_000], [0, 1_000]],
        ZoneKind::Include => vec![[0, 0], [60, 0], [60, 60], [0, 60]],
    };
    Zone { kind, corners }
}

#[tokio::test(flavor = "multi_thread")]
async fn motion_in_an_excluded_zone_is_no_event() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    // The same picture at the same time, said otherwise of each: the first is what the others would see without their words.
    let mut cameras = [(); 4].map(|()| world.camera());
    cameras[1].motion = zones(&[all_but_the_sky(ZoneKind::Exclude)]);
    cameras[2].motion = zones(&[all_but_the_sky(ZoneKind::Include)]);
    cameras[3].motion = MotionSettings { size_min: 500, ..MotionSettings::default() };
    world.configure(1, &cameras.iter().collect::<Vec<_>>(), &[]);
    let shared = world.server.shared.clone();
    let found = |index: usize, kind: SectionKind| {
        let camera = &cameras[index];
        let objects = shared.objects();
        let mut own = objects.iter().filter(|(id, _, _)| *id == camera.id());
        own.any(|(_, _, object)| camera.verify(object).trailer().section(kind).is_some())
    };
    for index in 0..4 {
        eventually("a still of each", || found(index, SectionKind::Still).then_some(())).await;
    }
    let begun = std::time::Instant::now();
    while !found(0, SectionKind::Clip) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(90), "no event in 90 s of footage");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    // An event of the others would have ended by then as well: all cut it at the same length.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    for index in 1..4 {
        assert!(!found(index, SectionKind::Clip), "{index}");
    }
    agent.stop().await;
    for index in 1..4 {
        assert!(!found(index, SectionKind::Clip), "{index}, when it ends");
    }
}
