//! What a piece of work took. Processor time is compared rather than the clock, so that a busy
//! neighbour does not spoil a ratio; both are told.

use std::{
    fs,
    time::{Duration, Instant},
};

/// What was taken, by the clock and of all processors.
#[derive(Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) clock: Duration,
    pub(crate) processors: Duration,
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, other: Self) {
        self.clock += other.clock;
        self.processors += other.processors;
    }
}

pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (start, busy) = (Instant::now(), busy());
    let made = work();
    (made, Took { clock: start.elapsed(), processors: self::busy().saturating_sub(busy) })
}

/// How many times the bare work's processor time, and clock time.
pub(crate) fn ratios(whole: Took, bare: Took) -> String {
    let ratio = |whole: Duration, bare: Duration| whole.as_secs_f64() / bare.as_secs_f64();
    format!(
        "{:.2} x processor time ({:.2?} / {:.2?}), {:.2} x by the clock ({:.2?} / {:.2?})",
        ratio(whole.processors, bare.processors),
        whole.processors,
        bare.processors,
        ratio(whole.clock, bare.clock),
        whole.clock,
        bare.clock,
    )
}

/// Processor time of this process so far (proc(5), `stat`: hundredths of a second).
fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    let ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// The most memory that this process ever held (proc(5), `VmHWM`).
pub(crate) fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap().trim().to_owned()
}
