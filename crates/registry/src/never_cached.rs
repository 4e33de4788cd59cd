//! Rows that say who may see what can be put into no cache: that does not compile. Only this crate, or the cache's, could
//! make them cacheable.
//!
//! What can be cached can be named so:
//!
//! ```
//! use ownsight_cache::{Cache, Protection, Reason, Record};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Weather(i32);
//!
//! impl Record for Weather {
//!     const NAME: &'static str = "weather";
//!     const VERSION: u32 = 1;
//!     const REASON: Reason = Reason::new("public, and says nothing of who may see what");
//!     const PROTECTION: Protection = Protection::Tagged;
//!     fn heap_bytes(&self) -> usize { 0 }
//! }
//!
//! fn keep(_: Cache<Weather, std::io::Error>) {}
//! ```
//!
//! A grant: who may see a home.
//! ```compile_fail,E0277
//! fn keep(_: ownsight_cache::Cache<ownsight_registry::GrantRow, std::io::Error>) {}
//! ```
//!
//! A share: who may see a camera.
//! ```compile_fail,E0277
//! fn keep(_: ownsight_cache::Cache<ownsight_registry::ShareRow, std::io::Error>) {}
//! ```
//!
//! A session: who is asking.
//! ```compile_fail,E0277
//! fn keep(_: ownsight_cache::Cache<ownsight_registry::SessionRow, std::io::Error>) {}
//! ```
//!
//! A tenure, with its epochs: whose a camera's footage is.
//! ```compile_fail,E0277
//! fn keep(_: ownsight_cache::Cache<ownsight_registry::CameraEpochRow, std::io::Error>) {}
//! ```
//!
//! A camera, with the tenure that it is in.
//! ```compile_fail,E0277
//! fn keep(_: ownsight_cache::Cache<ownsight_registry::CameraRow, std::io::Error>) {}
//! ```
//!
//! A lockdown: what is closed.
//! ```compile_fail,E0277
//! fn keep(_: ownsight_cache::Cache<ownsight_registry::LockdownRow, std::io::Error>) {}
//! ```
