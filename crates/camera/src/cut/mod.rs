//! Cutting events out of the stream without encoding anything anew.

mod cutter;
mod ring;
mod sounds;
mod soundtrack;
mod take;

pub use cutter::EventCutter;
pub use take::Take;
