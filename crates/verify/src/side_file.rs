//! Files beside the export, as editors, mail and copying leave them. A byte order mark and
//! other line ends are read past; another encoding, or another log's checkpoint, is named. So
//! a spoiled side file is never taken for a fault of the log.

use countersign_audit::checkpoint::{self, CheckpointError};

/// Why a file is not read as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotText {
    /// There is nothing in it.
    Empty,
    /// Two bytes a character, as some editors and shells save.
    Utf16,
    /// Some other encoding, or no text.
    NotUtf8,
}

/// What is found, and what to do about it.
impl std::fmt::Display for NotText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty; get it again",
            Self::Utf16 => "it is encoded as UTF-16; save it as UTF-8, or get it again",
            Self::NotUtf8 => "it is not encoded as UTF-8; save it as UTF-8, or get it again",
        })
    }
}

impl std::error::Error for NotText {}

/// The text of a file in UTF-8, without a byte order mark.
///
/// # Errors
/// [`NotText`].
pub fn text(bytes: &[u8]) -> Result<&str, NotText> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.is_empty() {
        return Err(NotText::Empty);
    }
    // Without a mark, the first letter of JSON or of a name still has a zero beside it.
    let is_wide = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]);
    if is_wide {
        return Err(NotText::Utf16);
    }
    std::str::from_utf8(bytes).map_err(|_| NotText::NotUtf8)
}

/// A signed checkpoint as it was published: lines end with a line feed, the last one too. Its
/// text never holds another line end, so nothing that was signed is changed.
#[must_use]
pub fn note(text: &str) -> String {
    let mut note = text.replace("\r\n", "\n");
    if !note.ends_with('\n') {
        note.push('\n');
    }
    note
}

/// Whether a note is a checkpoint of the log that is checked; in words if it is not.
///
/// # Errors
/// What it is instead.
pub fn check_checkpoint(note: &str, log_vkey: &str) -> Result<(), &'static str> {
    checkpoint::verify(note, log_vkey).map(drop).map_err(|error| match error {
        CheckpointError::Unsigned | CheckpointError::Foreign => {
            "it is a checkpoint of another log, or signed by another key"
        }
        CheckpointError::Signature => "it was altered after it was signed; get it again",
        CheckpointError::VerifierKey => "the log's key to check it with cannot be read",
        _ => "it is no signed checkpoint; get it again, as it was published",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_or_its_encoding_named() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        assert_eq!(text(b"{}"), Ok("{}"));
        assert_eq!(text(b"\xef\xbb\xbf{}"), Ok("{}"));
        assert_eq!(text("ü\n".as_bytes()), Ok("ü\n"));
        for text_16 in ["{}", "\u{feff}{}"] {
            assert_eq!(text(&wide(text_16, u16::to_le_bytes)), Err(NotText::Utf16));
            assert_eq!(text(&wide(text_16, u16::to_be_bytes)), Err(NotText::Utf16));
        }
        assert_eq!(text(b"{\"\xfc\"}"), Err(NotText::NotUtf8));
        assert_eq!(text(b"\xef\xbb\xbf"), Err(NotText::Empty));
    }

    #[test]
    fn a_note_gets_its_own_line_ends_back() {
        let published = "log\n3\nroot\n\n\u{2014} log abc=\n";
        for seen in [published, &published.replace('\n', "\r\n"), published.trim_end()] {
            assert_eq!(note(seen), published);
        }
    }
}
