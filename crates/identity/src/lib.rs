//! Who a person is to the system: enrolment of devices and second factors. Checks
//! proofs it is given; it can reach no keychain, executor, file, socket or clock.
//!
//! Reading order: [`enrolment`] (how a device joins), [`anchor`] (what it believes from then
//! on), [`totp`] (the second factor).

pub mod anchor;
pub mod enrolment;
pub mod totp;
