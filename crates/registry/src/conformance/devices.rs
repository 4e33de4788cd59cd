//! Pairing, configurations, and devices that call.

use std::time::Duration;

use ownsight_model::{DeviceId, HomeEpoch};

use super::fixture::{Household, NOW, answer, at, bytes32, configuration, waiting};
use crate::{
    AnswerOutcome, Change, ChangeKind, DeviceLeft, DeviceRun, DeviceStanding, LeftBehind, PairingAnswerRow,
    Registry, RegistryError, Remainder,
};

/// The whole life of a code.
pub async fn pairing_from_code_to_first_configuration(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let (device, pairing) = waiting(anna.home);
    registry.create_pairing(&authority, device.clone(), pairing.clone()).await.unwrap();
    let end = pairing.expires_at;
    assert_eq!(registry.pairing_by_find(pairing.find, NOW).await.unwrap(), Some(pairing.clone()));
    assert_eq!(registry.pairing_by_find(pairing.find, end).await.unwrap(), None);
    assert_eq!(registry.pairing_by_find(bytes32(), NOW).await.unwrap(), None);

    let given = answer();
    let answered = |find, now, answer| registry.answer_pairing(find, now, answer);
    assert_eq!(answered(pairing.find, end, given.clone()).await.unwrap(), AnswerOutcome::Unknown);
    assert_eq!(answered(bytes32(), NOW, given.clone()).await.unwrap(), AnswerOutcome::Unknown);
    assert_eq!(registry.device_by_credential(device.id, given.credential_hash).await.unwrap(), None);
    assert_eq!(answered(pairing.find, NOW, given.clone()).await.unwrap(), AnswerOutcome::Taken);
    assert_eq!(answered(pairing.find, NOW, given.clone()).await.unwrap(), AnswerOutcome::Same);
    assert_eq!(answered(pairing.find, NOW, answer()).await.unwrap(), AnswerOutcome::Conflict);

    let seen = registry.device_by_credential(device.id, given.credential_hash).await.unwrap().unwrap();
    assert_eq!((seen.standing, seen.public_key, seen.paired_at), (DeviceStanding::Waiting, None, None));
    assert_eq!(registry.next_configuration(device.id, 0).await.unwrap(), None);
    let detail = registry.device(anna.find(), NOW, device.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(detail.pairing.unwrap().answer, Some(given.clone()));

    let first = configuration(device.id, 1);
    registry.accept_pairing(&authority, device.id, given.clone(), first.clone()).await.unwrap();
    let paired = registry.device_by_credential(device.id, given.credential_hash).await.unwrap().unwrap();
    assert_eq!((paired.standing, paired.public_key), (DeviceStanding::Paired, Some(given.public_key)));
    assert_eq!((paired.paired_at, paired.version), (Some(NOW), Some(given.version.clone())));
    assert_eq!((paired.latest_serial, &paired.device_key), (1, &first.next_key));
    assert_eq!(registry.device_by_credential(device.id, bytes32()).await.unwrap(), None);
    assert_eq!(registry.device_by_credential(anna.device, given.credential_hash).await.unwrap(), None);
    // The code lasts until the device has shown that it has what it needs.
    assert!(registry.pairing_by_find(pairing.find, NOW).await.unwrap().is_some());
    let next = registry.next_configuration(device.id, 0).await.unwrap();
    assert_eq!(next, Some((1, first.sealed, 1)));
    assert_eq!(registry.pairing_by_find(pairing.find, NOW).await.unwrap(), None);
    let mut changes = registry.changes();
    registry.next_configuration(device.id, 0).await.unwrap();
    assert!(changes.try_recv().is_err(), "a pairing that has ended ends once");
    assert_eq!(answered(pairing.find, NOW, given.clone()).await.unwrap(), AnswerOutcome::Unknown);
    let error =
        registry.accept_pairing(&authority, device.id, given, configuration(device.id, 2)).await.unwrap_err();
    assert!(matches!(error, RegistryError::Conflict), "{error:?}");
}

/// What was checked must be what is kept.
pub async fn an_answer_that_changed_is_not_accepted(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (device, pairing) = waiting(anna.home);
    registry.create_pairing(&anna.authority(), device.clone(), pairing.clone()).await.unwrap();
    let given = answer();
    let accept = |answer: PairingAnswerRow, serial| {
        let (registry, authority, device) = (registry.clone(), anna.authority(), device.id);
        async move { registry.accept_pairing(&authority, device, answer, configuration(device, serial)).await }
    };
    let error = accept(given.clone(), 1).await.unwrap_err();
    assert!(matches!(error, RegistryError::Conflict), "not answered: {error:?}");
    registry.answer_pairing(pairing.find, NOW, given.clone()).await.unwrap();
    let swapped = PairingAnswerRow { public_key: bytes32(), ..given.clone() };
    for (answer, serial) in [(swapped, 1), (given.clone(), 2)] {
        let error = accept(answer, serial).await.unwrap_err();
        assert!(matches!(error, RegistryError::Conflict), "{error:?}");
    }
    let error = registry
        .accept_pairing(&anna.authority(), device.id, given.clone(), configuration(anna.device, 2))
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::NotFound), "another device's configuration: {error:?}");
    let seen = registry.device_by_credential(device.id, given.credential_hash).await.unwrap().unwrap();
    assert_eq!((seen.standing, seen.latest_serial), (DeviceStanding::Waiting, 0));
    accept(given, 1).await.unwrap();
}

/// While its code lasts.
pub async fn a_rejected_answer_can_be_given_anew(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let (device, pairing) = waiting(anna.home);
    registry.create_pairing(&anna.authority(), device.clone(), pairing.clone()).await.unwrap();
    let forged = answer();
    registry.answer_pairing(pairing.find, NOW, forged.clone()).await.unwrap();
    registry.reject_pairing(&anna.authority(), device.id).await.unwrap();
    assert_eq!(registry.device_by_credential(device.id, forged.credential_hash).await.unwrap(), None);
    // A version of any length is kept in part; the same answer is the same.
    let honest = PairingAnswerRow { version: "v".repeat(300), ..answer() };
    for expected in [AnswerOutcome::Taken, AnswerOutcome::Same] {
        assert_eq!(registry.answer_pairing(pairing.find, NOW, honest.clone()).await.unwrap(), expected);
    }
    let honest = PairingAnswerRow { version: "v".repeat(200), ..honest };
    registry.accept_pairing(&anna.authority(), device.id, honest, configuration(device.id, 1)).await.unwrap();
    let error = registry.reject_pairing(&anna.authority(), device.id).await.unwrap_err();
    assert!(matches!(error, RegistryError::Conflict), "{error:?}");
}

/// Each until a later one is in use.
pub async fn configurations_come_one_by_one(registry: Registry) {
    let anna = Household::settle(&registry).await;
    for serial in 2..=4 {
        registry
            .add_configurations(&anna.authority(), vec![configuration(anna.device, serial)])
            .await
            .unwrap();
    }
    let sealed = |serial| configuration(anna.device, serial).sealed;
    let next = |after| registry.next_configuration(anna.device, after);
    let acknowledged = async || {
        let detail = registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data.unwrap();
        (detail.device.latest_serial, detail.device.acknowledged_serial)
    };
    assert_eq!(next(0).await.unwrap(), Some((1, sealed(1), 4)));
    assert_eq!(next(0).await.unwrap(), Some((1, sealed(1), 4)), "a lost reply is repeated");
    assert_eq!(acknowledged().await, (4, 0));
    assert_eq!(next(1).await.unwrap(), Some((2, sealed(2), 4)));
    assert_eq!(acknowledged().await, (4, 1));
    assert_eq!(next(0).await.unwrap(), None, "what was in use is forgotten");
    assert_eq!(acknowledged().await, (4, 1));
    assert_eq!(next(3).await.unwrap(), Some((4, sealed(4), 4)));
    assert_eq!(next(u64::MAX).await.unwrap(), None);
    assert_eq!(acknowledged().await, (4, 4), "never beyond the latest");
    assert_eq!(next(4).await.unwrap(), None);
    registry.add_configurations(&anna.authority(), vec![configuration(anna.device, 5)]).await.unwrap();
    assert_eq!(next(4).await.unwrap(), Some((5, sealed(5), 5)));
    // What was noted once is only read.
    let mut changes = registry.changes();
    for (after, noted) in [(4, false), (5, true), (5, false), (4, false)] {
        next(after).await.unwrap();
        assert_eq!(changes.try_recv().is_ok(), noted, "{after}");
    }
    assert_eq!(registry.next_configuration(DeviceId::generate(), 0).await.unwrap(), None);
}

/// And is told so, with its own credential.
pub async fn a_removed_device_leaves_its_cameras(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let authority = anna.authority();
    let row = anna.camera(&registry).await;
    let event = anna.event(&registry, &row, 10).await;
    registry.update_device_text(&authority, anna.device, vec![99], HomeEpoch::FIRST).await.unwrap();
    let devices = registry.devices(anna.find(), NOW, anna.home).await.unwrap().unwrap().data;
    assert_eq!((devices.len(), &devices[0].device.text[..]), (1, &[99][..]));

    let before = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap();
    let renewed = anna.renewed(&registry).await;
    let (mut other_epoch, mut other_home) = (renewed.clone(), renewed.clone());
    other_epoch[0].0.camera_epoch = row.epoch.camera_epoch;
    other_home[0].0.home = Household::settle(&registry).await.home;
    for wrong in [Vec::new(), [renewed.clone(), renewed.clone()].concat(), other_epoch, other_home] {
        let error = registry
            .remove_device(&authority, anna.device, LeftBehind { renewed: wrong, ..LeftBehind::default() })
            .await
            .unwrap_err();
        assert!(matches!(error, RegistryError::Conflict), "{error:?}");
        assert_eq!(registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap(), before);
    }
    registry
        .remove_device(
            &authority,
            anna.device,
            LeftBehind { renewed: renewed.clone(), ..LeftBehind::default() },
        )
        .await
        .unwrap();
    assert_eq!(registry.devices(anna.find(), NOW, anna.home).await.unwrap().unwrap().data, []);
    assert_eq!(registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data, None);
    let camera = registry.camera(anna.find(), NOW, row.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(camera.camera.device, None);
    assert_eq!((&camera.camera.epoch, &camera.camera.text), (&renewed[0].0, &renewed[0].1));
    assert_eq!(camera.epochs, [row.epoch.clone(), renewed[0].0.clone()]);
    assert_eq!(camera.report, None);
    let removed = registry.device_by_credential(anna.device, anna.credential_hash).await.unwrap().unwrap();
    assert_eq!((removed.standing, removed.device_key), (DeviceStanding::Removed, vec![]));
    assert_eq!(registry.next_configuration(anna.device, 0).await.unwrap(), None);
    let detail = registry.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(detail.epoch, row.epoch, "what it sealed before opens as before");
    assert_eq!(detail.device.unwrap().standing, DeviceStanding::Removed);
    for error in [
        registry.remove_device(&authority, anna.device, LeftBehind::default()).await.unwrap_err(),
        registry.add_configurations(&authority, vec![configuration(anna.device, 2)]).await.unwrap_err(),
        registry
            .create_camera(&authority, super::fixture::camera(anna.home, Some(anna.device)), vec![])
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, RegistryError::NotFound), "{error:?}");
    }
}

/// Not each, but soon enough to tell that a device is away.
pub async fn calls_are_noted(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let seen = async || {
        let detail = registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data.unwrap();
        (detail.device.seen_at, detail.device.version.unwrap())
    };
    registry.touch_device(anna.device, at(1), None).await.unwrap();
    assert_eq!(seen().await, (Some(at(1)), "ownsight agent 0.1.0".into()));
    registry.touch_device(anna.device, at(5), None).await.unwrap();
    assert_eq!(seen().await.0, Some(at(1)), "too soon");
    registry.touch_device(anna.device, at(6), Some("ownsight agent 0.2.0".into())).await.unwrap();
    assert_eq!(seen().await, (Some(at(6)), "ownsight agent 0.2.0".into()), "a new version is worth it");
    for version in [None, Some("ownsight agent 0.2.0".into())] {
        registry.touch_device(anna.device, at(7), version).await.unwrap();
        assert_eq!(seen().await.0, Some(at(6)), "nothing new");
    }
    let (other, _) = anna.pair(&registry).await;
    registry.touch_device(other, at(8), None).await.unwrap();
    registry.touch_device(anna.device, at(9), None).await.unwrap();
    assert_eq!(seen().await.0, Some(at(6)), "another device's call changes nothing");
    registry.touch_device(anna.device, at(6).plus(Duration::from_secs(10)), None).await.unwrap();
    assert_eq!(seen().await.0, Some(at(16)));
    registry.touch_device(anna.device, at(17), Some("ü".repeat(150))).await.unwrap();
    assert_eq!(seen().await.1, "ü".repeat(100));
    registry.touch_device(anna.device, at(18), Some(format!("v{}", "ü".repeat(150)))).await.unwrap();
    assert_eq!(seen().await.1, format!("v{}", "ü".repeat(99)), "cut between characters");
}

/// Until when it is known, by whom it ended too; only of a device that was paired, and never again.
pub async fn what_a_device_recorded_before_it_left_may_be_taken(registry: Registry) {
    let (anna, ben, tom) = (
        Household::settle(&registry).await,
        Household::settle(&registry).await,
        Household::settle(&registry).await,
    );
    let left = async |household: &Household| {
        let found = registry.device_by_credential(household.device, household.credential_hash).await;
        let row = found.unwrap().unwrap();
        (row.standing, row.left)
    };
    let camera = anna.camera(&registry).await;
    let refused = registry.leave_device(anna.device, ben.credential_hash, NOW).await;
    assert!(matches!(refused, Err(RegistryError::NotFound)), "{refused:?}");
    assert_eq!(left(&anna).await, (DeviceStanding::Paired, None));

    // By itself: its cameras are without it at once, and a home epoch is due.
    registry.leave_device(anna.device, anna.credential_hash, NOW).await.unwrap();
    let by_itself = Some(DeviceLeft { at: NOW, itself: true });
    assert_eq!(left(&anna).await, (DeviceStanding::Removed, by_itself));
    assert_eq!(registry.devices(anna.find(), NOW, anna.home).await.unwrap().unwrap().data, []);
    let seen = registry.camera(anna.find(), NOW, camera.id).await.unwrap().unwrap().data.unwrap();
    assert_eq!(seen.camera.device, None);
    let due = async |household: &Household| {
        registry.session(household.find(), NOW).await.unwrap().unwrap().grants[0].1.epoch_due
    };
    assert!(due(&anna).await);
    assert!(!due(&ben).await, "nobody else's");
    let again = registry.leave_device(anna.device, anna.credential_hash, at(9)).await;
    assert!(matches!(again, Err(RegistryError::NotFound)), "{again:?}");
    assert_eq!(left(&anna).await, (DeviceStanding::Removed, by_itself));

    // Removed by people, who choose.
    let remove = |remainder| LeftBehind { remainder, ..LeftBehind::default() };
    registry.remove_device(&ben.authority(), ben.device, remove(Remainder::Taken)).await.unwrap();
    let by_people = Some(DeviceLeft { at: NOW, itself: false });
    assert_eq!(left(&ben).await, (DeviceStanding::Removed, by_people));
    registry.remove_device(&tom.authority(), tom.device, remove(Remainder::Refused)).await.unwrap();
    assert_eq!(left(&tom).await, (DeviceStanding::Removed, None));

    // A pairing that nobody answered has nothing to deliver.
    let (device, pairing) = waiting(anna.home);
    registry.create_pairing(&anna.authority(), device.clone(), pairing.clone()).await.unwrap();
    registry.answer_pairing(pairing.find, NOW, answer()).await.unwrap();
    registry.remove_device(&anna.authority(), device.id, remove(Remainder::Taken)).await.unwrap();
    let found = registry.device_by_credential(device.id, answer().credential_hash).await.unwrap();
    assert!(found.is_none_or(|row| row.left.is_none()));
}

/// A run takes the place of the present one only; a contested device has none until its own home has settled it.
pub async fn runs_follow_each_other_until_two_devices_are_found(registry: Registry) {
    let (anna, ben) = (Household::settle(&registry).await, Household::settle(&registry).await);
    let id = anna.device;
    let seen = async || {
        let row = registry.device(anna.find(), NOW, id).await.unwrap().unwrap().data.unwrap().device;
        (row.run, row.contested_at)
    };
    let run = |byte, since| Some(DeviceRun { run: [byte; 16], since });
    assert_eq!(seen().await, (None, None));
    assert!(!registry.begin_run(id, Some([1; 16]), [2; 16], NOW).await.unwrap(), "there is none before");
    assert!(registry.begin_run(id, None, [1; 16], NOW).await.unwrap());
    assert!(!registry.begin_run(id, None, [2; 16], at(1)).await.unwrap());
    assert!(registry.begin_run(id, Some([1; 16]), [2; 16], at(1)).await.unwrap());
    assert_eq!(seen().await, (run(2, at(1)), None));
    // Nothing to settle: nothing changes.
    registry.settle_device(&anna.authority(), id).await.unwrap();
    assert_eq!(seen().await, (run(2, at(1)), None));

    let mut changes = registry.changes();
    assert!(registry.contest_device(id, at(2)).await.unwrap());
    let told = Change { home: anna.home, what: ChangeKind::Devices };
    assert_eq!(changes.try_recv().ok(), Some(told));
    assert!(!registry.contest_device(id, at(3)).await.unwrap(), "only the first call says so");
    assert!(changes.try_recv().is_err());
    assert!(!registry.begin_run(id, Some([2; 16]), [3; 16], at(3)).await.unwrap());
    assert_eq!(seen().await, (run(2, at(1)), Some(at(2))));
    let refused = registry.settle_device(&ben.authority(), id).await;
    assert!(matches!(refused, Err(RegistryError::NotFound)), "{refused:?}");
    registry.settle_device(&anna.authority(), id).await.unwrap();
    assert_eq!(seen().await, (None, None));
    assert!(registry.begin_run(id, None, [3; 16], at(4)).await.unwrap());
}
