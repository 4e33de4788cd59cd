//! Cutting events out of the stream without encoding anything anew.

mod cutter;
mod quieting;
mod ring;
mod sounds;
mod soundtrack;
mod take;

pub use cutter::EventCutter;
pub use quieting::Quieting;
pub use take::Take;
