//! The commands, one a file.

pub(crate) mod account;
pub(crate) mod agent;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod camera;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod lockdown;
pub(crate) mod login;
pub(crate) mod master_key;
pub(crate) mod operator;
pub(crate) mod restore;
pub(crate) mod serve;
