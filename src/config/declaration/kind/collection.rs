//! Kinds of lists and tables: texts, scope lists, names, and sections of further keys.

use crate::{
    config::{
        declaration::{
            key::{Kind, Preset},
            shape::{Keys, Shape},
        },
        file::section::{NO_SECTION, Node, Section},
    },
    domain::{NamedScopes, Scope, ScopeGroups},
};

/// A list of texts.
pub(in crate::config) struct List {
    /// The value if the key is not set.
    pub(in crate::config) default: &'static [&'static str],
    /// The words that the list may hold. Empty: it may hold any text.
    pub(in crate::config) words: &'static [&'static str],
}

impl List {
    /// A list of any texts, empty by default.
    pub(in crate::config) const EMPTY: Self = Self {
        default: &[],
        words: &[],
    };

    /// A list of any texts, with a default.
    pub(in crate::config) const fn preset(default: &'static [&'static str]) -> Self {
        Self {
            default,
            words: &[],
        }
    }
}

impl Kind for List {
    type Value<'a> = Vec<String>;

    fn shape(&self) -> Shape {
        Shape::List(self.words)
    }

    fn read(&self, node: &Node) -> Option<Vec<String>> {
        if let Node::List(texts) = node {
            Some(texts.clone())
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        let quoted: Vec<String> = self
            .default
            .iter()
            .map(|text| format!("'{text}'"))
            .collect();
        Some(format!("[{}]", quoted.join(", ")))
    }
}

impl Preset for List {
    fn preset<'a>(&self) -> Self::Value<'a> {
        self.default.iter().map(|text| (*text).to_owned()).collect()
    }
}

/// A scope list. By default it is empty and requires no scopes.
pub(in crate::config) struct ScopeList;

impl Kind for ScopeList {
    type Value<'a> = ScopeGroups;

    fn shape(&self) -> Shape {
        Shape::Scopes
    }

    fn read(&self, node: &Node) -> Option<ScopeGroups> {
        if let Node::Scopes(groups) = node {
            Some(groups.clone())
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some("[]".to_owned())
    }
}

impl Preset for ScopeList {
    fn preset<'a>(&self) -> Self::Value<'a> {
        Vec::new()
    }
}

/// A table of names or globs, each with a scope list.
pub(in crate::config) struct Names;

impl Kind for Names {
    type Value<'a> = NamedScopes;

    fn shape(&self) -> Shape {
        Shape::Names
    }

    fn read(&self, node: &Node) -> Option<NamedScopes> {
        if let Node::Names(named) = node {
            Some(named.clone())
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some("{}".to_owned())
    }
}

impl Preset for Names {
    fn preset<'a>(&self) -> Self::Value<'a> {
        Vec::new()
    }
}

/// A table of scopes, each with the scopes that it includes.
pub(in crate::config) struct Hierarchy;

impl Kind for Hierarchy {
    type Value<'a> = Vec<(Scope, Vec<Scope>)>;

    fn shape(&self) -> Shape {
        Shape::Hierarchy
    }

    fn read(&self, node: &Node) -> Option<Vec<(Scope, Vec<Scope>)>> {
        if let Node::Hierarchy(included) = node {
            Some(included.clone())
        } else {
            None
        }
    }

    fn default(&self) -> Option<String> {
        Some("{}".to_owned())
    }
}

impl Preset for Hierarchy {
    fn preset<'a>(&self) -> Self::Value<'a> {
        Vec::new()
    }
}

/// A section of further keys.
pub(in crate::config) struct Members(pub(in crate::config) Keys);

impl Kind for Members {
    type Value<'a> = &'a Section;

    fn shape(&self) -> Shape {
        Shape::Section(self.0)
    }

    fn read<'a>(&self, node: &'a Node) -> Option<&'a Section> {
        if let Node::Section(section) = node {
            Some(section)
        } else {
            None
        }
    }
}

impl Preset for Members {
    fn preset<'a>(&self) -> Self::Value<'a> {
        &NO_SECTION
    }
}

/// A list of sections.
pub(in crate::config) struct Entries(pub(in crate::config) Keys);

impl Kind for Entries {
    type Value<'a> = &'a [Section];

    fn shape(&self) -> Shape {
        Shape::Entries(self.0)
    }

    fn read<'a>(&self, node: &'a Node) -> Option<&'a [Section]> {
        if let Node::Entries(entries) = node {
            Some(entries)
        } else {
            None
        }
    }
}

impl Preset for Entries {
    fn preset<'a>(&self) -> Self::Value<'a> {
        &[]
    }
}
