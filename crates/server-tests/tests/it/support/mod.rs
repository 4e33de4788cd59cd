//! A whole server, its devices and its people.

pub(crate) mod alarms;
pub(crate) mod counting_disk;
pub(crate) mod device;
pub(crate) mod member;
pub(crate) mod operator;
pub(crate) mod person;
pub(crate) mod scene;
pub(crate) mod share;
pub(crate) mod system;
pub(crate) mod token;
pub(crate) mod upload;
