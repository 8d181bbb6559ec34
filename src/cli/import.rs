//! `flash import`: loads CSV files into a store, with the rules of a server.
//!
//! Each file is committed by itself. If a file is wrong, the import reports it and continues with the next file. If the store
//! fails, the import ends.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use indicatif::ProgressBar;

use crate::{
    api::Registry,
    dataset::{ColumnType, DatasetName, Formats, UploadOptions},
    services::{self, Clock, Form, Services, Upload, UploadError},
    settings::{DatabaseSettings, ServeSettings, Settings, SettingsError, StoreSettings},
    store::{Committed, Conditions, Store, Write},
};

use super::{Failure, progress};

mod dialect;
mod error;
mod files;
mod formats;

pub(super) use error::ImportError;

use dialect::DialectOptions;
use error::FileError;
use files::Input;
use formats::FormatSettings;

/// Bytes of one read.
const READ: usize = 256 << 10;

/// The files to import, and how to read them.
#[derive(Args, Clone, Debug)]
pub(super) struct ImportSettings {
    /// CSV files, folders of .csv, .tsv and .txt files, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Name of the dataset, for one file [default: derived from the file's name]
    #[arg(long, value_name = "NAME")]
    name: Option<DatasetName>,
    /// Add a revision to a dataset that exists, instead of refusing the file
    #[arg(long)]
    replace: bool,
    /// The form of the files
    #[command(flatten)]
    dialect: DialectOptions,
    /// A text that means "no value", like the empty field; may be repeated
    #[arg(long, value_name = "TEXT")]
    null: Vec<String>,
    /// The type of a column: boolean, integer, number, date, datetime or string; may be repeated
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = stated_type)]
    types: Vec<(String, ColumnType)>,
    /// The charset of the files, as the WHATWG Encoding Standard names it [default: UTF-8, or UTF-16 with a byte-order mark]
    #[arg(long, value_name = "CHARSET")]
    charset: Option<String>,
    /// The files have no header line; the columns are named column_1, column_2, …
    #[arg(long)]
    header_absent: bool,
    /// How values are written
    #[command(flatten)]
    formats: FormatSettings,
    /// The store to import into
    #[command(flatten)]
    database: DatabaseSettings,
    /// The settings of that store
    #[command(flatten)]
    store: StoreSettings,
}

fn stated_type(text: &str) -> Result<(String, ColumnType), String> {
    let refused = |why: String| format!("{text:?} isn't COLUMN=TYPE; {why}");
    let (column, kind) = text
        .rsplit_once('=')
        .ok_or_else(|| refused("write one such as zip=string".to_owned()))?;
    match kind.parse() {
        Ok(kind) => Ok((column.to_owned(), kind)),
        Err(error) => Err(refused(ToString::to_string(&error))),
    }
}

/// Imports all files, and reports the result of each.
pub(super) fn run(settings: &ImportSettings) -> Result<(), Failure> {
    let inputs = files::find(&settings.files)?;
    if let Some(wrong) = ambiguous(&inputs, settings.name.as_ref()) {
        return Err(Failure::Usage(wrong.to_owned()));
    }
    let formats = settings.formats.formats();
    let formats = formats.map_err(|error| Failure::Usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ImportError::Start)?;
    let serve = as_a_server(settings)?;
    Ok(runtime.block_on(async {
        let importer = Importer::start(serve, &inputs, settings, formats)?;
        let outcome = importer.all(&inputs).await;
        importer.services.store.close().await;
        outcome
    })?)
}

/// The error in a combination of names and files, if there is one.
fn ambiguous(inputs: &[Input], name: Option<&DatasetName>) -> Option<&'static str> {
    match (inputs, name) {
        ([], _) => Some("found no .csv, .tsv or .txt file: name a file, or a folder that has one"),
        ([_, _, ..], Some(_)) => {
            Some("--name works for one file, and there are several: leave it out")
        }
        (several, None) if several.contains(&Input::Standard) => {
            Some("standard input has no name: import it by itself, with --name NAME")
        }
        _ => None,
    }
}

/// The settings of a server on the same store, with the default limits.
fn as_a_server(settings: &ImportSettings) -> Result<Settings, SettingsError> {
    ServeSettings {
        database: settings.database.clone(),
        store: settings.store.clone(),
        ..ServeSettings::default()
    }
    .check()
}

/// Imports files into a store.
struct Importer<'a> {
    services: Arc<Services>,
    settings: &'a ImportSettings,
    formats: Formats,
    bar: ProgressBar,
}

impl<'a> Importer<'a> {
    fn start(
        serve: Settings,
        inputs: &[Input],
        settings: &'a ImportSettings,
        formats: Formats,
    ) -> Result<Self, ImportError> {
        let clock = Clock::system();
        let mut how = services::store_settings(&serve);
        // Report an unreachable database at once, instead of waiting for it.
        how.wait = false;
        let store = Store::open(&how, clock.to_fn())?;
        let catalogue = Registry::standard()?.catalogue()?;
        Ok(Self {
            services: Services::new(serve, store, catalogue, clock),
            settings,
            formats,
            bar: progress::bytes(files::bytes(inputs)),
        })
    }

    async fn all(&self, inputs: &[Input]) -> Result<(), ImportError> {
        let mut failed = 0;
        let mut names: HashMap<DatasetName, String> = HashMap::new();
        for input in inputs {
            let outcome = match self.name(input, &names) {
                Ok(name) => {
                    names.insert(name.clone(), input.to_string());
                    self.one(input, name).await
                }
                Err(error) => Err(error),
            };
            match outcome {
                Ok(committed) => self.bar.suspend(|| super::say(&told(input, &committed))),
                Err(FileError::Store(source)) => {
                    let file = input.to_string();
                    self.bar.finish_and_clear();
                    return Err(ImportError::Store { file, source });
                }
                Err(error) => {
                    failed += 1;
                    self.bar
                        .suspend(|| super::complain(&format!("{input}: {error}")));
                }
            }
        }
        self.bar.finish_and_clear();
        match failed {
            0 => Ok(()),
            failed => Err(ImportError::Files {
                failed,
                all: inputs.len(),
            }),
        }
    }

    /// The name of the dataset for a file. Two files must not have the same one.
    fn name(
        &self,
        input: &Input,
        names: &HashMap<DatasetName, String>,
    ) -> Result<DatasetName, FileError> {
        let name = match &self.settings.name {
            Some(name) => name.clone(),
            None => DatasetName::from_filename(&input.to_string())?,
        };
        match names.get(&name) {
            Some(before) => Err(FileError::Twice(name, before.clone())),
            None => Ok(name),
        }
    }

    async fn one(&self, input: &Input, name: DatasetName) -> Result<Committed, FileError> {
        self.bar.set_message(name.to_string());
        // Check first, so that a large file isn't read in vain.
        let there = self.services.store.find(&name).await;
        if !self.settings.replace && there.map_err(UploadError::from)?.is_some() {
            return Err(FileError::Taken(name));
        }
        match input {
            Input::Standard => self.read(io::stdin().lock(), self.form(name, false)).await,
            Input::File { path, .. } => {
                let tabs = files::has_extension(path, &["tsv"]);
                self.read(File::open(path)?, self.form(name, tabs)).await
            }
        }
    }

    fn form(&self, name: DatasetName, tabs: bool) -> Form {
        let settings = self.settings;
        Form {
            name,
            write: match settings.replace {
                true => Write::Put,
                false => Write::Create,
            },
            conditions: Conditions::default(),
            options: UploadOptions {
                dialect: settings.dialect.of(tabs),
                header_absent: settings.header_absent,
                charset: settings.charset.clone(),
                nulls: settings.null.clone(),
                types: settings.types.clone(),
                formats: self.formats.clone(),
                ..UploadOptions::default()
            },
            media_type: match tabs {
                true => "text/tab-separated-values",
                false => "text/csv",
            },
        }
    }

    async fn read(&self, mut input: impl Read, form: Form) -> Result<Committed, FileError> {
        let mut upload = Upload::begin(&self.services, form, None, None).await?;
        let mut buffer = vec![0; READ];
        loop {
            let length = match input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if length == 0 {
                break;
            }
            upload
                .write(Bytes::copy_from_slice(&buffer[..length]))
                .await?;
            self.bar.inc(u64::try_from(length).unwrap_or(0));
        }
        let prepared = upload.finish().await?;
        let committed = self.services.commit(vec![prepared], None).await;
        let committed = committed.map_err(UploadError::from)?;
        // One dataset was prepared, so one was committed.
        committed
            .into_iter()
            .next()
            .ok_or(FileError::Store(UploadError::Worker))
    }
}

fn told(input: &Input, committed: &Committed) -> String {
    let dataset = &committed.dataset;
    format!(
        "{input}: {}, {}, {}, {}, revision {}",
        dataset.name,
        super::counted(dataset.rows, "row"),
        super::counted(dataset.columns.len(), "column"),
        super::counted(dataset.bytes, "byte"),
        dataset.revision
    )
}
