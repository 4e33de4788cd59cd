//! Homes that came back from a backup.

use ownsight_model::{DeviceId, GrantId, HomeId, Role, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Member, NamedCamera};

view! {
    /// A home of the account that came back from a backup, and opens nothing until an owner has confirmed who belongs to it.
    WaitingHome {
        /// Its id.
        home_id: HomeId as String,
        /// What the account is in it; `null` for who holds a share.
        role: Option<Role> as Option<String>,
        /// Its name; for owners only.
        name: Option<String>,
        /// When it was brought back.
        restored_at: Timestamp as i64,
        /// As of when it is.
        as_of: Timestamp as i64,
    }
}
view! {
    /// Who and what belonged to a home when its backup was made.
    RestoredHome {
        /// Its id.
        home_id: HomeId as String,
        /// Its name.
        name: String,
        /// Its IANA time zone.
        zone: String,
        /// When it was brought back.
        restored_at: Timestamp as i64,
        /// As of when it is.
        as_of: Timestamp as i64,
        /// The members, oldest first.
        members: Vec<Member>,
        /// Shares of its cameras that were accepted, oldest first.
        shares: Vec<RestoredShare>,
        /// Paired devices.
        devices: Vec<RestoredDevice>,
    }
}
view! {
    /// A share as it stood in the backup.
    RestoredShare {
        /// Its id.
        id: GrantId as String,
        /// The holder's name.
        name: String,
        /// The address that it is for.
        email: String,
        /// The cameras.
        cameras: Vec<NamedCamera>,
        /// When it was accepted.
        since: Timestamp as i64,
        /// When it ends.
        until: Option<Timestamp> as Option<i64>,
    }
}
view! {
    /// A device as it stood in the backup.
    RestoredDevice {
        /// Its id.
        id: DeviceId as String,
        /// Its name.
        name: String,
        /// Whether it is the server's own agent.
        local: bool,
        /// When it was paired.
        paired_at: Option<Timestamp> as Option<i64>,
        /// When it last called.
        seen_at: Option<Timestamp> as Option<i64>,
    }
}
