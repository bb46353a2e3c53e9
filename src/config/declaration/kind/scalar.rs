//! Kinds of scalars: flags, numbers, sizes, durations, words and texts.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    config::{
        declaration::{
            key::{Kind, Preset},
            shape::{Form, Shape},
        },
        file::section::Node,
        units::{written_duration, written_size},
    },
    telemetry::SamplingRatio,
};

/// `true` or `false`.
pub(in crate::config) struct Flag(Option<bool>);

impl Flag {
    /// `true` by default.
    pub(in crate::config) const ON: Self = Self(Some(true));
    /// `false` by default.
    pub(in crate::config) const OFF: Self = Self(Some(false));
    /// No default.
    pub(in crate::config) const UNSET: Self = Self(None);
}

impl Kind for Flag {
    type Value<'a> = bool;

    fn shape(&self) -> Shape {
        Shape::Flag
    }

    fn read(&self, node: &Node) -> Option<bool> {
        if let Node::Flag(flag) = node {
            Some(*flag)
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        self.0.map(|flag| flag.to_string())
    }
}

impl Preset for Flag {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.0.unwrap_or(false)
    }
}

/// A ratio of requests. By default it selects none.
pub(in crate::config) struct Ratio;

impl Kind for Ratio {
    type Value<'a> = SamplingRatio;

    fn shape(&self) -> Shape {
        Shape::Ratio
    }

    fn read(&self, node: &Node) -> Option<SamplingRatio> {
        if let Node::Ratio(ratio) = node {
            Some(*ratio)
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some("false".to_owned())
    }
}

impl Preset for Ratio {
    fn preset<'a>(&self) -> Self::Value<'a> {
        SamplingRatio::NONE
    }
}

/// A whole number within a range.
pub(in crate::config) struct Number {
    /// The default; `None` if it depends on another setting.
    pub(in crate::config) default: Option<usize>,
    /// The least and the greatest value.
    pub(in crate::config) range: RangeInclusive<usize>,
}

impl Kind for Number {
    type Value<'a> = usize;

    fn shape(&self) -> Shape {
        Shape::Number(self.range.clone())
    }

    fn read(&self, node: &Node) -> Option<usize> {
        if let Node::Number(number) = node {
            Some(*number)
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        self.default.map(|number| number.to_string())
    }
}

impl Preset for Number {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.default.unwrap_or(*self.range.start())
    }
}

/// Bytes within a range.
pub(in crate::config) struct Size {
    /// The default.
    pub(in crate::config) default: usize,
    /// The least and the greatest value.
    pub(in crate::config) range: RangeInclusive<usize>,
}

impl Kind for Size {
    type Value<'a> = usize;

    fn shape(&self) -> Shape {
        Shape::Size(self.range.clone())
    }

    fn read(&self, node: &Node) -> Option<usize> {
        if let Node::Number(number) = node {
            Some(*number)
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some(written_size(self.default))
    }
}

impl Preset for Size {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.default
    }
}

/// A duration within a range.
pub(in crate::config) struct Period {
    /// The default.
    pub(in crate::config) default: Duration,
    /// The shortest and the longest duration.
    pub(in crate::config) range: RangeInclusive<Duration>,
}

impl Kind for Period {
    type Value<'a> = Duration;

    fn shape(&self) -> Shape {
        Shape::Duration(self.range.clone())
    }

    fn read(&self, node: &Node) -> Option<Duration> {
        if let Node::Duration(duration) = node {
            Some(*duration)
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some(written_duration(self.default))
    }
}

impl Preset for Period {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.default
    }
}

/// One of some words, without a default.
pub(in crate::config) struct Word<T: 'static>(pub(in crate::config) &'static [(&'static str, T)]);

impl<T: Copy + Sync> Kind for Word<T> {
    type Value<'a> = T;

    fn shape(&self) -> Shape {
        Shape::Choice(self.0.iter().map(|(word, _)| *word).collect())
    }

    fn read(&self, node: &Node) -> Option<T> {
        let Node::Text(text) = node else { return None };
        self.0
            .iter()
            .find(|(word, _)| word == text)
            .map(|(_, value)| *value)
    }
}

/// One of some words.
pub(in crate::config) struct Choice<T: 'static> {
    /// The default.
    pub(in crate::config) default: T,
    /// The words, each with the value that it stands for.
    pub(in crate::config) words: &'static [(&'static str, T)],
}

impl<T: Copy + PartialEq + Sync> Kind for Choice<T> {
    type Value<'a> = T;

    fn shape(&self) -> Shape {
        Word(self.words).shape()
    }

    fn read(&self, node: &Node) -> Option<T> {
        Word(self.words).read(node)
    }

    fn default(&self) -> Option<String> {
        self.words
            .iter()
            .find(|(_, value)| *value == self.default)
            .map(|(word, _)| (*word).to_owned())
    }
}

impl<T: Copy + PartialEq + Sync> Preset for Choice<T> {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.default
    }
}

/// A text, by default empty unless `preset` names another.
pub(in crate::config) struct Text {
    form: Form,
    default: &'static str,
}

impl Text {
    /// Any text.
    pub(in crate::config) const ANY: Self = Self {
        form: Form::Any,
        default: "",
    };
    /// An http(s) URL.
    pub(in crate::config) const URL: Self = Self {
        form: Form::Url,
        default: "",
    };
    /// `host:port`.
    pub(in crate::config) const HOST_PORT: Self = Self {
        form: Form::HostPort,
        default: "",
    };
    /// A file, or a folder.
    pub(in crate::config) const PATH: Self = Self {
        form: Form::Path,
        default: "",
    };

    /// A text with a default.
    pub(in crate::config) const fn preset(form: Form, default: &'static str) -> Self {
        Self { form, default }
    }
}

impl Kind for Text {
    type Value<'a> = &'a str;

    fn shape(&self) -> Shape {
        Shape::Text(self.form)
    }

    fn read<'a>(&self, node: &'a Node) -> Option<&'a str> {
        if let Node::Text(text) = node {
            Some(text)
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some(self.default)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

impl Preset for Text {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.default
    }
}

/// A text that is never shown, empty by default.
pub(in crate::config) struct Secret;

impl Kind for Secret {
    type Value<'a> = &'a str;

    fn shape(&self) -> Shape {
        Shape::Secret
    }

    fn read<'a>(&self, node: &'a Node) -> Option<&'a str> {
        if let Node::Text(text) = node {
            Some(text)
        } else {
            None
        }
    }
}

impl Preset for Secret {
    fn preset<'a>(&self) -> Self::Value<'a> {
        ""
    }
}
