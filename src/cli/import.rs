//! `flash import`: loads CSV files into a store, with the rules of a server.
//!
//! Each file is committed by itself. If a file is wrong, the import reports it and continues with the next file. If the store
//! fails, the import ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use indicatif::ProgressBar;

use crate::{
    api::Registry,
    dataset::{DatasetName, Formats, SchemaChanges, changed_types},
    services::{self, Clock, Form, Services, Upload, UploadError},
    settings::{DatabaseSettings, ServeSettings, Settings, SettingsError, StoreSettings},
    store::{Committed, Conditions, Store, Write},
};

use super::files::{self, Input, Names};
use super::form::FormSettings;
use super::{Failure, progress};

mod error;

pub(super) use error::ImportError;

use error::FileError;

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
    #[command(flatten)]
    form: FormSettings,
    /// The store to import into
    #[command(flatten)]
    database: DatabaseSettings,
    /// The settings of that store
    #[command(flatten)]
    store: StoreSettings,
}

/// Imports all files, and reports the result of each.
pub(super) fn run(settings: &ImportSettings) -> Result<(), Failure> {
    let inputs = files::find(&settings.files).map_err(ImportError::from)?;
    if let Some(wrong) = files::ambiguous(&inputs, settings.name.as_ref(), false) {
        return Err(Failure::Usage(wrong.to_owned()));
    }
    // Without a file to import, no store is made.
    let missing: Option<Vec<_>> = inputs.iter().map(Input::missing).collect();
    if let Some(missing) = missing {
        for (input, error) in inputs.iter().zip(missing) {
            super::complain(&format!("{input}: {}", FileError::Read(error)));
        }
        let all = inputs.len();
        return Err(ImportError::Files { failed: all, all }.into());
    }
    let formats = settings.form.formats();
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
        let mut names = Names::default();
        for input in inputs {
            let outcome = match names.name(input, self.settings.name.as_ref()) {
                Ok(name) => self.one(input, name).await,
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(imported) => self.bar.suspend(|| super::say(&imported.told(input))),
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

    async fn one(&self, input: &Input, name: DatasetName) -> Result<Imported, FileError> {
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
            schema_changes: SchemaChanges::Any,
            dry_run: false,
            conditions: Conditions::default(),
            options: settings.form.options(&self.formats, tabs),
            media_type: files::media_type(tabs),
        }
    }

    async fn read(&self, mut input: impl Read, form: Form) -> Result<Imported, FileError> {
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
        let mut prepared = upload.finish().await?;
        let mut hints = std::mem::take(&mut prepared.hints);
        let before = prepared.before.take();
        let set_aside = prepared.bad_rows.count;
        let committed = self.services.commit(vec![prepared], None).await;
        let committed = committed.map_err(UploadError::from)?.into_iter().next();
        // One dataset was prepared, so one was committed.
        let committed = committed.ok_or(FileError::Store(UploadError::Worker))?;
        let columns = &committed.dataset.columns;
        hints.extend(
            before
                .iter()
                .flat_map(|before| changed_types(before, columns)),
        );
        Ok(Imported {
            committed,
            hints,
            set_aside,
        })
    }
}

/// A file that was imported.
struct Imported {
    committed: Committed,
    /// What its sender may not know, each with the parameter that would change it.
    hints: Vec<String>,
    /// How many rows were set aside.
    set_aside: u64,
}

impl Imported {
    /// A line about the dataset, and under it a line for each thing to know.
    fn told(&self, input: &Input) -> String {
        let dataset = &self.committed.dataset;
        let stored = super::Stored {
            name: dataset.name.as_str(),
            rows: dataset.rows,
            columns: dataset.columns.len(),
            bytes: dataset.bytes,
            revision: dataset.revision,
        };
        let mut told = format!("{input}: {stored}");
        if self.set_aside > 0 {
            let rows = super::counted(self.set_aside, "row");
            told += &format!(
                "\n  {rows} set aside: GET /datasets/{}/bad-rows has all",
                dataset.name
            );
        }
        for hint in &self.hints {
            told += "\n  hint: ";
            told += hint;
        }
        told
    }
}
