use super::*;
use crate::git::repo;
use hotfix_core::config::Config;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static ENV: RefCell<BTreeMap<String, String>> = RefCell::default();
}

fn env(name: &str) -> Option<String> {
    ENV.with_borrow(|e| e.get(name).cloned())
}

fn set(pairs: &[(&str, &str)]) {
    ENV.with_borrow_mut(|e| *e = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
}

/// A wallet in a clone of its own, with nothing of the caller's.
fn wallet(folder: &std::path::Path, kind: Kind, host: &str) -> Wallet {
    let git = Git::at(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.run(["init", "--quiet"]).unwrap();
    let repo = repo::open(folder).unwrap();
    Wallet {
        kind,
        host: host.to_owned(),
        scheme: "https".to_owned(),
        named: None,
        trust: Trust::of(&repo, &Config::default()),
        git,
        env,
    }
}

fn from(wallet: &Wallet) -> Option<(String, String)> {
    wallet.find().unwrap().map(|f| (f.secret.expose().to_owned(), f.from))
}

fn of_environment(host: &str, kind: Kind, pairs: &[(&str, &str)]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    set(pairs);
    from(&wallet(folder.path(), kind, host)).map(|(secret, _)| secret)
}

#[test]
fn a_token_of_the_environment_belongs_to_one_host() {
    let found = |host, kind, pairs: &[(&str, &str)]| of_environment(host, kind, pairs);
    assert_eq!(found("gitlab.com", Kind::Gitlab, &[("GITLAB_TOKEN", "t")]).as_deref(), Some("t"));
    let bound = [("GITLAB_TOKEN", "t"), ("GITLAB_HOST", "https://git.example.org")];
    assert_eq!(found("gitlab.com", Kind::Gitlab, &bound), None);
    assert_eq!(found("git.example.org", Kind::Gitlab, &bound).as_deref(), Some("t"));
    let both = [("GH_TOKEN", "a"), ("GITHUB_TOKEN", "b"), ("GH_ENTERPRISE_TOKEN", "e")];
    assert_eq!(found("github.com", Kind::Github, &both).as_deref(), Some("a"));
    assert_eq!(found("github.acme.example", Kind::Github, &both).as_deref(), Some("e"));
    assert_eq!(found("github.com", Kind::Github, &[("GH_ENTERPRISE_TOKEN", "e")]), None);
    let elsewhere = [("GH_TOKEN", "a"), ("GH_HOST", "github.acme.example")];
    assert_eq!(found("ghe.other.example", Kind::Github, &elsewhere), None);
    assert_eq!(
        found("codeberg.org", Kind::Forgejo, &[("GITEA_TOKEN", "g"), ("FORGEJO_TOKEN", "f")]).as_deref(),
        Some("f")
    );
    assert_eq!(found("codeberg.org", Kind::Forgejo, &[("GITLAB_TOKEN", "t")]), None);
    assert_eq!(found("gitlab.com", Kind::Gitlab, &[("GITLAB_TOKEN", "  ")]), None);
}

#[test]
fn other_programs_files_are_read_for_the_very_host() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let write = |path: &str, text: &str| {
        let path = config.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "glab-cli/config.yml",
        "git_protocol: ssh\nhosts:\n  gitlab.com:\n    token: glab-t\n    api_protocol: https\n  empty.example:\n",
    );
    write("gh/hosts.yml", "github.com:\n  user: dana\n  oauth_token: gh-t\n");
    write(
        "tea/config.yml",
        "logins:\n- name: x\n  url: https://codeberg.org\n  token: tea-t\n  default: true\n",
    );
    let home = config.to_string_lossy().into_owned();
    set(&[("XDG_CONFIG_HOME", &home)]);
    let clone = folder.path().join("clone");
    std::fs::create_dir(&clone).unwrap();
    for (kind, host, token) in [
        (Kind::Gitlab, "gitlab.com", Some("glab-t")),
        (Kind::Gitlab, "gitlab.com.evil.example", None),
        (Kind::Gitlab, "empty.example", None),
        (Kind::Github, "github.com", Some("gh-t")),
        (Kind::Github, "github.acme.example", None),
        (Kind::Forgejo, "codeberg.org", Some("tea-t")),
        (Kind::Forgejo, "gitea.com", None),
    ] {
        let found = from(&wallet(&clone, kind, host));
        assert_eq!(found.as_ref().map(|(t, _)| t.as_str()), token, "{host}");
    }
    // The environment comes first.
    set(&[("XDG_CONFIG_HOME", &home), ("GITLAB_TOKEN", "env-t")]);
    let (token, place) = from(&wallet(&clone, Kind::Gitlab, "gitlab.com")).unwrap();
    assert_eq!((token.as_str(), place.as_str()), ("env-t", "the environment (GITLAB_TOKEN)"));
}

#[test]
fn a_credential_helper_comes_last() {
    let folder = tempfile::tempdir().unwrap();
    set(&[]);
    let wallet = wallet(folder.path(), Kind::Gitlab, "gitlab.com:8443");
    assert_eq!(from(&wallet), None);
    let helper = "!f() { test \"$1\" = get && grep -q '^host=gitlab.com:8443' && echo username=me && echo password=helper-t; }; f";
    wallet.git.run(["config", "credential.helper", helper]).unwrap();
    let (token, place) = from(&wallet).unwrap();
    assert_eq!((token.as_str(), place.as_str()), ("helper-t", "git's credential helper"));
    let other = Wallet { host: "gitlab.com".to_owned(), ..wallet };
    assert_eq!(from(&other), None);
}

#[test]
fn a_command_of_the_config_needs_trust() {
    let folder = tempfile::tempdir().unwrap();
    set(&[("MY_TOKEN", "mine")]);
    let mut wallet = wallet(folder.path(), Kind::Gitlab, "gitlab.com");
    wallet.named = Some(Token::Env("MY_TOKEN".to_owned()));
    assert_eq!(from(&wallet).unwrap().0, "mine");
    wallet.named = Some(Token::Env("NO_SUCH".to_owned()));
    assert_eq!(wallet.find().unwrap_err().code, "HF0709");
    let config =
        hotfix_core::config::parse("[forge]\ntoken = { command = [\"echo\", \"cmd-t\"] }\n").unwrap();
    wallet.named.clone_from(&config.forge.token);
    wallet.trust = Trust::of(&repo::open(folder.path()).unwrap(), &config);
    assert_eq!(wallet.find().unwrap_err().code, "HF0203");
}

#[test]
fn a_secret_prints_as_nothing() {
    let secret = Secret::new(" abc \n").unwrap();
    assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("abc", "[secret]"));
    assert!(Secret::new(" \n").is_none());
}
