//! One header of a request: absent, with one value, or repeated.

/// One header field of the original request. A repeated field is a separate case, because the server may use
/// another of its values than scopegate would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field<'a> {
    /// The request does not have the header.
    #[default]
    Absent,
    /// One value, with its raw bytes.
    One(&'a [u8]),
    /// Two or more values.
    Repeated,
}

impl<'a> Field<'a> {
    /// The field with all values of one name, in any order.
    pub fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    /// Whether there is at least one value.
    #[must_use]
    pub fn is_present(self) -> bool {
        self != Self::Absent
    }
}
