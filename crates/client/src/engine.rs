//! What a window calls.

pub(crate) mod controller;
pub(crate) mod desk;
