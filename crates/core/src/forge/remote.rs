//! Where a remote's address leads: the host, the project on it, and which kind
//! of forge answers there. Every form that git takes is read: `https://`,
//! `http://`, `ssh://`, `git://`, and `user@host:path`; anything else is a place
//! on this machine.

use std::fmt;

/// The kinds of forges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Refs on the remote.
    Local,
    /// gitlab.com, or one's own.
    Gitlab,
    /// github.com, or GitHub Enterprise.
    Github,
    /// Forgejo or Gitea.
    Forgejo,
}

impl Kind {
    /// The kind that a config names.
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "local" => Some(Kind::Local),
            "gitlab" => Some(Kind::Gitlab),
            "github" => Some(Kind::Github),
            "forgejo" | "gitea" => Some(Kind::Forgejo),
            _ => None,
        }
    }

    /// The name in a config.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Local => "local",
            Kind::Gitlab => "gitlab",
            Kind::Github => "github",
            Kind::Forgejo => "forgejo",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Local => "the local forge",
            Kind::Gitlab => "GitLab",
            Kind::Github => "GitHub",
            Kind::Forgejo => "Forgejo or Gitea",
        })
    }
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Another machine, or a server on this one.
    Network(Remote),
    /// A path of this machine.
    Here,
}

/// A project on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// `https`, `http`, `ssh` or `git`.
    pub scheme: &'static str,
    /// The host, in lower case.
    pub host: String,
    /// The port, where the address names one.
    pub port: Option<u16>,
    /// The path without leading slash and `.git`.
    pub path: String,
}

/// Why an address cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// The port is none.
    #[error("`{0}` is no port")]
    Port(String),
    /// There is no host.
    #[error("the address names no host")]
    Host,
}

/// Reads a remote's address. What looks like no network address is a path.
pub fn parse(url: &str) -> Result<Address, BadAddress> {
    let url = url.trim();
    if let Some((scheme, rest)) = url.split_once("://") {
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => "https",
            "http" => "http",
            "ssh" | "git+ssh" | "ssh+git" => "ssh",
            "git" => "git",
            _ => return Ok(Address::Here),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = host_and_port(authority)?;
        return Ok(Address::Network(Remote { scheme, host, port, path: project(path) }));
    }
    // `host:path`, as ssh has it; a slash before the colon makes it a path.
    let bracket = url.find(']').map_or(0, |i| i + 1);
    let Some(colon) = url[bracket..].find(':').map(|i| i + bracket) else { return Ok(Address::Here) };
    let (authority, path) = (&url[..colon], &url[colon + 1..]);
    if authority.contains('/') || authority.len() < 2 {
        return Ok(Address::Here);
    }
    let host = authority.rsplit('@').next().unwrap_or_default().trim_matches(['[', ']']);
    if host.is_empty() {
        return Err(BadAddress::Host);
    }
    // `git@[host:2222]:path` is how scp-like addresses name a port.
    let (host, port) = match host.rsplit_once(':').filter(|_| host.matches(':').count() == 1) {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| BadAddress::Port(port.to_owned()))?)),
        None => (host, None),
    };
    let remote = Remote {
        scheme: "ssh",
        host: host.to_ascii_lowercase(),
        port,
        path: project(path.trim_start_matches('~')),
    };
    Ok(Address::Network(remote))
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), BadAddress> {
    let bare = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match bare.strip_prefix('[').and_then(|b| b.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match bare.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (bare, None),
        },
    };
    if host.is_empty() {
        return Err(BadAddress::Host);
    }
    let port = match port.filter(|p| !p.is_empty()) {
        Some(port) => Some(port.parse().map_err(|_| BadAddress::Port(port.to_owned()))?),
        None => None,
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn project(path: &str) -> String {
    let path = path.trim_matches('/');
    path.strip_suffix(".git").unwrap_or(path).trim_matches('/').to_owned()
}

impl Remote {
    /// The address of the host's pages: where ssh leads, https answers too.
    pub fn web(&self) -> String {
        let host = web_host(&self.host);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        match (self.scheme, self.port) {
            ("http", Some(port)) if port != 80 => format!("http://{host}:{port}"),
            ("http", _) => format!("http://{host}"),
            ("https", Some(port)) if port != 443 => format!("https://{host}:{port}"),
            _ => format!("https://{host}"),
        }
    }

    /// The kind that the host's name gives away.
    pub fn kind(&self) -> Option<Kind> {
        kind_of_host(&self.host)
    }
}

/// The host whose pages and API belong to an ssh host.
fn web_host(host: &str) -> &str {
    match host {
        "altssh.gitlab.com" => "gitlab.com",
        "ssh.github.com" => "github.com",
        other => other,
    }
}

/// The kind of forge that a host's name gives away: the public ones, and names
/// that say it (`gitlab.example.org`).
pub fn kind_of_host(host: &str) -> Option<Kind> {
    match web_host(host) {
        "github.com" => return Some(Kind::Github),
        "gitlab.com" => return Some(Kind::Gitlab),
        "codeberg.org" | "gitea.com" | "code.forgejo.org" => return Some(Kind::Forgejo),
        _ => {}
    }
    if host.ends_with(".ghe.com") {
        return Some(Kind::Github);
    }
    let label = |name: &str| host.split(['.', '-']).any(|part| part == name);
    match () {
        () if label("gitlab") => Some(Kind::Gitlab),
        () if label("forgejo") || label("gitea") => Some(Kind::Forgejo),
        () if label("github") => Some(Kind::Github),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(url: &str) -> Remote {
        match parse(url) {
            Ok(Address::Network(remote)) => remote,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn every_form_of_address_is_read() {
        for (url, host, port, path, web) in [
            ("https://gitlab.com/g/s/app.git", "gitlab.com", None, "g/s/app", "https://gitlab.com"),
            (
                "https://me:pw@GitLab.example.org:8443/g/app",
                "gitlab.example.org",
                Some(8443),
                "g/app",
                "https://gitlab.example.org:8443",
            ),
            ("http://127.0.0.1:3000/o/r.git/", "127.0.0.1", Some(3000), "o/r", "http://127.0.0.1:3000"),
            ("http://[::1]:3000/o/r", "::1", Some(3000), "o/r", "http://[::1]:3000"),
            (
                "ssh://git@gitlab.example.org:2222/g/app.git",
                "gitlab.example.org",
                Some(2222),
                "g/app",
                "https://gitlab.example.org",
            ),
            ("git@github.com:o/r.git", "github.com", None, "o/r", "https://github.com"),
            ("git@ssh.github.com:o/r", "ssh.github.com", None, "o/r", "https://github.com"),
            (
                "ssh://git@altssh.gitlab.com:443/g/a",
                "altssh.gitlab.com",
                Some(443),
                "g/a",
                "https://gitlab.com",
            ),
            ("codeberg.org:o/r", "codeberg.org", None, "o/r", "https://codeberg.org"),
            (
                "git@[git.example.org:2222]:o/r.git",
                "git.example.org",
                Some(2222),
                "o/r",
                "https://git.example.org",
            ),
            ("git@[fe80::1]:o/r.git", "fe80::1", None, "o/r", "https://[fe80::1]"),
            ("git+ssh://h.example/a/b", "h.example", None, "a/b", "https://h.example"),
            ("git@h.example:/srv/git/x.git", "h.example", None, "srv/git/x", "https://h.example"),
        ] {
            let found = network(url);
            assert_eq!((found.host.as_str(), found.port, found.path.as_str()), (host, port, path), "{url}");
            assert_eq!(found.web(), web, "{url}");
        }
    }

    #[test]
    fn paths_are_here() {
        for url in ["/srv/git/app.git", "../origin.git", "file:///srv/app.git", "C:/work/app", "./a:b", "app"]
        {
            assert_eq!(parse(url), Ok(Address::Here), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        assert_eq!(parse("https://h.example:http/x"), Err(BadAddress::Port("http".into())));
        assert_eq!(parse("https:///x"), Err(BadAddress::Host));
    }

    #[test]
    fn hosts_give_their_kind_away() {
        for (host, kind) in [
            ("github.com", Some(Kind::Github)),
            ("acme.ghe.com", Some(Kind::Github)),
            ("github.acme.example", Some(Kind::Github)),
            ("gitlab.com", Some(Kind::Gitlab)),
            ("git-gitlab.acme.example", Some(Kind::Gitlab)),
            ("codeberg.org", Some(Kind::Forgejo)),
            ("gitea.acme.example", Some(Kind::Forgejo)),
            ("notgitlab.example", None),
            ("git.acme.example", None),
        ] {
            assert_eq!(kind_of_host(host), kind, "{host}");
        }
    }
}
