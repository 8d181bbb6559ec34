//! The commands of kubectl that the page has, and what they do to objects and pods.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use super::kubectl;
use super::objects::{Objects, kind};
use super::pods::{Pods, Template};
use crate::servers::cluster;

/// The database that pods have, which they know by the name of its Service.
const DATABASE: &str = "flash";

/// What a command prints, or why it fails.
pub type Said = Result<Vec<u8>, String>;

/// The state of the cluster.
pub struct State {
    kubectl: PathBuf,
    pub objects: Objects,
    pub pods: Pods,
    /// The image before the newest one.
    former_image: Option<Value>,
}

/// The only container of a Deployment.
pub fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

impl State {
    /// An empty cluster.
    pub fn new(kubectl: PathBuf) -> Self {
        Self {
            kubectl,
            objects: Objects::default(),
            pods: Pods::new(),
            former_image: None,
        }
    }

    /// Runs a command in a folder.
    pub fn run(&mut self, folder: &Path, words: &[&str], input: &[u8]) -> Said {
        let words = match words {
            ["--namespace", "flash", rest @ ..] => rest,
            words => words,
        };
        let said = match words {
            ["apply", "-k", what] => {
                let text = kubectl::render(&self.kubectl, folder, what)?;
                self.apply(&text, None)
            }
            ["apply", "--selector", label, "-f", "-"] => {
                self.apply(&String::from_utf8_lossy(input), Some(label))
            }
            ["apply", "-f", "-"] => self.apply(&String::from_utf8_lossy(input), None),
            ["apply", "-f", file] => {
                let text = std::fs::read_to_string(folder.join(file));
                self.apply(&text.map_err(|error| error.to_string())?, None)
            }
            ["config", "set-context", "--current", "--namespace", "flash"] => Ok(String::new()),
            ["create", "secret", "generic", name, literals @ ..] => {
                let values = literals.iter().filter(|word| **word != "--from-literal");
                self.objects
                    .create_secret(name, &values.copied().collect::<Vec<_>>())
            }
            ["set", "image", deployment, image] => self.set_image(deployment, image),
            ["rollout", "status", what] | ["rollout", "status", what, "--timeout", _] => {
                // Pods are ready when they have been started.
                self.objects.named(what).map(|_| String::new())
            }
            ["rollout", "undo", what] => self.undo(what),
            ["scale", what, "--replicas", count] => self.scale(what, count),
            [
                "wait",
                "--for",
                "delete",
                "pod",
                "--selector",
                "app.kubernetes.io/name=api",
                "--timeout",
                _,
            ] => {
                self.pods.wait_for_ends(|_| true);
                self.none_left()
            }
            ["wait", "--for", "delete", pod, "--timeout", _] => self.wait_for_end(pod),
            ["wait", "--for", "condition=Ready", pod, "--timeout", _] => {
                self.objects.named(pod).map(|_| String::new())
            }
            ["delete", "-f", file] => self.delete_file(&folder.join(file)),
            ["delete", all @ ..] => self.delete(all),
            ["get", rest @ ..] => self.get(rest),
            ["port-forward", what, ports] => match ports.split_once(':') {
                Some((_, "80")) => self.objects.named(what).map(|_| String::new()),
                _ => Err(format!("the service has no port of {ports}")),
            },
            ["exec", "-i", whose, "--", command @ ..] => return self.exec(whose, command, input),
            ["exec", whose, "--", command @ ..] => return self.exec(whose, command, &[]),
            other => Err(format!("the stand-in doesn't know {other:?}")),
        };
        said.map(String::into_bytes)
    }

    fn apply(&mut self, text: &str, label: Option<&str>) -> Result<String, String> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
        let mut said = String::new();
        for object in documents {
            let has = |label: &str| {
                let (key, value) = label.split_once('=').unwrap();
                object["metadata"]["labels"][key] == value
            };
            if label.is_none_or(has) {
                said += &self.objects.apply(object)?;
            }
        }
        self.settle()?;
        Ok(said)
    }

    /// Starts and ends pods as the objects demand it.
    fn settle(&mut self) -> Result<(), String> {
        if self.objects.get("StatefulSet", "postgres").is_some() {
            self.objects
                .secret("database", "password")
                .ok_or("the pod of PostgreSQL waits for the secret")?;
            let found = format!("SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'");
            if cluster().psql("postgres", &found) == "0" {
                cluster().create_database(DATABASE);
            }
        }
        let Some(deployment) = self.objects.get("Deployment", "api") else {
            return Ok(());
        };
        let scaler = self.objects.get("HorizontalPodAutoscaler", "api");
        let least = scaler.and_then(|scaler| scaler["spec"]["minReplicas"].as_u64());
        let count = match (deployment["count"].as_u64().unwrap(), least) {
            (0, _) => 0,
            (count, least) => count.max(least.unwrap_or(0)),
        };
        let template = Template {
            image: container(deployment)["image"].as_str().unwrap().to_owned(),
            environment: self.objects.environment(deployment),
            recreates: deployment["spec"]["strategy"]["type"] == "Recreate",
        };
        if template.recreates && count > 1 {
            return Err("a second pod waits for the disk for ever".to_owned());
        }
        let needs_secret = template
            .environment
            .iter()
            .any(|(name, _)| name == "FLASH_DATABASE_FILE");
        if needs_secret {
            let url = self.objects.secret("database", "url");
            self.pods.mount(
                "url",
                &self.reachable(&url.ok_or("pods wait for the secret")?),
            );
        }
        self.pods.settle(&template, usize::try_from(count).unwrap());
        if let Some(deployment) = self.objects.get_mut("Deployment", "api") {
            deployment["count"] = count.into();
        }
        Ok(())
    }

    /// An address of the database as this machine reaches it.
    fn reachable(&self, text: &str) -> String {
        text.replace("@postgres/", &format!("@127.0.0.1:{}/", cluster().port()))
    }

    fn deployment(&mut self, words: &str) -> Result<&mut Value, String> {
        self.objects.named(words)?;
        let (word, name) = words.split_once('/').unwrap();
        self.objects
            .get_mut(kind(word)?, name)
            .ok_or_else(|| format!("{words:?} is not found"))
    }

    fn set_image(&mut self, words: &str, image: &str) -> Result<String, String> {
        let (container, image) = image.split_once('=').ok_or("CONTAINER=IMAGE is missing")?;
        let deployment = self.deployment(words)?;
        let own = &mut deployment["spec"]["template"]["spec"]["containers"][0];
        if own["name"] != container {
            return Err(format!("there is no container {container:?}"));
        }
        let former = std::mem::replace(&mut own["image"], image.into());
        self.former_image = Some(former);
        self.settle().map(|()| String::new())
    }

    fn undo(&mut self, words: &str) -> Result<String, String> {
        let former = self
            .former_image
            .take()
            .ok_or("there is no former revision")?;
        self.deployment(words)?["spec"]["template"]["spec"]["containers"][0]["image"] = former;
        self.settle().map(|()| String::new())
    }

    fn scale(&mut self, words: &str, count: &str) -> Result<String, String> {
        let count: u64 = count.parse().map_err(|_| "no count")?;
        self.deployment(words)?["count"] = count.into();
        self.settle().map(|()| String::new())
    }

    fn none_left(&self) -> Result<String, String> {
        match self.pods.names().as_slice() {
            [] => Ok(String::new()),
            left => Err(format!("timed out waiting for {left:?}")),
        }
    }

    fn wait_for_end(&mut self, pod: &str) -> Result<String, String> {
        let name = pod.strip_prefix("pod/").ok_or("no name of a pod")?;
        if self.pods.names().iter().any(|one| one == name) {
            return Err(format!("timed out waiting for {name}"));
        }
        self.pods.wait_for_ends(|one| one == name);
        Ok(String::new())
    }

    fn delete_file(&mut self, file: &Path) -> Result<String, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        for object in documents {
            let word = object["kind"].as_str().unwrap().to_lowercase();
            let name = object["metadata"]["name"].as_str().unwrap();
            self.objects.remove(kind(&word)?, name)?;
        }
        Ok(String::new())
    }

    fn delete(&mut self, all: &[&str]) -> Result<String, String> {
        for words in all {
            self.objects.named(words)?;
            let (word, name) = words.split_once('/').unwrap();
            self.objects.remove(kind(word)?, name)?;
        }
        Ok(String::new())
    }

    fn get(&self, words: &[&str]) -> Result<String, String> {
        match words {
            ["svc", name, "--watch"] => {
                self.objects.named(&format!("svc/{name}"))?;
                Ok(format!(
                    "{name}  LoadBalancer  {}\n",
                    self.pods.balancer.address
                ))
            }
            ["secret", name, "--output", path] => {
                let key = path
                    .strip_prefix("jsonpath={.data.")
                    .and_then(|rest| rest.strip_suffix('}'));
                let secret = self.objects.named(&format!("secret/{name}"))?;
                let value = secret["data"][key.ok_or("no path of a value")?].as_str();
                value
                    .map(ToOwned::to_owned)
                    .ok_or_else(|| format!("{path} is empty"))
            }
            [
                "pod",
                "--selector",
                "app.kubernetes.io/name=api",
                "--output",
                "name",
            ] => {
                let names = self.pods.names().into_iter();
                Ok(names.map(|name| format!("pod/{name}\n")).collect())
            }
            other => Err(format!("the stand-in doesn't know get {other:?}")),
        }
    }

    fn exec(&mut self, whose: &str, command: &[&str], input: &[u8]) -> Said {
        match whose {
            "deployment/api" | "deployment.apps/api" => self.in_pod(command, input),
            "restore" => {
                self.objects.named("pod/restore")?;
                self.none_left()?;
                let resolved: Vec<String> = command
                    .iter()
                    .map(|word| self.pods.resolved(word))
                    .collect();
                let mut shell = Command::new(&resolved[0]);
                shell.args(&resolved[1..]);
                output(shell, input)
            }
            "postgres-0" => {
                self.objects.named("statefulset/postgres")?;
                let mut tool = Command::new(cluster().program(command[0]));
                tool.args(&command[1..])
                    .env("PGHOST", "127.0.0.1")
                    .env("PGPORT", cluster().port().to_string());
                output(tool, input)
            }
            other => Err(format!("there is no pod of {other}")),
        }
    }

    /// Runs Flash in a pod; there is no other program in the image.
    pub fn in_pod(&self, command: &[&str], input: &[u8]) -> Said {
        let ["flash", arguments @ ..] = command else {
            return Err(format!("the image has no {:?}", command.first()));
        };
        let mut flash = Command::new(env!("CARGO_BIN_EXE_flash"));
        flash
            .args(arguments.iter().map(|word| self.pods.resolved(word)))
            .env_clear()
            .envs(self.pods.environment()?);
        let input = match std::str::from_utf8(input) {
            Ok(text) => self.reachable(text).into_bytes(),
            Err(_) => input.to_vec(),
        };
        output(flash, &input)
    }
}

/// What a program prints that ends well.
fn output(mut command: Command, input: &[u8]) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let (mut pipe, input) = (child.stdin.take().unwrap(), input.to_vec());
    // A program need not read all of it.
    let feeding = thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
