//! Decides by the beginning of a text how it is stored, and passes it on.

use std::sync::Arc;

use super::assembly::Assembly;
use crate::detect::{self, Reason, SAMPLE};
use crate::dialect::Separator;
use crate::hints;
use crate::preamble::Preamble;
use crate::raw_block::Context;
use crate::translator::Translator;
use crate::{CsvError, Delimiter, RawBlock};

/// How far the text is known.
pub(super) enum Stage {
    /// The sample, until it is complete.
    Opening(Vec<u8>),
    /// The text is stored as it is.
    Plain,
    /// The text is stored as the CSV that it means.
    Translated(Box<Translator>),
}

impl Stage {
    /// Takes the next text.
    pub(super) fn take(
        &mut self,
        text: &[u8],
        assembly: &mut Assembly,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        match self {
            Self::Plain => assembly.take(text, out),
            Self::Translated(translator) => translated(translator, text, false, assembly, out),
            Self::Opening(sample) => {
                let (more, rest) = text.split_at(text.len().min(SAMPLE - sample.len()));
                sample.extend_from_slice(more);
                if sample.len() < SAMPLE {
                    return Ok(());
                }
                let sample = std::mem::take(sample);
                self.decide(&sample, false, assembly, out)?;
                self.take(rest, assembly, out)
            }
        }
    }

    /// Ends the text.
    pub(super) fn end(
        &mut self,
        assembly: &mut Assembly,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        if let Self::Opening(sample) = self {
            let sample = std::mem::take(sample);
            self.decide(&sample, true, assembly, out)?;
        }
        match self {
            Self::Translated(translator) => translated(translator, &[], true, assembly, out),
            Self::Opening(_) | Self::Plain => Ok(()),
        }
    }

    /// Decides how the text is to be read, by its beginning.
    fn decide(
        &mut self,
        sample: &[u8],
        whole: bool,
        assembly: &mut Assembly,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        let Assembly {
            purpose, dialect, ..
        } = &*assembly;
        let known = match &dialect.delimiter {
            Some(Separator::Usual(delimiter)) => {
                let kept = purpose.keeps_delimiter();
                Some((*delimiter, if kept { Reason::Kept } else { Reason::Stated }))
            }
            Some(Separator::Text(_) | Separator::Blanks) => {
                Some((purpose.stored_delimiter(Delimiter::COMMA), Reason::Stated))
            }
            Some(Separator::Detected) => None,
            None => purpose
                .has_delimiter()
                .map(|delimiter| (delimiter, Reason::Dataset)),
        };
        let detected = detect::detect(sample, whole, dialect, known)?;
        let has_header = purpose.has_header();
        let found = hints::of_beginning(sample, whole, dialect, &detected, has_header);
        let stored = purpose.stored_delimiter(detected.delimiter);
        let as_it_is =
            dialect.is_stored_as_it_is() && !detected.returns && stored == detected.delimiter;
        let context = Context {
            max_record: assembly.limits.max_record,
            null_bytes: dialect.keeps_null_bytes(),
            detected: Some(detected.clone()),
            in_file: as_it_is,
        };
        let dialect = dialect.clone();
        assembly.context = Arc::new(context);
        assembly.hints.extend(found);
        if as_it_is {
            assembly.preamble = Preamble::new(detected.start, stored);
            *self = Self::Plain;
            return assembly.take(sample, out);
        }
        assembly.preamble = Preamble::new(0, stored);
        let translator = Translator::new(dialect, detected, stored, assembly.limits);
        *self = Self::Translated(Box::new(translator));
        match self {
            Self::Translated(translator) => translated(translator, sample, false, assembly, out),
            Self::Opening(_) | Self::Plain => Ok(()),
        }
    }
}

/// Translates the next text, and divides what it means into raw blocks.
fn translated(
    translator: &mut Translator,
    text: &[u8],
    last: bool,
    assembly: &mut Assembly,
    out: &mut Vec<RawBlock>,
) -> Result<(), CsvError> {
    let meaning = translator.take(text, last, &mut assembly.purpose)?;
    let outcome = assembly.take(&meaning, out);
    translator.reuse(meaning);
    outcome
}
