//! What a seed has found once, as the shortest story of it: each must hold for good.

use crate::{
    account::Quirk,
    post::Lie,
    run::play,
    step::{Forgery, Machine, Quality, Step, Way, Wish},
    world::World,
};
use countersign_model::{
    DecisionKind,
    time::{HOUR_MS, MINUTE_MS},
};
use countersign_simulation::{chance::Chance, disk::Fate};

const OLGA: usize = 0;
const FINN: usize = 1;

/// A rise that one signature is enough for, signed and on its way to the gate.
const APPROVED: [Step; 5] = [
    Step::Draft { campaign: 0, wish: Wish::Percent(10), quality: Quality::Good },
    Step::GateSends { way: Way::Fine },
    Step::DeskReads { who: OLGA, lie: None },
    Step::Decide { who: OLGA, case: 0, kind: DecisionKind::Approve },
    Step::DeskSends { who: OLGA, way: Way::Fine },
];

fn hold(story: &[Step]) {
    if let Some(failure) = play(1, story).failure {
        panic!("{:?}\n{}", failure.broken, failure.steps.join("\n"));
    }
}

/// The gate sent again only when it had something new to send.
#[test]
fn a_relay_that_lost_everything_is_filled_though_nothing_is_new() {
    hold(&[
        Step::DeskSends { who: OLGA, way: Way::Fine },
        Step::GateSends { way: Way::Fine },
        Step::GateReads { lie: None },
        Step::LoseRelay,
    ]);
}

/// What a lost relay had of a desktop, and only the gate had read, comes from that desktop again.
#[test]
fn a_decision_that_only_the_gate_had_read_reaches_everybody() {
    hold(&[
        Step::Draft { campaign: 1, wish: Wish::Percent(10), quality: Quality::Good },
        Step::GateSends { way: Way::Fine },
        Step::DeskSends { who: FINN, way: Way::Fine },
        Step::DeskReads { who: OLGA, lie: None },
        Step::Decide { who: OLGA, case: 2, kind: DecisionKind::Approve },
        Step::DeskSends { who: OLGA, way: Way::Fine },
        Step::GateReads { lie: None },
        Step::LoseRelay,
    ]);
}

/// The command stamped the roster by a clock that the gate had not followed, past a deadline.
#[test]
fn an_operators_command_fires_first_what_is_due() {
    hold(&[
        Step::GateSends { way: Way::Fine },
        Step::Jump { ms: HOUR_MS },
        Step::Draft { campaign: 1, wish: Wish::Percent(-20), quality: Quality::Good },
        Step::DeskSends { who: FINN, way: Way::Fine },
        Step::Revoke { who: OLGA },
    ]);
}

/// The log that a gate serves is the one that it signed, or it does not start.
#[test]
fn a_flipped_bit_is_never_served_as_the_log() {
    let mut world = World::new("rot", Chance::of(7));
    for step in [
        Step::Draft { campaign: 0, wish: Wish::Percent(10), quality: Quality::Good },
        Step::Draft { campaign: 1, wish: Wish::Percent(40), quality: Quality::Good },
        Step::Draft { campaign: 2, wish: Wish::Percent(-20), quality: Quality::Good },
    ] {
        world.take(step).unwrap();
    }
    let (mut flipped, mut refused) = (0, 0);
    let mut chance = Chance::of(8);
    // Most of the file is the policy's text: how many bits meet what is checked is chance.
    while flipped < 60 || (refused == 0 && flipped < 1_000) {
        flipped += 1;
        refused += u32::from(world.serves_after_flipping(chance.next()).unwrap().is_none());
    }
    assert!(refused > 0, "no flipped bit met anything that is checked");
}

/// Power goes at each of the gate's writes while a change is decided and made.
#[test]
fn power_may_go_at_every_write_of_the_gate() {
    for fate in [Fate::Lost, Fate::Kept, Fate::Torn] {
        for after in (1..60).step_by(7) {
            let then = [
                Step::Crash { machine: Machine::Gate, after, fate },
                Step::GateReads { lie: None },
                Step::Work,
                Step::Work,
            ];
            hold(&[&APPROVED[..], &then].concat());
        }
    }
}

/// A worker broke after its write had taken effect, and somebody else moved the amount since: the
/// next worker looks before it does anything, and the case ends.
#[test]
fn a_worker_that_breaks_after_its_write_changes_nothing_twice() {
    for quirk in [Quirk::HangsAfter, Quirk::HangsBefore, Quirk::AnswerLost, Quirk::Late] {
        let then = [
            Step::GateReads { lie: None },
            Step::Quirk(quirk),
            Step::Work,
            Step::Meddle { campaign: 0 },
            Step::Pass { ms: MINUTE_MS },
            Step::Timers,
            Step::Work,
        ];
        hold(&[&APPROVED[..], &then].concat());
    }
}

/// A desktop's power went when a decision was durable and not yet shown as signed: it counts.
#[test]
fn what_is_durable_and_was_not_shown_as_signed_may_count() {
    for after in 1..30 {
        hold(&[
            Step::Draft { campaign: 0, wish: Wish::Percent(10), quality: Quality::Good },
            Step::GateSends { way: Way::Fine },
            Step::DeskReads { who: OLGA, lie: None },
            Step::Crash { machine: Machine::Desk(OLGA), after, fate: Fate::Kept },
            Step::Decide { who: OLGA, case: 0, kind: DecisionKind::Approve },
        ]);
    }
}

/// What somebody signed who is revoked since had nobody who sent it again to a relay that lost
/// it, and others could not follow the log beyond the entry that refers to it.
#[test]
fn what_a_revoked_device_signed_outlives_the_relay() {
    let then = [
        Step::DeskReads { who: FINN, lie: None },
        Step::GateReads { lie: None },
        Step::Revoke { who: OLGA },
        Step::LoseRelay,
    ];
    hold(&[&APPROVED[..4], &[Step::Stop { who: OLGA }], &APPROVED[4..], &then].concat());
}

/// A gate that had pushed and not read since saw nothing, and filled the relay with its next record.
#[test]
fn a_relay_lost_before_the_gate_has_read_from_it_is_filled() {
    hold(&[
        Step::DeskSends { who: OLGA, way: Way::Fine },
        Step::Draft { campaign: 0, wish: Wish::Percent(10), quality: Quality::Good },
        Step::GateSends { way: Way::Fine },
        Step::LoseRelay,
    ]);
}

/// A desktop sent again only with its next record, and the gate had not read the one before.
#[test]
fn a_relay_lost_before_anybody_has_read_a_decision_gets_it_again() {
    hold(&[&APPROVED[..], &[Step::LoseRelay]].concat());
}

/// A snapshot of everything that the relay has, with a desktop that reads it.
const SNAPSHOT: [Step; 5] = [
    Step::DeskSends { who: FINN, way: Way::Fine },
    Step::Draft { campaign: 0, wish: Wish::Percent(40), quality: Quality::Good },
    Step::GateSends { way: Way::Fine },
    Step::GateReads { lie: None },
    Step::Compact { keep_days: Some(0), requests: u64::MAX },
];

/// The floor that it was to get counts the positions of the relay that is gone: it rose over
/// records of the gate's that the snapshot does not stand for.
#[test]
fn a_snapshot_whose_floor_is_not_in_force_means_nothing_to_another_relay() {
    hold(&[&SNAPSHOT[..], &[Step::LoseRelay]].concat());
    let then = [Step::GateSends { way: Way::Fine }, Step::LoseRelay];
    hold(&[&SNAPSHOT[..], &then].concat());
}

/// The gate began with its first record again, which the relay refused for good: it had let go of
/// it. Nothing of the gate's arrived any more.
#[test]
fn a_relay_that_ends_early_for_once_gets_what_its_snapshot_does_not_stand_for() {
    for lie in [Lie::Empty, Lie::Withhold] {
        let then = [
            Step::GateSends { way: Way::Fine },
            Step::Compact { keep_days: None, requests: u64::MAX },
            Step::GateReads { lie: Some(lie) },
            Step::GateSends { way: Way::Fine },
        ];
        hold(&[&SNAPSHOT[..], &then].concat());
    }
}

/// What a desktop reads is what it wrote: every page of its file says so of itself.
#[test]
fn a_flipped_bit_of_a_desktop_is_found() {
    let mut world = World::new("rotten desk", Chance::of(7));
    for step in &APPROVED {
        world.take(*step).unwrap();
    }
    let (mut chance, mut refused) = (Chance::of(8), 0);
    for _ in 0..60 {
        let went = world.reads_after_flipping(OLGA, chance.next()).unwrap();
        refused += u32::from(went.is_none());
    }
    assert!(refused > 0, "no flipped bit met anything that is read");
}

/// A relay was lost a second time before anything was sent again to fill it: nothing told of that,
/// and what was lost in between was in a snapshot.
#[test]
fn no_snapshot_is_made_of_a_relay_that_is_still_to_be_filled() {
    const OTTO: usize = 2;
    hold(&[
        Step::Draft { campaign: 0, wish: Wish::Percent(130), quality: Quality::Good },
        Step::GateSends { way: Way::Fine },
        Step::DeskReads { who: OTTO, lie: None },
        Step::Decide { who: OTTO, case: 2, kind: DecisionKind::Approve },
        Step::DeskSends { who: OTTO, way: Way::Fine },
        Step::GateReads { lie: None },
        Step::GateSends { way: Way::Fine },
        Step::GateReads { lie: None },
        Step::LoseRelay,
        Step::Draft { campaign: 2, wish: Wish::Percent(25), quality: Quality::Empty },
        Step::GateSends { way: Way::Fine },
        Step::GateReads { lie: None },
        Step::Compact { keep_days: Some(0), requests: u64::MAX },
        Step::LoseRelay,
    ]);
}

/// Desktops had filled a lost relay as far as the gate had filled the one before, so that it looked
/// whole to the gate until it had something new to say.
#[test]
fn a_relay_that_desktops_have_filled_is_filled_with_the_next_entry() {
    hold(&[
        Step::GateSends { way: Way::Fine },
        Step::GateReads { lie: None },
        Step::DeskReads { who: FINN, lie: None },
        Step::Stop { who: OLGA },
        Step::Stop { who: OLGA },
        Step::Stop { who: FINN },
        Step::Stop { who: FINN },
        Step::Forge { forgery: Forgery::Log, whom: FINN, case: 0 },
        Step::LoseRelay,
    ]);
}
