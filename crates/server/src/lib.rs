//! The HTTP side of Ownsight: the device API, the API for people and the web app, health and metrics.
//!
//! Start with [`ServerConfig`] and [`Server::start`]. This crate moves bytes and decides nothing that matters: who
//! may see what is the gate's, who may deliver what is ingest's, and it can name neither a key nor a plaintext.
//!
//! Map: [`Server`] opens the ports; `listener` takes connections, with TLS and deadlines; `http` is what every
//! answer has (problems, request ids, headers, bounded bodies, who may ask over plain HTTP); `routes` puts the
//! parts together; `device_api` is what `docs/device-api.md` describes; `health` and `metrics` are for operators.
//!
//! What holds:
//! - Every wait has a deadline and every queue a bound: headers, bodies, handshakes, readers that stall,
//!   connections, shutdown.
//! - No secret is logged: not a query string, not a header, not a body, and no path but the route's pattern.
//! - Metrics have no label of a home, camera, device or account, and a port of their own.

mod api;
mod config;
mod device_api;
mod health;
mod http;
mod listener;
pub mod metrics;
mod metrics_server;
mod routes;
mod server;
mod state;
mod web;

pub use config::{Network, ParseNetworkError, ParsePublicUrlError, PublicUrl, ServerConfig, TlsFiles};
pub use metrics_server::MetricsServer;
pub use ownsight_ingest as ingest;
pub use server::{RunningServer, Server, StartError};
