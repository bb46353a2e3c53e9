//! The sampling ratio: the share of requests that is logged or traced.

/// A ratio from 0 (none) to 1 (all), to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplingRatio {
    /// The ratio in parts of [`WHOLE`].
    parts: u32,
}

impl SamplingRatio {
    /// None of the requests.
    pub const NONE: Self = Self { parts: 0 };

    /// All requests.
    pub const ALL: Self = Self { parts: WHOLE };

    /// The ratio of a number from 0 to 1, rounded to a millionth; `None` for any other number. A
    /// number above 0 becomes at least a millionth.
    #[must_use]
    pub fn of(number: f64) -> Option<Self> {
        let is_ratio = (0.0..=1.0).contains(&number);
        let parts = (number * f64::from(WHOLE)).round() as u32;
        is_ratio.then_some(Self {
            parts: if number > 0.0 { parts.max(1) } else { 0 },
        })
    }

    /// The ratio as a number from 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.parts) / f64::from(WHOLE)
    }

    /// Decides at random whether the next request is sampled.
    #[must_use]
    pub fn includes_next(self) -> bool {
        match self.parts {
            0 => false,
            WHOLE => true,
            parts => fastrand::u32(..WHOLE) < parts,
        }
    }
}

const WHOLE: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_a_number_from_0_to_1() {
        assert_eq!(SamplingRatio::of(0.0), Some(SamplingRatio::NONE));
        assert_eq!(SamplingRatio::of(1.0), Some(SamplingRatio::ALL));
        assert_eq!(
            SamplingRatio::of(0.01),
            Some(SamplingRatio { parts: 10_000 })
        );
        assert_eq!(SamplingRatio::of(1e-12), Some(SamplingRatio { parts: 1 }));
        for number in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(SamplingRatio::of(number), None, "{number}");
        }
    }

    #[test]
    fn none_and_all_leave_nothing_to_chance() {
        assert!(
            (0..1000).all(|_| SamplingRatio::ALL.includes_next() && !SamplingRatio::NONE.includes_next())
        );
        fastrand::seed(7);
        let included = (0..100_000)
            .filter(|_| SamplingRatio::of(0.1).unwrap().includes_next())
            .count();
        assert!((9_000..11_000).contains(&included), "{included}");
    }
}
