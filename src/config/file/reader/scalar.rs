//! Reads scalars other than texts: flags, numbers, sizes, durations and words.

use std::{ops::RangeInclusive, time::Duration};

use config::{Value, ValueKind};

use super::{Reader, text::Replaced};
use crate::{
    config::{
        mistake::shown,
        units::{parse_duration, parse_size, written_size},
    },
    telemetry::SamplingRatio,
};

impl Reader<'_> {
    pub(in crate::config) fn flag(&mut self, path: &str, value: &Value) -> Option<bool> {
        let expected = "`true` or `false`";
        if let ValueKind::Boolean(flag) = value.kind {
            return Some(flag);
        }
        let text = self.text(path, value, expected)?;
        let flag = text.text.parse().ok().filter(|_| text.is_outside);
        self.or_mistake(path, flag, &text, expected)
    }

    pub(in crate::config) fn ratio(&mut self, path: &str, value: &Value) -> Option<SamplingRatio> {
        let expected = "`true`, `false`, or a number from 0 to 1";
        let of_flag = |is_all| {
            if is_all {
                SamplingRatio::ALL
            } else {
                SamplingRatio::NONE
            }
        };
        if let ValueKind::Boolean(is_all) = value.kind {
            return Some(of_flag(is_all));
        }
        if let Some(number) = number(value) {
            let share = SamplingRatio::of(number);
            if share.is_none() {
                self.report.mistake(path, format!("`{number}`"), expected);
            }
            return share;
        }
        let text = self.text(path, value, expected)?;
        let share = match text.text.as_str() {
            "true" | "false" => Some(of_flag(text.text == "true")),
            number => number.parse().ok().and_then(SamplingRatio::of),
        };
        self.or_mistake(path, share.filter(|_| text.is_outside), &text, expected)
    }

    pub(in crate::config) fn number(
        &mut self,
        path: &str,
        range: &RangeInclusive<usize>,
        value: &Value,
    ) -> Option<usize> {
        let expected = "a whole number, 0 or more";
        let number = match whole(value) {
            Some(number) => number,
            None => {
                let text = self.text(path, value, expected)?;
                let number = text.text.parse().ok().filter(|_| text.is_outside);
                self.or_mistake(path, number, &text, expected)?
            }
        };
        self.within(path, number, range, "a number", |number| number.to_string())
    }

    pub(in crate::config) fn size(
        &mut self,
        path: &str,
        range: &RangeInclusive<usize>,
        value: &Value,
    ) -> Option<usize> {
        let expected = "a number of bytes, or a size such as `512 KiB` or `4 MiB`";
        let size = match whole(value) {
            Some(number) => number,
            None => {
                let text = self.text(path, value, expected)?;
                let size = parse_size(&text.text).and_then(|size| usize::try_from(size).ok());
                self.or_mistake(path, size, &text, expected)?
            }
        };
        self.within(path, size, range, "a size", written_size)
    }

    pub(in crate::config) fn duration(&mut self, path: &str, value: &Value) -> Option<Duration> {
        let expected = "a duration such as `30s`, `1m` or `150ms`";
        let text = self.text(path, value, expected)?;
        self.or_mistake(path, parse_duration(&text.text), &text, expected)
    }

    /// Checks that a value is within its range.
    pub(in crate::config) fn within<T: PartialOrd + Copy>(
        &mut self,
        path: &str,
        value: T,
        range: &RangeInclusive<T>,
        what: &str,
        written: impl Fn(T) -> String,
    ) -> Option<T> {
        if range.contains(&value) {
            return Some(value);
        }
        let bound = |bound: &T| {
            if what == "a number" {
                written(*bound)
            } else {
                format!("`{}`", written(*bound))
            }
        };
        let expected = format!(
            "{what} from {} to {}",
            bound(range.start()),
            bound(range.end())
        );
        self.report
            .mistake(path, format!("`{}`", written(value)), expected);
        None
    }

    pub(in crate::config) fn choice(
        &mut self,
        path: &str,
        words: &[&str],
        value: &Value,
    ) -> Option<String> {
        let expected = one_of(words);
        let text = self.text(path, value, &expected)?.text;
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        self.report.mistake(path, shown(&text), expected);
        None
    }

    pub(in crate::config) fn or_mistake<T>(
        &mut self,
        path: &str,
        value: Option<T>,
        text: &Replaced,
        expected: &str,
    ) -> Option<T> {
        if value.is_none() {
            self.report
                .mistake(path, format!("the text {}", shown(&text.text)), expected);
        }
        value
    }
}

fn whole(value: &Value) -> Option<usize> {
    if let ValueKind::I64(number) = value.kind {
        usize::try_from(number).ok()
    } else {
        None
    }
}

fn number(value: &Value) -> Option<f64> {
    if let ValueKind::Float(number) = value.kind {
        Some(number)
    } else {
        whole(value).map(|n| n as f64)
    }
}

/// `a`, `b` or `c`.
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
