//! The people of a home, and invitations into it.

use ownsight_model::{AccountId, GrantId, HomeId, Role, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{OfferedShare, Share};

view! {
    /// Who is in a home.
    People {
        /// What the account is in it.
        role: Role as String,
        /// The members, oldest first.
        members: Vec<Member>,
        /// Invitations that nobody accepted yet; none for viewers.
        invitations: Vec<Invitation>,
        /// Invitations by code that wait for somebody or for being confirmed; none for viewers.
        codes: Vec<InvitationCode>,
        /// Shares of its cameras, oldest first; none for viewers.
        shares: Vec<Share>,
        /// Names of devices that have not fetched their new keys since somebody was removed.
        waiting_devices: Vec<String>,
        /// Grants, shares, invitations and codes that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// A member of a home.
    Member {
        /// The id of the grant that makes it one.
        id: GrantId as String,
        /// The name.
        name: String,
        /// The address that was invited; `null` for viewers.
        email: Option<String>,
        /// The role.
        role: Role as String,
        /// Since when.
        since: Timestamp as i64,
        /// The name of who invited them; `null` for who made the home.
        invited_by: Option<String>,
        /// Whether it is the account that asks.
        you: bool,
    }
}
view! {
    /// An invitation that nobody accepted yet.
    Invitation {
        /// Its id.
        id: GrantId as String,
        /// The address that it is for.
        email: String,
        /// As what.
        role: Role as String,
        /// The name of who made it.
        made_by: String,
        /// When it was made.
        made_at: Timestamp as i64,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// A new invitation, with the secret of its link: shown once.
    NewInvitation {
        /// Its id.
        id: GrantId as String,
        /// What goes behind the `#` of the link.
        secret: String,
        /// The address that it is for.
        email: String,
        /// As what.
        role: Role as String,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// What an invitation is, for who opens it.
    OpenedInvitation {
        /// The home's name.
        home_name: String,
        /// As what; `null` for a share.
        role: Option<Role> as Option<String>,
        /// What is shared; `null` for a member.
        share: Option<OfferedShare>,
        /// The name of who made it.
        invited_by: String,
        /// The address that it is for.
        email: String,
        /// Whether there is an account with that address: sign in, then accept.
        has_account: bool,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// An invitation by code.
    InvitationCode {
        /// Its id.
        id: GrantId as String,
        /// As what.
        role: Role as String,
        /// The name of who made it.
        made_by: String,
        /// When it ends: for asking, and once somebody asked, for confirming.
        expires_at: Timestamp as i64,
        /// Who asks to join; `null` while nobody does.
        asks: Option<AsksToJoin>,
    }
}
view! {
    /// Who asks to join a home.
    AsksToJoin {
        /// The address of the account.
        email: String,
        /// The name.
        name: String,
        /// Since when.
        at: Timestamp as i64,
    }
}
view! {
    /// A new invitation by code, with the secret of its link: shown once.
    NewInvitationCode {
        /// Its id.
        id: GrantId as String,
        /// What goes behind the `#` of the link.
        secret: String,
        /// As what.
        role: Role as String,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// What an invitation by code is, for who opens it.
    OpenedInvitationCode {
        /// The home's name.
        home_name: String,
        /// As what.
        role: Role as String,
        /// The name of who made it.
        invited_by: String,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// How it stands with who asked to join.
    AskedToJoin {
        /// `waiting` or `joined`.
        state: &'static str,
        /// The home, once joined.
        home_id: Option<HomeId> as Option<String>,
        /// The home's name.
        home_name: String,
        /// As what.
        role: Role as String,
        /// The name of who made the invitation.
        invited_by: String,
        /// Until when somebody can confirm.
        expires_at: Timestamp as i64,
    }
}
view! {
    /// The account that was made to ask with.
    AskedAnew {
        /// The account.
        account_id: AccountId as String,
    }
}
view! {
    /// The home that an account has joined, or of which something is shared with it.
    Joined {
        /// The home.
        home_id: HomeId as String,
        /// The share; `null` for a member.
        share_id: Option<GrantId> as Option<String>,
    }
}
view! {
    /// The account that an invitation made, and its home.
    JoinedAnew {
        /// The account.
        account_id: AccountId as String,
        /// The home.
        home_id: HomeId as String,
        /// The share; `null` for a member.
        share_id: Option<GrantId> as Option<String>,
    }
}
view! {
    /// What got new keys when a member was removed; nothing yet when one left.
    Removed {
        /// Cameras.
        cameras: u32,
        /// Devices.
        devices: u32,
    }
}
