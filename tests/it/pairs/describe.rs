//! Descriptions of datasets, written to a server and to the model.

use serde_json::{Value, json};

use super::world::World;

/// What is said about a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// Tells it from all other descriptions; 0: nothing is said.
    pub number: u64,
}

impl Said {
    /// Its title.
    pub fn title(self) -> Option<String> {
        (self.number > 0).then(|| format!("Title {}", self.number))
    }

    /// What a server says has to be this.
    #[track_caller]
    pub fn check(self, said: &Value) {
        let title = said.get("title").cloned().unwrap_or_default();
        assert_eq!(title, json!(self.title()), "{said}");
    }
}

impl World {
    /// Says something about a dataset, or takes away what was said.
    pub(super) fn describe(&mut self, name: &'static str) {
        self.descriptions += 1;
        let said = match self.random.once_in(4) {
            true => Said::default(),
            false => Said {
                number: self.descriptions,
            },
        };
        let server = self.a_server();
        self.note(format_args!("{said:?} about {name} to server {server}"));
        let put = self.servers[server].put(&format!("/datasets/{name}/description"));
        let answer = put.v2().json(&json!({ "title": said.title() })).send();
        let Some(dataset) = self.datasets.get_mut(name) else {
            assert_eq!(answer.status, 404, "{}", answer.text());
            return;
        };
        assert_eq!(answer.status, 200, "{}", answer.text());
        said.check(&answer.json());
        dataset.said = said;
    }
}
