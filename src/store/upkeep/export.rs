//! Lists datasets and their readers, and exports sources, byte for byte as they were uploaded.

use std::io::Write;

use super::opened::{UpkeepError, open_to_read};
use crate::dataset::{DatasetName, ResumableDigest};
use crate::store::backend::{Address, AnyConnection, connection};
use crate::store::catalog::queries;
use crate::store::clients::readers::{self, Reader};
use crate::store::error::StoreError;
use crate::store::model::Dataset;
use crate::store::nearest::nearest;
use crate::store::segments::blocks;
use crate::store::units::unreadable;

/// How many names, or datasets, are read at once.
const NAMES: i64 = 256;

/// A store whose datasets are listed or exported.
pub struct Exporter {
    connection: AnyConnection,
}

/// The result of an export.
#[derive(Debug)]
pub struct Exported<W> {
    /// The dataset, as of the exported revision.
    pub dataset: Dataset,
    /// The writer with its source.
    pub output: W,
}

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl Exporter {
    /// Opens an existing store while a server may use it.
    pub fn open(address: &Address) -> Result<Self, UpkeepError> {
        let connection = open_to_read(address)?;
        Ok(Self { connection })
    }

    /// Some names of datasets after `after`, in ascending order. Empty if there are no more.
    pub fn names(&mut self, after: Option<&DatasetName>) -> Result<Vec<DatasetName>, UpkeepError> {
        names(&mut self.connection, after)
    }

    /// Some datasets after `after`, by name. Empty if there are no more.
    pub fn datasets(&mut self, after: Option<&DatasetName>) -> Result<Vec<Dataset>, UpkeepError> {
        connection::snapshot(&mut self.connection, |connection| {
            let after = after.map(DatasetName::as_str);
            let names = queries::names(connection, after, NAMES)?;
            let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
            Ok(queries::list(connection, &names)?)
        })
    }

    /// The dataset of that name.
    pub fn find(&mut self, name: &DatasetName) -> Result<Dataset, UpkeepError> {
        find(&mut self.connection, name, None)
    }

    /// Who read a dataset since `day` (days since 1970), the last one first.
    pub fn readers(&mut self, dataset: &Dataset, day: i64) -> Result<Vec<Reader>, UpkeepError> {
        Ok(readers::since(&mut self.connection, dataset.id(), day)?)
    }

    /// Writes the source of a revision of a dataset, by default the newest, to the writer that `begin` makes. The export is consistent,
    /// even if the dataset changes meanwhile.
    pub fn export<W: Write>(
        &mut self,
        name: &DatasetName,
        revision: Option<i64>,
        begin: impl FnOnce(&Dataset) -> Result<W, std::io::Error>,
    ) -> Result<Exported<W>, UpkeepError> {
        connection::snapshot(&mut self.connection, |connection| {
            let dataset = find(connection, name, revision)?;
            let mut output = begin(&dataset)?;
            write(connection, &dataset, &mut output)?;
            Ok(Exported { dataset, output })
        })
    }
}

fn find(
    connection: &mut AnyConnection,
    name: &DatasetName,
    revision: Option<i64>,
) -> Result<Dataset, UpkeepError> {
    let Some(newest) = queries::find(connection, name.as_str())? else {
        let near = near(connection, name)?;
        let name = name.clone();
        return Err(UpkeepError::NoDataset { name, near });
    };
    match revision {
        None => Ok(newest),
        Some(number) => queries::find_revision(connection, newest.id(), number)?.ok_or_else(|| {
            UpkeepError::NoRevision {
                name: name.clone(),
                number,
                newest: newest.revision,
            }
        }),
    }
}

/// Some names of datasets after `after`, in ascending order.
fn names(
    connection: &mut AnyConnection,
    after: Option<&DatasetName>,
) -> Result<Vec<DatasetName>, UpkeepError> {
    let after = after.map(DatasetName::as_str);
    let found = queries::names(connection, after, NAMES)?;
    let names = found.iter().map(|(name, _)| DatasetName::new(name));
    let names = names.collect::<Result<_, _>>();
    Ok(names.map_err(|error| unreadable("name", error))?)
}

/// The name of a dataset that was probably meant by one that isn't there.
fn near(
    connection: &mut AnyConnection,
    meant: &DatasetName,
) -> Result<Option<DatasetName>, UpkeepError> {
    let mut best: Option<DatasetName> = None;
    let mut last = None;
    loop {
        let some = names(connection, last.as_ref())?;
        let candidates = best.iter().chain(&some).map(DatasetName::as_str);
        let found = nearest(meant.as_str(), candidates).map(DatasetName::new);
        best = found
            .transpose()
            .map_err(|error| unreadable("name", error))?;
        match some.into_iter().next_back() {
            Some(name) => last = Some(name),
            None => return Ok(best),
        }
    }
}

fn write(
    connection: &mut AnyConnection,
    dataset: &Dataset,
    output: &mut impl Write,
) -> Result<(), UpkeepError> {
    let damaged = || {
        let (name, revision) = (&dataset.name, dataset.revision);
        UpkeepError::Damaged(format!("{name}, revision {revision},"))
    };
    let mut digest = ResumableDigest::new();
    while digest.bytes() < dataset.bytes {
        let part = match blocks::source_at(connection, dataset, digest.bytes()) {
            Ok(part) => part.ok_or_else(damaged)?,
            Err(StoreError::Corrupt { .. }) => return Err(damaged()),
            Err(error) => return Err(error.into()),
        };
        let left = usize::try_from(dataset.bytes - digest.bytes()).unwrap_or(usize::MAX);
        let part = &part[..part.len().min(left)];
        digest.absorb(part);
        output.write_all(part)?;
    }
    output.flush()?;
    match digest.sha256() == dataset.sha256 {
        true => Ok(()),
        false => Err(damaged()),
    }
}
