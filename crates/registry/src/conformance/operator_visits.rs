//! Visits of the operator.

use std::time::Duration;

use ownsight_model::SessionId;

use super::fixture::{NOW, at, bytes32};
use crate::{LinkRow, Registry, RegistryError, VisitRow};

async fn link(registry: &Registry) -> [u8; 32] {
    let find = bytes32();
    let expires_at = NOW.plus(Duration::from_mins(15));
    let row = LinkRow { find, created_at: NOW, expires_at, used_at: None, sealed: vec![1] };
    registry.insert_link(row).await.unwrap();
    find
}

fn visit() -> VisitRow {
    let expires_at = NOW.plus(Duration::from_hours(1));
    let (id, begun_by) = (SessionId::generate(), "olga".to_owned());
    VisitRow { id, find: bytes32(), begun_by, begun_at: NOW, expires_at, wrap: vec![7; 40] }
}

/// By a link that works once, until its end or until it is ended; and not more than so many.
pub async fn a_visit_is_found_until_it_ends(registry: Registry) {
    let (link_find, row) = (link(&registry).await, visit());
    registry.begin_visit(link_find, row.clone()).await.unwrap();
    let used = registry.begin_visit(link_find, visit()).await;
    assert!(matches!(used, Err(RegistryError::LinkUsed)), "{used:?}");
    let none = registry.begin_visit(bytes32(), visit()).await;
    assert!(matches!(none, Err(RegistryError::LinkUsed)), "{none:?}");

    let other = visit();
    registry.begin_visit(link(&registry).await, other.clone()).await.unwrap();
    assert_eq!(registry.visit(row.find, at(1)).await.unwrap(), Some(row.clone()));
    assert_eq!(registry.visit(other.find, at(1)).await.unwrap(), Some(other.clone()));
    assert_eq!(registry.visit(bytes32(), at(1)).await.unwrap(), None);
    assert_eq!(registry.visit(row.find, row.expires_at).await.unwrap(), None, "its time is over");
    registry.end_visit(row.id).await.unwrap();
    assert_eq!(registry.visit(row.find, at(1)).await.unwrap(), None);
    assert_eq!(registry.visit(other.find, at(1)).await.unwrap(), Some(other));
    assert_eq!(registry.end_visits().await.unwrap(), 1);
    assert_eq!(registry.end_visits().await.unwrap(), 0);

    for _ in 0..16 {
        registry.begin_visit(link(&registry).await, visit()).await.unwrap();
    }
    let kept = link(&registry).await;
    let full = registry.begin_visit(kept, visit()).await;
    assert!(matches!(full, Err(RegistryError::Conflict)), "{full:?}");
    // Those whose time is over make room, and the link was not used up.
    let later = VisitRow { begun_at: NOW.plus(Duration::from_mins(14)), ..visit() };
    registry.end_visits().await.unwrap();
    registry.begin_visit(kept, later).await.unwrap();
}

/// Like everybody's sessions.
pub async fn a_visit_ends_with_a_restore(registry: Registry) {
    let row = visit();
    registry.begin_visit(link(&registry).await, row.clone()).await.unwrap();
    registry.mark_restored(at(50), 0).await.unwrap();
    assert_eq!(registry.visit(row.find, at(1)).await.unwrap(), None);
}
