//! Checks the machine and installs what is missing, asking before it uses root.

use crate::{
    packages::{self, Need, Package},
    step,
    version::{self, Version},
};
use anyhow::{Context as _, Result, bail};
use std::{
    io::{IsTerminal as _, Write as _},
    process::Command,
};

const RUST: Version = (1, 95, 0);
/// What the interface's build tool asks for.
const NODE: Version = (20, 19, 0);

/// Checks Rust, Node and the system packages for the needs given.
pub(crate) fn prepare(needs: &[Need]) -> Result<()> {
    check_rust()?;
    check_node()?;
    check_system(needs)
}

fn check_rust() -> Result<()> {
    check_tool("rustc", RUST, "install it with https://rustup.rs, or `rustup update stable`")?;
    let lacking: Vec<&str> = [("clippy", "clippy"), ("rustfmt", "fmt")]
        .into_iter()
        .filter(|(_, subcommand)| step::ask("cargo", &[subcommand, "--version"]).is_none())
        .map(|(component, _)| component)
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    step::run(
        Command::new("rustup").args(["component", "add"]).args(&lacking),
        &format!("Install the Rust components {} by hand.", lacking.join(" and ")),
    )
}

fn check_node() -> Result<()> {
    check_tool("node", NODE, "install it from https://nodejs.org")?;
    if step::ask(crate::ui::NPM, &["--version"]).is_none() {
        bail!("npm was not found: it comes with Node from https://nodejs.org");
    }
    Ok(())
}

fn check_tool(program: &str, least: Version, how: &str) -> Result<()> {
    let wanted = version::show(least);
    let Some(printed) = step::ask(program, &["--version"]) else {
        bail!("{program} was not found: version {wanted} or newer is needed; {how}");
    };
    let found = version::parse(&printed)
        .with_context(|| format!("`{program} --version` names no version: {}", printed.trim()))?;
    if found < least {
        bail!("{program} {} is too old: {wanted} or newer is needed; {how}", version::show(found));
    }
    println!("  {program} {}", version::show(found));
    Ok(())
}

fn check_system(needs: &[Need]) -> Result<()> {
    if cfg!(target_os = "macos") {
        if step::ask("xcode-select", &["-p"]).is_none() {
            bail!("Apple's command line tools are missing: run `xcode-select --install`");
        }
        return refuse_headless(needs);
    }
    if cfg!(windows) {
        println!(
            "  on Windows these are needed and not checked: Visual Studio's C++ build tools, \
             OpenSSL (OPENSSL_DIR) and the WebView2 runtime"
        );
        return refuse_headless(needs);
    }
    let wanted = packages::wanted(needs);
    if step::ask("dpkg-query", &["--version"]).is_none() {
        println!("  this is neither Debian nor Ubuntu: install your system's counterparts of");
        list(&wanted);
        return Ok(());
    }
    let missing = missing(&wanted);
    if missing.is_empty() {
        println!("  all {} system packages are installed", wanted.len());
        return Ok(());
    }
    install(&missing)?;
    let still = self::missing(&wanted);
    if still.is_empty() {
        return Ok(());
    }
    bail!("after installing, these are still missing: {}", names(&still));
}

fn refuse_headless(needs: &[Need]) -> Result<()> {
    if needs.contains(&Need::Headless) {
        bail!("the tests through the real window need Linux (WebKitGTK, Xvfb, Secret Service)");
    }
    Ok(())
}

fn missing(wanted: &[Package]) -> Vec<Package> {
    let names = wanted.iter().map(|package| package.name);
    // It ends with 1 when a name is unknown and still lists the others.
    let listing = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package}\\t${Status}\\n"])
        .args(names)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    packages::missing(wanted, &listing)
}

fn install(missing: &[Package]) -> Result<()> {
    println!("  these system packages are missing:");
    list(missing);
    let root = step::ask("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    let by_hand = packages::install_command(missing, root);
    println!("  they are installed with\n\n    {by_hand}\n");
    if may_ask() {
        print!(
            "  Run this now{}? [y/N] ",
            if root { "" } else { " (sudo asks for your password)" }
        );
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            bail!("not installed; run this and come back:\n\n    {by_hand}\n");
        }
        apt(missing, if root { &[] } else { &["sudo"] }, &by_hand)
    } else if root {
        apt(missing, &[], &by_hand)
    } else if step::ask("sudo", &["-n", "true"]).is_some() {
        apt(missing, &["sudo", "-n"], &by_hand)
    } else {
        bail!(
            "root is needed and nobody can be asked for a password; run this and come back:\
             \n\n    {by_hand}\n"
        );
    }
}

/// Whether a person is there to answer.
fn may_ask() -> bool {
    let unattended = std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false");
    !unattended && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn apt(missing: &[Package], prefix: &[&str], by_hand: &str) -> Result<()> {
    let hint = format!("By hand it is: {by_hand}");
    let names = missing.iter().map(|package| package.name);
    step::run(&mut apt_get(prefix, &["update"]), &hint)?;
    let install = ["install", "-y", "--no-install-recommends"];
    step::run(apt_get(prefix, &install).args(names), &hint)
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Command {
    // sudo drops the environment: the variable is set on the far side of it.
    let words = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let mut line = prefix.iter().chain(&words).chain(arguments);
    let mut command = Command::new(line.next().copied().unwrap_or("apt-get"));
    command.args(line);
    command
}

fn list(packages: &[Package]) {
    for package in packages {
        println!("    {:<30} {}", package.name, package.purpose);
    }
}

fn names(packages: &[Package]) -> String {
    packages.iter().map(|package| package.name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_tool_is_named_with_what_to_do() {
        let error = check_tool("cargo", (999, 0, 0), "look there").unwrap_err().to_string();
        assert!(error.contains("is too old: 999.0.0 or newer is needed; look there"), "{error}");
        let error = check_tool("no-such-tool", (1, 0, 0), "look there").unwrap_err().to_string();
        assert_eq!(
            error,
            "no-such-tool was not found: version 1.0.0 or newer is needed; look there"
        );
    }

    #[test]
    fn root_is_taken_only_through_the_prefix() {
        let command = apt_get(&["sudo", "-n"], &["update"]);
        assert_eq!(command.get_program(), "sudo");
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(words, ["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "update"]);
        assert_eq!(apt_get(&[], &["update"]).get_program(), "env");
    }
}
