//! Shares, as a home's people see them, and as their holder does.

use ownsight_model::{CameraId, GrantId, HomeId, Rights, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// A camera's id and name.
    NamedCamera {
        /// Its id.
        id: CameraId as String,
        /// Its name.
        name: String,
    }
}
view! {
    /// A share, for the people of the home.
    Share {
        /// Its id.
        id: GrantId as String,
        /// The holder's name; `null` until accepted.
        name: Option<String>,
        /// The address that it is for.
        email: String,
        /// The cameras.
        cameras: Vec<NamedCamera>,
        /// What may be done with their footage.
        rights: Rights as Vec<String>,
        /// Events that began earlier are not part of it.
        from: Option<Timestamp> as Option<i64>,
        /// When it ends.
        until: Option<Timestamp> as Option<i64>,
        /// Whether earlier footage is closed by key, because the cameras got new ones when it was made.
        now_on: bool,
        /// The name of who made it.
        made_by: String,
        /// When it was made.
        made_at: Timestamp as i64,
        /// When it was accepted.
        accepted_at: Option<Timestamp> as Option<i64>,
        /// When its link ends, while nobody accepted.
        link_ends_at: Option<Timestamp> as Option<i64>,
        /// `waiting` for somebody to accept, `not-begun`, or `live`.
        state: &'static str,
        /// Events that it opens now; counting ends at 10,000.
        events: u32,
        /// Events of those that the holder has opened.
        opened: u32,
    }
}
view! {
    /// A new share, with the secret of its link: shown once.
    NewShare {
        /// Its id.
        id: GrantId as String,
        /// What goes behind the `#` of the link.
        secret: String,
        /// The address that it is for.
        email: String,
        /// When the link ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// What an invitation says of the share that it is to.
    OfferedShare {
        /// The names of the cameras.
        cameras: Vec<String>,
        /// What may be done with their footage.
        rights: Rights as Vec<String>,
        /// Events that began earlier are not part of it.
        from: Option<Timestamp> as Option<i64>,
        /// When it ends.
        until: Option<Timestamp> as Option<i64>,
    }
}
view! {
    /// What is shared with an account.
    HeldShares {
        /// The shares, oldest first.
        shares: Vec<HeldShare>,
        /// Shares and cameras that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// A share, for its holder.
    HeldShare {
        /// Its id.
        id: GrantId as String,
        /// The home whose cameras they are.
        home_id: HomeId as String,
        /// That home's name.
        home_name: String,
        /// That home's IANA time zone.
        zone: String,
        /// The name of who shared it.
        shared_by: String,
        /// The cameras.
        cameras: Vec<NamedCamera>,
        /// What may be done with their footage.
        rights: Rights as Vec<String>,
        /// Events that began earlier are not part of it.
        from: Option<Timestamp> as Option<i64>,
        /// When it ends.
        until: Option<Timestamp> as Option<i64>,
        /// When it was made.
        since: Timestamp as i64,
        /// `not-begun` or `live`.
        state: &'static str,
    }
}
