//! What the roster holds today.

use super::FactorName;

view! {
    /// People, devices and agents.
    pub struct PeopleView {
        /// The roster's version.
        #[ts(type = "number")]
        pub version: u64,
        /// When it was made.
        #[ts(type = "number")]
        pub issued_at_ms: i64,
        /// After this moment it is no longer believed.
        #[ts(type = "number")]
        pub expires_at_ms: i64,
        /// How many root keys there are.
        pub root_keys: u32,
        /// How many must sign the next version.
        pub root_threshold: u32,
        /// Six words of the gate's key.
        pub gate_fingerprint: Vec<String>,
        /// Six words of the root keys, gate and log that this device believes: the same on
        /// every device of the workspace.
        pub root_words: Vec<String>,
        /// The people.
        pub people: Vec<PersonView>,
        /// The agents.
        pub agents: Vec<AgentView>,
    }

    /// A person.
    pub struct PersonView {
        /// Person id.
        pub id: String,
        /// Name.
        pub name: String,
        /// Whether it is me.
        pub me: bool,
        /// Roles.
        pub roles: Vec<String>,
        /// Enrolled second factors.
        #[ts(as = "Vec<FactorName>")]
        pub factors: Vec<String>,
        /// Devices, revoked ones included.
        pub devices: Vec<DeviceView>,
    }

    /// A device.
    pub struct DeviceView {
        /// Device id.
        pub id: String,
        /// Six words of its key.
        pub fingerprint: Vec<String>,
        /// Whether it is this one.
        pub this_device: bool,
        /// Valid from.
        #[ts(type = "number")]
        pub enrolled_at_ms: i64,
        /// Not valid from this moment on.
        #[ts(type = "number | null")]
        pub revoked_at_ms: Option<i64>,
    }

    /// An agent.
    pub struct AgentView {
        /// Agent id.
        pub id: String,
        /// Name.
        pub name: String,
        /// Who answers for it.
        pub owner: String,
    }
}
