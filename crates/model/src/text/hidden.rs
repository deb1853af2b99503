//! Which characters hide something, and what excuses those that writing needs. The properties
//! are Unicode's own, from ICU's data.

use super::Hidden;
use icu_properties::{
    props::{
        BinaryProperty as _, CanonicalCombiningClass, EmojiModifier, EnumeratedProperty as _,
        ExtendedPictographic, JoiningType, Script,
    },
    script::ScriptWithExtensions,
};

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';

/// Scripts in whose words a joiner or a non-joiner may stand between two characters: cursive
/// ones, where letters are kept apart, and those of India and its neighbours, where it says
/// how a cluster is formed. In those, a joiner that changes nothing is a spelling.
const JOINING: [Script; 26] = [
    Script::Arabic,
    Script::Syriac,
    Script::Mongolian,
    Script::Nko,
    Script::Mandaic,
    Script::Adlam,
    Script::HanifiRohingya,
    Script::PhagsPa,
    Script::Devanagari,
    Script::Bengali,
    Script::Gurmukhi,
    Script::Gujarati,
    Script::Oriya,
    Script::Tamil,
    Script::Telugu,
    Script::Kannada,
    Script::Malayalam,
    Script::Sinhala,
    Script::Khmer,
    Script::Myanmar,
    Script::Tibetan,
    Script::Balinese,
    Script::Javanese,
    Script::MeeteiMayek,
    Script::Newa,
    Script::Chakma,
];

/// A hidden character of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) character: char,
    pub(super) kind: Hidden,
    /// Which character of the text it is, from 1.
    pub(super) position: usize,
    /// Its first byte, from 0.
    pub(super) at: usize,
}

/// Every character that hides something where it stands, in order.
pub(super) fn all(text: &str) -> impl Iterator<Item = Found> {
    find(text, false)
}

/// As [`all`], for a text of one line.
pub(super) fn all_in_line(text: &str) -> impl Iterator<Item = Found> {
    find(text, true)
}

fn find(text: &str, one_line: bool) -> impl Iterator<Item = Found> {
    let mut before = None;
    text.char_indices().zip(1..).filter_map(move |((at, character), position)| {
        let last = before.replace(character);
        let kind = match hidden(character) {
            Some(_) if is_excused(character, last, text, at) => None,
            kind => kind,
        };
        let breaks = one_line && matches!(character, '\n' | '\t' | '\r');
        let kind = kind.or_else(|| breaks.then_some(Hidden::Break));
        kind.map(|kind| Found { character, kind, position, at })
    })
}

/// What is wrong with a character where nothing beside it excuses it, if anything.
#[must_use]
pub const fn hidden(character: char) -> Option<Hidden> {
    match character {
        '\n' | '\t' => None,
        // C0, DEL and C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Some(Hidden::Control),
        // Line and paragraph separator break lines where no reader expects it.
        '\u{2028}' | '\u{2029}' => Some(Hidden::Control),
        // Arabic letter mark, the two marks, embeddings and overrides, isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Hidden::Reordering)
        }
        // Soft hyphen; joiners and fillers; the zero widths; invisible operators and old
        // format characters; byte order mark; annotations; shorthand and musical formats.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' => Some(Hidden::Invisible),
        // Variation selectors choose how the character before them looks; a row of them, like
        // tags, carries whole messages unseen.
        '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' => Some(Hidden::Invisible),
        _ => None,
    }
}

/// Whether what stands beside a character gives it something to do.
fn is_excused(character: char, before: Option<char>, text: &str, at: usize) -> bool {
    let after = text[at..].chars().nth(1);
    let is_mongolian = |one: Option<char>| one.is_some_and(|one| is_in(one, Script::Mongolian));
    match character {
        '\r' => after == Some('\n'),
        '\u{fe00}'..='\u{fe0f}' => {
            before.is_some_and(|one| hidden(one).is_none() && !one.is_whitespace())
        }
        '\u{180e}' => is_mongolian(before) && is_mongolian(after),
        '\u{180b}'..='\u{180f}' => is_mongolian(before) && before.and_then(hidden).is_none(),
        NON_JOINER => joins_cluster(before, after),
        JOINER => {
            joins_cluster(before, after)
                || changes_shape(before, after)
                || joins_emoji(&text[..at], after)
        }
        _ => false,
    }
}

/// Within a word of a script that uses joiners, or after a virama (RFC 5892, appendix A).
fn joins_cluster(before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before.filter(|one| hidden(*one).is_none()) else { return false };
    let virama = CanonicalCombiningClass::for_char(before) == CanonicalCombiningClass::Virama;
    let in_word = |after: char| {
        hidden(after).is_none()
            && JOINING.iter().any(|script| is_in(before, *script) && is_in(after, *script))
    };
    virama || after.is_some_and(in_word)
}

/// Beside a cursive letter, whose form it changes.
fn changes_shape(before: Option<char>, after: Option<char>) -> bool {
    let joins = |one: Option<char>, side: JoiningType| {
        let joining = one.map(JoiningType::for_char);
        joining == Some(JoiningType::DualJoining) || joining == Some(side)
    };
    joins(before, JoiningType::LeftJoining) || joins(after, JoiningType::RightJoining)
}

/// Between two pictures (UAX #29, GB11).
fn joins_emoji(before: &str, after: Option<char>) -> bool {
    let is_picture = |one: Option<char>| one.is_some_and(ExtendedPictographic::for_char);
    let mut before = before.chars().rev();
    let last = before.find(|one| *one != '\u{fe0f}' && !EmojiModifier::for_char(*one));
    is_picture(after) && is_picture(last)
}

fn is_in(character: char, script: Script) -> bool {
    ScriptWithExtensions::new().has_script(character, script)
}
