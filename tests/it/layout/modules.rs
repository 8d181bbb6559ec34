//! Which modules may import which, and that no files import each other in a circle.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use flash::api::versions::VERSIONS;

use super::imports::Sources;
use super::{root, source_text};

/// Each module with the others that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("versioning", &[]),
    ("dataset", &[]),
    ("outgoing", &[]),
    ("settings", &["versioning", "outgoing"]),
    ("logging", &["settings"]),
    ("store", &["versioning", "dataset"]),
    (
        "services",
        &["versioning", "dataset", "outgoing", "settings", "store"],
    ),
    (
        "api",
        &[
            "versioning",
            "dataset",
            "settings",
            "logging",
            "store",
            "services",
        ],
    ),
    (
        "pages",
        &[
            "versioning",
            "dataset",
            "settings",
            "store",
            "services",
            "api",
        ],
    ),
    ("server", &["settings", "logging", "services", "api"]),
    (
        "cli",
        &[
            "versioning",
            "dataset",
            "outgoing",
            "settings",
            "logging",
            "store",
            "services",
            "api",
            "pages",
            "server",
        ],
    ),
];

fn all() -> Sources {
    Sources::all(&root().join("src"))
}

/// Sources that are written here: paths and texts.
fn written(files: &[(&str, &str)]) -> Sources {
    let files = files.iter();
    Sources::of(files.map(|(path, text)| (PathBuf::from(path), source_text::bare(text))))
}

/// The imports that a module may not have, as lines.
fn forbidden(sources: &Sources) -> Vec<String> {
    let modules: BTreeSet<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    let mut found = Vec::new();
    for (path, named) in sources.named() {
        let within = path.with_extension("");
        let within = within.iter().next().unwrap().to_str().unwrap().to_owned();
        let Some((_, may)) = MAY_IMPORT.iter().find(|(name, _)| *name == within) else {
            continue;
        };
        let inside = named.iter().filter(|path| path[0] == "crate");
        let others = inside.filter_map(|path| path.get(1).map(String::as_str));
        let others: BTreeSet<&str> = others.filter(|other| modules.contains(other)).collect();
        let forbidden = others.into_iter();
        let forbidden = forbidden.filter(|other| *other != within && !may.contains(other));
        found.extend(forbidden.map(|other| format!("{} imports {other}", path.display())));
    }
    found
}

#[test]
fn modules_import_only_what_they_may() {
    assert_eq!(forbidden(&all()), [""; 0]);
}

#[test]
fn every_module_has_its_rule() {
    for path in super::sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let first = inside.with_extension("");
        let first = first.iter().next().unwrap().to_str().unwrap();
        let has_rule = MAY_IMPORT.iter().any(|(name, _)| *name == first);
        assert!(has_rule || ["lib", "main"].contains(&first), "{first}");
    }
}

#[test]
fn a_forbidden_import_is_found_however_it_is_written() {
    for import in [
        "use crate::store::Store;",
        "use crate::{store};",
        "use crate::{\n    versioning::{self, Version},\n    store::{Store as Kept},\n};",
        "use super::store::Store;",
        "pub(crate) use crate::store;",
        "fn open() -> crate::store::Store {}",
        "fn open() { use super::super::store::Store; }",
    ] {
        let path = match import.contains("super::super") {
            true => "settings/value.rs",
            false => "settings.rs",
        };
        let found = forbidden(&written(&[(path, import)]));
        assert_eq!(found, [format!("{path} imports store")], "{import}");
    }
    for mention in [
        "// use crate::store::Store;",
        "/* use crate::store::Store; */",
        "const TEXT: &str = \"use crate::store::Store;\";",
        "const TEXT: &str = r#\"\"crate::store::Store\"#;",
        "use store::Store;",
    ] {
        let found = forbidden(&written(&[("settings.rs", mention)]));
        assert_eq!(found, [""; 0], "{mention}");
    }
}

#[test]
fn only_the_store_knows_diesel_and_only_the_api_knows_warp() {
    for (path, named) in all().named() {
        let knows = |name: &str| named.iter().any(|path| path[0] == name);
        let shown = path.display();
        assert!(
            path.starts_with("store") || !knows("diesel"),
            "{shown} knows diesel"
        );
        let plugs_in = path == Path::new("cli/serve.rs");
        assert!(
            path.starts_with("api") || plugs_in || !knows("warp"),
            "{shown} knows warp"
        );
    }
}

#[test]
fn an_older_version_never_knows_a_newer_one() {
    let numbers = || VERSIONS.iter().map(|version| version.number);
    let mut files = 0;
    for (path, named) in all().named() {
        let older = numbers().filter(|number| path.starts_with(format!("api/v{number}")));
        for older in older {
            files += 1;
            for newer in numbers().filter(|newer| *newer > older) {
                let newer = ["crate".to_owned(), "api".to_owned(), format!("v{newer}")];
                let knows = named.iter().any(|path| path.starts_with(&newer));
                assert!(!knows, "{} knows {}", path.display(), newer[2]);
            }
        }
    }
    assert!(files > VERSIONS.len(), "{files}");
}

/// The circles as lines: each file with what it imports of the circle.
fn circles(sources: &Sources) -> String {
    let arrows = sources.arrows();
    let mut text = String::new();
    for circle in sources.circles() {
        text += "a circle:\n";
        for file in &circle {
            let imported = arrows[file].intersection(&circle);
            let imported: Vec<_> = imported.map(|file| file.display().to_string()).collect();
            writeln!(text, "  {} imports {}", file.display(), imported.join(", ")).unwrap();
        }
    }
    text
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let found = circles(&Sources::without_tests(&root().join("src")));
    assert!(found.is_empty(), "{found}");
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    for (one, other) in [
        ("use super::b::B;", "use super::a::A;"),
        ("use crate::m::{b::{B}, c};", "use crate::m::a::A as First;"),
        (
            "fn f() -> super::b::B {}",
            "use super::a; fn f() -> a::A {}",
        ),
        // What the module hands on is where it is defined.
        ("use super::B;", "use super::{self, A};"),
        ("use crate::m; fn f() -> m::B {}", "use super::a::*;"),
        ("pub use super::b::B; fn f() -> B {}", "use super::A;"),
    ] {
        let files = [
            (
                "m/mod.rs",
                "mod a; mod b; mod c; pub use a::A; pub use b::B;",
            ),
            ("m/a.rs", one),
            ("m/b.rs", other),
            ("m/c.rs", ""),
        ];
        let found = circles(&written(&files));
        let expected = "a circle:\n  m/a.rs imports m/b.rs\n  m/b.rs imports m/a.rs\n";
        assert_eq!(found, expected, "{one} {other}");
    }
}

#[test]
fn a_module_and_its_own_submodules_may_import_each_other() {
    let own = [
        (
            "m/mod.rs",
            "mod a; mod b; use a::A; use b::B; struct M(A, B);",
        ),
        ("m/a.rs", "use super::M; use super::b::B;"),
        ("m/b.rs", "use super::M;"),
    ];
    assert_eq!(circles(&written(&own)), "");
    let among_them = [own[0], own[1], ("m/b.rs", "use super::M; use super::a::A;")];
    assert!(circles(&written(&among_them)).starts_with("a circle:\n  m/a.rs imports m/b.rs"));
    let handed_on = [
        ("m/mod.rs", "mod a; mod b; pub use a::A;"),
        ("m/a.rs", "use super::b::B;"),
        ("m/b.rs", ""),
        ("n.rs", "use crate::m::A;"),
    ];
    assert_eq!(circles(&written(&handed_on)), "");
}
