//! Runs a seed, and makes the story of a failure as short as it gets.

use crate::{
    model::Broken,
    step::{self, Step},
    world::World,
};
use countersign_model::Digest;
use countersign_simulation::chance::Chance;

/// What came of a seed.
pub struct Ran {
    /// Everything that happened, in one digest.
    pub trace: Digest,
    /// What happened, in words; after the story, how everything healed is left out.
    pub steps: Vec<String>,
    pub failure: Option<Failure>,
}

/// What was broken, and how it came to that, in words.
pub struct Failure {
    pub broken: Broken,
    pub steps: Vec<String>,
}

pub fn run(seed: u64) -> Ran {
    play(seed, &story(seed))
}

fn story(seed: u64) -> Vec<Step> {
    step::story(&mut Chance::of(seed))
}

/// Plays a story in the world of a seed.
pub fn play(seed: u64, story: &[Step]) -> Ran {
    let mut world = World::new(&format!("w{seed}"), Chance::of(!seed));
    let mut steps = vec![];
    for step in story {
        match world.take(*step) {
            Ok(words) => steps.push(words),
            Err(broken) => {
                steps.push(step.to_string());
                let failure = Some(Failure { broken, steps: steps.clone() });
                return Ran { trace: world.trace(), steps, failure };
            }
        }
    }
    let failure = world.heal().err().map(|broken| {
        steps.push("then everything works again".into());
        Failure { broken, steps: steps.clone() }
    });
    Ran { trace: world.trace(), steps, failure }
}

/// The shortest story found that breaks the same invariant: runs of steps are left out while it
/// still fails, long ones first.
pub fn shortest(seed: u64, failure: Failure) -> Failure {
    let (mut steps, mut failure) = (story(seed), failure);
    let invariant = failure.broken.invariant;
    let mut length = steps.len() / 2;
    while length > 0 {
        let mut at = 0;
        while at < steps.len() {
            let end = (at + length).min(steps.len());
            let without: Vec<_> = [&steps[..at], &steps[end..]].concat();
            match play(seed, &without).failure {
                Some(shorter) if shorter.broken.invariant == invariant => {
                    (steps, failure) = (without, shorter);
                }
                _ => at = end,
            }
        }
        length /= 2;
    }
    failure
}
