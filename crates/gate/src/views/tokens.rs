//! Tokens of programs.

use ownsight_model::{SessionId, Timestamp, TokenRights};
use serde::Serialize;
use utoipa::ToSchema;

view! {
    /// The tokens of an account.
    Tokens {
        /// The tokens, newest first.
        tokens: Vec<Token>,
        /// Tokens that could not be verified and are not shown.
        unverified: u32,
    }
}
view! {
    /// One of an account's tokens.
    Token {
        /// Its id.
        id: SessionId as String,
        /// What it is for.
        name: String,
        /// What it may do.
        rights: TokenRights as Vec<String>,
        /// When it was made.
        created_at: Timestamp as i64,
        /// When it ends.
        expires_at: Timestamp as i64,
        /// The hour in which it was last used; `null` before.
        used_at: Option<Timestamp> as Option<i64>,
    }
}
view! {
    /// A new token: its text is shown once.
    NewToken {
        /// Its id.
        id: SessionId as String,
        /// For `Authorization: Bearer`.
        token: String,
        /// What it is for.
        name: String,
        /// What it may do.
        rights: TokenRights as Vec<String>,
        /// When it ends.
        expires_at: Timestamp as i64,
    }
}
