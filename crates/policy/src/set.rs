//! Compiled once per version, run on one virtual machine per evaluating thread.

use crate::{
    Evaluation, Finding, PolicyError, PolicyInput, check, data,
    files::{Files, is_rule_file},
    finding::{Base, MAX_FINDINGS, MAX_ROLES},
    input::{CONTAINS_RESTRICTED_TERMS, RESTRICTED_TERMS, RESTRICTED_TOPICS},
    join::{self, POLICY_ERROR, UNKNOWN_KIND},
    limits::{self, Conflict, LAYERS, layer_name},
    terms::{Found, Terms},
};
use countersign_model::{
    Digest, canonical,
    change::{self, Vetting},
    verdict::{Layer, PolicyRef},
};
use regorus::{
    CompiledPolicy, Engine, Rc, Value,
    languages::rego::compiler::Compiler,
    rvm::{program::Program, vm::RegoVM},
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

/// A rule set that runs longer than this is broken, not thorough.
const MAX_INSTRUCTIONS: usize = 200_000;

/// A compiled set of policies. Cheap to share; every thread may evaluate.
pub struct PolicySet {
    reference: PolicyRef,
    base: Base,
    vetting: Vetting,
    conflicts: Vec<Conflict>,
    terms: Terms,
    layers: Vec<(Layer, String)>,
    compiled: CompiledPolicy,
    program: Arc<Program>,
    data: Value,
    idle: Mutex<Vec<RegoVM>>,
}

impl std::fmt::Debug for PolicySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicySet").field("policy", &self.reference).finish_non_exhaustive()
    }
}

impl PolicySet {
    /// Compiles Rego v1 files (name and source) with their data. Names that end in
    /// `_test.rego` are left out.
    ///
    /// # Errors
    /// The place of the first thing that is wrong.
    pub fn compile(
        files: &[(String, String)],
        data: serde_json::Value,
    ) -> Result<Self, PolicyError> {
        let rules: BTreeMap<_, _> = files
            .iter()
            .filter(|(name, _)| is_rule_file(name))
            .map(|(name, source)| (name.as_str(), source.as_str()))
            .collect();
        for (name, source) in &rules {
            crate::files::check_text(name, source)?;
        }
        data::check(&data)?;
        let reference = reference(&rules, &data)?;
        let base = base(&data)?;
        let terms = Terms::of(&data);
        let vetting = data::vetting(&data)?;
        let (data, conflicts) = with_limits(data)?;
        let mut engine = Engine::new();
        for (name, source) in &rules {
            engine
                .add_policy((*name).into(), (*source).into())
                .map_err(|error| PolicyError::engine(name, &error.to_string()))?;
        }
        check::check(engine.get_modules(), &data)?;
        let data = Value::from(data);
        engine.add_data(data.clone()).map_err(|error| PolicyError::data(error.to_string()))?;
        let layers = layers(&engine)?;
        let entry_points: Vec<_> = layers.iter().map(|(_, path)| path.as_str()).collect();
        let first = entry_points.first().ok_or_else(|| PolicyError {
            file: "policies".into(),
            line: 0,
            words: "no rules: expected packages countersign.protocol, .corporate, .brand or .campaign with a rule set `findings`".into(),
        })?;
        let compiled = engine
            .compile_with_entrypoint(&Rc::from(*first))
            .map_err(|error| PolicyError::engine("policies", &error.to_string()))?;
        let program = Compiler::compile_from_policy(&compiled, &entry_points)
            .map_err(|error| PolicyError::engine("policies", &error.to_string()))?;
        refuse_randomness(&program)?;
        let set = Self {
            reference,
            base,
            vetting,
            conflicts,
            terms,
            layers,
            compiled,
            program,
            data,
            idle: Mutex::default(),
        };
        set.idle().push(set.machine()?);
        Ok(set)
    }

    /// Compiles a policy's files by path, `data.json` among them, as the gate publishes them.
    ///
    /// # Errors
    /// As [`PolicySet::compile`]; also when there is no data.
    pub fn from_files(files: &Files) -> Result<Self, PolicyError> {
        let rules: Vec<_> = crate::files::rules(files)
            .map(|(name, source)| (name.to_owned(), source.to_owned()))
            .collect();
        Self::compile(&rules, crate::files::data(files)?)
    }

    /// The digest over names, sources and data.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.reference.digest
    }

    /// The version that the policy's authors gave it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.reference.version
    }

    /// Version and digest, for a verdict.
    #[must_use]
    pub const fn reference(&self) -> &PolicyRef {
        &self.reference
    }

    /// What the policy's data say of places and audiences.
    #[must_use]
    pub const fn vetting(&self) -> &Vetting {
        &self.vetting
    }

    /// Limits of lower layers that were rejected because they relax a higher one.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// What policy asks for. A kind that nobody can execute is blocked, and so is a change
    /// whose rules break; a decrease whose rules break goes to people.
    ///
    /// # Errors
    /// When the facts have no JSON form, or no virtual machine can be made.
    pub fn evaluate(&self, input: &PolicyInput) -> Result<Evaluation, PolicyError> {
        if change::kind_named(&input.kind).is_none() {
            let words = "Nobody can execute a change of this kind, so it is blocked.";
            return Ok(join::refuse(&self.base, input, UNKNOWN_KIND, words));
        }
        let mut facts = serde_json::to_value(input)
            .map_err(|error| PolicyError::data(format!("the facts have no JSON form: {error}")))?;
        self.add_found(&mut facts, input);
        let waiting = self.idle().pop();
        let mut machine = match waiting {
            Some(machine) => machine,
            None => self.machine()?,
        };
        machine.set_input(Value::from(facts));
        Ok(match self.findings(&mut machine) {
            Ok(findings) => {
                // A machine that failed is dropped: its state is not worth reasoning about.
                self.idle().push(machine);
                join::join(&self.base, &findings, &self.conflicts, input)
            }
            Err(error) => {
                let words = format!(
                    "The policy broke while judging this change ({error}). Ask whoever keeps the policy to correct it."
                );
                join::refuse(&self.base, input, POLICY_ERROR, &words)
            }
        })
    }

    /// Adds what of the policy's lists stands in the texts.
    fn add_found(&self, facts: &mut serde_json::Value, input: &PolicyInput) {
        let Found { topics, terms } = self.terms.found(input.texts.iter().map(String::as_str));
        let told = |text: String| if text.is_empty() { json!(null) } else { text.into() };
        facts[CONTAINS_RESTRICTED_TERMS] = (!topics.is_empty()).into();
        facts[RESTRICTED_TOPICS] = told(topics);
        facts[RESTRICTED_TERMS] = told(terms);
    }

    fn findings(&self, machine: &mut RegoVM) -> Result<Vec<(Layer, Finding)>, String> {
        let mut all = Vec::new();
        for (layer, path) in &self.layers {
            let found =
                machine.execute_entry_point_by_name(path).map_err(|error| error.to_string())?;
            all.extend(read(*layer, &found)?);
            if all.len() > MAX_FINDINGS {
                return Err(format!("more than {MAX_FINDINGS} rules fired"));
            }
        }
        self.check_joined(&all)?;
        Ok(all)
    }

    /// Each finding is bounded by itself; the roles of all are joined into one verdict.
    fn check_joined(&self, findings: &[(Layer, Finding)]) -> Result<(), String> {
        let asked = findings.iter().flat_map(|(_, one)| one.roles.0.keys());
        let told = findings.iter().flat_map(|(_, one)| one.ladder.iter().map(|step| &step.role));
        let asked: BTreeSet<_> = self.base.roles.0.keys().chain(asked).collect();
        let told: BTreeSet<_> =
            self.base.ladder.iter().map(|step| &step.role).chain(told).collect();
        if asked.len() > MAX_ROLES || told.len() > MAX_ROLES {
            return Err(format!("the rules name more than {MAX_ROLES} roles together"));
        }
        Ok(())
    }

    fn machine(&self) -> Result<RegoVM, PolicyError> {
        let mut machine = RegoVM::new_with_policy(self.compiled.clone());
        machine.set_max_instructions(MAX_INSTRUCTIONS);
        machine.set_strict_builtin_errors(true);
        machine.load_program(Arc::clone(&self.program));
        machine
            .set_data(self.data.clone())
            .map_err(|error| PolicyError::data(error.to_string()))?;
        Ok(machine)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<RegoVM>> {
        // A panic elsewhere leaves whole machines in the list: nothing to repair.
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Reads a set of findings. Undefined is no finding.
pub(crate) fn read(layer: Layer, found: &Value) -> Result<Vec<(Layer, Finding)>, String> {
    if matches!(found, Value::Undefined) {
        return Ok(Vec::new());
    }
    let json = serde_json::to_value(found).map_err(|error| error.to_string())?;
    let findings: Vec<Finding> = serde_json::from_value(json).map_err(|error| {
        format!("a finding of the {} layer is malformed: {error}", layer_name(layer))
    })?;
    for finding in &findings {
        finding.check().map_err(|error| {
            format!("a finding of the {} layer is malformed: {error}", layer_name(layer))
        })?;
    }
    Ok(findings.into_iter().map(|finding| (layer, finding)).collect())
}

pub(crate) fn reference(
    rules: &BTreeMap<&str, &str>,
    data: &serde_json::Value,
) -> Result<PolicyRef, PolicyError> {
    let version = data
        .get("version")
        .and_then(serde_json::Value::as_str)
        .filter(|version| !version.is_empty())
        .ok_or_else(|| PolicyError::data("`version` must be a text that names this policy"))?;
    let digest = canonical::digest(&json!({ "files": rules, "data": data }))
        .map_err(|error| PolicyError::data(error.to_string()))?;
    Ok(PolicyRef { version: version.into(), digest })
}

pub(crate) fn base(data: &serde_json::Value) -> Result<Base, PolicyError> {
    let base = data.get("base").cloned().unwrap_or_default();
    let base: Base =
        serde_json::from_value(base).map_err(|error| data::at("/base", &error.to_string()))?;
    base.check().map_err(|error| data::at("/base", &error))?;
    Ok(base)
}

/// Puts the merged limits where rules read them, at `data.limits`. Lists of words are no rule's
/// to read: what stands of them in texts is a fact.
fn with_limits(
    mut data: serde_json::Value,
) -> Result<(serde_json::Value, Vec<Conflict>), PolicyError> {
    let (merged, conflicts) = limits::merge(&data)?;
    match data.as_object_mut() {
        Some(object) if !object.contains_key("limits") => {
            object.insert("limits".into(), merged.into());
            object.remove("restricted_terms");
            Ok((data, conflicts))
        }
        _ => Err(PolicyError::data(
            "must be an object without `limits`: those are merged from layers.<layer>.limits",
        )),
    }
}

/// The engine is built without clock and network; its dice cannot be left out.
fn refuse_randomness(program: &Program) -> Result<(), PolicyError> {
    match program.builtin_info_table.iter().find(|builtin| builtin.name.starts_with("rand.")) {
        None => Ok(()),
        Some(builtin) => Err(PolicyError {
            file: "policies".into(),
            line: 0,
            words: format!(
                "{} is not allowed: the same facts must always get the same answer",
                builtin.name
            ),
        }),
    }
}

fn layers(engine: &Engine) -> Result<Vec<(Layer, String)>, PolicyError> {
    let packages = engine
        .get_packages()
        .map_err(|error| PolicyError::engine("policies", &error.to_string()))?;
    let own = |package: &&String| {
        LAYERS.iter().any(|layer| **package == format!("data.countersign.{}", layer_name(*layer)))
    };
    if let Some(stranger) = packages.iter().find(|package| !own(package)) {
        let words = format!(
            "{stranger} is no layer, so its rules would never run: use package countersign.protocol, .corporate, .brand or .campaign"
        );
        return Err(PolicyError { file: "policies".into(), line: 0, words });
    }
    let present = LAYERS
        .into_iter()
        .map(|layer| (layer, format!("data.countersign.{}", layer_name(layer))))
        .filter(|(_, package)| packages.contains(package))
        .map(|(layer, package)| (layer, format!("{package}.findings")));
    Ok(present.collect())
}
