//! The layout of a world.

use super::world::{INCIDENT, Person};
use std::path::{Path, PathBuf};

/// Where everything in a world is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    /// The paths of a world in that folder.
    pub fn new(root: impl Into<PathBuf>) -> Paths {
        Paths { root: root.into() }
    }
    /// The folder of the world.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// `world.json`.
    pub fn world_file(&self) -> PathBuf {
        self.root.join("world.json")
    }
    /// The bare repository that everybody pushes to.
    pub fn origin(&self) -> PathBuf {
        self.root.join("origin.git")
    }
    /// A person's clone.
    pub fn clone_of(&self, who: &Person) -> PathBuf {
        self.root.join(who.id).join("shop")
    }
    /// Where the service runs.
    pub fn production(&self) -> PathBuf {
        self.root.join("production")
    }
    /// The script that deploys.
    pub fn deploy(&self) -> PathBuf {
        self.production().join("deploy")
    }
    /// The program that asks the service things.
    pub fn probe(&self) -> PathBuf {
        self.production().join("probe")
    }
    /// Names the deployed version: version, commit, release.
    pub fn current(&self) -> PathBuf {
        self.production().join("current")
    }
    /// The built services, each under its sources' object id.
    pub fn releases(&self) -> PathBuf {
        self.production().join("releases")
    }
    /// One line for each deploy: time, version, commit.
    pub fn deploys_log(&self) -> PathBuf {
        self.production().join("deploys.log")
    }
    /// The service's log.
    pub fn app_log(&self) -> PathBuf {
        self.production().join("app.log")
    }
    /// The service's process.
    pub fn service_pid(&self) -> PathBuf {
        self.production().join("service.pid")
    }
    /// The operator's process; locked while it lives.
    pub fn operator_pid(&self) -> PathBuf {
        self.production().join("operator.pid")
    }
    /// Ends the operator when it appears.
    pub fn stop_file(&self) -> PathBuf {
        self.production().join("stop")
    }
    /// The chat.
    pub fn channel(&self) -> PathBuf {
        self.root.join("channel")
    }
    /// The tracker.
    pub fn tickets(&self) -> PathBuf {
        self.root.join("tickets")
    }
    /// The incident's ticket.
    pub fn ticket(&self) -> PathBuf {
        self.tickets().join(format!("{INCIDENT}.md"))
    }
    /// The status page.
    pub fn status_page(&self) -> PathBuf {
        self.root.join("status-page")
    }
}
