//! Saving a picture of a chart: the page gives the bytes, the person chooses the file.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_client::view::{Code, PictureInput, PictureKind, ProblemView};
use std::{collections::BTreeMap, fs, path::Path};

/// No picture of ours comes near it.
const LIMIT_BYTES: usize = 10_000_000;
/// Longest proposed file name, without its ending.
const NAME_CHARS: usize = 80;

/// A picture that may be saved.
#[derive(Debug)]
pub struct Picture {
    /// Proposed file name with its ending.
    pub file_name: String,
    /// `svg` or `png`.
    pub ending: &'static str,
    bytes: Vec<u8>,
}

impl Picture {
    /// Reads what the page gave.
    ///
    /// # Errors
    /// When it is no SVG or PNG, or larger than 10 MB.
    pub fn read(input: &PictureInput) -> Result<Self, ProblemView> {
        let not_one =
            || problem(Code::PictureUnreadable, "This is not a picture that can be saved.");
        if input.content.len() > LIMIT_BYTES / 3 * 4 {
            return Err(too_large());
        }
        let (ending, bytes) = match input.kind {
            PictureKind::Svg => ("svg", input.content.clone().into_bytes()),
            PictureKind::Png => ("png", STANDARD.decode(&input.content).map_err(|_| not_one())?),
        };
        if bytes.len() > LIMIT_BYTES {
            return Err(too_large());
        }
        let begins = match input.kind {
            PictureKind::Svg => bytes.starts_with(b"<svg") || bytes.starts_with(b"<?xml"),
            PictureKind::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        };
        if !begins {
            return Err(not_one());
        }
        let file_name = format!("{}.{ending}", plain_name(&input.name));
        Ok(Self { file_name, ending, bytes })
    }

    /// Writes it to the file that the person chose, and answers the file's name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<String, ProblemView> {
        fs::write(file, &self.bytes).map_err(|error| {
            tracing::warn!(%error, "a picture was not saved");
            problem(Code::PictureNotSaved, "The picture could not be written to that place.")
        })?;
        Ok(file.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }
}

/// A file name that every system takes: letters, digits, spaces and a few signs of the
/// name, and never a path, a hidden file or a device.
fn plain_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || " -_.,()+%".contains(c) { c } else { ' ' };
    let words: String = name.chars().map(safe).take(NAME_CHARS).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_matches(['.', ' ']);
    if words.is_empty() || is_device(words) {
        "countersign chart".to_owned()
    } else {
        words.to_owned()
    }
}

/// Names that Windows keeps for devices, with whatever ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device)
            .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

fn too_large() -> ProblemView {
    problem(Code::PictureTooLarge, "The picture is larger than 10 MB.")
}

fn problem(code: Code, message: &str) -> ProblemView {
    ProblemView { code, message: message.to_owned(), hints: vec![], values: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::{
        PictureKind::{Png, Svg},
        *,
    };

    fn input(name: &str, kind: PictureKind, content: &str) -> PictureInput {
        PictureInput { name: name.into(), kind, content: content.into() }
    }

    fn code(input: &PictureInput) -> Code {
        Picture::read(input).expect_err("refused").code
    }

    #[test]
    fn a_name_is_never_a_path_a_hidden_file_or_a_device() {
        for (name, plain) in [
            ("Spring Sale: pacing", "Spring Sale pacing"),
            ("../../etc/passwd", "etc passwd"),
            ("C:\\Windows\\x", "C Windows x"),
            (".bashrc", "bashrc"),
            ("a\0b\nc", "a b c"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("Größe +25 %", "Größe +25 %"),
            ("con", "countersign chart"),
            ("com1.x", "countersign chart"),
            ("...", "countersign chart"),
            ("", "countersign chart"),
        ] {
            assert_eq!(plain_name(name), plain, "{name:?}");
        }
        assert_eq!(plain_name(&"x".repeat(500)).len(), NAME_CHARS);
    }

    #[test]
    fn only_pictures_are_taken() {
        assert_eq!(code(&input("x", Svg, "MZ")), "picture_unreadable");
        assert_eq!(code(&input("x", Svg, "<html>")), "picture_unreadable");
        assert_eq!(code(&input("x", Png, "not base64!")), "picture_unreadable");
        assert_eq!(code(&input("x", Png, &STANDARD.encode("<svg/>"))), "picture_unreadable");
    }

    #[test]
    fn ten_megabytes_are_the_limit() {
        let of = |size: usize| format!("<svg{}", " ".repeat(size - 4));
        assert!(Picture::read(&input("x", Svg, &of(LIMIT_BYTES))).is_ok());
        assert_eq!(code(&input("x", Svg, &of(LIMIT_BYTES + 1))), "picture_too_large");
    }

    #[test]
    fn the_bytes_are_saved_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        let picture = Picture::read(&input("Pacing", Png, &STANDARD.encode(&png))).expect("a PNG");
        assert_eq!(picture.file_name, "Pacing.png");
        let file = folder.path().join("mine.png");
        assert_eq!(picture.write(&file).expect("written"), "mine.png");
        assert_eq!(fs::read(file).expect("the file"), png);
        let nowhere = picture.write(&folder.path().join("no/such/x.png")).expect_err("no folder");
        assert_eq!(nowhere.code, "picture_not_saved");
    }
}
