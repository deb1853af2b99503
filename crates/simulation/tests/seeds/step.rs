//! What can happen in a world, and how a seed chooses it. A step names people, cases and places
//! by number, whatever there is of them, so that a story stays one when steps are left out.

use crate::{
    account::{QUIRKS, Quirk},
    cast::{CAMPAIGNS, OWNER, PEOPLE},
    post::{LIES, Lie},
};
use countersign_model::{
    DecisionKind,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use countersign_simulation::{chance::Chance, disk::Fate};

/// A machine that may lose its power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machine {
    Gate,
    Relay,
    Desk(usize),
}

/// What becomes of a request to the relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    Fine,
    /// It never arrives.
    Lost,
    /// It arrives, and its answer does not.
    AnswerLost,
    /// It arrives twice.
    Twice,
}

/// What an agent asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// So much more to spend, in percent.
    Percent(i64),
    /// That it runs if it does not, and the other way round.
    Turn,
    /// A later end, in days; one that has none gets one.
    Days(i64),
}

/// What a draft is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quality {
    Good,
    /// It believes in a `before` that does not hold.
    Stale,
    /// It asks for nothing.
    Empty,
}

/// What a lying device sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forgery {
    /// An approval in another's name, under its own key.
    InAnothersName,
    /// An approval whose device is another's.
    OnAnothersDevice,
    /// Somebody else's true approval, filed in another case.
    Elsewhere,
    /// Somebody else's true approval again, in the same case.
    Again,
    /// Bytes that are nothing.
    Garbage,
    /// A roster that it signed itself.
    Roster,
    /// Entries of the log.
    Log,
    /// A policy.
    Policy,
    /// An approval of a wider change than the one proposed.
    Wider,
}

pub const FORGERIES: [Forgery; 9] = [
    Forgery::InAnothersName,
    Forgery::OnAnothersDevice,
    Forgery::Elsewhere,
    Forgery::Again,
    Forgery::Garbage,
    Forgery::Roster,
    Forgery::Log,
    Forgery::Policy,
    Forgery::Wider,
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Draft { campaign: usize, wish: Wish, quality: Quality },
    Decide { who: usize, case: usize, kind: DecisionKind },
    DeskReads { who: usize, lie: Option<Lie> },
    DeskSends { who: usize, way: Way },
    GateReads { lie: Option<Lie> },
    GateSends { way: Way },
    Work,
    Timers,
    Pass { ms: i64 },
    Jump { ms: i64 },
    Crash { machine: Machine, after: u64, fate: Fate },
    Fill { machine: Machine, steps: u64 },
    Restart { machine: Machine },
    Quirk(Quirk),
    Meddle { campaign: usize },
    Forge { forgery: Forgery, whom: usize, case: usize },
    Stop { who: usize },
    Resume { who: usize },
    Rollback { who: usize, case: usize },
    Revoke { who: usize },
    Compact { keep_days: Option<u32>, requests: u64 },
    Rot { machine: Machine, bit: u64 },
    LoseRelay,
}

/// How many turns a story has at most: what one person, agent or machine does in one go.
const TURNS: u64 = 14;

/// The story of a seed.
pub fn story(chance: &mut Chance) -> Vec<Step> {
    let people = [vec![0, 1], vec![0, 1, 2], vec![0, 1, OWNER]][chance.index(3)].clone();
    // A calm world shows what people do, and a rough one what machines do.
    let roughness = [0, 15, 30, 50][chance.index(4)];
    let turns = 5 + chance.below(TURNS - 5);
    let mut steps = agents(chance);
    for _ in 0..turns {
        let turn = match chance.below(100) {
            0..10 => agents(chance),
            10..60 => persons(chance, &people),
            60..94 => gates(chance),
            _ => vec![Step::Pass { ms: [1_000, MINUTE_MS, 10 * MINUTE_MS][chance.index(3)] }],
        };
        for step in turn {
            if chance.percent(roughness) {
                steps.push(trouble(chance, &people));
            }
            // Not everything that is begun is done.
            if !chance.percent(roughness / 4) {
                steps.push(step);
            }
        }
    }
    steps
}

fn agents(chance: &mut Chance) -> Vec<Step> {
    let draft = Step::Draft {
        campaign: chance.index(CAMPAIGNS),
        wish: match chance.below(10) {
            0..2 => Wish::Turn,
            2..4 => Wish::Days([-5, 3, 14][chance.index(3)]),
            _ => Wish::Percent([-20, 10, 25, 25, 40, 130][chance.index(6)]),
        },
        quality: match chance.below(12) {
            0 => Quality::Stale,
            1 => Quality::Empty,
            _ => Quality::Good,
        },
    };
    vec![draft, Step::GateSends { way: Way::Fine }]
}

fn persons(chance: &mut Chance, people: &[usize]) -> Vec<Step> {
    let who = people[chance.index(people.len())];
    let does = match chance.below(26) {
        0 => Step::Stop { who },
        1..3 => Step::Resume { who },
        3..5 => Step::Rollback { who, case: chance.index(3) },
        _ => Step::Decide {
            who,
            case: chance.index(3),
            kind: match chance.below(14) {
                0 => DecisionKind::Reject,
                1 => DecisionKind::RequestChanges,
                2..4 => DecisionKind::Override,
                _ => DecisionKind::Approve,
            },
        },
    };
    vec![Step::DeskReads { who, lie: None }, does, Step::DeskSends { who, way: Way::Fine }]
}

fn gates(chance: &mut Chance) -> Vec<Step> {
    let mut steps = vec![Step::GateReads { lie: None }, Step::Work];
    if chance.percent(50) {
        steps.extend([Step::Timers, Step::GateSends { way: Way::Fine }]);
    }
    if chance.percent(12) {
        let keep_days = Some([0, 0, 1][chance.index(3)]);
        // Most of them are long enough.
        let requests = [3, u64::MAX, u64::MAX][chance.index(3)];
        steps.push(Step::Compact { keep_days, requests });
        steps.push(Step::GateSends { way: Way::Fine });
        steps.push(Step::Compact { keep_days: None, requests: u64::MAX });
    }
    steps
}

fn trouble(chance: &mut Chance, people: &[usize]) -> Step {
    let machine = match chance.below(10) {
        0..6 => Machine::Gate,
        6..8 => Machine::Relay,
        _ => Machine::Desk(people[chance.index(people.len())]),
    };
    let lie = Some(LIES[chance.index(LIES.len())]);
    let way = [Way::Lost, Way::AnswerLost, Way::Twice][chance.index(3)];
    let who = people[chance.index(people.len())];
    match chance.below(100) {
        0..21 => Step::Crash {
            machine,
            after: 1 + chance.below(60),
            fate: [Fate::Lost, Fate::Kept, Fate::Torn][chance.index(3)],
        },
        21..24 => Step::Rot { machine, bit: chance.next() },
        24..26 => Step::Compact { keep_days: Some(0), requests: chance.below(8) },
        26..31 => Step::Fill { machine, steps: 1 + chance.below(40) },
        31..37 => Step::Restart { machine },
        37..57 => Step::Quirk(QUIRKS[chance.index(QUIRKS.len())]),
        57..60 => Step::Meddle { campaign: chance.index(CAMPAIGNS) },
        60..74 => Step::Forge {
            forgery: FORGERIES[chance.index(FORGERIES.len())],
            whom: who,
            case: chance.index(4),
        },
        74..79 => Step::DeskReads { who, lie },
        79..84 => Step::GateReads { lie },
        84..88 => Step::DeskSends { who, way },
        88..91 => Step::GateSends { way },
        91..95 => Step::Jump {
            ms: [-DAY_MS, -HOUR_MS, 30_000, 3 * MINUTE_MS, HOUR_MS, DAY_MS][chance.index(6)],
        },
        95..97 => Step::Stop { who },
        97..98 => Step::Resume { who },
        98..99 => Step::Revoke { who },
        _ => Step::LoseRelay,
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |who: &usize| PEOPLE[*who].0.split(' ').next().unwrap_or_default();
        let machine = |machine: &Machine| match machine {
            Machine::Gate => "the gate".to_owned(),
            Machine::Relay => "the relay".to_owned(),
            Machine::Desk(who) => format!("{}'s desktop", name(who)),
        };
        let lied = |lie: &Option<Lie>| {
            lie.map_or(String::new(), |lie| format!(", and the relay lies ({lie:?})"))
        };
        match self {
            Self::Draft { campaign, wish, quality } => {
                let wish = match wish {
                    Wish::Percent(percent) => format!("{percent:+} %"),
                    Wish::Turn => "a pause, or its end,".to_owned(),
                    Wish::Days(days) => format!("an end {days:+} days away"),
                };
                write!(f, "the agent drafts {wish} on campaign {campaign} ({quality:?})")
            }
            Self::Decide { who, case, kind } => {
                write!(f, "{} decides on their open case number {case}: {kind:?}", name(who))
            }
            Self::DeskReads { who, lie } => write!(f, "{}'s desktop reads{}", name(who), lied(lie)),
            Self::DeskSends { who, way } => write!(f, "{}'s desktop sends ({way:?})", name(who)),
            Self::GateReads { lie } => write!(f, "the gate reads{}", lied(lie)),
            Self::GateSends { way } => write!(f, "the gate sends ({way:?})"),
            Self::Work => write!(f, "the executor makes the next change"),
            Self::Timers => write!(f, "the gate looks at its timers"),
            Self::Pass { ms } => write!(f, "{} s pass", ms / 1_000),
            Self::Jump { ms } => write!(f, "every clock jumps by {} s", ms / 1_000),
            Self::Crash { machine: which, after, fate } => write!(
                f,
                "{} will lose power after {after} writes; what is not synced is {fate:?}",
                machine(which)
            ),
            Self::Fill { machine: which, steps } => {
                write!(f, "the disk of {} is full for {steps} writes", machine(which))
            }
            Self::Restart { machine: which } => write!(f, "{} is started again", machine(which)),
            Self::Quirk(quirk) => write!(f, "the platform's next call: {quirk:?}"),
            Self::Meddle { campaign } => {
                write!(f, "somebody changes campaign {campaign} in the platform's own interface")
            }
            Self::Forge { forgery, whom, case } => write!(
                f,
                "Lea's device forges: {forgery:?}, of {}, in open case number {case}",
                name(whom)
            ),
            Self::Stop { who } => write!(f, "{} stops all work", name(who)),
            Self::Resume { who } => write!(f, "{} asks to resume", name(who)),
            Self::Rollback { who, case } => {
                write!(f, "{} takes back their executed case number {case}", name(who))
            }
            Self::Revoke { who } => write!(f, "{}'s device is revoked", name(who)),
            Self::Compact { keep_days, requests } => {
                let breaks = match requests {
                    &u64::MAX => String::new(),
                    some => format!(", over a connection that breaks after {some} requests"),
                };
                match keep_days {
                    None => write!(f, "the gate raises the relay's floor{breaks}"),
                    Some(days) => {
                        write!(f, "the gate makes a snapshot that keeps {days} days{breaks}")
                    }
                }
            }
            Self::Rot { machine: which, bit } => {
                write!(f, "bit {bit} of the disk of {} is another one", machine(which))
            }
            Self::LoseRelay => write!(f, "the relay is lost with everything on it"),
        }
    }
}
