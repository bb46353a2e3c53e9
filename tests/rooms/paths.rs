//! Reads the paths that a Rust file names from its tokens. It skips items under `#[cfg(test)]`,
//! since a test may import from a room above its own.

use std::{iter::Peekable, vec};

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};

/// The segments of a path, as `["crate", "domain", "Scope"]`. A glob ends in `*`.
pub(crate) type Path = Vec<String>;

/// The paths of one file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Paths {
    /// From `use` without `pub`, and from the code where a path has two segments or more.
    pub(crate) used: Vec<Path>,
    /// From `pub use`: the exported name, and the path that it stands for.
    pub(crate) exported: Vec<(String, Path)>,
}

type Tokens = Peekable<vec::IntoIter<TokenTree>>;

impl Paths {
    /// Reads a whole file.
    pub(crate) fn read(text: &str) -> Self {
        let mut paths = Self::default();
        paths.scan(text.parse().unwrap());
        paths
    }

    fn scan(&mut self, stream: TokenStream) {
        let mut tokens = tokens(stream);
        let mut is_public = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => skip_test_item(&mut tokens),
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(word) if word == "use" => self.import(&mut tokens, is_public),
                TokenTree::Ident(word) if word == "pub" => {
                    tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                    is_public = true;
                    continue;
                }
                TokenTree::Ident(word) => self.name(word.to_string(), &mut tokens),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            is_public = false;
        }
    }

    /// A path in the code.
    fn name(&mut self, first: String, tokens: &mut Tokens) {
        let mut path = vec![first];
        // If no name follows `::`, it is a turbofish. Its paths come next.
        while take_separator(tokens)
            && let Some(TokenTree::Ident(segment)) =
                tokens.next_if(|next| matches!(next, TokenTree::Ident(_)))
        {
            path.push(segment.to_string());
        }
        if path.len() > 1 {
            self.used.push(path);
        }
    }

    /// The rest of a `use` item.
    fn import(&mut self, tokens: &mut Tokens, is_public: bool) {
        let mut found = Vec::new();
        tree(tokens, &Vec::new(), &mut found);
        let last = |path: &Path| path.last().cloned().unwrap_or_default();
        for (path, alias) in found {
            if is_public {
                self.exported
                    .push((alias.unwrap_or_else(|| last(&path)), path));
            } else {
                self.used.push(path);
            }
        }
    }
}

/// One branch of a `use` tree, up to the comma or semicolon after it.
fn tree(tokens: &mut Tokens, before: &Path, found: &mut Vec<(Path, Option<String>)>) {
    let mut path = before.clone();
    let mut alias = None;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let mut branches = self::tokens(group.stream());
                while branches.peek().is_some() {
                    tree(&mut branches, &path, found);
                }
                tokens.next_if(is_end);
                return;
            }
            TokenTree::Ident(word) if word == "as" => {
                alias = tokens.next().map(|name| name.to_string())
            }
            TokenTree::Ident(word) if word == "self" && !before.is_empty() => {}
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
            end if is_end(&end) => break,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found.push((path, alias));
}

fn is_end(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';'))
}

/// Takes a `::` if it comes next.
fn take_separator(tokens: &mut Tokens) -> bool {
    // A single colon, as before a type, has a space or a name after it.
    let is_joint = |punct: &Punct| punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
    let first = tokens.next_if(|next| matches!(next, TokenTree::Punct(punct) if is_joint(punct)));
    first.and_then(|_| tokens.next()).is_some()
}

/// After a `#`: takes the attribute, and the item below it if it is for tests.
fn skip_test_item(tokens: &mut Tokens) {
    let Some(attribute) = tokens.next_if(|next| matches!(next, TokenTree::Group(_))) else {
        return;
    };
    if attribute.to_string().replace(' ', "") == "[cfg(test)]" {
        let _ = tokens.find(is_end_of_item);
    }
}

fn is_end_of_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

fn tokens(stream: TokenStream) -> Tokens {
    stream
        .into_iter()
        .collect::<Vec<_>>()
        .into_iter()
        .peekable()
}
