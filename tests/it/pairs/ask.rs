//! Questions, asked of a server and of the model.

use std::sync::Arc;

use super::answer::{self, Expected};
use super::model::{Revision, Which};
use super::query::Found;
use super::question::{Question, Rows, What};
use super::world::World;
use crate::client::Answer;
use crate::clients::Keyed;

/// Questions that are remembered.
const REMEMBERED: usize = 24;
/// Lists that are open at a time.
const OPEN: usize = 8;

/// A question that was asked before, and the tag of the answer.
pub(super) struct Remembered {
    question: Question,
    /// The tag, and which revision of which dataset had it.
    tag: Option<(String, Of)>,
}

/// Incarnation of a dataset, number of its revision, the version of the API that the caller gets without naming one, and the number of what is said
/// about the dataset.
type Of = (u64, i64, u32, u64);

/// A list of which a part was read.
pub(super) struct Open {
    question: Question,
    rows: Rows,
    incarnation: u64,
    revision: Arc<Revision>,
    found: Found,
    /// Rows that were shown.
    shown: usize,
    cursor: String,
}

impl World {
    /// Asks something new, or something that was asked before; sometimes several times in a row.
    pub(super) fn ask_something(&mut self, name: &'static str) {
        if self.remembered.is_empty() || self.random.once_in(3) {
            let question = Question::random(&mut self.random, name, self.datasets.get(name));
            if self.remembered.len() >= REMEMBERED {
                let forgotten = self.random.index(REMEMBERED);
                self.remembered.swap_remove(forgotten);
            }
            self.remembered.push(Remembered {
                question,
                tag: None,
            });
            let last = self.remembered.len() - 1;
            return self.ask(last);
        }
        let at = self.random.index(self.remembered.len());
        self.ask(at);
    }

    /// Asks something about a dataset that was asked before it was changed.
    pub(super) fn ask_again(&mut self, name: &'static str) {
        let about =
            (0..self.remembered.len()).filter(|&at| self.remembered[at].question.name == name);
        let about: Vec<_> = about.collect();
        match about[..] {
            [] => self.ask_something(name),
            _ => {
                let at = self.random.index(about.len());
                self.ask(about[at]);
            }
        }
    }

    fn ask(&mut self, at: usize) {
        let times = self.random.one_of(&[1, 1, 2, 3]);
        for _ in 0..times {
            let server = self.a_server();
            let Remembered { question, tag } = &self.remembered[at];
            let question = question.clone();
            let conditional = tag.clone().filter(|_| self.random.once_in(3));
            self.note(format_args!(
                "{}{} of server {server}{}",
                question.path(None),
                question
                    .coding
                    .map_or(String::new(), |coding| format!(" in {coding}")),
                if conditional.is_some() {
                    ", unless it is the same"
                } else {
                    ""
                }
            ));
            let tag = conditional.as_ref().map(|(tag, _)| tag.as_str());
            let answer = self.get(server, &question, None, tag);
            let new_tag = self.check(&question, &answer, conditional.as_ref());
            if let Some(tag) = new_tag {
                self.remembered[at].tag = Some(tag);
            }
        }
    }

    fn get(
        &self,
        server: usize,
        question: &Question,
        cursor: Option<&str>,
        tag: Option<&str>,
    ) -> Answer {
        let mut call = self.servers[server].get(&question.path(cursor));
        if let Some(accept) = question.accept() {
            call = call.accept(accept);
        }
        if question.what == (What::Default { by_client: true }) {
            call = call.with_key(&self.key);
        }
        if let Some(coding) = question.coding {
            call = call.header("Accept-Encoding", coding);
        }
        if let Some(tag) = tag {
            call = call.header("If-None-Match", tag);
        }
        if let What::Source {
            range: Some((from, to)),
            ..
        } = question.what
        {
            call = call.header("Range", &format!("bytes={from}-{to}"));
        }
        call.send()
    }

    /// Compares an answer with what the model says; gives its tag.
    fn check(
        &mut self,
        question: &Question,
        answer: &Answer,
        conditional: Option<&(String, Of)>,
    ) -> Option<(String, Of)> {
        let keep = self.keep();
        if question.what == What::Names {
            let said: serde_json::Value =
                serde_json::from_slice(&answer::unpacked(answer)).unwrap();
            let names = said["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].as_str().unwrap());
            let mut expected: Vec<_> = self.datasets.keys().copied().collect();
            expected.sort_unstable();
            assert_eq!(names.collect::<Vec<_>>(), expected);
            return None;
        }
        let Some(dataset) = self.datasets.get(question.name) else {
            assert_eq!(answer.status, 404, "{}", answer.text());
            return None;
        };
        let expected = dataset
            .revision(question.which(), keep)
            .and_then(|revision| {
                let found = question.find(revision)?;
                Ok((Arc::clone(revision), found))
            });
        let (revision, found) = match expected {
            Ok(expected) => expected,
            Err(status) => {
                assert_eq!(answer.status, status, "{}", answer.text());
                return None;
            }
        };
        let default = match question.what {
            What::Default { by_client: true } => self.pin,
            _ => 1,
        };
        let said = dataset.said.number;
        let (incarnation, number) = (dataset.incarnation, revision.number);
        let of = match question.what {
            // Where nothing is said, it is the same of every dataset.
            What::Description if said == 0 => (u64::MAX, 0, default, 0),
            What::Description => (incarnation, 0, default, said),
            What::Metadata { .. } => (incarnation, number, default, said),
            What::Default { .. } if default == 2 => (incarnation, number, default, said),
            _ => (incarnation, number, default, 0),
        };
        let tag = answer
            .headers
            .get("etag")
            .map(|tag| tag.to_str().unwrap().to_owned());
        if let Some((_, before)) = conditional
            && (answer.status == 304 || *before == of)
        {
            assert_eq!((answer.status, *before), (304, of), "{}", answer.text());
            answer::check_headers(answer, &revision);
            return None;
        }
        let next = answer::check(
            question,
            answer,
            &Expected {
                dataset,
                revision: &revision,
                found: &found,
                shown: 0,
                keep,
                default,
            },
        );
        if let (Some(cursor), What::Rows(rows)) = (next, &question.what) {
            if self.open.len() >= OPEN {
                let forgotten = self.random.index(OPEN);
                self.open.swap_remove(forgotten);
            }
            self.open.push(Open {
                rows: rows.clone(),
                question: question.clone(),
                incarnation,
                shown: rows.limit.unwrap_or(usize::MAX),
                revision,
                found,
                cursor,
            });
        }
        tag.map(|tag| (tag, of))
    }

    /// Reads the next part of a list that was begun before, whatever became of its dataset.
    pub(super) fn read_on(&mut self) {
        if self.open.is_empty() {
            let name = self.a_name();
            return self.ask_something(name);
        }
        let at = self.random.index(self.open.len());
        let server = self.a_server();
        let open = &self.open[at];
        let (question, cursor) = (open.question.clone(), open.cursor.clone());
        let shown = open.shown;
        self.note(format_args!(
            "{} from row {shown} on, of server {server}",
            question.path(None)
        ));
        let answer = self.get(server, &question, Some(&cursor), None);
        let keep = self.keep();
        let open = &mut self.open[at];
        let expected = match self.datasets.get(question.name) {
            None => Err(404),
            Some(dataset) if dataset.incarnation != open.incarnation => Err(410),
            Some(dataset) => dataset
                .revision(Which::Revision(open.revision.number), keep)
                .map(|_| dataset),
        };
        match expected {
            Ok(dataset) => {
                let next = answer::check(
                    &question,
                    &answer,
                    &Expected {
                        dataset,
                        revision: &open.revision,
                        found: &open.found,
                        shown,
                        keep,
                        default: 1,
                    },
                );
                open.shown += open.rows.limit.unwrap_or(usize::MAX);
                if let Some(cursor) = next {
                    open.cursor = cursor;
                    return;
                }
            }
            Err(status) => assert_eq!(answer.status, status, "{}", answer.text()),
        }
        self.open.swap_remove(at);
    }
}
