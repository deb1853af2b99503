//! What every mutate service has in common: its operations, each about another resource, and
//! the update with its mask.

use std::collections::BTreeSet;

use prost_reflect::DynamicMessage;

use crate::descriptor::{Schema, list_field, mask_field, message_field};
use crate::errors::AdsError;

const MAX_OPERATIONS: usize = 10_000;

/// Plans each operation of a request by itself; a resource may stand in one of them only.
///
/// # Errors
/// The outer error is about the request as a whole.
pub(crate) fn plan_each<T>(
    request: &DynamicMessage,
    plan: impl Fn(usize, &DynamicMessage) -> Result<T, AdsError>,
    id: impl Fn(&T) -> i64,
) -> Result<Vec<Result<T, AdsError>>, AdsError> {
    let mut seen = BTreeSet::new();
    let outcomes = operations(request)?.into_iter().enumerate().map(|(index, operation)| {
        let outcome = plan(index, &operation)?;
        if !seen.insert(id(&outcome)) {
            let text = "A resource may stand in one operation of a request only.";
            return Err(AdsError::new("mutateError", "ID_EXISTS_IN_MULTIPLE_MUTATES", text)
                .at(index, &["update", "resource_name"]));
        }
        Ok(outcome)
    });
    Ok(outcomes.collect())
}

/// The operations of a mutate request, as many as one may have.
fn operations(request: &DynamicMessage) -> Result<Vec<DynamicMessage>, AdsError> {
    let operations = list_field(request, "operations");
    let whole = |category, code, text: &str| {
        let mut error = AdsError::new(category, code, text);
        error.location = vec![("operations".to_owned(), None)];
        Err(error)
    };
    if operations.is_empty() {
        return whole("collectionSizeError", "TOO_FEW", "Too few.");
    }
    if operations.len() > MAX_OPERATIONS {
        let text = "Too many mutate operations: send at most 10000 in one request.";
        return whole("requestError", "TOO_MANY_MUTATE_OPERATIONS", text);
    }
    Ok(operations)
}

/// The resource that an operation updates.
pub(crate) fn update(operation: &DynamicMessage, index: usize) -> Result<DynamicMessage, AdsError> {
    message_field(operation, "update").ok_or_else(|| {
        let text = "An operation must be one of create, update or remove.";
        AdsError::new("requestError", "OPERATION_REQUIRED", text).at(index, &[])
    })
}

/// The paths that an operation updates; at least one.
pub(crate) fn mask(operation: &DynamicMessage, index: usize) -> Result<Vec<String>, AdsError> {
    let mask = mask_field(operation, "update_mask");
    if mask.is_empty() {
        let text = "The field mask must be provided for update operations.";
        let error = AdsError::new("fieldMaskError", "FIELD_MASK_MISSING", text);
        return Err(error.at(index, &["update_mask"]));
    }
    Ok(mask)
}

/// Refuses paths that the official message does not have or marks as not writable.
pub(crate) fn writable(
    schema: &Schema,
    resource: &str,
    index: usize,
    path: &str,
) -> Result<(), AdsError> {
    let field = schema.message(resource).ok().and_then(|message| schema.field_at(&message, path));
    match field {
        None => {
            let text = format!("The field mask contained an invalid field: '{path}'.");
            Err(AdsError::new("fieldMaskError", "FIELD_NOT_FOUND", text)
                .at(index, &["update_mask"])
                .caused_by_text(path))
        }
        Some(field) if schema.is_read_only(&field) => {
            let text = format!("The field '{path}' cannot be changed.");
            let error = AdsError::new("fieldError", "IMMUTABLE_FIELD", text);
            Err(error.at(index, &["update", path]))
        }
        Some(_) => Ok(()),
    }
}
