//! The inputs that fuzzing has kept (`fuzz/corpus`), through the bodies that it runs.
#![allow(missing_docs, unreachable_pub, clippy::expect_used, clippy::print_stdout)]

#[path = "../../../fuzz/src/lib.rs"]
mod decoders;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn names(folder: &str) -> BTreeSet<String> {
    let folder = fs::read_dir(fuzz().join(folder)).expect("it is there");
    let stem = |path: PathBuf| path.file_stem().map(|name| name.to_string_lossy().into_owned());
    folder.filter_map(|file| stem(file.ok()?.path())).collect()
}

#[test]
fn no_kept_input_breaks_a_decoder() {
    for (name, decode) in decoders::TARGETS {
        let files =
            fs::read_dir(fuzz().join("corpus").join(name)).expect("every target has a corpus");
        let mut count = 0;
        for file in files {
            let path = file.expect("it can be listed").path();
            // Told when a test fails: which input it was.
            println!("{}", path.display());
            decode(&fs::read(path).expect("it can be read"));
            count += 1;
        }
        assert!(count > 0, "{name} has no input");
    }
}

#[test]
fn every_target_has_its_program_and_its_inputs() {
    let named: BTreeSet<String> =
        decoders::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), named);
    assert_eq!(names("corpus"), named);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("it can be read");
    for name in named {
        assert!(
            manifest.contains(&format!("\nname = \"{name}\"\n")),
            "{name} is not in Cargo.toml"
        );
    }
}
