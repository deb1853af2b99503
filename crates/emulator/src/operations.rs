//! What every mutate service has in common: its operations, each about another resource, the
//! update with its mask, and the draft of the account that they are worked out on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost_reflect::{DynamicMessage, Kind as FieldKind, ReflectMessage as _, SerializeOptions};
use serde_json::{Value, json};

use crate::account::{Account, Resources, Write, named, of_kind};
use crate::descriptor::{Schema, list_field, mask_field, message_field, string_field};
use crate::errors::AdsError;
use crate::kinds::{Kind, WRITABLE};
use crate::patch::{assign, at, text};
use crate::{ad_groups, ads, assets, bidding, budgets, campaigns, criteria};

const MAX_OPERATIONS: usize = 10_000;

/// What is asked for: one of create, update and remove.
pub(crate) enum Ask {
    Create(Value),
    Update(Value, Vec<String>),
    Remove(String),
}

/// One operation of a request.
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    pub(crate) index: usize,
    pub(crate) ask: Ask,
    /// Policy topics that must not stop an ad.
    pub(crate) ignorable_topics: Vec<String>,
}

/// What one operation would leave behind.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) kind: Kind,
    /// Resource name that the answer gives.
    pub(crate) name: String,
    /// The resource afterwards; `None` when it is removed.
    pub(crate) after: Option<Value>,
    pub(crate) writes: Vec<Write>,
}

impl Planned {
    /// One resource written.
    pub(crate) fn one(kind: Kind, name: &str, new: Option<Value>) -> Self {
        let write = Write { kind, name: name.to_owned(), new: new.clone() };
        Self { kind, name: name.to_owned(), after: new, writes: vec![write] }
    }
}

/// The account as it would be after the operations so far; nothing is written.
pub(crate) struct Draft<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) account: &'a Account,
    pub(crate) resources: Resources,
    pub(crate) next_id: i64,
    seen: BTreeSet<String>,
    temporary: BTreeMap<i64, String>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(schema: &'a Schema, account: &'a Account) -> Self {
        Self {
            schema,
            account,
            resources: account.resources.clone(),
            next_id: account.next_id,
            seen: BTreeSet::new(),
            temporary: BTreeMap::new(),
        }
    }

    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        of_kind(&self.resources, kind)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Value> {
        named(&self.resources, name)
    }

    /// An id that nothing has.
    pub(crate) fn fresh_id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }

    /// Works one operation out on what those before it left.
    pub(crate) fn plan(&mut self, mut operation: Operation) -> Result<Planned, AdsError> {
        let index = operation.index;
        let own = self.resolve(&mut operation)?;
        let planned = match operation.kind {
            Kind::CampaignBudget => budgets::plan(self, &operation),
            Kind::BiddingStrategy => bidding::plan(self, &operation),
            Kind::Campaign => campaigns::plan(self, &operation),
            Kind::AdGroup => ad_groups::plan(self, &operation),
            Kind::Ad | Kind::AdGroupAd => ads::plan(self, &operation),
            Kind::AdGroupCriterion | Kind::CampaignCriterion | Kind::CustomerNegativeCriterion => {
                criteria::plan(self, &operation)
            }
            Kind::Asset => assets::plan(self, &operation),
            Kind::UserList
            | Kind::UserInterest
            | Kind::Recommendation
            | Kind::RecommendationSubscription => {
                let text = "The emulated account does not write this resource.";
                Err(AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text).at(index, &[]))
            }
        }?;
        if !self.seen.insert(planned.name.clone()) {
            let text = "A resource may stand in one operation of a request only.";
            return Err(AdsError::new("mutateError", "ID_EXISTS_IN_MULTIPLE_MUTATES", text)
                .at(index, &["update", "resource_name"]));
        }
        if let Some(temporary) = own {
            self.temporary.insert(temporary, last_id(&planned.name).to_owned());
        }
        for Write { kind, name, new } in planned.writes.iter().cloned() {
            match new {
                Some(new) => self.resources.insert((kind, name), Arc::new(new)),
                None => self.resources.remove(&(kind, name)),
            };
        }
        Ok(planned)
    }

    /// Replaces temporary ids by those that were made for them; the temporary id of what is
    /// created is returned.
    fn resolve(&self, operation: &mut Operation) -> Result<Option<i64>, AdsError> {
        let index = operation.index;
        let mut own = None;
        if let Ask::Create(new) = &mut operation.ask {
            let name = text(new, "resource_name").to_owned();
            if let Some(members) = new.as_object_mut() {
                members.remove("resource_name");
            }
            own = last_id(&name).parse::<i64>().ok();
            let fits = name.is_empty() || own.is_some_and(|id| id < 0);
            let code = match own {
                _ if !fits => Some("CANNOT_SET_ID_FOR_CREATE"),
                Some(id) if self.temporary.contains_key(&id) => Some("DUPLICATE_TEMP_IDS"),
                _ => None,
            };
            if let Some(code) = code {
                let text = "A temporary id is negative and stands for one resource of a request.";
                return Err(AdsError::new("newResourceCreationError", code, text)
                    .at(index, &["create", "resource_name"]));
            }
        }
        match &mut operation.ask {
            Ask::Create(value) | Ask::Update(value, _) => self.replace(value),
            Ask::Remove(name) => *name = self.real_name(name),
        }
        Ok(own)
    }

    fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) if text.starts_with("customers/") => *text = self.real_name(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(members) => members.values_mut().for_each(|item| self.replace(item)),
            _ => {}
        }
    }

    fn real_name(&self, name: &str) -> String {
        let Some((collection, ids)) = name.rsplit_once('/') else { return name.to_owned() };
        let real = |id: &str| {
            let known = id.parse().ok().and_then(|id: i64| self.temporary.get(&id));
            known.map_or_else(|| id.to_owned(), Clone::clone)
        };
        let ids: Vec<String> = ids.split('~').map(real).collect();
        format!("{collection}/{}", ids.join("~"))
    }

    /// The resource of this kind, or the documented error at `path`.
    pub(crate) fn find(
        &self,
        kind: Kind,
        index: usize,
        path: &[&str],
        name: &str,
    ) -> Result<&Value, AdsError> {
        let refuse = |category, code, text: String| {
            Err(AdsError::new(category, code, text).at(index, path).caused_by_text(name))
        };
        if name.is_empty() {
            let text = "The resource name is missing.".to_owned();
            return refuse("requestError", "RESOURCE_NAME_MISSING", text);
        }
        let parts: Vec<&str> = name.split('/').collect();
        let is_id = |id: &str| !id.is_empty() && id.split('~').all(|id| id.parse::<i64>().is_ok());
        let is_name = matches!(parts.as_slice(), ["customers", _, collection, id]
            if *collection == kind.collection() && is_id(id));
        if !is_name {
            let text = format!("'{name}' is not a resource name of {}.", kind.collection());
            return refuse("requestError", "RESOURCE_NAME_MALFORMED", text);
        }
        match self.named(name) {
            Some(found) => Ok(found),
            None => {
                refuse("mutateError", "RESOURCE_NOT_FOUND", "Resource was not found.".to_owned())
            }
        }
    }

    /// The resource that an update is about, before and after its mask was followed. `carried`
    /// are the fields that the account lets be written.
    pub(crate) fn updated(
        &self,
        operation: &Operation,
        update: &Value,
        mask: &[String],
        carried: &[&str],
    ) -> Result<(Value, Value), AdsError> {
        let (kind, index) = (operation.kind, operation.index);
        let path = ["update", "resource_name"];
        let old = self.find(kind, index, &path, text(update, "resource_name"))?;
        if text(old, "status") == "REMOVED" {
            return Err(removed().at(index, &path));
        }
        if mask.is_empty() {
            let text = "The field mask must be provided for update operations.";
            let error = AdsError::new("fieldMaskError", "FIELD_MASK_MISSING", text);
            return Err(error.at(index, &["update_mask"]));
        }
        let mut next = old.clone();
        for path in mask {
            writable(self.schema, &kind.message(), index, path)?;
            if !carried.contains(&path.split('.').next().unwrap_or_default()) {
                let text = "The emulated account does not carry this field.";
                let error = AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text);
                return Err(error.at(index, &["update", path]));
            }
            if path == "status" && !matches!(text(update, path), "ENABLED" | "PAUSED") {
                // Removing is an operation of its own.
                let text = "Enum value cannot be used here.";
                let error = AdsError::new("requestError", "INVALID_ENUM_VALUE", text);
                return Err(error.at(index, &["update", path]));
            }
            let message = self.schema.message(&kind.message());
            if let Ok(message) = message {
                assign(&message, &mut next, update, path);
            }
        }
        Ok((old.clone(), next))
    }
}

/// A removed resource stays as it is.
pub(crate) fn removed() -> AdsError {
    let text = "A removed resource cannot be changed.";
    let code = "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE";
    AdsError::new("operationAccessDeniedError", code, text)
}

/// The emulator's limit, and not Google's.
pub(crate) fn not_carried(operation: &Operation) -> AdsError {
    let (text, path) = match &operation.ask {
        Ask::Create(_) => ("The emulated account creates no such resource.", "create"),
        Ask::Remove(_) => ("The emulated account removes no such resource.", "remove"),
        Ask::Update(..) => ("The emulated account updates no such resource.", "update"),
    };
    AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text).at(operation.index, &[path])
}

/// A field that has to be there.
pub(crate) fn required(index: usize, path: &[&str]) -> AdsError {
    AdsError::new("fieldError", "REQUIRED", "The required field was not present.").at(index, path)
}

/// The id at the end of a name.
pub(crate) fn last_id(name: &str) -> &str {
    name.rsplit(['/', '~']).next().unwrap_or_default()
}

/// Refuses paths that the official message does not have or marks as not writable, and messages
/// that are named whole although they have fields of their own.
fn writable(schema: &Schema, resource: &str, index: usize, path: &str) -> Result<(), AdsError> {
    let Ok(message) = schema.message(resource) else { return Ok(()) };
    let masked = |code, text: String| {
        Err(AdsError::new("fieldMaskError", code, text)
            .at(index, &["update_mask"])
            .caused_by_text(path))
    };
    let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
    for end in ends {
        let Some(field) = schema.field_at(&message, &path[..end]) else {
            return masked(
                "FIELD_NOT_FOUND",
                format!("The field mask contained an invalid field: '{path}'."),
            );
        };
        if schema.is_read_only(&field) {
            let text = format!("The field '{path}' cannot be changed.");
            let error = AdsError::new("fieldError", "IMMUTABLE_FIELD", text);
            return Err(error.at(index, &["update", path]));
        }
        let is_whole = end == path.len() && !field.is_list();
        if let FieldKind::Message(inner) = field.kind()
            && is_whole
            && inner.fields().len() > 0
        {
            return masked(
                "FIELD_HAS_SUBFIELDS",
                format!("The field mask updated a field with subfields: '{path}'."),
            );
        }
    }
    Ok(())
}

/// A message as JSON in the official names, 64-bit numbers as numbers.
pub(crate) fn plain(message: &DynamicMessage) -> Value {
    let options =
        SerializeOptions::new().stringify_64_bit_integers(false).use_proto_field_name(true);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap_or_default()
}

fn read(kind: Kind, index: usize, message: &DynamicMessage) -> Result<Operation, AdsError> {
    let has = |name| message.descriptor().get_field_by_name(name).is_some();
    let inner = |name| has(name).then(|| message_field(message, name)).flatten();
    let removed = if has("remove") { string_field(message, "remove") } else { String::new() };
    let ask = if let Some(create) = inner("create") {
        Ask::Create(plain(&create))
    } else if let Some(update) = inner("update") {
        Ask::Update(plain(&update), mask_field(message, "update_mask"))
    } else if !removed.is_empty() || (has("remove") && message.has_field_by_name("remove")) {
        Ask::Remove(removed)
    } else {
        let text = "An operation must be one of create, update or remove.";
        return Err(AdsError::new("requestError", "OPERATION_REQUIRED", text).at(index, &[]));
    };
    let policy = inner("policy_validation_parameter").map(|one| plain(&one)).unwrap_or_default();
    let ignorable_topics = crate::patch::list(&policy, "ignorable_policy_topics")
        .filter_map(|topic| topic.as_str().map(str::to_owned))
        .collect();
    Ok(Operation { kind, index, ask, ignorable_topics })
}

/// Which service a mutate call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// One kind of resource.
    Of(Kind),
    /// `googleAds:mutate`: any of them, in one transaction.
    Transaction,
}

impl Service {
    /// The service of a path such as `adGroups:mutate`.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Self> {
        let collection = method.strip_suffix(":mutate")?;
        if collection == "googleAds" {
            return Some(Self::Transaction);
        }
        Kind::of_collection(collection).map(Self::Of)
    }

    /// Name of the service in paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Of(kind) => kind.collection(),
            Self::Transaction => "googleAds",
        }
    }

    pub(crate) fn request(self) -> String {
        match self {
            Self::Of(kind) => kind.request(),
            Self::Transaction => "services.MutateGoogleAdsRequest".to_owned(),
        }
    }

    pub(crate) fn response(self) -> String {
        match self {
            Self::Of(kind) => kind.response(),
            Self::Transaction => "services.MutateGoogleAdsResponse".to_owned(),
        }
    }

    const fn list(self) -> &'static str {
        match self {
            Self::Of(_) => "operations",
            Self::Transaction => "mutate_operations",
        }
    }

    /// Works out every operation of a request against the account, writing nothing.
    ///
    /// # Errors
    /// The outer error is about the request as a whole.
    pub(crate) fn plan(
        self,
        draft: &mut Draft<'_>,
        request: &DynamicMessage,
    ) -> Result<Vec<Result<Planned, AdsError>>, AdsError> {
        let operations = list_field(request, self.list());
        let whole = |category, code, text: &str| {
            let mut error = AdsError::new(category, code, text);
            error.location = vec![(self.list().to_owned(), None)];
            Err(error)
        };
        if operations.is_empty() {
            return whole("collectionSizeError", "TOO_FEW", "Too few.");
        }
        if operations.len() > MAX_OPERATIONS {
            let text = "Too many mutate operations: send at most 10000 in one request.";
            return whole("requestError", "TOO_MANY_MUTATE_OPERATIONS", text);
        }
        let plan_one = |(index, message): (usize, DynamicMessage)| match self {
            Self::Of(kind) => draft.plan(read(kind, index, &message)?),
            Self::Transaction => {
                let (kind, field, inner) = pick(index, &message)?;
                let planned = read(kind, index, &inner).and_then(|one| draft.plan(one));
                planned.map_err(|error| relocate(error, index, &field))
            }
        };
        Ok(operations.into_iter().enumerate().map(plan_one).collect())
    }

    /// One result of the answer; `{}` stands for one that failed.
    pub(crate) fn result(
        self,
        schema: &Schema,
        outcome: &Result<Planned, AdsError>,
        with_resource: bool,
    ) -> Value {
        let Ok(planned) = outcome else { return json!({}) };
        let mut result = json!({"resourceName": planned.name});
        if let Some(after) = planned.after.as_ref().filter(|_| with_resource) {
            result[planned.kind.field()] = mutable(schema, planned.kind, after);
        }
        match self {
            Self::Of(_) => result,
            Self::Transaction => json!({ format!("{}_result", planned.kind.field()): result }),
        }
    }

    /// The field of the answer that holds the results.
    pub(crate) const fn results(self) -> &'static str {
        match self {
            Self::Of(_) => "results",
            Self::Transaction => "mutate_operation_responses",
        }
    }
}

/// The operation inside a `MutateOperation`.
fn pick(
    index: usize,
    message: &DynamicMessage,
) -> Result<(Kind, String, DynamicMessage), AdsError> {
    let set = message.fields().next().map(|(field, _)| field.name().to_owned());
    let place = |mut error: AdsError| {
        error.location = vec![("mutate_operations".to_owned(), Some(index))];
        error
    };
    let Some(field) = set else {
        let text = "An operation is missing.";
        return Err(place(AdsError::new("requestError", "OPERATION_REQUIRED", text)));
    };
    let known = WRITABLE.into_iter().find(|kind| field == format!("{}_operation", kind.field()));
    let inner = message_field(message, &field);
    match known.zip(inner) {
        Some((kind, inner)) => Ok((kind, field, inner)),
        None => {
            let text = "The emulated account does not carry this operation.";
            Err(place(AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text)))
        }
    }
}

/// Places an error of an operation inside a transaction.
fn relocate(mut error: AdsError, index: usize, field: &str) -> AdsError {
    let rest = error.location.into_iter().skip(1);
    error.location = [("mutate_operations".to_owned(), Some(index)), (field.to_owned(), None)]
        .into_iter()
        .chain(rest)
        .collect();
    error
}

/// A resource with its mutable fields only, as `MUTABLE_RESOURCE` returns it.
fn mutable(schema: &Schema, kind: Kind, value: &Value) -> Value {
    let mut kept = json!({});
    let Ok(message) = schema.message(&kind.message()) else { return kept };
    for (name, value) in value.as_object().into_iter().flatten() {
        let writable =
            schema.field_at(&message, name).is_some_and(|field| !schema.is_read_only(&field));
        if name == "resource_name" || (writable && *value != Value::Bool(false)) {
            kept[name] = value.clone();
        }
    }
    kept
}

/// Whether one of `mask` is `path` or within it.
pub(crate) fn touches(mask: &[String], path: &str) -> bool {
    mask.iter()
        .any(|one| one == path || one.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// Whether a path has a value.
pub(crate) fn is_set(value: &Value, path: &str) -> bool {
    at(value, path).is_some_and(|value| !value.is_null())
}
