//! Predictions, confidences and attributions: exact to a millionth, never NaN.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A dimensionless number kept as whole millionths.
///
/// JSON is an ordinary number such as `0.12`; more than six decimals are refused,
/// so that what was read is exactly what is shown and signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ratio {
    millionths: i64,
}

/// Why a number is not a usable ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable ratio: expected a finite number within ±1,000,000 with at most six decimals")]
pub struct RatioError;

/// Within this bound every millionth survives the way through an IEEE double.
const LIMIT_MILLIONTHS: i64 = 1_000_000_000_000;

impl Ratio {
    /// A ratio of whole millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self { millionths }
    }

    /// Whole millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.millionths
    }

    /// For charts and text; never for arithmetic on money.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // |millionths| <= 1e12 is exact in a double
    pub fn as_f64(self) -> f64 {
        self.millionths as f64 / 1_000_000.0
    }

    /// Reads a number.
    ///
    /// # Errors
    /// [`RatioError`] for NaN, infinities, over six decimals, or more than ±1,000,000.
    #[allow(clippy::cast_possible_truncation)] // bounded by the check before the cast
    pub fn from_f64(number: f64) -> Result<Self, RatioError> {
        let scaled = (number * 1_000_000.0).round();
        #[allow(clippy::cast_precision_loss)]
        if !scaled.is_finite() || scaled.abs() > LIMIT_MILLIONTHS as f64 {
            return Err(RatioError);
        }
        let ratio = Self { millionths: scaled as i64 };
        #[allow(clippy::float_cmp)] // exactness is the point: the same double must come back
        if ratio.as_f64() == number { Ok(ratio) } else { Err(RatioError) }
    }
}

/// A percentage such as `+12 %` or `-3.5 %`; up to four decimals, none trailing.
impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.millionths < 0 { "-" } else { "" };
        let parts = self.millionths.unsigned_abs();
        let (whole, part) = (parts / 10_000, format!("{:04}", parts % 10_000));
        match part.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole} %"),
            part => write!(f, "{sign}{whole}.{part} %"),
        }
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.millionths % 1_000_000 == 0 {
            serializer.serialize_i64(self.millionths / 1_000_000)
        } else {
            serializer.serialize_f64(self.as_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_f64(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_numbers_are_refused() {
        for bad in [f64::NAN, f64::INFINITY, 0.123_456_7, 1e13, 1.0 / 3.0] {
            assert_eq!(Ratio::from_f64(bad), Err(RatioError), "{bad}");
        }
        assert_eq!(Ratio::from_f64(0.12).unwrap().to_string(), "12 %");
        assert_eq!(Ratio::from_f64(-0.0355).unwrap().to_string(), "-3.55 %");
    }

    proptest! {
        #[test]
        fn json_round_trip(millionths in -1_000_000_000_000i64..=1_000_000_000_000) {
            let ratio = Ratio::from_millionths(millionths);
            let text = serde_json::to_string(&ratio).unwrap();
            prop_assert_eq!(serde_json::from_str::<Ratio>(&text).unwrap(), ratio);
        }
    }
}
