//! Which page holds here, where it came from, and the files beside it. A page
//! from the default branch's tip takes its links from the same commit; it
//! refuses to mix the two.

use super::library::{InCommit, OnDisk, top_of};
use super::{Sourced, WORKFLOW};
use crate::error::Failure;
use crate::git::repo::Repo;
use hotfix_core::workflow::{self, Library, Page, Shelf, Workflow};
use std::path::Path;

/// A page larger than this is no page, in bytes.
const LARGEST_PAGE: u64 = 4 * 1024 * 1024;

/// A page that was found, not read yet.
pub struct FoundPage {
    /// Its text.
    pub text: String,
    /// Where it came from, for people.
    pub source: String,
    /// What to call it where a line is named: its path.
    pub path: String,
    /// Nobody reviewed it: it is a local file.
    pub unreviewed: bool,
    shelf: Option<OnShelf>,
}

/// Its path from the root, and the files there.
struct OnShelf {
    path: String,
    in_repository: bool,
    library: Box<dyn Library>,
}

impl OnShelf {
    fn shelf(&self) -> Shelf<'_> {
        Shelf { path: &self.path, in_repository: self.in_repository, library: self.library.as_ref() }
    }
}

impl FoundPage {
    /// What is understood of it, its links followed.
    pub fn read(&self) -> Workflow {
        let page = Page { source: &self.source, text: &self.text };
        match &self.shelf {
            Some(on) => workflow::read_on(&page, &on.shelf()),
            None => workflow::read(&page),
        }
    }

    /// Its path from the repository's root, if it lies in one.
    pub fn in_repository(&self) -> Option<&str> {
        self.shelf.as_ref().filter(|on| on.in_repository).map(|on| on.path.as_str())
    }

    /// The text of a file that the page led to.
    pub fn beside(&self, path: &str) -> Option<String> {
        match self.shelf.as_ref()?.library.file(path) {
            workflow::Shelved::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The workflow: the one named, else the repository's, else the built-in one.
pub fn workflow(repo: Option<&Repo>, named: Option<&str>) -> Result<Sourced<Workflow>, Failure> {
    let found = page(repo, named)?;
    let value = found.read();
    if value.is_workflow {
        return Ok(Sourced { value, source: found.source, unreviewed: found.unreviewed });
    }
    let first = value.diagnostics.iter().find(|d| d.severity == workflow::Level::Error);
    let why = first.map_or("no steps were found in it", |d| d.message.as_str());
    Err(Failure::usage("HF0330", format!("{} is no workflow: {why}", found.source))
        .try_this("see what a workflow looks like", "hotfix workflow show"))
}

/// The workflow that something can be started with: one without errors. What
/// was taken of a page with an error may be looser than what was meant.
pub fn runnable(repo: Option<&Repo>, named: Option<&str>) -> Result<Sourced<Workflow>, Failure> {
    let workflow = workflow(repo, named)?;
    let errors = |d: &&workflow::Diagnostic| d.severity == workflow::Level::Error;
    let Some(first) = workflow.value.diagnostics.iter().find(errors) else { return Ok(workflow) };
    let found = page(repo, named)?;
    let check = named
        .map_or_else(|| "hotfix workflow check".to_owned(), |named| format!("hotfix workflow check {named}"));
    let mut failure =
        Failure::usage("HF0335", format!("the workflow has an error ({}): {}", first.code, first.message));
    match &first.file {
        None => failure = failure.at(found.path, found.text.clone(), range_of(&found.text, first)),
        Some(file) => failure.message = format!("{file}:{}: {}", first.line, failure.message),
    }
    if let Some(hint) = &first.hint {
        failure = failure.hint(hint.clone());
    }
    Err(failure.try_this("see all of them", check).try_this(
        "or go by another page now",
        "hotfix workflow show && hotfix start KEY -m TITLE --workflow FILE",
    ))
}

/// The bytes that a diagnostic is about.
fn range_of(text: &str, said: &workflow::Diagnostic) -> std::ops::Range<usize> {
    let line = (said.line as usize).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let at = |chars: u32| rest.char_indices().nth(chars as usize).map_or(rest.len(), |(at, _)| at);
    let column = said.column.saturating_sub(1);
    start + at(column)..start + at(column.saturating_add(said.length))
}

/// The page: the one named, else the repository's, else the built-in one.
pub fn page(repo: Option<&Repo>, named: Option<&str>) -> Result<FoundPage, Failure> {
    if let Some(named) = named {
        return named_page(repo, named);
    }
    if let Some(repo) = repo {
        if let Some(found) = reviewed(repo, WORKFLOW) {
            return Ok(found);
        }
        let local = repo.top.join(WORKFLOW);
        if local.exists() {
            return on_disk(&local, WORKFLOW);
        }
    }
    Ok(FoundPage {
        text: workflow::BUILT_IN.to_owned(),
        source: "built in".to_owned(),
        path: "built-in.md".to_owned(),
        unreviewed: false,
        shelf: None,
    })
}

/// A file, or a page of the repository by its name.
pub fn named_page(repo: Option<&Repo>, named: &str) -> Result<FoundPage, Failure> {
    let path = Path::new(named);
    if path.exists() {
        return on_disk(path, named);
    }
    let in_repo = format!(".hotfix/workflows/{named}.md");
    if let Some(found) = repo.and_then(|repo| reviewed(repo, &in_repo)) {
        return Ok(found);
    }
    let local = repo.map(|r| r.top.join(&in_repo)).filter(|p| p.exists());
    if let Some(local) = local {
        return on_disk(&local, &in_repo);
    }
    Err(Failure::usage(
        "HF0330",
        format!("there is no workflow `{named}`: neither a file of that name nor {in_repo}"),
    )
    .try_this("see what the built-in one does", "hotfix workflow show")
    .try_this("write one for this repository", format!("hotfix workflow new {named}")))
}

/// A page at the tip of the default branch as last fetched, with its commit.
fn reviewed(repo: &Repo, path: &str) -> Option<FoundPage> {
    let (text, source) = repo.reviewed_file(path)?;
    let revision = format!("refs/remotes/{}/{}", repo.remote.as_deref()?, repo.default_branch()?);
    let commit = repo.git.commit(&revision)?;
    let library = Box::new(InCommit::new(repo.git.clone(), commit));
    let shelf = Some(OnShelf { path: path.to_owned(), in_repository: true, library });
    Some(FoundPage { text, source, path: path.to_owned(), unreviewed: false, shelf })
}

/// A file, with those of the checkout that it lies in; of its own folder if
/// it lies in none.
fn on_disk(path: &Path, shown: &str) -> Result<FoundPage, Failure> {
    let text = page_text(path)?;
    let shelf = path.canonicalize().ok().and_then(|real| {
        let folder = real.parent()?;
        let top = top_of(folder);
        let in_repository = top.is_some();
        let root = top.unwrap_or_else(|| folder.to_owned());
        let inside = real.strip_prefix(&root).ok()?.to_str()?.to_owned();
        Some(OnShelf { path: inside, in_repository, library: Box::new(OnDisk { root }) })
    });
    let (source, path) = (shown.to_owned(), shown.to_owned());
    Ok(FoundPage { text, source, path, unreviewed: true, shelf })
}

/// The text of a page, if it is one.
pub fn page_text(path: &Path) -> Result<String, Failure> {
    let refuse = |why: String| {
        Failure::usage("HF0330", format!("{} is no workflow: {why}", path.display()))
            .try_this("see what a workflow looks like", "hotfix workflow show")
    };
    let about = std::fs::metadata(path).map_err(|e| refuse(format!("it cannot be read ({e})")))?;
    if about.is_dir() {
        return Err(refuse("it is a folder".to_owned()));
    }
    if about.len() > LARGEST_PAGE {
        return Err(refuse(format!(
            "it has {} MiB; a page has at most {}",
            about.len() >> 20,
            LARGEST_PAGE >> 20
        )));
    }
    let bytes = std::fs::read(path).map_err(|e| refuse(format!("it cannot be read ({e})")))?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(refuse("it is empty".to_owned()));
    }
    if bytes.contains(&0) {
        return Err(refuse("it holds binary data".to_owned()));
    }
    String::from_utf8(bytes)
        .map_err(|e| refuse(format!("it is not UTF-8 at byte {}", e.utf8_error().valid_up_to())))
}
