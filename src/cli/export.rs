//! `flash export`: the sources of datasets, byte for byte as they were uploaded.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    dataset::DatasetName,
    services,
    settings::DatabaseSettings,
    store::{Dataset, Exported, Exporter, UpkeepError},
};

use super::{Failure, draft::Draft};

/// The datasets to export, and where to.
#[derive(Args, Clone, Debug)]
pub(super) struct ExportSettings {
    /// Datasets to export [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<DatasetName>,
    /// The folder for the files NAME.csv or NAME.tsv; it is created if it doesn't exist. Without --directory, one dataset
    /// goes to standard output
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// The revision to export, of one dataset [default: the newest]
    #[arg(long, value_name = "NUMBER")]
    revision: Option<i64>,
    /// Replace existing files
    #[arg(long)]
    force: bool,
    /// The store to export from
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Writes each source to a file, and prints a line about it.
pub(super) fn run(settings: &ExportSettings) -> Result<(), Failure> {
    if settings.revision.is_some() && settings.names.len() != 1 {
        return Err(Failure::Usage(
            "--revision needs the name of exactly one dataset".to_owned(),
        ));
    }
    let target = match (&settings.directory, settings.names.as_slice()) {
        (Some(directory), _) => Err(directory.as_path()),
        (None, [name]) => Ok(name),
        (None, _) => {
            return Err(Failure::Usage(
                "several datasets need a folder: add --directory DIRECTORY, or name one dataset"
                    .to_owned(),
            ));
        }
    };
    let database = settings.database.resolve()?;
    let mut exporter = Exporter::open(&services::address(&database))?;
    match target {
        Ok(name) => to_standard_output(&mut exporter, name, settings.revision),
        Err(directory) => into_folder(&mut exporter, directory, settings),
    }
}

fn to_standard_output(
    exporter: &mut Exporter,
    name: &DatasetName,
    revision: Option<i64>,
) -> Result<(), Failure> {
    let written = exporter.export(name, revision, |_| Ok(io::stdout().lock()));
    match written {
        // The reader of standard output has closed it.
        Err(UpkeepError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

fn into_folder(
    exporter: &mut Exporter,
    directory: &Path,
    settings: &ExportSettings,
) -> Result<(), Failure> {
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let one =
        |exporter: &mut Exporter, name: &DatasetName| export(exporter, name, directory, settings);
    if !settings.names.is_empty() {
        return settings
            .names
            .iter()
            .try_for_each(|name| one(exporter, name));
    }
    let mut last: Option<DatasetName> = None;
    loop {
        let names = exporter.names(last.as_ref())?;
        if names.is_empty() {
            return Ok(());
        }
        for name in &names {
            match one(exporter, name) {
                // It was deleted after its name was read.
                Err(Failure::Upkeep(UpkeepError::NoDataset { .. })) => {}
                exported => exported?,
            }
        }
        last = names.into_iter().next_back();
    }
}

fn export(
    exporter: &mut Exporter,
    name: &DatasetName,
    directory: &Path,
    settings: &ExportSettings,
) -> Result<(), Failure> {
    let mut file = directory.to_owned();
    let exported = exporter.export(name, settings.revision, |dataset| {
        file.push(file_name(dataset));
        match file.exists() && !settings.force {
            true => Err(ErrorKind::AlreadyExists.into()),
            false => Draft::of(&file),
        }
    });
    let Exported { dataset, output } = match exported {
        Err(UpkeepError::Output(error)) => return Err(failed(&file, &error)),
        exported => exported?,
    };
    output
        .keep(settings.force)
        .map_err(|error| failed(&file, &error))?;
    super::say(&format!(
        "{}: revision {}, {}, {}",
        file.display(),
        dataset.revision,
        super::counted(dataset.rows, "row"),
        super::counted(dataset.bytes, "byte")
    ));
    Ok(())
}

fn file_name(dataset: &Dataset) -> String {
    let tabs = dataset
        .content_type
        .starts_with("text/tab-separated-values");
    format!("{}.{}", dataset.name, if tabs { "tsv" } else { "csv" })
}

fn failed(file: &Path, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        ErrorKind::AlreadyExists => "it exists already; add --force to replace it".to_owned(),
        _ => error.to_string(),
    };
    Failure::File {
        file: file.into(),
        reason,
    }
}
