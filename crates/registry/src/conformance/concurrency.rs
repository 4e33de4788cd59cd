//! Many at once: each has its own answer, and nobody sees half of anything.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use super::fixture::{Household, NOW, at, configuration, event};
use crate::{EventQuery, EventRow, InsertOutcome, Registry, RegistryError};
use ownsight_model::TenureId;

/// What commits together is not undone by a member that is refused.
pub async fn members_of_a_group_fail_alone(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let mut tasks = Vec::new();
    for i in 0..200 {
        let mut event = event(&row, anna.device, at(i));
        if i % 3 == 0 {
            event.tenure = TenureId::generate();
        }
        let registry = registry.clone();
        tasks.push((i, event.clone(), tokio::spawn(async move { registry.insert_event(event).await })));
    }
    let mut kept = Vec::new();
    for (i, event, task) in tasks {
        match task.await.unwrap() {
            Ok(InsertOutcome::Inserted { replaced_still: None }) if i % 3 != 0 => kept.push(event),
            Err(RegistryError::NotFound) if i % 3 == 0 => {}
            outcome => panic!("{i}: {outcome:?}"),
        }
    }
    kept.reverse();
    let query = EventQuery { limit: 500, ..EventQuery::default() };
    let page = registry.events(anna.find(), NOW, query).await.unwrap().unwrap().data;
    assert_eq!(page.events.into_iter().map(|(event, _)| event).collect::<Vec<_>>(), kept);
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}

/// The others read again and retry.
pub async fn one_of_many_writers_gets_the_serial(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (registry, anna) = (registry.clone(), anna.clone());
        tasks.push(tokio::spawn(async move {
            let mut conflicts = 0;
            loop {
                let detail =
                    registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data.unwrap();
                let next = configuration(anna.device, detail.device.latest_serial + 1);
                match registry.add_configurations(&anna.authority(), vec![next]).await {
                    Ok(()) => return conflicts,
                    Err(RegistryError::Conflict) => conflicts += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
        }));
    }
    for task in tasks {
        // Somebody gets through in each round.
        assert!(task.await.unwrap() < 8);
    }
    let detail = registry.device(anna.find(), NOW, anna.device).await.unwrap().unwrap().data.unwrap();
    assert_eq!(detail.device.latest_serial, 9);
}

/// A configuration and the camera that it was made for come together or not at all.
pub async fn readers_see_whole_transactions(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let writer = {
        let (registry, anna) = (registry.clone(), anna.clone());
        tokio::spawn(async move {
            for serial in 2..60 {
                let camera = super::fixture::camera(anna.home, Some(anna.device));
                let configurations = vec![configuration(anna.device, serial)];
                registry.create_camera(&anna.authority(), camera, configurations).await.unwrap();
            }
        })
    };
    let mut last = 0;
    while last < 58 {
        let all_answered = writer.is_finished();
        let plan = registry.home_plan(anna.find(), NOW, anna.home).await.unwrap().unwrap().data.unwrap();
        let cameras = plan.cameras.len() as u64;
        assert_eq!(plan.devices[0].device.latest_serial, cameras + 1);
        assert!(cameras >= last);
        last = cameras;
        assert!(!all_answered || last == 58, "what was answered is seen");
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

/// Polled once and dropped.
pub async fn a_dropped_write_is_whole_or_absent(registry: Registry) {
    let anna = Household::settle(&registry).await;
    let row = anna.camera(&registry).await;
    let mut events: Vec<EventRow> = Vec::new();
    for i in 0..50 {
        let event = event(&row, anna.device, at(i));
        {
            let mut insert = pin!(registry.insert_event(event.clone()));
            let _ = insert.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        events.push(event);
    }
    // Comes after all that was left in the queue.
    anna.event(&registry, &row, 1000).await;
    for event in events {
        let kept = registry.stored_event(row.id, event.id).await.unwrap().is_some();
        let shown = registry.event(anna.find(), NOW, event.id).await.unwrap().unwrap().data.is_some();
        assert_eq!(kept, shown);
        let retried = registry.insert_event(event).await.unwrap();
        assert_eq!(matches!(retried, InsertOutcome::Exists(_)), kept);
    }
    assert_eq!(registry.self_check().await.unwrap(), Vec::<String>::new());
}
