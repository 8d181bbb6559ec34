//! `flash push`: sends CSV files to a running server over HTTP.
//!
//! Each file is one request with an `Idempotency-Key` of its own, and is sent again with the same key if it is not known whether the
//! server has it. If a file is refused, the push reports it and continues with the next file. If the server can't be reached, the push
//! ends.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::request::Builder;
use http::{HeaderValue, Method, Request};
use indicatif::ProgressBar;
use uuid::Uuid;

use crate::dataset::DatasetName;

use super::files::{self, Input, Names};
use super::form::FormSettings;
use super::{Failure, progress};

mod answer;
mod error;
mod exchange;
mod source;
mod target;

pub(super) use error::PushError;

use answer::{Reply, Stored};
use error::FileError;
use exchange::{Broken, Connection};
use source::Source;
use target::Target;

/// The wait before the second attempt, unless the server names another one. Each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The version that the requests and `answer.rs` are written for.
const VERSION: &str = "application/vnd.flash.v2+json";

/// A key as a header has it. It is never printed.
#[derive(Clone, Debug)]
struct Key(HeaderValue);

impl FromStr for Key {
    type Err = &'static str;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let value = HeaderValue::try_from(format!("Bearer {key}"));
        let mut value = value.map_err(|_| "the key has characters that keys don't have")?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// The files to send, and where to.
#[derive(Args, Clone, Debug)]
pub(super) struct PushSettings {
    /// CSV files, folders of .csv, .tsv and .txt files, or - for standard input. Files whose names end in .gz or .zst are sent as they are
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Address of the server, such as http://localhost:3000
    #[arg(long, value_name = "URL")]
    to: Target,
    /// Key of a registered client. Other users of this machine can see it on the command line, so prefer the variable
    #[arg(long, value_name = "KEY", env = "FLASH_KEY", hide_env_values = true)]
    key: Option<Key>,
    /// Name of the dataset, for one file [default: derived from the file's name]
    #[arg(long, value_name = "NAME")]
    name: Option<DatasetName>,
    /// Add a revision to a dataset that exists, instead of refusing the file
    #[arg(long, conflicts_with = "append")]
    replace: bool,
    /// Add the rows to a dataset that exists. Several files can have the same --name
    #[arg(long)]
    append: bool,
    /// Ask what would become of the files: types, changes of the schema, and who uses what changes. Nothing is stored
    #[arg(long)]
    dry_run: bool,
    /// How often to send a file again if the connection breaks or the server is busy
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    retries: u32,
    #[command(flatten)]
    form: FormSettings,
}

/// Sends all files, and reports what the server answers to each.
pub(super) fn run(settings: &PushSettings) -> Result<(), Failure> {
    let inputs = files::find(&settings.files).map_err(PushError::from)?;
    if let Some(wrong) = files::ambiguous(&inputs, settings.name.as_ref(), settings.append) {
        return Err(Failure::Usage(wrong.to_owned()));
    }
    let formats = settings.form.formats();
    let formats = formats.map_err(|error| Failure::Usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(PushError::Start)?;
    let pusher = Pusher {
        settings,
        parameters: settings.form.parameters(&formats),
        bar: progress::bytes(files::bytes(&inputs)),
    };
    let outcome = runtime.block_on(pusher.all(&inputs));
    // A read of standard input can't be cancelled.
    runtime.shutdown_background();
    Ok(outcome?)
}

/// Sends files to a server.
struct Pusher<'a> {
    settings: &'a PushSettings,
    parameters: Vec<(String, String)>,
    bar: ProgressBar,
}

impl Pusher<'_> {
    async fn all(&self, inputs: &[Input]) -> Result<(), PushError> {
        let mut failed = 0;
        let mut names = Names::default();
        for input in inputs {
            let given = self.settings.name.as_ref();
            let name = match self.settings.append {
                true => files::name(input, given).map_err(FileError::from),
                false => names.name(input, given).map_err(FileError::from),
            };
            let outcome = match name {
                Ok(name) => self.one(input, &name).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(stored) => self.bar.suspend(|| tell(input, &stored)),
                Err(FileError::GaveUp { attempts, reason }) => {
                    self.bar.finish_and_clear();
                    return Err(PushError::GaveUp {
                        file: input.to_string(),
                        attempts,
                        reason,
                    });
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
            failed => Err(PushError::Files {
                failed,
                all: inputs.len(),
            }),
        }
    }

    /// Sends a file, and again if that can help.
    async fn one(&self, input: &Input, name: &DatasetName) -> Result<Stored, FileError> {
        self.bar.set_message(name.to_string());
        let source = Source::of(input);
        let key = Uuid::new_v4();
        let begun_at = self.bar.position();
        let (mut attempt, mut wait) = (1, FIRST_WAIT);
        loop {
            self.bar.set_position(begun_at);
            let (mut reason, asked) = match self.attempt(&source, name, key).await {
                Ok(Reply::Stored(stored)) => return Ok(stored),
                Ok(Reply::Taken) => return Err(FileError::Taken(name.clone())),
                Ok(Reply::Refused(reason)) => return Err(FileError::Refused(reason)),
                Ok(Reply::Busy { reason, wait }) => (reason, wait),
                Err(Broken::Source(error)) => return Err(FileError::Read(error)),
                Err(broken) if broken.is_final() => {
                    let (attempts, reason) = (attempt, broken.to_string());
                    return Err(FileError::GaveUp { attempts, reason });
                }
                Err(broken) => (broken.to_string(), None),
            };
            let pause = asked.unwrap_or(wait);
            if source.is_used_up() {
                reason.push_str("; it can't be read again: save it to a file for more attempts");
            } else if pause > LONGEST_WAIT {
                let pause = humantime::format_duration(pause);
                reason.push_str(&format!("; the server asks to wait for {pause}"));
            }
            if attempt > self.settings.retries || pause > LONGEST_WAIT || source.is_used_up() {
                let attempts = attempt;
                return Err(FileError::GaveUp { attempts, reason });
            }
            attempt += 1;
            self.bar.suspend(|| {
                super::complain(&format!(
                    "{input}: {reason}; attempt {} of {} is in {}",
                    attempt,
                    self.settings.retries + 1,
                    humantime::format_duration(pause),
                ));
            });
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn attempt(
        &self,
        source: &Source<'_>,
        name: &DatasetName,
        key: Uuid,
    ) -> Result<Reply, Broken> {
        let connection = Connection::open(&self.settings.to).await?;
        let request = self.request(source, name, key);
        let body = source.read(&self.bar).map_err(Broken::Source)?;
        let request = request.body(body).map_err(Broken::Request)?;
        connection
            .send(request, &self.bar)
            .await
            .map(|answer| Reply::of(&answer))
    }

    /// The request without its body.
    fn request(&self, source: &Source<'_>, name: &DatasetName, key: Uuid) -> Builder {
        let settings = self.settings;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        if settings.dry_run {
            query.append_pair("dry_run", "true");
        }
        let (method, path) = match (settings.append, settings.replace) {
            (true, _) => (Method::POST, format!("/{name}/rows")),
            (false, true) => (Method::PUT, format!("/{name}")),
            (false, false) => {
                query.append_pair("name", name.as_str());
                (Method::POST, String::new())
            }
        };
        let mut request = Request::builder()
            .method(method)
            .uri(settings.to.path(&path, &query.finish()))
            .header(HOST, settings.to.authority())
            .header(USER_AGENT, concat!("flash/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, VERSION)
            .header(CONTENT_TYPE, source.media_type())
            .header(CONTENT_ENCODING, source.coding())
            .header("idempotency-key", key.to_string());
        if let Some(key) = &settings.key {
            request = request.header(AUTHORIZATION, key.0.clone());
        }
        request
    }
}

/// Prints what the server has stored, or would have stored.
fn tell(input: &Input, stored: &Stored) {
    let would = match stored.is_dry_run() {
        true => "would be ",
        false => "",
    };
    super::say(&format!("{input}: {would}{}", stored.dataset()));
    for line in stored.changes().chain(stored.hints()) {
        super::say(&format!("{input}: {line}"));
    }
}
