//! The pods of a Deployment: real servers behind a load balancer.

use std::fs;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::balancer::Balancer;
use crate::database::Place;
use crate::process::Program;
use crate::servers::wait_until_ready;

/// What a pod is started with: a pod that is started with something else replaces it.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    pub image: String,
    pub environment: Vec<(String, String)>,
    /// Whether the old pods end before new ones begin.
    pub recreates: bool,
}

struct Pod {
    name: String,
    template: Template,
    server: Program,
}

/// The pods, in the order in which they were started.
pub struct Pods {
    pub balancer: Balancer,
    /// The disk of the claim `data`, mounted at /data.
    disk: Place,
    /// The mounted Secret, at /etc/flash/database.
    secrets: TempDir,
    pods: Vec<Pod>,
    /// Pods that finish their requests.
    going: Vec<(String, JoinHandle<()>)>,
    started: usize,
}

impl Pods {
    pub fn new() -> Self {
        Self {
            balancer: Balancer::start(),
            disk: Place::in_folder(),
            secrets: TempDir::new().unwrap(),
            pods: Vec::new(),
            going: Vec::new(),
            started: 0,
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.pods.iter().map(|pod| pod.name.clone()).collect()
    }

    /// Puts the value of a Secret into its file.
    pub fn mount(&self, key: &str, value: &str) {
        fs::write(self.secrets.path().join(key), value).unwrap();
    }

    /// Paths in a pod, as they are on this machine.
    pub fn resolved(&self, text: &str) -> String {
        let folder = |path: &PathBuf| format!("{}/", path.display());
        text.replace("/data/", &folder(&self.disk.folder.path().to_owned()))
            .replace(
                "/etc/flash/database/",
                &folder(&self.secrets.path().to_owned()),
            )
    }

    /// The environment of the newest pod.
    pub fn environment(&self) -> Result<Vec<(String, String)>, String> {
        let pod = self.pods.last().ok_or("no pod runs")?;
        let all = pod.template.environment.iter();
        Ok(all
            .map(|(name, value)| (name.clone(), self.resolved(value)))
            .collect())
    }

    /// Brings the pods to that number and template.
    pub fn settle(&mut self, template: &Template, count: usize) {
        let is_old = |pod: &Pod| pod.template != *template;
        if template.recreates {
            while self.pods.iter().any(is_old) {
                self.end_oldest(|pod| pod.template != *template);
            }
            self.wait_for_ends(|_| true);
        }
        while self.pods.iter().any(is_old) && count > 0 {
            self.start(template);
            self.end_oldest(|pod| pod.template != *template);
        }
        while self.pods.len() < count {
            self.start(template);
        }
        while self.pods.len() > count {
            self.end_oldest(|_| true);
        }
    }

    /// Ends all pods at once.
    pub fn end(&mut self) {
        self.pods.clear();
    }

    /// Waits until pods of such names are gone.
    pub fn wait_for_ends(&mut self, of: impl Fn(&str) -> bool) {
        let (ending, going): (Vec<_>, Vec<_>) =
            self.going.drain(..).partition(|(name, _)| of(name));
        self.going = going;
        for (_, ended) in ending {
            ended.join().unwrap();
        }
    }

    fn start(&mut self, template: &Template) {
        self.started += 1;
        let mut command = vec!["env".to_owned()];
        for (name, value) in &template.environment {
            command.push(format!("{name}={}", self.resolved(value)));
        }
        command.extend(Program::command());
        let server = Program::spawn(&command, self.disk.clone(), &[]);
        wait_until_ready(&server);
        self.balancer.add(server.address);
        self.pods.push(Pod {
            name: format!("api-{}", self.started),
            template: template.clone(),
            server,
        });
    }

    /// Asks a pod to end. New connections go elsewhere, and those that are open stay.
    fn end_oldest(&mut self, of: impl Fn(&Pod) -> bool) {
        let at = self.pods.iter().position(of).unwrap();
        let Pod {
            name, mut server, ..
        } = self.pods.remove(at);
        self.balancer.remove(server.address);
        server.signal(Signal::TERM);
        let ended = thread::spawn(move || assert!(server.wait().success()));
        self.going.push((name, ended));
    }
}
