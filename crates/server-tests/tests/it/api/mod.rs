//! The HTTP API for people and programs, as `docs/http-api.md` has it; a file for each group of addresses.

mod another_camera;
mod cameras;
mod denied;
mod devices;
mod events;
mod export;
mod homes;
mod invitation_codes;
mod links;
mod lockdown;
mod looks;
mod master_key;
mod media;
mod operator;
mod people;
mod reports;
mod restored;
mod sessions;
mod shares;
mod stream;
mod tokens;
mod unverified;
