//! The source files as modules, and the files that each one uses: finds cycles between files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path as File,
};

use crate::paths::{Path, Paths};

/// The modules that are files, by their path in the crate.
#[derive(Default)]
pub(crate) struct Modules(BTreeMap<Path, Module>);

/// One file.
pub(crate) struct Module {
    /// The path below `src`, such as `keys/fetch/mod.rs`.
    pub(crate) file: String,
    pub(crate) paths: Paths,
}

impl Modules {
    /// Reads a folder, except the folders and files named `tests`.
    pub(crate) fn read(src: &File) -> Self {
        let mut modules = Self::default();
        modules.read_folder(src, src);
        modules
    }

    /// Makes modules from names and contents of files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut modules = Self::default();
        for (file, text) in files {
            modules.add(file, text);
        }
        modules
    }

    fn read_folder(&mut self, src: &File, folder: &File) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.file_stem().unwrap() == "tests" => {}
                None => self.read_folder(src, &path),
                Some(_) => {
                    let file = path.strip_prefix(src).unwrap().to_str().unwrap().to_owned();
                    // `src` also has the templates of the debug pages.
                    if file.ends_with(".rs") {
                        self.add(&file, &fs::read_to_string(&path).unwrap());
                    }
                }
            }
        }
    }

    fn add(&mut self, file: &str, text: &str) {
        let names = file
            .trim_end_matches(".rs")
            .split('/')
            .filter(|name| !matches!(*name, "mod" | "lib"));
        let module = Module {
            file: file.to_owned(),
            paths: Paths::read(text),
        };
        self.0.insert(names.map(str::to_owned).collect(), module);
    }

    /// All files, in the order of their modules.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Module> {
        self.0.values()
    }

    /// Groups of files that use each other, directly or through others. The files of a group are in
    /// order.
    pub(crate) fn circles(&self) -> BTreeSet<Vec<&str>> {
        let uses: BTreeMap<_, _> = self
            .0
            .keys()
            .map(|module| (module, self.used_by(module)))
            .collect();
        let reached: BTreeMap<_, _> = self
            .0
            .keys()
            .map(|module| (module, reached(&uses, module)))
            .collect();
        let meets = |a: &Path, b: &Path| reached[a].contains(b) && reached[b].contains(a);
        let circle = |a| {
            self.0
                .iter()
                .filter(move |(b, _)| meets(a, b))
                .map(|(_, b)| b.file.as_str())
                .collect()
        };
        self.0
            .keys()
            .map(circle)
            .filter(|circle: &Vec<_>| !circle.is_empty())
            .collect()
    }

    /// The other files whose items this one uses. A `pub use` does not count: the module exports it
    /// for others.
    fn used_by<'a>(&'a self, module: &'a Path) -> BTreeSet<&'a Path> {
        let used = &self.0[module].paths.used;
        used.iter()
            .filter_map(|path| self.home(module, path))
            .filter(|home| *home != module)
            .collect()
    }

    /// The file that defines `path` as used in `module`, found through the names that modules
    /// export. `None` for other crates and for names of the same file.
    fn home(&self, module: &Path, path: &Path) -> Option<&Path> {
        let mut at = match path.first()?.as_str() {
            "crate" => Path::new(),
            "self" => module.clone(),
            "super" => module.split_last()?.1.to_vec(),
            child
                if self
                    .0
                    .contains_key(&[&module[..], &[child.to_owned()]].concat()) =>
            {
                return self.below(module.clone(), path);
            }
            _ => return None,
        };
        let supers = path
            .iter()
            .skip(1)
            .take_while(|name| *name == "super")
            .count();
        at.truncate(at.len().saturating_sub(supers));
        self.below(at, &path[1 + supers..])
    }

    fn below(&self, mut at: Path, path: &[String]) -> Option<&Path> {
        for (number, name) in path.iter().enumerate() {
            at.push(name.clone());
            if !self.0.contains_key(&at) {
                at.pop();
                let exported = &self.0.get(&at)?.paths.exported;
                let rest = exported
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, path)| path);
                return match rest {
                    Some(rest) => self.home(&at, &[&rest[..], &path[number + 1..]].concat()),
                    None => self.0.get_key_value(&at).map(|(home, _)| home),
                };
            }
        }
        self.0.get_key_value(&at).map(|(home, _)| home)
    }
}

/// The modules that `start` uses, directly or through others.
fn reached<'a>(uses: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, start: &Path) -> BTreeSet<&'a Path> {
    let mut open: Vec<_> = uses[start].iter().copied().collect();
    let mut reached = BTreeSet::new();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(&uses[module]);
        }
    }
    reached
}
