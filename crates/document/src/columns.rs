//! The run-length encodings of Automerge's columns, walked without building what they stand
//! for: a few bytes can say "a thousand million times the same".
//!
//! Format: <https://automerge.org/automerge-binary-format-spec/>.

use crate::change::ChangeError;

/// Bytes that are read from front to back.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Whether everything was read.
    pub(crate) const fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: u64) -> Result<&'a [u8], ChangeError> {
        let count = usize::try_from(count).map_err(|_| ChangeError::Malformed(ENDS))?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ChangeError::Malformed(ENDS))?;
        self.0 = rest;
        Ok(taken)
    }

    /// An unsigned LEB128 number.
    pub(crate) fn unsigned(&mut self) -> Result<u64, ChangeError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take(1)? else { return Err(ChangeError::Malformed(ENDS)) };
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ChangeError::Malformed("a number is too long"))
    }

    /// An unsigned number that is at most `most`.
    pub(crate) fn at_most(&mut self, most: u64, what: &'static str) -> Result<u64, ChangeError> {
        let number = self.unsigned()?;
        if number <= most { Ok(number) } else { Err(ChangeError::TooLarge(what)) }
    }

    /// A signed LEB128 number.
    pub(crate) fn signed(&mut self) -> Result<i64, ChangeError> {
        let mut number = 0_i64;
        for shift in (0..63).step_by(7) {
            let [byte] = self.take(1)? else { return Err(ChangeError::Malformed(ENDS)) };
            number |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let unused = 64 - (shift + 7);
                // The sign is the highest bit that was given.
                return Ok(number << unused >> unused);
            }
        }
        Err(ChangeError::Malformed("a number is too long"))
    }
}

const ENDS: &str = "the bytes end too early";
/// Counters of operations and lengths stay far below what their arithmetic can hold.
const MAX_NUMBER: u64 = 1 << 31;

/// Walks a run-length encoded column: `each` gets every value (none for a run of nulls) with
/// how often it occurs. Returns how many items there are, at most `most`.
pub(crate) fn each_run<'a, T: Copy>(
    column: &'a [u8],
    most: u64,
    read: impl Fn(&mut Cursor<'a>) -> Result<T, ChangeError>,
    mut each: impl FnMut(Option<T>, u64) -> Result<(), ChangeError>,
) -> Result<u64, ChangeError> {
    let mut cursor = Cursor(column);
    let mut items = 0_u64;
    while !cursor.is_done() {
        let length = cursor.signed()?;
        let count = if length == 0 { cursor.unsigned()? } else { length.unsigned_abs() };
        items = items.saturating_add(count);
        if items > most {
            return Err(ChangeError::TooLarge("operations"));
        }
        match length {
            0 => each(None, count)?,
            1.. => each(Some(read(&mut cursor)?), count)?,
            _ => {
                for _ in 0..count {
                    each(Some(read(&mut cursor)?), 1)?;
                }
            }
        }
    }
    Ok(items)
}

/// A number of a column.
pub(crate) fn number(cursor: &mut Cursor<'_>) -> Result<u64, ChangeError> {
    cursor.at_most(MAX_NUMBER, "a number")
}

/// A difference of a column.
pub(crate) fn difference(cursor: &mut Cursor<'_>) -> Result<i64, ChangeError> {
    let difference = cursor.signed()?;
    // Times stand in columns too, in milliseconds.
    if difference.unsigned_abs() > 1 << 48 {
        return Err(ChangeError::TooLarge("a number"));
    }
    Ok(difference)
}

/// A text of a column, in bytes.
pub(crate) fn text<'a>(cursor: &mut Cursor<'a>, most: usize) -> Result<&'a [u8], ChangeError> {
    let length = cursor.at_most(most as u64, "a key")?;
    cursor.take(length)
}

/// Walks a column of truth values: how many there are, and how many of them are true.
pub(crate) fn truths(column: &[u8], most: u64) -> Result<(u64, u64), ChangeError> {
    let mut cursor = Cursor(column);
    let (mut items, mut of_truth, mut truth) = (0_u64, 0_u64, false);
    while !cursor.is_done() {
        let count = cursor.unsigned()?;
        items = items.saturating_add(count);
        if items > most {
            return Err(ChangeError::TooLarge("operations"));
        }
        of_truth += if truth { count } else { 0 };
        truth = !truth;
    }
    Ok((items, of_truth))
}

/// One column's place in the list that stands before the columns.
pub(crate) struct Column<'a> {
    /// Which column it is: id, whether it is compressed, type.
    pub(crate) spec: u64,
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
}

/// Marks a compressed column.
const DEFLATE: u64 = 0b1000;
/// More columns than any version of the format has.
const MAX_COLUMNS: u64 = 64;

/// Reads the list of columns: what each is and how long.
pub(crate) fn column_list(cursor: &mut Cursor<'_>) -> Result<Vec<(u64, u64)>, ChangeError> {
    let count = cursor.at_most(MAX_COLUMNS, "columns")?;
    let mut list: Vec<(u64, u64)> = Vec::new();
    for _ in 0..count {
        let (spec, length) = (cursor.unsigned()?, cursor.unsigned()?);
        if spec & DEFLATE != 0 {
            return Err(ChangeError::Compressed);
        }
        if list.last().is_some_and(|(before, _)| *before >= spec) {
            return Err(ChangeError::Malformed("columns are out of order"));
        }
        list.push((spec, length));
    }
    Ok(list)
}

/// Reads the columns of a list.
pub(crate) fn columns<'a>(
    cursor: &mut Cursor<'a>,
    list: &[(u64, u64)],
) -> Result<Vec<Column<'a>>, ChangeError> {
    let read = |&(spec, length): &(u64, u64)| Ok(Column { spec, bytes: cursor.take(length)? });
    list.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_leb128() {
        let unsigned = |bytes: &[u8]| Cursor(bytes).unsigned();
        assert_eq!(unsigned(&[0x7f]).unwrap(), 127);
        assert_eq!(unsigned(&[0x81, 0x01]).unwrap(), 129);
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(unsigned(&most).unwrap(), u64::MAX);
        assert!(unsigned(&[0xff; 10]).is_err());
        assert!(unsigned(&[0x80]).is_err());
        let signed = |bytes: &[u8]| Cursor(bytes).signed();
        assert_eq!(signed(&[0x7f]).unwrap(), -1);
        assert_eq!(signed(&[0x3f]).unwrap(), 63);
        assert_eq!(signed(&[0x80, 0x7f]).unwrap(), -128);
        assert!(signed(&[0x80; 10]).is_err());
    }

    #[test]
    fn a_short_column_that_stands_for_much_is_refused() {
        let count = |column: &[u8]| each_run(column, 1_000, number, |_, _| Ok(()));
        // A run of 2^56, of nulls as well; a literal run that says it is longer than it is.
        let long = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
        assert!(count(&[&long[..], &[7]].concat()).is_err());
        assert!(count(&[&[0], &long[..]].concat()).is_err());
        assert!(count(&[0x7d, 1, 2]).is_err());
        assert_eq!(count(&[0x7d, 1, 2, 3, 0x05, 9, 0x00, 0x02]).unwrap(), 10);
        assert!(truths(&long, 1_000).is_err());
        assert_eq!(truths(&[3, 2, 1], 1_000).unwrap(), (6, 2));
    }
}
