//! Control statements, for tests.

use super::{
    Keys,
    story::{at, person, uuid},
    workspace,
};
use countersign_model::{
    Control, ControlId, DeviceId, Envelope,
    control::{Command, statement_bytes},
};

pub fn control(number: u128, id: u128, command: Command) -> Control {
    Control {
        id: ControlId::from_uuid(uuid(id)),
        workspace: workspace(),
        command,
        person: person(number),
        device: DeviceId::from_uuid(uuid(number + 100)),
        signed_at_ms: at(1_000),
    }
}

pub fn seal(control: &Control, key: &Keys) -> Envelope {
    Envelope::sign_payload(&statement_bytes(control).unwrap(), &[key]).unwrap()
}
