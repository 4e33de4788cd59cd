//! What a device found when it looked around: for its home only.

use ownsight_model::DeviceId;
use ownsight_seal::{CameraSealer, OpenError, Purpose};

use crate::support::two_homes;

#[test]
fn what_was_found_opens_for_its_home_and_from_its_device_only() {
    let (ours, theirs) = two_homes();
    let sealer = CameraSealer::new(
        *ours.secret.scope(),
        ours.device,
        ours.secret.public_key(),
        ours.secret.device_psk(ours.device),
    );
    let sealed = sealer.seal_look(b"found");
    assert_eq!(ours.secret.open_look(ours.device, &sealed).unwrap().as_slice(), b"found");
    let not_authentic = OpenError::NotAuthentic(Purpose::LookReport);
    assert_eq!(theirs.secret.open_look(ours.device, &sealed).unwrap_err(), not_authentic);
    assert_eq!(ours.secret.open_look(DeviceId::generate(), &sealed).unwrap_err(), not_authentic);
    for bit in 0..sealed.len() * 8 {
        let mut damaged = sealed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(ours.secret.open_look(ours.device, &damaged).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(ours.secret.open_look(ours.device, &sealed[..length]).is_err(), "{length} bytes");
    }
}
