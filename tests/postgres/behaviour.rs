//! The behavioural suite of `tests/it` on PostgreSQL: a process a test, each of whose servers gets a fresh database.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use libtest_mimic::{Completion, Failed, Trial};

use crate::database::{POOLER, TEMPLATE, URL};
use crate::postgres::Postgres;

/// The modules of `tests/it` that say what Flash does, whichever database it has.
const BEHAVIOUR: &[&str] = &[
    "adding_a_version",
    "announced",
    "answers",
    "appends",
    "budget",
    "changes",
    "client_details",
    "clients",
    "columns",
    "contracts",
    "csv",
    "descriptions",
    "discovery",
    "durability",
    "faults",
    "idempotency",
    "key_expiry",
    "lifecycle",
    "negotiation",
    "notices",
    "pages",
    "pairs",
    "parquet",
    "queries",
    "rate_limit",
    "reach",
    "revisions",
    "revoked",
    "rows",
    "schema",
    "summary",
    "upgrade",
    "uploads",
    "v1",
    "v2",
    "writes",
];
/// Those that need no database, or a certain one.
const ELSEWHERE: &[&str] = &[
    "cli",
    "crashes",
    "day",
    "described",
    "disk",
    "edge",
    "layout",
    "manifests",
    "memory",
    "metrics",
    "monitoring",
    "readme",
    "release",
];
/// Those that are run through a pooler too, unless `FLASH_POOLED=all` asks for all: they use every statement.
const POOLED: &[&str] = &["clients", "lifecycle", "pairs", "queries", "uploads"];
/// Modules within them that are about SQLite's file.
const SQLITE: &str = "sqlite";

/// A trial for each test of the suite, and those through a pooler.
pub fn trials(postgres: &Arc<Postgres>) -> Result<(Vec<Trial>, Vec<Trial>), String> {
    let program = program()?;
    let all_pooled = env::var("FLASH_POOLED").is_ok_and(|which| which == "all");
    let (mut trials, mut pooled) = (Vec::new(), Vec::new());
    for name in names(&program)? {
        let mut modules = name.split("::");
        let module = modules.next().unwrap_or_default();
        if BEHAVIOUR.contains(&module) {
            if !modules.any(|module| module == SQLITE) {
                trials.push(trial(&program, &name, postgres, false));
                if all_pooled || POOLED.contains(&module) {
                    pooled.push(trial(&program, &name, postgres, true));
                }
            }
        } else if !ELSEWHERE.contains(&module) {
            return Err(format!(
                "tests/postgres/behaviour.rs does not say whether tests/it's module {module} is to run on PostgreSQL"
            ));
        }
    }
    Ok((trials, pooled))
}

fn trial(program: &Path, name: &str, postgres: &Arc<Postgres>, pooled: bool) -> Trial {
    let (program, postgres, test) = (program.to_owned(), Arc::clone(postgres), name.to_owned());
    let kind = if pooled { "pooled" } else { "behaviour" };
    Trial::ignorable_test(format!("{kind}::{name}"), move || {
        run(&program, &test, &postgres, pooled)
    })
}

fn run(
    program: &Path,
    test: &str,
    postgres: &Postgres,
    pooled: bool,
) -> Result<Completion, Failed> {
    let template = postgres.template()?;
    let mut command = Command::new(program);
    if pooled {
        command.env(POOLER, postgres.pooler().to_string());
    }
    let output = command
        .args(["--exact", test, "--nocapture"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env(URL, &template.server)
        .env(TEMPLATE, &template.name)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && said.contains("1 ignored") {
        return Ok(Completion::ignored());
    }
    if output.status.success() && said.contains("1 passed") {
        return Ok(Completion::Completed);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}\n{said}{error}", output.status).into())
}

fn names(program: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(program)
        .args(["--list", "--format", "terse"])
        .output()
        .map_err(|error| format!("{} can not be run: {error}", program.display()))?;
    let list = String::from_utf8_lossy(&output.stdout);
    let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

/// The newest `it` that cargo built beside this program, which must be as new as Flash and the tests in it.
fn program() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let entries = fs::read_dir(own.parent().unwrap_or(&own)).map_err(|error| error.to_string())?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_program(path))
        .filter_map(|path| Some((changed(&path)?, path)))
        .max()
        .filter(|(built, path)| is_up_to_date(*built, path))
        .map(|(_, path)| path)
        .ok_or_else(|| {
            "the suite of tests/it is not built, or has changed since it was: \
             run cargo test --no-run first"
                .to_owned()
        })
}

fn is_program(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let executable = path
        .metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    name.starts_with("it-") && path.extension().is_none() && executable
}

/// Whether the suite was built after the last change to its files, which cargo notes beside it, and to those of Flash.
fn is_up_to_date(built: SystemTime, suite: &Path) -> bool {
    let notes = fs::read_to_string(suite.with_extension("d")).unwrap_or_default();
    let first = notes.lines().next().unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = first.split_whitespace().skip(1).map(|file| root.join(file));
    let flash = ["src", "migrations"].map(|folder| files(&root.join(folder)));
    own.chain(flash.into_iter().flatten())
        .all(|file| changed(&file).is_some_and(|changed| changed <= built))
}

/// All files in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}
