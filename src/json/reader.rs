//! Reads a body in one pass without building values: it keeps only the members that a caller names, borrowed from the
//! body where possible, and notes the first fault among each object's keys.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    depth::is_too_deep,
    member_name::{KeysSeen, Text},
};

/// A member of an object: absent, of the wanted type, or of another type.
#[derive(Debug, Default)]
pub enum Value<T> {
    /// The object does not have the member.
    #[default]
    Absent,
    /// The member has the wanted type.
    Is(T),
    /// The member has another type.
    Other,
}

impl<T> Value<T> {
    /// The value, if the member is there and of the wanted type.
    pub fn ok(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Other => None,
        }
    }
}

/// Which JSON types make a `Self`. `None`, and each type without a method of its own, becomes [`Value::Other`].
pub trait Shape<'de>: Sized {
    /// From a string.
    fn text(_text: Cow<'de, str>) -> Option<Self> {
        None
    }

    /// From a number.
    fn number(_is_integer: bool) -> Option<Self> {
        None
    }

    /// From an array.
    ///
    /// # Errors
    /// When the array is not well-formed JSON.
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Option<Self>, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// From an object.
    ///
    /// # Errors
    /// When the object is not well-formed JSON.
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// The members of one kind of object, each read into a field of its type.
pub trait TypedMembers<'de>: Default {
    /// Returns true for a key that another parser could take for a different key. Which keys these are depends on the
    /// protocol, not on JSON.
    fn is_deceptive(key: &str) -> bool;

    /// Reads the value of `key`. It must consume one value of `object` for every key, also for one it does not know.
    ///
    /// # Errors
    /// When the value is not well-formed JSON.
    fn take<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error>;
}

/// What is wrong with the keys of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// A key could be taken for another key.
    Deceptive,
    /// A key occurs twice.
    Repeated,
}

/// An object and the first fault among its keys. The fault surfaces only when a caller looks at the object, so that a
/// body which is not JSON is always rejected for that reason.
#[derive(Debug)]
pub struct Object<T> {
    members: T,
    fault: Option<KeyFault>,
}

impl<T> Object<T> {
    /// The members.
    ///
    /// # Errors
    /// When a key occurs twice, or could be taken for another key.
    pub fn checked(self) -> Result<T, KeyFault> {
        self.fault.map_or(Ok(self.members), Err)
    }
}

impl<'de, T: TypedMembers<'de>> Shape<'de> for Object<T> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let (mut members, mut keys, mut fault) = (T::default(), KeysSeen::default(), None);
        while let Some(Text(key)) = object.next_key()? {
            members.take(&key, &mut object)?;
            if fault.is_none() {
                fault = find_fault::<T>(key, &mut keys);
            }
        }
        Ok(Some(Self { members, fault }))
    }
}

fn find_fault<'de, T: TypedMembers<'de>>(
    key: Cow<'de, str>,
    keys: &mut KeysSeen<'de>,
) -> Option<KeyFault> {
    if T::is_deceptive(&key) {
        return Some(KeyFault::Deceptive);
    }
    if keys.insert(key) {
        None
    } else {
        Some(KeyFault::Repeated)
    }
}

impl<'de> Shape<'de> for Cow<'de, str> {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl<'de, T: Shape<'de>> Deserialize<'de> for Value<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(ShapeVisitor(PhantomData))?;
        Ok(value.map_or(Self::Other, Self::Is))
    }
}

struct ShapeVisitor<T>(PhantomData<T>);

impl<'de, T: Shape<'de>> Visitor<'de> for ShapeVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, _number: u64) -> Result<Self::Value, E> {
        Ok(T::number(true))
    }

    fn visit_i64<E: Error>(self, _number: i64) -> Result<Self::Value, E> {
        Ok(T::number(true))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(T::number(number.fract() == 0.0))
    }

    fn visit_bool<E: Error>(self, _flag: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        T::array(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::object(object)
    }
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is not UTF-8.
    NotUtf8,
    /// It begins with a byte order mark, which RFC 8259 §8.1 forbids.
    ByteOrderMark,
    /// Its objects and arrays are nested deeper than 64.
    TooDeep,
    /// It is not one JSON text.
    NotJson,
}

/// Reads a whole body as one JSON text (RFC 8259).
///
/// # Errors
/// When the body is not one, or is nested too deep.
pub fn parse_body<'de, T: Shape<'de>>(body: &'de [u8]) -> Result<Value<T>, BodyError> {
    let text = str::from_utf8(body).map_err(|_| BodyError::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(BodyError::ByteOrderMark);
    }
    if is_too_deep(body) {
        return Err(BodyError::TooDeep);
    }
    serde_json::from_str(text).map_err(|_| BodyError::NotJson)
}

/// The first `max` elements of an array, and whether it has more. The rest is skipped.
///
/// # Errors
/// When the array is not well-formed JSON.
pub fn take_elements<'a, T: Shape<'a>, A: SeqAccess<'a>>(
    array: &mut A,
    max: usize,
) -> Result<(Vec<Value<T>>, bool), A::Error> {
    let mut elements = Vec::new();
    while elements.len() < max {
        let Some(element) = array.next_element()? else {
            return Ok((elements, false));
        };
        elements.push(element);
    }
    let mut has_more = false;
    while array.next_element::<IgnoredAny>()?.is_some() {
        has_more = true;
    }
    Ok((elements, has_more))
}

/// Skips the value of a key. Always returns true: the key was there.
///
/// # Errors
/// When the value is not well-formed JSON.
pub fn skip<'a, A: MapAccess<'a>>(object: &mut A) -> Result<bool, A::Error> {
    object.next_value::<IgnoredAny>()?;
    Ok(true)
}
