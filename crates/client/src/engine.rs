//! What a window calls, and what it is shown.

pub(crate) mod case_view;
pub(crate) mod controller;
pub(crate) mod desk;
pub(crate) mod filters;
pub(crate) mod problems;
pub(crate) mod shell;
pub(crate) mod shown;
