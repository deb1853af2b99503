//! Who a person is to the system: enrolment of devices and second factors. Checks
//! proofs it is given; it can reach no keychain, executor, file, socket or clock.
//!
//! Reading order: [`enrolment`] (how a device joins), [`totp`] (the second factor).

pub mod enrolment;
pub mod totp;
