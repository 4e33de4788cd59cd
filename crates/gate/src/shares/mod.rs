//! Shares: some cameras of a home for somebody outside it.
//!
//! A share is sealed twice over: its contents, with the secrets of its cameras, under a share key; and that key to its holder.
//! Both are made anew by the home's people whenever a camera of it begins an epoch.

mod contents;
mod ending;
mod held;
mod offering;
mod seen;
mod terms;

pub(crate) use contents::{Renewal, has_ended};
pub(crate) use held::ShareAccess;
pub use offering::{NewEnd, NewShare, ShareUpdate};
pub(crate) use terms::{ShareEntry, ShareOffer, ShareTerms};
