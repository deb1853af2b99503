//! `policy-reload`: a serving gate reads its policies again.

use super::{
    AdminError, Office,
    order::{Done, Order},
};
use std::path::Path;

pub use super::order::PoliciesReloaded;

/// Has the gate that serves read its folder of policies again. A set that does not compile is
/// refused, and the one in force stays. New drafts are judged by the new one; cases that are
/// open keep their verdict.
///
/// # Errors
/// [`AdminError`]; also when no gate serves, because `serve` reads them at its start.
pub async fn reload(data: &Path) -> Result<PoliciesReloaded, AdminError> {
    match Office::open(data).await? {
        Office::Own(_) => Err(AdminError::Argument(
            "no gate serves from this folder; `serve` reads the policies when it starts".into(),
        )),
        Office::Gate(mut gate) => match gate.carry_out(Order::ReloadPolicies {}).await? {
            Done::Policies(done) => Ok(done),
            _ => Err(AdminError::Foreign),
        },
    }
}
