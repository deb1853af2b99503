//! A profile folder and who this device is in its workspace: keys, store, roster, settings.

pub(crate) mod access;
pub(crate) mod clock;
pub(crate) mod device;
pub(crate) mod enrol;
pub(crate) mod failure;
pub(crate) mod folder;
pub(crate) mod member;
pub(crate) mod people;
pub(crate) mod random;
pub mod settings;
pub(crate) mod state;
pub(crate) mod words;
