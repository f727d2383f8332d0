//! What the repository holds: production's version and tree, branches, the
//! change, files. All is read from git's trees, never followed on the disk.

use super::resolve::Resolver;
use super::{MOST_READ, clean, found, missing, short_line};
use crate::git::{Git, tree};
use hotfix_core::brief::{Part, Source, Text, path};
use hotfix_core::effect::short;
use hotfix_core::run::Attempt;
use hotfix_core::text::count;
use std::fmt::Write as _;
use std::path::Path;

/// A longer listing is told by its folders.
const MOST_FILES: usize = 200;
/// Commits that are listed.
const MOST_COMMITS: &str = "--max-count=30";
/// Files that a pattern may bring.
const MOST_MATCHES: usize = 20;

fn attempt<'r>(r: &'r Resolver<'_>) -> Option<&'r Attempt> {
    r.state().attempt.as_ref()
}

const NO_ATTEMPT: &str = "no attempt has begun";

/// What is in production: version, commit, what changed with it, and its tree.
pub fn production(r: &Resolver<'_>) -> Part {
    let Some(attempt) = attempt(r) else { return missing(Source::Production, "production", NO_ATTEMPT) };
    let git = r.run.tools.git();
    let live =
        r.state().live.as_ref().map(|(version, _)| format!("; production says that it runs {version}"));
    let from = format!(
        "{} ({}), checked out in {}{}",
        attempt.base_ref,
        short(&attempt.base),
        attempt.worktree,
        live.map(|live| short_line(&live, 120)).unwrap_or_default()
    );
    let mut text = since_the_release_before(r, git, attempt);
    let Some(files) = git.maybe(["ls-tree", "-r", "--name-only", &attempt.base]) else {
        return missing(Source::Production, from, format!("git has no tree for {}", short(&attempt.base)));
    };
    let files: Vec<&str> = files.lines().collect();
    let _ = writeln!(text, "{}:\n{}", count(files.len(), "file"), path::listing(&files, MOST_FILES));
    let mut part = found(Source::Production, from, Text::head(clean(&text)));
    part.whole = Some(format!("git ls-tree -r --name-only {}", short(&attempt.base)));
    part
}

/// An incident often comes with what was released last.
fn since_the_release_before(r: &Resolver<'_>, git: &Git, attempt: &Attempt) -> String {
    let pattern = r.plan.config.production.tag_pattern.as_deref().unwrap_or("*");
    let before = format!("{}^", attempt.base);
    let Some(tag) = git.maybe(["describe", "--tags", "--abbrev=0", "--match", pattern, &before]) else {
        return String::new();
    };
    let range = format!("{tag}..{}", attempt.base);
    let log = git.maybe(["log", "--no-decorate", "--format=%h %s", MOST_COMMITS, &range]).unwrap_or_default();
    let stat = git.maybe(["diff", "--stat=100", "--stat-count=40", &tag, &attempt.base]).unwrap_or_default();
    format!("Changed since {tag}, the release before:\n{log}\n{stat}\n\n")
}

/// A branch of the remote: where it stands, and what it has besides production.
pub fn branch(r: &Resolver<'_>, name: String) -> Part {
    let repo = r.run.tools.repo;
    let source = Source::Branch { name: name.clone() };
    let found_as = [Some(name.clone()), repo.default_branch()]
        .into_iter()
        .flatten()
        .find_map(|name| repo.remote_branch(&name).map(|commit| (name, commit)));
    let Some((name, commit)) = found_as else {
        return missing(source, format!("branch {name}"), format!("the remote has no branch {name}"));
    };
    let from = format!("branch {name} as last fetched ({})", short(&commit));
    let Some(attempt) = attempt(r) else { return missing(source, from, NO_ATTEMPT) };
    let git = &repo.git;
    let range = format!("{}..{commit}", attempt.base);
    let count = git.maybe(["rev-list", "--count", &range]).unwrap_or_else(|| "0".to_owned());
    let log = git.maybe(["log", "--no-decorate", "--format=%h %s", MOST_COMMITS, &range]).unwrap_or_default();
    let text = format!("{count} commits that {} does not have, the newest first:\n{log}\n", attempt.base_ref);
    let mut part = found(source, from, Text::head(clean(&text)));
    part.whole = Some(format!("git log --oneline {}..{}", short(&attempt.base), short(&commit)));
    part
}

/// The tree of the worktree as it stands this moment.
fn worktree_now(r: &Resolver<'_>) -> Option<(String, String, bool)> {
    let attempt = attempt(r)?;
    let folder = Path::new(&attempt.worktree);
    if folder.join(".git").exists() {
        let git = Git::at(folder);
        let commit = git.commit("HEAD")?;
        let dirty = tree::is_dirty(&git).ok()?;
        let tree = if dirty { tree::of_worktree(&git) } else { git.tree_of("HEAD") };
        return Some((commit, tree.ok()?, dirty));
    }
    r.state().head.as_ref().map(|h| (h.commit.clone(), h.tree.clone(), h.dirty))
}

/// The change: its commit, and its difference from the base.
pub fn fix(r: &Resolver<'_>) -> Part {
    let Some(attempt) = attempt(r) else { return missing(Source::Fix, "the fix", NO_ATTEMPT) };
    let Some((commit, now, dirty)) = worktree_now(r) else {
        return missing(Source::Fix, "the fix", format!("the worktree {} is gone", attempt.worktree));
    };
    let git = r.run.tools.git();
    let diff = match tree::diff(git, &attempt.base, &now) {
        Ok(diff) => diff,
        Err(error) => return missing(Source::Fix, "the fix", short_line(&error.to_string(), 200)),
    };
    if diff.trim().is_empty() {
        let mut part = missing(Source::Fix, "the fix", "nothing has been changed yet");
        part.hint = Some(format!("make the change in {}", attempt.worktree));
        return part;
    }
    let committed = if commit == attempt.base {
        "not committed yet".to_owned()
    } else {
        let subject = git.maybe(["log", "-1", "--format=%s", &commit]).unwrap_or_default();
        format!(
            "commit {} \"{}\"{}",
            short(&commit),
            short_line(&subject, 100),
            if dirty { ", and changes after it" } else { "" }
        )
    };
    let stat = git.maybe(["diff", "--stat=100", "--stat-count=40", &attempt.base, &now]).unwrap_or_default();
    let text = format!("{stat}\n\n{diff}");
    let mut part = found(
        Source::Fix,
        format!("the change against {}: {committed}", attempt.base_ref),
        Text::head(clean(&text)),
    );
    part.whole = Some(format!("git -C {} diff {}", attempt.worktree, short(&attempt.base)));
    part
}

/// A file of the repository as it stands in the worktree, or several by a pattern.
pub fn file(r: &Resolver<'_>, named: String) -> Part {
    let source = Source::File { path: named.clone() };
    let shown = short_line(&named, 160);
    let tree = worktree_now(r).map(|(_, tree, _)| tree).or_else(|| attempt(r).map(|a| a.base.clone()));
    let Some(tree) = tree else { return missing(source, shown, NO_ATTEMPT) };
    let git = r.run.tools.git();
    let folder = page_folder(r);
    let places: Vec<String> =
        [path::within("", &named), path::within(&folder, &named)].into_iter().flatten().collect();
    if places.is_empty() {
        let mut part =
            missing(source, shown.clone(), format!("{shown} leads out of the repository, and is not read"));
        part.hint = Some("name a path of the repository".to_owned());
        return part;
    }
    let Some(listing) = git.maybe(["ls-tree", "-r", "-z", "--full-tree", &tree]) else {
        return missing(source, shown, "git cannot list the tree");
    };
    let entries: Vec<Entry<'_>> = listing.split('\0').filter_map(Entry::of).collect();
    match places.iter().find_map(|place| Found::at(place, &entries)) {
        Some(Found::File(entry)) => one_file(git, source, &entry),
        Some(Found::Folder(place, files)) => {
            let files: Vec<&str> = files.iter().map(|entry| entry.path).collect();
            let text = format!("{}:\n{}\n", count(files.len(), "file"), path::listing(&files, MOST_FILES));
            found(source, format!("folder {place}"), Text::head(clean(&text)))
        }
        Some(Found::Several(entries)) => several(git, source, &entries),
        None => {
            let mut part = missing(source, shown.clone(), format!("the repository has no {shown}"));
            part.hint = Some("look for it under another name".to_owned());
            part
        }
    }
}

/// The folder of the page, from the repository's top.
fn page_folder(r: &Resolver<'_>) -> String {
    let source = &r.plan.workflow.source;
    let page = source.split(" at ").next().unwrap_or(source);
    let top = r.run.tools.repo.top.to_string_lossy().into_owned();
    let page = page.strip_prefix(&top).map_or(page, |rest| rest.trim_start_matches('/'));
    page.rsplit_once('/').filter(|_| !page.starts_with('/')).map_or("", |(folder, _)| folder).to_owned()
}

/// A line of `ls-tree -z`.
#[derive(Clone, Copy)]
struct Entry<'t> {
    is_link: bool,
    object: &'t str,
    path: &'t str,
}

impl<'t> Entry<'t> {
    fn of(line: &'t str) -> Option<Entry<'t>> {
        let (about, path) = line.split_once('\t')?;
        let mut about = about.split(' ');
        let (mode, kind, object) = (about.next()?, about.next()?, about.next()?);
        (kind == "blob").then_some(Entry { is_link: mode == "120000", object, path })
    }
}

enum Found<'t> {
    File(Entry<'t>),
    Folder(String, Vec<Entry<'t>>),
    Several(Vec<Entry<'t>>),
}

impl<'t> Found<'t> {
    fn at(place: &str, entries: &[Entry<'t>]) -> Option<Found<'t>> {
        if let Some(entry) = entries.iter().find(|entry| entry.path == place) {
            return Some(Found::File(*entry));
        }
        let below: Vec<Entry<'t>> = entries
            .iter()
            .filter(|entry| entry.path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
            .copied()
            .collect();
        if !below.is_empty() {
            return Some(Found::Folder(place.to_owned(), below));
        }
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path).collect();
        let named = if place.contains('*') { path::matching(place, &paths) } else { Vec::new() };
        let several: Vec<Entry<'t>> =
            entries.iter().filter(|entry| named.contains(&entry.path)).copied().collect();
        (!several.is_empty()).then_some(Found::Several(several))
    }
}

fn one_file(git: &Git, source: Source, entry: &Entry<'_>) -> Part {
    let from = format!("file {}", short_line(entry.path, 160));
    match text_of(git, entry) {
        Ok((text, size)) => {
            let mut text = Text::head(clean(&text));
            text.bytes = text.bytes.max(size);
            let mut part = found(source, from, text);
            part.whole = Some(format!("git show {}", entry.object.get(..12).unwrap_or(entry.object)));
            part
        }
        Err(why) => missing(source, from, why),
    }
}

/// The beginning of a file and its size, or why it is not shown.
fn text_of(git: &Git, entry: &Entry<'_>) -> Result<(String, u64), String> {
    if entry.is_link {
        return Err("it is a link, and links are not followed".to_owned());
    }
    if path::is_secret(entry.path) {
        return Err("it holds secrets by its name, and is not shown".to_owned());
    }
    let bytes = git.bytes(["cat-file", "blob", entry.object]).map_err(|e| short_line(&e.to_string(), 200))?;
    if bytes.contains(&0) {
        return Err(format!("it is binary ({} bytes)", bytes.len()));
    }
    let size = bytes.len() as u64;
    let head = bytes.get(..bytes.len().min(MOST_READ)).unwrap_or_default();
    Ok((String::from_utf8_lossy(head).into_owned(), size))
}

fn several(git: &Git, source: Source, entries: &[Entry<'_>]) -> Part {
    let mut text = String::new();
    for entry in entries.iter().take(MOST_MATCHES) {
        let content = text_of(git, entry).map_or_else(|why| format!("({why})"), |(content, _)| content);
        let _ = writeln!(text, "==> {} <==\n{}\n", entry.path, content.trim_end());
    }
    if entries.len() > MOST_MATCHES {
        let _ = writeln!(text, "and {} more", count(entries.len() - MOST_MATCHES, "file"));
    }
    found(source, count(entries.len(), "file"), Text::head(clean(&text)))
}
