use super::*;
use crate::connect::test_server::{Answer, TestServer};

/// A clone with these remotes and settings.
fn clone(settings: &[(&str, &str)]) -> (tempfile::TempDir, Repo) {
    let folder = tempfile::tempdir().unwrap();
    let git = Git::at(folder.path());
    git.run(["init", "--quiet"]).unwrap();
    for (key, value) in settings {
        git.run(["config", key, value]).unwrap();
    }
    let repo = crate::git::repo::open(folder.path()).unwrap();
    (folder, repo)
}

fn found(settings: &[(&str, &str)], config: &str) -> Result<Option<Site>, Failure> {
    let (_folder, repo) = clone(settings);
    site(&repo, &hotfix_core::config::parse(config).unwrap())
}

#[test]
fn the_site_is_found_from_the_remote() {
    let one = |url: &str| found(&[("remote.origin.url", url)], "").unwrap();
    let gitlab = one("git@gitlab.com:group/sub/app.git").unwrap();
    assert_eq!(
        (gitlab.kind, gitlab.web.as_str(), gitlab.project.as_str()),
        (Some(Kind::Gitlab), "https://gitlab.com", "group/sub/app")
    );
    let own = one("ssh://git@git.acme.example:2222/team/app.git").unwrap();
    assert_eq!(
        (own.kind, own.web.as_str(), own.host.as_str()),
        (None, "https://git.acme.example", "git.acme.example")
    );
    assert_eq!(one("https://user:pw@codeberg.org/o/r").unwrap().kind, Some(Kind::Forgejo));
    assert_eq!(one("/srv/git/app.git"), None);
    assert_eq!(one("../origin.git"), None);
    assert_eq!(found(&[], "").unwrap(), None);
}

#[test]
fn addresses_are_read_as_git_rewrites_them() {
    let short = [("remote.origin.url", "gh:acme/app"), ("url.https://github.com/.insteadOf", "gh:")];
    let site = found(&short, "").unwrap().unwrap();
    assert_eq!((site.kind, site.project.as_str()), (Some(Kind::Github), "acme/app"));
}

#[test]
fn forks_are_pushed_to_and_merged_from() {
    let settings = [
        ("remote.origin.url", "https://github.com/acme/app.git"),
        ("remote.fork.url", "git@github.com:dana/app.git"),
        ("remote.pushDefault", "fork"),
    ];
    let site = found(&settings, "").unwrap().unwrap();
    assert_eq!((site.project.as_str(), site.fork.as_deref()), ("acme/app", Some("dana/app")));
    let by_config = found(&settings[..2], "[forge]\npush_remote = \"fork\"\n").unwrap().unwrap();
    assert_eq!(by_config.fork.as_deref(), Some("dana/app"));
    let mut two = settings;
    two[1].1 = "git@gitlab.com:dana/app.git";
    assert_eq!(found(&two, "").unwrap_err().code, "HF0715");
}

#[test]
fn the_config_names_what_the_remote_does_not() {
    let remote = [("remote.origin.url", "https://git.acme.example/gitlab/team/app.git")];
    let site = found(&remote, "[forge]\nkind = \"gitlab\"\nurl = \"https://git.acme.example/gitlab/\"\n")
        .unwrap()
        .unwrap();
    assert_eq!((site.web.as_str(), site.project.as_str()), ("https://git.acme.example/gitlab", "team/app"));
    let local = found(&remote, "[forge]\nkind = \"local\"\n").unwrap();
    assert_eq!(local, None);
    let path = [("remote.origin.url", "/srv/app.git")];
    assert_eq!(found(&path, "[forge]\nkind = \"github\"\n").unwrap_err().code, "HF0705");
    let named = "[forge]\nkind = \"github\"\nurl = \"https://ghe.acme.example\"\nproject = \"o/r\"\n";
    assert_eq!(found(&path, named).unwrap().unwrap().project, "o/r");
}

#[test]
fn interfaces_lie_where_the_vendors_say() {
    let site = |host: &str| Site {
        kind: None,
        web: format!("https://{host}"),
        host: host.to_owned(),
        project: String::new(),
        fork: None,
    };
    let base = |kind, host: &str| place_of(kind, &site(host)).base;
    assert_eq!(base(Kind::Github, "github.com"), "https://api.github.com");
    assert_eq!(base(Kind::Github, "acme.ghe.com"), "https://api.acme.ghe.com");
    assert_eq!(base(Kind::Github, "git.acme.example"), "https://git.acme.example/api/v3");
    assert_eq!(base(Kind::Gitlab, "gitlab.com"), "https://gitlab.com/api/v4");
    assert_eq!(base(Kind::Forgejo, "codeberg.org"), "https://codeberg.org/api/v1");
}

#[test]
fn a_host_is_asked_what_it_runs() {
    let json =
        |status, body: &str| Answer::Full(status, "content-type: application/json\r\n", body.to_owned());
    let forgejo = TestServer::start(vec![json("200 OK", "{\"version\": \"12.0\"}")]);
    assert_eq!(detect(&Http::new(), &forgejo.url("")), Some(Kind::Forgejo));
    let gitlab = TestServer::start(vec![
        json("404 Not Found", "{}"),
        json("401 Unauthorized", "{\"message\": \"401 Unauthorized\"}"),
    ]);
    assert_eq!(detect(&Http::new(), &gitlab.url("")), Some(Kind::Gitlab));
    let other = TestServer::start(vec![json("404 Not Found", "{}")]);
    assert_eq!(detect(&Http::new(), &other.url("")), None);
    assert!(gitlab.requests().iter().all(|r| !r.to_lowercase().contains("authorization")));
}
