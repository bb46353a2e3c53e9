//! What a request shows under one header name: nothing, one value, or more than one.

/// One header field of the original request. A repeated field is a value of its own, since whoever reads
/// the request next may take another of the repetitions than we did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field<'a> {
    /// No such header.
    #[default]
    Absent,
    /// Exactly one, its bytes as they came.
    One(&'a [u8]),
    /// Two or more.
    Repeated,
}

impl<'a> Field<'a> {
    /// The field made of all values under one name, in any order.
    pub fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    /// Whether any value is there.
    #[must_use]
    pub fn is_present(self) -> bool {
        self != Self::Absent
    }
}
