//! What every answer has, whatever it is about: problems, request ids, headers, bounded bodies, and who may ask
//! over plain HTTP.

mod body;
mod finish;
mod policy;
mod problem;

pub(crate) use body::{JSON_BYTES_MAX, read_json};
pub(crate) use finish::{Plain, finish};
pub(crate) use policy::{Caller, Connection, check_caller};
pub(crate) use problem::Problem;
