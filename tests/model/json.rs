//! JSON strictly by RFC 8259, without loss: members keep their order, and repeated ones are kept.

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// Infinite if a double cannot hold it.
    Number(f64),
    /// Its UTF-16: an escape may be half of a surrogate pair.
    Text(Vec<u16>),
    List(Vec<Json>),
    Object(Vec<(Vec<u16>, Json)>),
}

impl Json {
    /// Reads one value with nothing after it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            rest: std::str::from_utf8(bytes).ok()?,
            depth: 0,
        };
        let value = reader.value()?;
        reader.skip_space();
        reader.rest.is_empty().then_some(value)
    }

    /// The members of an object. `None` if one is repeated.
    pub(crate) fn members(&self) -> Option<Vec<(String, &Self)>> {
        let Self::Object(members) = self else {
            return None;
        };
        let is_once =
            |name: &Vec<u16>| members.iter().filter(|(other, _)| other == name).count() == 1;
        let named = members
            .iter()
            .map(|(name, value)| (String::from_utf16_lossy(name), value));
        members
            .iter()
            .all(|(name, _)| is_once(name))
            .then(|| named.collect())
    }

    /// The first member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let name: Vec<u16> = name.encode_utf16().collect();
        members
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The text, if it is Unicode.
    pub(crate) fn text(&self) -> Option<String> {
        if let Self::Text(units) = self {
            String::from_utf16(units).ok()
        } else {
            None
        }
    }

    /// Returns true if it is this text.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text().as_deref() == Some(text)
    }

    /// The number of arrays and objects around the innermost value.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => 0,
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(members) => {
                1 + members
                    .iter()
                    .map(|(_, value)| value.depth())
                    .max()
                    .unwrap_or(0)
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Json> {
        self.skip_space();
        match self.rest.chars().next()? {
            'n' => self.take("null").then_some(Json::Null),
            't' => self.take("true").then_some(Json::Bool(true)),
            'f' => self.take("false").then_some(Json::Bool(false)),
            '"' => self.text().map(Json::Text),
            '[' => self.nested(Self::list),
            '{' => self.nested(Self::object),
            _ => self.number(),
        }
    }

    /// The limit is deeper than any accepted body, and protects the stack.
    fn nested(&mut self, read: fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.depth += 1;
        let value = if self.depth < 200 { read(self) } else { None };
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Option<Json> {
        let mut items = Vec::new();
        if self.begins_empty('[', ']')? {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.ends(']')? {
                return Some(Json::List(items));
            }
        }
    }

    fn object(&mut self) -> Option<Json> {
        let mut members = Vec::new();
        if self.begins_empty('{', '}')? {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.text()?;
            self.skip_space();
            self.take(":").then_some(())?;
            members.push((name, self.value()?));
            if self.ends('}')? {
                return Some(Json::Object(members));
            }
        }
    }

    fn begins_empty(&mut self, open: char, close: char) -> Option<bool> {
        self.rest = self.rest.strip_prefix(open)?;
        self.skip_space();
        let rest = self.rest.strip_prefix(close);
        self.rest = rest.unwrap_or(self.rest);
        Some(rest.is_some())
    }

    /// After an item: the end, or a comma.
    fn ends(&mut self, close: char) -> Option<bool> {
        self.skip_space();
        if let Some(rest) = self.rest.strip_prefix(close) {
            self.rest = rest;
            return Some(true);
        }
        self.take(",").then_some(false)
    }

    fn text(&mut self) -> Option<Vec<u16>> {
        self.rest = self.rest.strip_prefix('"')?;
        let mut units = Vec::new();
        loop {
            let c = self.next()?;
            match c {
                '"' => return Some(units),
                '\\' => units.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                _ => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.next()? {
            'u' => {
                let hex = self
                    .rest
                    .get(..4)
                    .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
                self.rest = &self.rest[4..];
                return u16::from_str_radix(hex, 16).ok();
            }
            'b' => 8,
            't' => 9,
            'n' => 10,
            'f' => 12,
            'r' => 13,
            c @ ('"' | '\\' | '/') => c as u16,
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Json> {
        let end = self
            .rest
            .find(|c: char| !"+-.0123456789eE".contains(c))
            .unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = is_digits(whole) && (whole == "0" || !whole.starts_with('0'));
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        self.rest = rest;
        (is_whole && is_digits(fraction) && is_digits(exponent))
            .then(|| number.parse().map(Json::Number).ok())?
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }
}
