//! The cache through its public surface, with a real server where one is needed.

mod bypass;
mod cancel;
mod coalescing;
mod counts;
mod freshness;
mod histories;
mod local;
mod shared;
mod support;
mod violations;
