//! Devices that upload plainly, and what they uploaded.

use super::fixture::{Household, NOW, at, bytes32, camera, configuration, event, waiting};
use crate::{
    DeviceRow, DeviceStanding, EventRow, InsertOutcome, LeftBehind, NewConfiguration, Registry, RegistryError,
};

fn uploads(anna: &Household) -> (DeviceRow, crate::CameraRow, NewConfiguration) {
    let device = DeviceRow {
        agent: false,
        public_key: Some(bytes32()),
        credential_hash: Some(bytes32()),
        upload_key: Some(vec![5; 114]),
        ..waiting(anna.home).0
    };
    let (camera, first) = (camera(anna.home, Some(device.id)), configuration(device.id, 1));
    (device, camera, first)
}

/// It is paired from the begin, has its latest configuration and no other, and ends with its keys.
pub async fn a_device_that_uploads_keeps_its_latest_configuration(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let (device, camera, first) = uploads(&anna);
    let made = registry.create_upload_device(&authority, device.clone(), camera.clone(), first.clone());
    made.await.unwrap();
    let found = registry.device_by_credential(device.id, device.credential_hash.unwrap()).await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.standing, found.paired_at), (DeviceStanding::Paired, Some(NOW)));
    assert_eq!((found.public_key, &found.upload_key), (device.public_key, &device.upload_key));
    assert_eq!((found.latest_serial, found.acknowledged_serial), (1, 1));
    assert_eq!(
        registry.camera_for_device(device.id, camera.id).await.unwrap().unwrap().row.device,
        Some(device.id)
    );
    assert_eq!(registry.latest_configuration(device.id).await.unwrap(), Some((1, first.sealed)));

    let second = configuration(device.id, 2);
    registry.add_configurations(&authority, vec![second.clone()]).await.unwrap();
    assert_eq!(registry.latest_configuration(device.id).await.unwrap(), Some((2, second.sealed)));
    assert_eq!(registry.next_configuration(device.id, 0).await.unwrap(), None, "the first one is gone");
    let found = registry.device_by_credential(device.id, device.credential_hash.unwrap()).await.unwrap();
    assert_eq!(found.map(|found| (found.latest_serial, found.acknowledged_serial)), Some((2, 2)));

    let left = LeftBehind { unopened: vec![camera.id], ..LeftBehind::default() };
    registry.remove_device(&authority, device.id, left).await.unwrap();
    let ended =
        registry.device_by_credential(device.id, device.credential_hash.unwrap()).await.unwrap().unwrap();
    assert_eq!((ended.standing, ended.upload_key), (DeviceStanding::Removed, None));
    assert_eq!(registry.latest_configuration(device.id).await.unwrap(), None);
}

/// Device, camera and configuration name each other, and the home of who makes them; or nothing is written.
pub async fn a_device_that_uploads_is_made_whole_or_not_at_all(registry: Registry) {
    let (anna, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let (device, its, first) = uploads(&anna);
    let attempts = [
        (DeviceRow { upload_key: None, ..device.clone() }, its.clone(), first.clone()),
        (DeviceRow { public_key: None, ..device.clone() }, its.clone(), first.clone()),
        (DeviceRow { credential_hash: None, ..device.clone() }, its.clone(), first.clone()),
        (device.clone(), camera(anna.home, None), first.clone()),
        (device.clone(), camera(anna.home, Some(anna.device)), first.clone()),
        (device.clone(), camera(other.home, Some(device.id)), first.clone()),
        (device.clone(), its.clone(), configuration(anna.device, 2)),
        (DeviceRow { home: other.home, ..device.clone() }, its.clone(), first.clone()),
    ];
    for (device, its, first) in attempts {
        let refused = registry.create_upload_device(&anna.authority(), device, its, first).await.unwrap_err();
        assert!(matches!(refused, RegistryError::NotFound), "{refused:?}");
    }
    let (ours, theirs) = (anna.authority(), other.authority());
    let foreign = registry.create_upload_device(&theirs, device.clone(), its.clone(), first.clone());
    assert!(matches!(foreign.await.unwrap_err(), RegistryError::NotFound));
    let late = registry.create_upload_device(&ours, device.clone(), its, configuration(device.id, 2));
    assert!(matches!(late.await.unwrap_err(), RegistryError::Conflict));
    let devices = registry.devices(anna.find(), NOW, anna.home).await.unwrap().unwrap().data;
    assert!(devices.iter().all(|detail| detail.device.id != device.id), "nothing was written");
}

/// What was uploaded is found again with its MAC, also as a tombstone.
pub async fn an_upload_is_known_by_its_mac(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (device, its, first) = uploads(&anna);
    registry.create_upload_device(&anna.authority(), device.clone(), its.clone(), first).await.unwrap();
    let mac = bytes32();
    let uploaded = EventRow { upload_mac: Some(mac), ..event(&its, device.id, at(1)) };
    let sealed = event(&its, device.id, at(2));
    for row in [&uploaded, &sealed] {
        registry.insert_event(row.clone()).await.unwrap();
    }
    let known = async |row: &EventRow| registry.stored_event(its.id, row.id).await.unwrap().unwrap();
    assert_eq!((known(&uploaded).await.upload_mac, known(&sealed).await.upload_mac), (Some(mac), None));
    // Delivered again while the first answer is lost, it is sealed under other keys: the row is that of what lies there now.
    let anew = EventRow { digest: bytes32(), ..uploaded.clone() };
    let again = registry.insert_event(anew.clone()).await.unwrap();
    assert_eq!(again, InsertOutcome::Inserted { replaced_still: None });
    assert_eq!(known(&uploaded).await.digest, anew.digest);
    for other in [None, Some(bytes32())] {
        let another = EventRow { digest: bytes32(), upload_mac: other, ..uploaded.clone() };
        assert!(matches!(registry.insert_event(another).await.unwrap(), InsertOutcome::Exists(_)));
    }
    assert_eq!(known(&uploaded).await.digest, anew.digest);
    registry.erase_event(&anna.authority(), uploaded.id).await.unwrap();
    let late = registry.insert_event(EventRow { digest: bytes32(), ..uploaded.clone() }).await.unwrap();
    assert!(matches!(late, InsertOutcome::Exists(stored) if stored.erased), "what was erased stays so");
    let tombstone = known(&uploaded).await;
    assert_eq!((tombstone.upload_mac, tombstone.erased), (Some(mac), true));
}
