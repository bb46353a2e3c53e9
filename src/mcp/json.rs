//! JSON read strictly and without building values: only what is asked for is kept, borrowed from the body
//! where it can be, and an object remembers whether its keys can be trusted.

use std::{borrow::Cow, collections::HashSet, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use smallvec::SmallVec;

use super::{refusal, spelling};
use crate::domain::Refusal;

/// A member of an object: not there, of the type that is wanted, or of another type.
#[derive(Debug, Default)]
pub(super) enum Value<T> {
    #[default]
    Absent,
    Is(T),
    Other,
}

impl<T> Value<T> {
    /// The value, if it is there and of the right type.
    pub(super) fn ok(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Other => None,
        }
    }
}

/// Which JSON types make a `Self`. `None`, and what is not implemented, is [`Value::Other`].
pub(super) trait Shape<'de>: Sized {
    fn text(_text: Cow<'de, str>) -> Option<Self> {
        None
    }

    fn number(_is_integer: bool) -> Option<Self> {
        None
    }

    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Option<Self>, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// The members of an object that are kept.
pub(super) trait Members<'de>: Default {
    /// Keys that must not occur in another spelling, beside those that must not anywhere.
    const WATCHED: &'static [&'static str];

    /// Reads the value of `key` from `object`, whatever the key is.
    fn take<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error>;
}

/// An object, and the first thing that is wrong with its keys. That is told only when the object is looked
/// at, so that a body which is no JSON at all is always called that.
#[derive(Debug)]
pub(super) struct Object<T> {
    members: T,
    fault: Option<Refusal>,
}

impl<T> Object<T> {
    /// The members, if each key occurs once and none could be taken for another.
    pub(super) fn checked(self) -> Result<T, Refusal> {
        self.fault.map_or(Ok(self.members), Err)
    }
}

impl<'de, T: Members<'de>> Shape<'de> for Object<T> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let (mut members, mut keys, mut fault) = (T::default(), Keys::default(), None);
        while let Some(Key(key)) = object.next_key()? {
            members.take(&key, &mut object)?;
            if fault.is_none() {
                fault = keys.add(key, T::WATCHED).err();
            }
        }
        Ok(Some(Self { members, fault }))
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

/// A key after decoding: `"\u006dethod"` is `method`.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Value::deserialize(deserializer)?.ok();
        key.map(Self).ok_or_else(|| D::Error::custom("a key is a string"))
    }
}

/// The keys of one object so far. The usual few are compared one by one; beyond them a hash set with a
/// random seed keeps a body of a million keys from costing a million squared.
#[derive(Default)]
struct Keys<'de> {
    few: SmallVec<[Cow<'de, str>; FEW_KEYS]>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    fn add(&mut self, key: Cow<'de, str>, watched: &[&str]) -> Result<(), Refusal> {
        if spelling::is_deceptive(&key, watched) {
            return Err(refusal::malformed("a key could be taken for another key"));
        }
        if self.insert(key) { Ok(()) } else { Err(refusal::malformed("a key occurs twice")) }
    }

    /// Whether the key is new.
    fn insert(&mut self, key: Cow<'de, str>) -> bool {
        if self.few.contains(&key) {
            return false;
        }
        if self.few.len() < FEW_KEYS {
            self.few.push(key);
            return true;
        }
        self.many.insert(key)
    }
}

/// Reads a whole body as one JSON text (RFC 8259).
///
/// # Errors
/// When it is not UTF-8, begins with a byte order mark, is nested too deep, is no JSON or goes on after it.
pub(super) fn parse<'de, T: Shape<'de>>(body: &'de [u8]) -> Result<Value<T>, Refusal> {
    let text = str::from_utf8(body).map_err(|_| refusal::not_json("the body is not UTF-8"))?;
    if text.starts_with('\u{feff}') {
        return Err(refusal::not_json("the body begins with a byte order mark"));
    }
    if is_too_deep(body) {
        return Err(refusal::malformed("the body is nested deeper than 64"));
    }
    serde_json::from_str(text).map_err(|_| refusal::not_json("the body is not one JSON text"))
}

/// The first `max` elements of an array, and whether there are more. The rest is read over.
pub(super) fn take_elements<'a, T: Shape<'a>, A: SeqAccess<'a>>(
    array: &mut A,
    max: usize,
) -> Result<(Vec<Value<T>>, bool), A::Error> {
    let mut elements = Vec::new();
    while elements.len() < max {
        let Some(element) = array.next_element()? else { return Ok((elements, false)) };
        elements.push(element);
    }
    let mut has_more = false;
    while array.next_element::<IgnoredAny>()?.is_some() {
        has_more = true;
    }
    Ok((elements, has_more))
}

/// Reads over the value of a key that is there; always true.
pub(super) fn skip<'a, A: MapAccess<'a>>(object: &mut A) -> Result<bool, A::Error> {
    object.next_value::<IgnoredAny>()?;
    Ok(true)
}

/// Whether objects and arrays are nested deeper than [`MAX_DEPTH`]. Most bodies have fewer brackets than
/// that altogether, so the exact count, which must know strings from structure, is rarely made.
fn is_too_deep(body: &[u8]) -> bool {
    // Small sums of small pieces: many bytes at a time for the compiler.
    let in_piece = |piece: &[u8]| {
        let brackets: u8 = piece.iter().map(|byte| u8::from(matches!(byte, b'{' | b'['))).sum();
        usize::from(brackets)
    };
    let brackets: usize = body.chunks(usize::from(u8::MAX)).map(in_piece).sum();
    brackets > MAX_DEPTH && depth(body) > MAX_DEPTH
}

/// How deep a JSON text is nested.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0_usize);
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// How deep objects and arrays of a body may be nested.
const MAX_DEPTH: usize = 64;

const FEW_KEYS: usize = 16;
