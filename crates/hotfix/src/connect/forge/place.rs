//! Which forge a clone belongs to: from the config, or from the address of its
//! remote. A host whose name says nothing is asked, once, without a token; what
//! it answered is remembered beside the runs.

use super::api::{Api, Place, Scheme, same_origin};
use super::credentials::{Wallet, environment};
use super::forgejo::Forgejo;
use super::github::Github;
use super::gitlab::{Gitlab, Which};
use super::lazy::Lazy;
use super::local::LocalForge;
use super::{Forge, ForgeError};
use crate::connect::http::{Exchange, Http, Method};
use crate::error::Failure;
use crate::git::repo::Repo;
use crate::git::{Git, GitError, fetch};
use crate::settings::Trust;
use crate::sys::clock::Clock;
use hotfix_core::config::Config;
use hotfix_core::forge::remote::{Address, Kind, Remote, kind_of_host, parse};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// Where merge requests live, as far as it is known without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The kind; none where the host has to be asked.
    pub kind: Option<Kind>,
    /// The address of its pages, without a slash at the end.
    pub web: String,
    /// The host, with the port where it is not the usual one.
    pub host: String,
    /// The project's path.
    pub project: String,
    /// The fork's path, where branches are pushed to another project.
    pub fork: Option<String>,
}

/// What a forge is made from.
#[derive(Clone)]
pub struct Means<'a> {
    /// The clone.
    pub repo: &'a Repo,
    /// The config.
    pub config: &'a Config,
    /// The clock.
    pub clock: &'a Clock,
    /// Whether the config's commands may run.
    pub trust: &'a Trust,
    /// Is told what a person should see.
    pub tell: fn(&str),
}

/// The site of a clone; none: its merge requests are refs on the remote.
pub fn site(repo: &Repo, config: &Config) -> Result<Option<Site>, Failure> {
    let forge = &config.forge;
    let named = match forge.kind.as_deref() {
        Some(name) => Some(Kind::named(name).ok_or_else(|| unknown_kind(name))?),
        None => None,
    };
    if named == Some(Kind::Local) {
        return Ok(None);
    }
    let Some(remote) = repo.remote.as_deref() else { return Ok(None) };
    let address = network(&repo.git, remote)?;
    let of_config = from_config(forge.url.as_deref())?;
    let Some(address) = address.or(of_config) else {
        return match named {
            Some(kind) => Err(Failure::usage(
                "HF0705",
                format!("the config says {kind}, and the remote {remote} is a folder of this machine"),
            )
            .try_this(
                "say where it is, in .hotfix/config.toml",
                "[forge] url = \"https://…\", project = \"group/app\"",
            )),
            None => Ok(None),
        };
    };
    let web = forge.url.as_deref().map_or_else(|| address.web(), |url| url.trim_end_matches('/').to_owned());
    let host = host_of(&web);
    let project = project_of(forge.project.as_deref(), &address, &web);
    let fork = fork(repo, config, &address, &project)?;
    let kind =
        named.or_else(|| address.kind()).or_else(|| kind_of_host(host.split(':').next().unwrap_or_default()));
    Ok(Some(Site { kind, web, host, project, fork }))
}

fn unknown_kind(name: &str) -> Failure {
    Failure::usage("HF0705", format!("the forge `{name}` is none that this version speaks to"))
        .try_this("see which there are", "hotfix doctor")
}

/// The address of a remote on the network: as git rewrites it (`insteadOf`),
/// else as it is written, where it is rewritten to a folder.
fn network(git: &Git, remote: &str) -> Result<Option<Remote>, Failure> {
    let written = git.maybe(["config", "--get", &format!("remote.{remote}.url")]);
    let rewritten = git.maybe(["remote", "get-url", remote]);
    for url in [rewritten, written].into_iter().flatten() {
        let address = parse(&url).map_err(|e| {
            let shown = crate::connect::http::shown(&url);
            Failure::usage(
                "HF0715",
                format!("the address of the remote {remote} cannot be read ({shown}): {e}"),
            )
            .try_this("see it", format!("git remote get-url {remote}"))
        })?;
        if let Address::Network(remote) = address {
            return Ok(Some(remote));
        }
    }
    Ok(None)
}

fn from_config(url: Option<&str>) -> Result<Option<Remote>, Failure> {
    let Some(url) = url else { return Ok(None) };
    match parse(url) {
        Ok(Address::Network(mut remote)) => {
            remote.path = String::new();
            Ok(Some(remote))
        }
        _ => Err(Failure::usage("HF0715", format!("[forge] url is no address: {url}"))
            .try_this("write the address of the forge's pages", "[forge] url = \"https://git.example.org\"")),
    }
}

fn host_of(web: &str) -> String {
    let rest = web.split_once("://").map_or(web, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// The project's path; without the path that the forge is served under.
fn project_of(named: Option<&str>, address: &Remote, web: &str) -> String {
    if let Some(named) = named {
        return named.trim_matches('/').trim_end_matches(".git").to_owned();
    }
    let under = web.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let path = address.path.strip_prefix(under).unwrap_or(&address.path);
    path.trim_start_matches('/').to_owned()
}

/// The name of the remote that branches are pushed to.
pub fn push_remote(repo: &Repo, config: &Config) -> Result<String, Failure> {
    if let Some(named) = &config.forge.push_remote {
        return Ok(named.clone());
    }
    Ok(repo.push_remote()?.to_owned())
}

fn fork(repo: &Repo, config: &Config, base: &Remote, project: &str) -> Result<Option<String>, Failure> {
    let push = push_remote(repo, config)?;
    if push == repo.remote()? {
        return Ok(None);
    }
    let Some(address) = network(&repo.git, &push)? else { return Ok(None) };
    if address.web() != base.web() && address.host != base.host {
        return Err(Failure::usage(
            "HF0715",
            format!(
                "two forges: the merge request would be on {}, and the branch would be pushed to {} ({push})",
                base.host, address.host
            ),
        )
        .try_this("say which remote is pushed to, in .hotfix/config.toml", "[forge] push_remote = \"origin\"")
        .try_this("or which one the project is on", "git config hotfix.remote NAME"));
    }
    Ok((address.path != project).then_some(address.path))
}

/// The forge of a clone.
pub fn forge(means: &Means<'_>) -> Result<Box<dyn Forge>, Failure> {
    let Some(maker) = maker(means)?.map(Rc::new) else {
        let remote = means.repo.remote()?;
        return Ok(Box::new(LocalForge::new(means.repo.git.clone(), remote, means.clock.clone())));
    };
    match maker.site.kind {
        Some(kind) => maker.make(kind),
        None => Ok(Box::new(Lazy::new(format!("the forge on {}", maker.site.host), move || {
            let kind = maker.asked()?;
            maker.make(kind)
        }))),
    }
}

/// Where the token of a clone's forge is looked for, and its site; none for the local forge.
pub fn wallet(means: &Means<'_>) -> Result<Option<(Site, Wallet)>, Failure> {
    let Some(maker) = maker(means)? else { return Ok(None) };
    let kind = maker.site.kind.map_or_else(|| maker.asked(), Ok)?;
    let wallet = maker.wallet(kind);
    Ok(Some((Site { kind: Some(kind), ..maker.site }, wallet)))
}

fn maker(means: &Means<'_>) -> Result<Option<Maker>, Failure> {
    let repo = means.repo;
    let Some(site) = site(repo, means.config)? else { return Ok(None) };
    Ok(Some(Maker {
        site,
        remote: repo.remote()?.to_owned(),
        git: repo.git.clone(),
        memory: repo.common.join("hotfix/forge"),
        config: means.config.clone(),
        clock: means.clock.clone(),
        trust: means.trust.clone(),
        main: repo.main.clone(),
        tell: means.tell,
    }))
}

/// Everything that a forge is made from, kept for later.
struct Maker {
    site: Site,
    remote: String,
    git: Git,
    memory: PathBuf,
    config: Config,
    clock: Clock,
    trust: Trust,
    main: PathBuf,
    tell: fn(&str),
}

impl Maker {
    fn wallet(&self, kind: Kind) -> Wallet {
        let (scheme, _) = self.site.web.split_once("://").unwrap_or(("https", ""));
        Wallet {
            kind,
            host: self.site.host.clone(),
            scheme: scheme.to_owned(),
            named: self.config.forge.token.clone(),
            trust: self.trust.clone(),
            git: self.git.clone(),
            env: environment,
        }
    }

    fn make(&self, kind: Kind) -> Result<Box<dyn Forge>, Failure> {
        let site = &self.site;
        let wallet = self.wallet(kind);
        let place = place_of(kind, site);
        let api = Api::new(place, self.http()?, Box::new(wallet), self.clock.clone(), self.tell);
        let (git, remote) = (self.git.clone(), self.remote.clone());
        let which = Which {
            project: site.project.clone(),
            fork: site.fork.clone(),
            method: self.config.forge.merge,
            fetch: Box::new(move || fetch::all(&git, &remote).map_err(|e| unreachable(&e))),
        };
        match kind {
            Kind::Gitlab => Ok(Box::new(Gitlab::new(api, which))),
            Kind::Github => Ok(Box::new(Github::new(api, which))),
            Kind::Forgejo => Ok(Box::new(Forgejo::new(api, which))),
            Kind::Local => Err(unknown_kind(kind.name())),
        }
    }

    /// A client that trusts the private authority, where there is one.
    fn http(&self) -> Result<Http, Failure> {
        let named = self.config.forge.ca_file.as_ref().map(|file| self.main.join(file));
        let of_git = || {
            self.git.maybe(["config", "--get-urlmatch", "http.sslCAInfo", &self.site.web]).map(PathBuf::from)
        };
        let Some(path) = named.or_else(of_git) else { return Ok(Http::new()) };
        let bad = |why: String| {
            Failure::usage("HF0715", format!("the certificates in {} cannot be used: {why}", path.display()))
                .try_this("look at them", format!("openssl x509 -noout -subject -in {}", path.display()))
        };
        let pem = std::fs::read(&path).map_err(|e| bad(e.to_string()))?;
        Http::trusting(&pem).map_err(bad)
    }

    /// The kind of a host whose name does not say it.
    fn asked(&self) -> Result<Kind, Failure> {
        let remembered = std::fs::read_to_string(&self.memory).unwrap_or_default();
        let known = remembered.lines().find_map(|l| l.strip_prefix(&format!("{} ", self.site.web)));
        if let Some(kind) = known.and_then(|name| Kind::named(name.trim())) {
            return Ok(kind);
        }
        let kind = detect(&self.http()?, &self.site.web).ok_or_else(|| {
            Failure::usage("HF0715", format!("no forge that is known here answers on {}", self.site.web))
                .try_this(
                    "say what it is, in .hotfix/config.toml",
                    "[forge] kind = \"gitlab\"  # or github, forgejo",
                )
                .try_this("or keep merge requests on the remote itself", "[forge] kind = \"local\"")
        })?;
        if let Some(folder) = self.memory.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = std::fs::write(&self.memory, format!("{} {}\n", self.site.web, kind.name()));
        Ok(kind)
    }
}

fn unreachable(error: &GitError) -> ForgeError {
    if error.was_killed() {
        ForgeError::Unsure(error.to_string())
    } else {
        ForgeError::Unreachable(error.said())
    }
}

/// The interface of a site.
fn place_of(kind: Kind, site: &Site) -> Place {
    let name = match kind {
        Kind::Gitlab => "GitLab",
        Kind::Github => "GitHub",
        _ => "Forgejo",
    };
    let mut headers = vec![("accept", "application/json".to_owned())];
    let (base, scheme) = match kind {
        Kind::Github => {
            headers = vec![
                ("accept", "application/vnd.github+json".to_owned()),
                ("x-github-api-version", "2022-11-28".to_owned()),
            ];
            let base = match site.host.as_str() {
                "github.com" | "www.github.com" => "https://api.github.com".to_owned(),
                host if host.ends_with(".ghe.com") => format!("https://api.{host}"),
                _ => format!("{}/api/v3", site.web),
            };
            (base, Scheme::Bearer)
        }
        Kind::Forgejo => (format!("{}/api/v1", site.web), Scheme::Token),
        _ => (format!("{}/api/v4", site.web), Scheme::Gitlab),
    };
    Place { name: format!("{name} ({})", site.host), base, scheme, headers }
}

/// Asks a host what it runs, without a token.
pub fn detect(http: &Http, web: &str) -> Option<Kind> {
    let ask = |path: &str| {
        let url = format!("{web}{path}");
        let exchange = Exchange {
            method: Method::Get,
            url: &url,
            headers: vec![("accept", "application/json".to_owned())],
            body: None,
            limit: 64 * 1024,
            time: Duration::from_secs(5),
        };
        let reply = http.exchange(&exchange).ok().filter(|_| same_origin(&url, web))?;
        let value: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
        Some((reply, value))
    };
    if ask("/api/v1/version").is_some_and(|(r, v)| r.status == 200 && v.get("version").is_some()) {
        return Some(Kind::Forgejo);
    }
    let gitlab = |(r, v): &(crate::connect::http::Reply, serde_json::Value)| {
        r.status == 200 && v.get("version").is_some() || r.status == 401 && v.get("message").is_some()
    };
    if ask("/api/v4/version").as_ref().is_some_and(gitlab) {
        return Some(Kind::Gitlab);
    }
    ask("/api/v3/meta").filter(|(r, v)| r.status == 200 && v.is_object()).map(|_| Kind::Github)
}

#[cfg(test)]
mod tests;
