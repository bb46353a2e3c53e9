//! A span. It is created when the work that it describes has ended.

use std::time::Duration;

use bytes::Bytes;

use super::{
    otlp_message::{ERROR, HAS_IS_REMOTE, IS_REMOTE, KeyValue, SpanMessage, StatusMessage, Value},
    sampler::SpanContext,
};

/// A span with its attributes. The caller redacts text from outside before adding it.
#[derive(Clone, Debug)]
pub struct Span(pub(super) SpanMessage);

/// The role of this process in the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum SpanKind {
    /// It worked for itself.
    Internal = 1,
    /// It answered a request.
    Server = 2,
    /// It sent a request.
    Client = 3,
}

impl Span {
    /// A span of `duration` that ends at `end`, a time since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn new(
        context: SpanContext,
        name: Bytes,
        kind: SpanKind,
        end: Duration,
        duration: Duration,
    ) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let is_remote = if context.parent.is_some() {
            IS_REMOTE
        } else {
            0
        };
        Self(SpanMessage {
            trace_id: context.trace_id.to_be_bytes().to_vec(),
            span_id: context.span_id.to_be_bytes().to_vec(),
            trace_state: context.trace_state,
            parent_span_id: context
                .parent
                .map(|id| id.to_be_bytes().to_vec())
                .unwrap_or_default(),
            name,
            kind: kind as i32,
            start_time_unix_nano: nanos(end.saturating_sub(duration)),
            end_time_unix_nano: nanos(end),
            attributes: Vec::with_capacity(USUAL_ATTRIBUTES),
            status: None,
            flags: SAMPLED | HAS_IS_REMOTE | is_remote,
        })
    }

    /// Adds a constant text, without a copy.
    pub fn word(&mut self, key: &'static str, value: &'static str) {
        self.add(key, Value::Text(Bytes::from_static(value.as_bytes())));
    }

    /// Adds a text.
    pub fn text(&mut self, key: &'static str, value: String) {
        self.add(key, Value::Text(Bytes::from(value)));
    }

    /// Adds a number.
    pub fn number(&mut self, key: &'static str, value: impl Into<i64>) {
        self.add(key, Value::Number(value.into()));
    }

    /// Marks the span as failed. `reason` becomes `error.type` and must come from a small set.
    pub fn fail(&mut self, reason: &'static str) {
        self.word("error.type", reason);
        self.0.status = Some(StatusMessage { code: ERROR });
    }

    fn add(&mut self, key: &'static str, value: Value) {
        self.0.attributes.push(KeyValue::new(key, value));
    }
}

#[cfg(test)]
impl Span {
    pub(crate) fn name(&self) -> String {
        String::from_utf8(self.0.name.to_vec()).unwrap()
    }

    /// An attribute as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        let attribute = self
            .0
            .attributes
            .iter()
            .find(|attribute| attribute.key == key)?;
        Some(match attribute.value.as_ref()?.value.as_ref()? {
            Value::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            Value::Number(number) => number.to_string(),
        })
    }
}

const SAMPLED: u32 = 1;

const USUAL_ATTRIBUTES: usize = 18;
