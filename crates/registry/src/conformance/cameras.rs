//! Cameras and their tests.

use ownsight_model::{CameraEpoch, CameraId};

use super::fixture::{Household, NOW, at, camera, configuration, event, still, test};
use crate::{
    Authority, CameraEpochRow, CameraRow, CameraStanding, CameraUpdate, ErasedCamera, InsertOutcome,
    NewReport, ObjectKey, Registry, RegistryError, ReportSubject,
};

fn key(event: &crate::EventRow) -> ObjectKey {
    ObjectKey { home: event.home, camera: event.camera, event: event.id }
}

/// After it devices are answered that it is gone, and nothing of it can be read or derived.
pub async fn a_camera_is_made_changed_and_erased(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let row = anna.camera(&registry).await;
    let detail = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((detail.camera, detail.events), (row.clone(), 0));

    let nothing = CameraUpdate { camera: row.id, text: None, address: None, device: None };
    registry.update_camera(&authority, nothing.clone(), vec![]).await.unwrap();
    let same = registry.cameras(anna.find(), NOW, None).await.unwrap().unwrap().data;
    assert_eq!(same.iter().map(|detail| &detail.camera).collect::<Vec<_>>(), [&row]);
    let all = CameraUpdate {
        text: Some((CameraEpoch::FIRST, vec![9])),
        address: Some(None),
        device: Some(None),
        ..nothing
    };
    registry.update_camera(&authority, all, vec![]).await.unwrap();
    let changed = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap().camera;
    assert_eq!((changed.text, changed.address, changed.device), (vec![9], None, None));
    let back = CameraUpdate { camera: row.id, text: None, address: None, device: Some(Some(anna.device)) };
    registry.update_camera(&authority, back, vec![]).await.unwrap();

    let first = anna.event(&registry, &row, 10).await;
    let second = anna.event(&registry, &row, 20).await;
    let picture = still(&row, anna.device, at(30));
    registry.insert_event(picture.clone()).await.unwrap();
    let kept = anna.camera(&registry).await;
    let of_kept = anna.event(&registry, &kept, 15).await;
    let report = |subject| NewReport { subject, body: b"{}".to_vec(), tag: vec![1; 32] };
    let gap = ReportSubject::Gap { camera: row.id, from: at(1), to: None };
    let reports = vec![report(ReportSubject::Camera(row.id)), report(gap)];
    assert_eq!(registry.put_reports(anna.device, NOW, reports).await.unwrap().stored, 2);
    let detail = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((detail.events, detail.still.as_ref(), detail.report.is_some()), (2, Some(&picture), true));

    let erased = registry
        .erase_camera(&authority, row.id, Vec::new(), vec![configuration(anna.device, 2)])
        .await
        .unwrap();
    let mut objects = erased.objects.clone();
    objects.sort_unstable();
    let mut expected = vec![key(&first), key(&second), key(&picture)];
    expected.sort_unstable();
    assert_eq!(objects, expected);
    assert_eq!((erased.events, erased.bytes), (2, 2_050));

    assert_eq!(registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data, None);
    for id in [first.id, second.id, picture.id] {
        assert_eq!(registry.event(anna.find(), NOW, id).await.unwrap().unwrap().data, None);
    }
    assert!(registry.event(anna.find(), NOW, of_kept.id).await.unwrap().unwrap().data.is_some());
    let day =
        registry.day(anna.find(), NOW, anna.home, NOW, at(100), 10).await.unwrap().unwrap().data.unwrap();
    assert_eq!((day.events, day.gaps), (vec![of_kept], vec![]));
    let for_device = registry.camera_for_device(anna.device, row.id).await.unwrap().unwrap();
    assert_eq!(for_device.row.standing, CameraStanding::Erased);
    assert_eq!((for_device.row.text, for_device.row.address), (vec![], None));
    assert!(for_device.epochs.iter().all(|epoch| epoch.salt == [0; 32]) && !for_device.assigned);
    assert!(registry.stored_event(row.id, first.id).await.unwrap().unwrap().erased);
    assert_eq!(registry.insert_event(first).await.unwrap(), InsertOutcome::Gone);
    assert_eq!(registry.insert_event(event(&row, anna.device, at(40))).await.unwrap(), InsertOutcome::Gone);
    assert_eq!(registry.homes().await.unwrap()[0].1, 1_000);
    for error in [
        registry
            .erase_camera(&authority, row.id, Vec::new(), vec![])
            .await
            .map(|_: ErasedCamera| ())
            .unwrap_err(),
        registry
            .update_camera(
                &authority,
                CameraUpdate { camera: row.id, text: None, address: None, device: None },
                vec![],
            )
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    }
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}

/// Its epoch must be its own, in its own home.
pub async fn a_camera_with_an_epoch_of_another_is_refused(registry: Registry) {
    let (anna, other) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let good = camera(anna.home, Some(anna.device));
    for wrong in [
        CameraEpochRow { camera: CameraId::generate(), ..good.epoch.clone() },
        CameraEpochRow { home: other.home, ..good.epoch.clone() },
    ] {
        let row = CameraRow { epoch: wrong, ..good.clone() };
        let error = registry.create_camera(&anna.authority(), row, Vec::new()).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    }
    registry.create_camera(&anna.authority(), good, Vec::new()).await.unwrap();
}

/// Whatever was to be written with it.
pub async fn a_configuration_out_of_turn_leaves_nothing_written(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let row = anna.camera(&registry).await;
    let event = anna.event(&registry, &row, 10).await;
    let before = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap();
    for serial in [1, 3, u64::MAX] {
        let late = || vec![configuration(anna.device, 2), configuration(anna.device, serial.max(4))];
        let wrong = || vec![configuration(anna.device, serial)];
        let update = CameraUpdate {
            camera: row.id,
            text: Some((CameraEpoch::FIRST, vec![])),
            address: None,
            device: None,
        };
        let new = camera(anna.home, None);
        for error in [
            registry.create_camera(&authority, new.clone(), wrong()).await.unwrap_err(),
            registry.update_camera(&authority, update, wrong()).await.unwrap_err(),
            registry.erase_camera(&authority, row.id, Vec::new(), late()).await.unwrap_err(),
            registry.create_test(&authority, test(&new, anna.device), new, wrong()).await.unwrap_err(),
            registry.add_configurations(&authority, late()).await.unwrap_err(),
        ] {
            assert!(matches!(error, RegistryError::Conflict), "{error:?}");
        }
    }
    assert_eq!(registry.home_plan(anna.find(), NOW, anna.home).await.unwrap(), before);
    assert!(registry.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.is_some());
    registry
        .add_configurations(&authority, vec![configuration(anna.device, 2), configuration(anna.device, 3)])
        .await
        .unwrap();
}

/// With its still, which was sent under the test's id.
pub async fn a_test_confirmed_becomes_a_camera(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let draft = camera(anna.home, Some(anna.device));
    let asked = test(&draft, anna.device);
    registry
        .create_test(&authority, asked.clone(), draft.clone(), vec![configuration(anna.device, 2)])
        .await
        .unwrap();
    let for_device = registry.camera_for_device(anna.device, draft.id).await.unwrap().unwrap();
    assert_eq!((for_device.test, for_device.row.standing), (Some(asked.id), CameraStanding::Draft));
    assert!(registry.cameras(anna.find(), NOW, None).await.unwrap().unwrap().data.is_empty());

    let mut picture = still(&draft, anna.device, at(1));
    picture.id = ownsight_model::EventId::from_bytes(*asked.id.as_bytes());
    registry.insert_event(picture.clone()).await.unwrap();
    let report = NewReport { subject: ReportSubject::Test(asked.id), body: b"[]".to_vec(), tag: vec![2; 32] };
    assert_eq!(registry.put_reports(anna.device, NOW, vec![report]).await.unwrap().stored, 1);
    let crate::TestDetail { test: row, draft: found, existing, .. } =
        registry.test(anna.find(), NOW, asked.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((row.still.as_ref(), found.id, existing), (Some(&picture), draft.id, None));
    assert_eq!(row.report.as_ref().map(|report| report.body.clone()), Some(b"[]".to_vec()));
    let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap().data.unwrap();
    assert_eq!((plan.cameras.len(), plan.tests), (1, vec![row]));
    // The gate opens a test's picture like any other.
    assert!(registry.event(anna.find(), NOW, picture.id).await.unwrap().unwrap().data.is_some());

    let late = Authority { now: asked.expires_at, ..authority };
    let error = registry.confirm_test(&late, asked.id, vec![1], None, vec![]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    let objects = registry
        .confirm_test(&authority, asked.id, vec![33], None, vec![configuration(anna.device, 3)])
        .await
        .unwrap();
    assert_eq!(objects, []);
    let detail = registry.camera(anna.find(), NOW, draft.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!((detail.camera.text, detail.camera.address), (vec![33], draft.address));
    assert_eq!(detail.still, Some(picture));
    assert_eq!(registry.test(anna.find(), NOW, asked.id).await.unwrap().unwrap().data, None);
    let error = registry.confirm_test(&authority, asked.id, vec![1], None, vec![]).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "{error:?}");
}

/// Its name stays, and the draft goes.
pub async fn a_test_confirmed_changes_an_existing_camera(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let row = anna.camera(&registry).await;
    let (second, _) = anna.pair(&registry).await;
    let draft = camera(anna.home, Some(second));
    let mut asked = test(&draft, second);
    asked.existing = Some(row.id);
    registry.create_test(&authority, asked.clone(), draft.clone(), vec![]).await.unwrap();
    let picture = still(&draft, second, at(1));
    registry.insert_event(picture.clone()).await.unwrap();
    let crate::TestDetail { existing, .. } =
        registry.test(anna.find(), NOW, asked.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(existing, Some(row.clone()));
    let objects = registry.confirm_test(&authority, asked.id, vec![1], Some(vec![44]), vec![]).await.unwrap();
    assert_eq!(objects, [key(&picture)]);
    let changed = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap().camera;
    assert_eq!((changed.text, changed.address, changed.device), (row.text, Some(vec![44]), Some(second)));
    let gone = registry.camera_for_device(second, draft.id).await.unwrap().unwrap();
    assert_eq!((gone.row.standing, gone.epochs[0].salt), (CameraStanding::Erased, [0; 32]));
}

/// Nobody needs to be present for the second.
pub async fn a_test_cancelled_or_expired_is_erased(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let mut drafts = Vec::new();
    for _ in 0..2 {
        let draft = camera(anna.home, Some(anna.device));
        let asked = test(&draft, anna.device);
        registry.create_test(&anna.authority(), asked.clone(), draft.clone(), vec![]).await.unwrap();
        let picture = still(&draft, anna.device, at(1));
        registry.insert_event(picture.clone()).await.unwrap();
        drafts.push((asked, draft, picture));
    }
    let (cancelled, _, picture) = &drafts[0];
    assert_eq!(registry.cancel_test(&anna.authority(), cancelled.id, vec![]).await.unwrap(), [key(picture)]);

    let (expired, draft, picture) = &drafts[1];
    let before = expired.expires_at.shifted(-1);
    assert_eq!(registry.expired_tests(before).await.unwrap(), []);
    assert_eq!(registry.erase_tests(vec![expired.id], before).await.unwrap(), []);
    let found = registry.expired_tests(expired.expires_at).await.unwrap();
    assert_eq!(found, [(expired.id, draft.id, vec![key(picture)])]);
    let plan =
        registry.home_plan(anna.find(), expired.expires_at, anna.home).await.unwrap().unwrap().data.unwrap();
    assert_eq!(plan.tests, []);
    assert_eq!(registry.erase_tests(vec![expired.id], expired.expires_at).await.unwrap(), [key(picture)]);
    assert_eq!(registry.erase_tests(vec![expired.id], expired.expires_at).await.unwrap(), []);
    assert_eq!(registry.expired_tests(expired.expires_at).await.unwrap(), []);
    for (_, draft, picture) in &drafts {
        let gone = registry.camera_for_device(anna.device, draft.id).await.unwrap().unwrap();
        assert_eq!((gone.row.standing, gone.test), (CameraStanding::Erased, None));
        assert_eq!(registry.event(anna.find(), NOW, picture.id).await.unwrap().unwrap().data, None);
    }
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}
