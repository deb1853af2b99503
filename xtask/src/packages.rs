//! The system packages that are needed, what each is for, and which are missing.

use std::collections::BTreeSet;

/// What a package is needed for; each command asks for as few as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// To compile and link the programs.
    Build,
    /// To run the app: a session bus and a keychain per person.
    Session,
    /// To drive the real window with no screen.
    Headless,
}

/// One Debian or Ubuntu package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
    need: Need,
}

const fn package(need: Need, name: &'static str, purpose: &'static str) -> Package {
    Package { name, purpose, need }
}

/// Debian 12 and Ubuntu 22.04 or newer use these names; chromium is a snap on Ubuntu.
const PACKAGES: &[Package] = &[
    package(Need::Build, "build-essential", "C compiler and linker (SQLCipher, cryptography)"),
    package(Need::Build, "pkg-config", "finds the libraries below"),
    package(Need::Build, "libwebkit2gtk-4.1-dev", "the window's web view"),
    package(Need::Build, "libgtk-3-dev", "the window"),
    package(Need::Build, "librsvg2-dev", "icons"),
    package(Need::Build, "libayatana-appindicator3-dev", "tray menu"),
    package(Need::Build, "libxdo-dev", "keyboard menus"),
    package(Need::Build, "libdbus-1-dev", "session bus"),
    package(Need::Build, "libssl-dev", "the cipher under SQLCipher"),
    package(Need::Session, "dbus", "a session bus per person"),
    package(Need::Session, "dbus-x11", "starts the session bus"),
    package(Need::Session, "gnome-keyring", "the OS keychain (Secret Service)"),
    package(Need::Session, "libayatana-appindicator3-1", "the tray menu, where there is a tray"),
    package(Need::Headless, "libsecret-tools", "looks into the keychain from tests"),
    package(Need::Headless, "xvfb", "a display with no screen"),
    package(Need::Headless, "xauth", "access to that display"),
    package(Need::Headless, "x11-xkb-utils", "keyboard layouts on that display"),
    package(Need::Headless, "xdotool", "presses keys on that display"),
    package(Need::Headless, "webkit2gtk-driver", "drives the web view through WebDriver"),
    package(Need::Headless, "nginx-light", "stands in front of the relay in tests"),
    package(Need::Headless, "chromium", "checks the interface in a second engine"),
    package(Need::Headless, "fonts-dejavu-core", "letters and figures in the pictures"),
    package(Need::Headless, "fonts-noto-core", "Arabic and Hebrew in the pictures"),
    package(Need::Headless, "fonts-noto-color-emoji", "emoji in the pictures"),
    package(Need::Headless, "fonts-wqy-microhei", "Chinese, Japanese and Korean in the pictures"),
];

/// The packages for the needs given, in the order of the list.
pub(crate) fn wanted(needs: &[Need]) -> Vec<Package> {
    PACKAGES.iter().copied().filter(|package| needs.contains(&package.need)).collect()
}

/// The names that `dpkg-query -W -f '${Package}\t${Status}\n'` calls installed.
pub(crate) fn installed(listing: &str) -> BTreeSet<&str> {
    listing
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, status)| status.trim_end() == "install ok installed")
        .map(|(name, _)| name)
        .collect()
}

/// What is wanted and not installed.
pub(crate) fn missing(wanted: &[Package], listing: &str) -> Vec<Package> {
    let installed = installed(listing);
    wanted.iter().copied().filter(|package| !installed.contains(package.name)).collect()
}

/// The command that installs them, with `sudo` in front unless already root.
pub(crate) fn install_command(missing: &[Package], root: bool) -> String {
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let sudo = if root { "" } else { "sudo " };
    format!(
        "{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {}",
        names.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "build-essential\tinstall ok installed\n\
        pkg-config\tinstall ok installed\n\
        libgtk-3-dev\tdeinstall ok config-files\n\
        dbus\tinstall ok half-configured\n";

    #[test]
    fn a_removed_or_half_configured_package_is_missing() {
        let names: Vec<&str> = missing(&wanted(&[Need::Build, Need::Session]), LISTING)
            .iter()
            .map(|package| package.name)
            .collect();
        assert!(!names.contains(&"build-essential"));
        assert!(!names.contains(&"pkg-config"));
        assert!(names.contains(&"libgtk-3-dev"));
        assert!(names.contains(&"dbus"));
        assert!(names.contains(&"libssl-dev"));
    }

    #[test]
    fn a_build_asks_for_no_display() {
        let names: Vec<&str> = wanted(&[Need::Build]).iter().map(|package| package.name).collect();
        assert!(names.contains(&"libwebkit2gtk-4.1-dev"));
        assert!(!names.contains(&"xvfb"));
        assert!(!names.contains(&"gnome-keyring"));
    }

    #[test]
    fn every_package_is_listed_once_and_explained() {
        let names: BTreeSet<&str> = PACKAGES.iter().map(|package| package.name).collect();
        assert_eq!(names.len(), PACKAGES.len());
        assert!(PACKAGES.iter().all(|package| !package.purpose.is_empty()));
    }

    #[test]
    fn the_command_can_be_pasted() {
        let two = &wanted(&[Need::Build])[..2];
        assert_eq!(
            install_command(two, false),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends \
             build-essential pkg-config"
        );
        assert!(install_command(two, true).starts_with("apt-get update && apt-get install"));
    }
}
