//! Which file imports which, as far as the text of `src` tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::source_text::{self, Import};

/// The module that is a package of its own. The other modules name it like one of theirs.
const PACKAGE: &str = "dataset";

/// A path in the crate: the parts after `crate`.
pub type Parts = Vec<String>;

/// One source file.
struct Source {
    /// The module that it is.
    module: Parts,
    imports: Vec<Import>,
    /// The code without comments, strings and imports.
    code: String,
}

/// Source files.
pub struct Sources {
    files: BTreeMap<PathBuf, Source>,
    modules: BTreeMap<Parts, PathBuf>,
}

impl Sources {
    /// All files under a folder, by their paths in it.
    pub fn all(folder: &Path) -> Self {
        Self::of(texts(folder))
    }

    /// The same without unit tests, which may import what they like.
    pub fn without_tests(folder: &Path) -> Self {
        let texts = texts(folder).into_iter();
        let texts = texts.filter(|(path, _)| !is_test(path));
        Self::of(texts.map(|(path, text)| (path, source_text::without_tests(&text))))
    }

    /// Files by their paths and their bare texts.
    pub fn of(files: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let files = files.into_iter().map(|(path, text)| {
            let (imports, code) = source_text::imports(&text);
            let module = module(&path);
            let source = Source {
                module,
                imports,
                code,
            };
            (path, source)
        });
        let files: BTreeMap<PathBuf, Source> = files.collect();
        let modules = files.iter();
        let modules = modules
            .map(|(path, source)| (source.module.clone(), path.clone()))
            .collect();
        Self { files, modules }
    }

    /// Every path that a file names, imported or written out, from the root of the crate or, of another crate, as it is.
    pub fn named(&self) -> impl Iterator<Item = (&Path, BTreeSet<Parts>)> {
        self.files.iter().map(|(path, source)| {
            let imported = source.imports.iter().map(|import| import.path.clone());
            let named = imported.chain(source_text::paths(&source.code));
            let named = named.map(|named| self.absolute(source, &named));
            (&**path, named.collect())
        })
    }

    /// The path from the root of the crate with `crate` before it; one of another crate stays as it is.
    fn absolute(&self, source: &Source, path: &[String]) -> Parts {
        let root = || vec!["crate".to_owned()];
        let inside = |module: &[String]| [root(), module.to_vec()].concat();
        let mut rest = path;
        let mut from = match path[0].as_str() {
            "crate" if source.module.first().is_some_and(|first| first == PACKAGE) => {
                inside(&[PACKAGE.to_owned()])
            }
            "crate" => root(),
            "self" | "super" => inside(&source.module),
            first => {
                let child = [&*source.module, &[first.to_owned()]].concat();
                let imported = source.imports.iter().find(|one| one.name == first);
                return match imported {
                    // An import may be written in terms of itself: `use warp;`.
                    Some(import) if import.path != [first] && path.len() > 1 => {
                        let whole = [&import.path, &path[1..]].concat();
                        self.absolute_import(source, &whole)
                    }
                    _ if self.modules.contains_key(&child) => {
                        [inside(&source.module), path.to_vec()].concat()
                    }
                    _ => path.to_vec(),
                };
            }
        };
        while let Some((first, more)) = rest.split_first() {
            match first.as_str() {
                "crate" | "self" => {}
                "super" => drop(from.pop()),
                _ => break,
            }
            rest = more;
        }
        from.extend_from_slice(rest);
        from
    }

    /// The same for the path in a `use`, which other imports of the file have no part in.
    fn absolute_import(&self, source: &Source, path: &[String]) -> Parts {
        let alone = Source {
            module: source.module.clone(),
            imports: Vec::new(),
            code: String::new(),
        };
        self.absolute(&alone, path)
    }

    /// The file that has what the path names: where it is defined, not where it is handed on.
    fn home(&self, path: &[String], steps: usize) -> Option<&Path> {
        let (root, path) = path.split_first()?;
        if root != "crate" || steps == 0 {
            return None;
        }
        let depth = (0..=path.len())
            .rev()
            .find(|depth| self.modules.contains_key(&path[..*depth]))?;
        let (module, rest) = path.split_at(depth);
        let file = &self.modules[module];
        let source = &self.files[file];
        let Some((name, inside)) = rest.split_first() else {
            return Some(file);
        };
        let handed_on = source.imports.iter().find(|import| import.name == *name);
        let found = handed_on.and_then(|import| {
            let whole = [&import.path, inside].concat();
            let whole = self.absolute_import(source, &whole);
            // Only what is of this crate has a home in it.
            self.home(&whole, steps - 1)
        });
        Some(found.unwrap_or(file))
    }

    /// Which files each file needs.
    pub fn arrows(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        /// More often nothing is handed on.
        const STEPS: usize = 8;
        let files = self.files.iter().map(|(path, source)| {
            let words: BTreeSet<&str> = source
                .code
                .split(|one| !source_text::is_in_name(one))
                .collect();
            let imported = source
                .imports
                .iter()
                // What is only handed on is needed by others.
                .filter(|import| !import.public || words.contains(&*import.name))
                .map(|import| self.absolute_import(source, &import.path))
                // A module is needed for what is taken from it, which is written out.
                .filter(|path| !self.modules.contains_key(&path[1..]));
            let written = source_text::paths(&source.code);
            let written = written.iter().map(|path| self.absolute(source, path));
            let needed = imported.chain(written);
            let needed = needed.filter_map(|needed| self.home(&needed, STEPS));
            (&**path, needed.filter(|needed| *needed != path).collect())
        });
        files.collect()
    }

    /// The circles of more than a module and its own submodules, each with its files.
    pub fn circles(&self) -> Vec<BTreeSet<&Path>> {
        let arrows = self.arrows();
        let mut found = Vec::new();
        let mut left = vec![arrows.keys().copied().collect::<BTreeSet<_>>()];
        while let Some(among) = left.pop() {
            for circle in circles(&arrows, &among) {
                let head = circle.iter().find(|file| {
                    let above = &self.files[**file].module;
                    let mut modules = circle.iter().map(|file| &self.files[*file].module);
                    modules.all(|module| module.starts_with(above))
                });
                match head {
                    // A module and its own submodules: are these in order among themselves?
                    Some(head) => {
                        left.push(circle.iter().copied().filter(|file| file != head).collect());
                    }
                    None => found.push(circle),
                }
            }
        }
        found
    }
}

/// The circles among those files.
fn circles<'p>(
    arrows: &BTreeMap<&'p Path, BTreeSet<&'p Path>>,
    among: &BTreeSet<&'p Path>,
) -> Vec<BTreeSet<&'p Path>> {
    let reached = |from: &'p Path| {
        let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(file) = left.pop() {
            let next = arrows[file].intersection(among);
            left.extend(next.copied().filter(|file| reached.insert(*file)));
        }
        reached
    };
    let reach: BTreeMap<&Path, BTreeSet<&Path>> =
        among.iter().map(|file| (*file, reached(file))).collect();
    let mut circles: Vec<BTreeSet<&Path>> = Vec::new();
    for (file, reached) in &reach {
        if reached.contains(file) && !circles.iter().any(|circle| circle.contains(file)) {
            let back = reached.iter().copied();
            circles.push(back.filter(|other| reach[other].contains(file)).collect());
        }
    }
    circles
}

/// The files under a folder but for the program, which is a crate of its own, with their bare texts.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = super::sources(folder).into_iter().map(|path| {
        let text = source_text::bare(&fs::read_to_string(&path).unwrap());
        (path.strip_prefix(folder).unwrap().to_owned(), text)
    });
    let files = files.filter(|(path, _)| path != Path::new("main.rs"));
    files.collect()
}

/// The module that a file is.
fn module(path: &Path) -> Parts {
    let parts = path.with_extension("");
    let mut parts: Parts = parts
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    parts.pop_if(|last| ["mod", "lib"].contains(&last.as_str()));
    parts
}

/// Whether a file is of unit tests.
fn is_test(path: &Path) -> bool {
    path.with_extension("").iter().any(|part| part == "tests")
}
