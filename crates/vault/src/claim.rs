//! One delivery or deletion of an object at a time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{ObjectRef, StoreError};

/// The objects that somebody is writing or deleting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    held: Arc<Mutex<HashSet<ObjectRef>>>,
}

/// The right to write or delete one object, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    object: ObjectRef,
    claims: Claims,
}

impl Claims {
    pub(crate) fn claim(&self, object: ObjectRef) -> Result<Claim, StoreError> {
        if self.lock().insert(object) {
            Ok(Claim { object, claims: self.clone() })
        } else {
            Err(StoreError::Busy { object })
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<ObjectRef>> {
        // A set is whole after a panic of who held the lock: nothing is done in between.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    pub(crate) const fn object(&self) -> ObjectRef {
        self.object
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.object);
    }
}
