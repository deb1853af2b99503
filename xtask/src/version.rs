//! Versions as tools print them, and whether they are new enough.

/// Major, minor, patch.
pub(crate) type Version = (u32, u32, u32);

/// The first version in what a tool prints: `rustc 1.95.0 (…)`, `v20.20.2`, `cargo-deny 0.19.0`.
pub(crate) fn parse(printed: &str) -> Option<Version> {
    printed.split_whitespace().find_map(|word| {
        let word = word.strip_prefix('v').unwrap_or(word);
        // Build suffixes (`1.95.0-nightly`, `+git`) say nothing about the order wanted here.
        let plain = word.split(['-', '+']).next()?;
        let mut parts = plain.split('.').map(str::parse::<u32>);
        let major = parts.next()?.ok()?;
        let minor = parts.next()?.ok()?;
        let patch = parts.next().map_or(Some(0), Result::ok)?;
        Some((major, minor, patch))
    })
}

/// As people write it.
pub(crate) fn show(version: Version) -> String {
    format!("{}.{}.{}", version.0, version.1, version.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_tools_print() {
        assert_eq!(parse("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95, 0)));
        assert_eq!(parse("v20.20.2\n"), Some((20, 20, 2)));
        assert_eq!(parse("rustc 1.97.0-nightly (abc 2026-05-01)"), Some((1, 97, 0)));
        assert_eq!(parse("node 22.1"), Some((22, 1, 0)));
        assert_eq!(parse("command not found"), None);
        assert_eq!(parse("rustc 1.x"), None);
    }

    #[test]
    fn compares_numbers_and_not_letters() {
        assert!(parse("v20.9.0") < parse("v20.19.0"));
        assert!(parse("rustc 1.100.0") > parse("rustc 1.95.0"));
        assert!(parse("rustc 2.0.0") > parse("rustc 1.95.9"));
    }
}
