//! Counts tests in what the runners print, for the one closing line.

/// Tests passed, failed and left out, over all runners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Totals {
    /// Adds a line of `cargo test`: `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
    pub(crate) fn add_cargo_line(&mut self, line: &str) {
        let line = without_colour(line);
        let Some(rest) = line.trim_start().strip_prefix("test result: ") else { return };
        let Some((_, counts)) = rest.split_once(". ") else { return };
        self.add_counts(counts.split(';'), ["passed", "failed", "ignored"]);
    }

    /// Adds a line of vitest: `      Tests  1 failed | 24 passed | 2 skipped (27)`.
    pub(crate) fn add_vitest_line(&mut self, line: &str) {
        let line = without_colour(line);
        let Some(rest) = line.trim_start().strip_prefix("Tests ") else { return };
        let counts = rest.split('(').next().unwrap_or_default();
        self.add_counts(counts.split('|'), ["passed", "failed", "skipped"]);
    }

    fn add_counts<'a>(&mut self, parts: impl Iterator<Item = &'a str>, words: [&str; 3]) {
        for part in parts {
            let Some((count, word)) = part.trim().split_once(' ') else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            match word.trim() {
                word if word == words[0] => self.passed += count,
                word if word == words[1] => self.failed += count,
                word if word == words[2] => self.ignored += count,
                _ => {}
            }
        }
    }

    /// The closing line.
    pub(crate) fn summary(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }
}

/// Terminal colour sequences (`ESC [ … m`) taken out.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_both_runners() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 9 filtered out; finished in 1.0s",
        ] {
            totals.add_cargo_line(line);
        }
        totals.add_vitest_line(" Test Files  1 failed | 2 passed (3)");
        totals.add_vitest_line("      Tests  1 failed | 24 passed | 2 skipped (27)");
        assert_eq!(totals, Totals { passed: 31, failed: 3, ignored: 3 });
        assert_eq!(totals.summary(), "31 passed, 3 failed");
    }

    #[test]
    fn colours_do_not_hide_a_count() {
        let mut totals = Totals::default();
        totals.add_vitest_line(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m (7)",
        );
        totals.add_cargo_line("test result: \u{1b}[32mok\u{1b}[m. 2 passed; 0 failed; 0 ignored");
        assert_eq!(totals, Totals { passed: 9, failed: 0, ignored: 0 });
    }

    #[test]
    fn other_lines_count_nothing() {
        let mut totals = Totals::default();
        totals.add_cargo_line("test tests::five_passed ... ok");
        totals.add_vitest_line("Tests are 3 passed");
        totals.add_cargo_line("test result: ok");
        assert_eq!(totals, Totals::default());
    }
}
