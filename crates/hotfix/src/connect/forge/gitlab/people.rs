//! Who has said what on a GitLab merge request. GitLab does not say for which
//! commit an approval was given: it belongs to the head of the time at which
//! it was given, and the forge's own clock tells both.

use super::{Gitlab, wire};
use crate::connect::forge::api::CallError;
use crate::connect::forge::{ForgeError, Health, Review};
use crate::connect::http::Method;
use hotfix_core::forge::words::{self, Version, Word};
use hotfix_core::journal::{Approval, Identity};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A person as the journal names them.
pub fn shown(user: &wire::User) -> String {
    let name = user.name.as_deref().unwrap_or(&user.username);
    match user.public_email.as_deref().filter(|e| !e.is_empty()) {
        Some(email) => format!("{name} <{email}> @{}", user.username),
        None => format!("{name} @{}", user.username),
    }
}

/// Somebody's name cannot bring a second address or account with it.
fn safe(mut user: wire::User) -> wire::User {
    user.name = user.name.map(|n| n.replace(['<', '>', '@'], " "));
    user
}

/// Everybody's words: approvals, requested changes, and after the merge
/// comments that name the commit.
pub fn reviews(forge: &Gitlab, number: u64) -> Result<Vec<Approval>, ForgeError> {
    let raw = forge.raw(number)?;
    let request = forge.request(number);
    let versions: Vec<wire::DiffVersion> = forge.api.list(&format!("{request}/versions?per_page=100"))?;
    let mut versions: Vec<Version> =
        versions.into_iter().map(|v| Version { commit: v.head_commit_sha, at: v.created_at }).collect();
    versions.sort_by_key(|v| v.at);
    let notes: Vec<wire::Note> =
        forge.api.list(&format!("{request}/notes?sort=asc&order_by=created_at&per_page=100"))?;
    let approvals: wire::Approvals = forge.api.get(&format!("{request}/approvals"))?;
    let mut people = People { forge, known: BTreeMap::new() };
    let mut all = Vec::new();
    for given in approvals.approved_by.unwrap_or_default() {
        let at = given
            .approved_at
            .or_else(|| said_at(&notes, &given.user.username, "approved this merge request"));
        let Some(at) = at else { continue };
        let commit = words::head_at(&versions, at).unwrap_or_default().to_owned();
        all.push(people.word(given.user, Spoken { number, commit, at, approved: true, note: None })?);
    }
    for reviewer in asked_to_change(forge, number)? {
        let said = said_at(&notes, &reviewer.user.username, "requested changes");
        let at = said.or(reviewer.created_at).or(versions.last().map(|v| v.at)).unwrap_or_default();
        let commit = words::head_at(&versions, at).unwrap_or_default().to_owned();
        all.push(people.word(reviewer.user, Spoken { number, commit, at, approved: false, note: None })?);
    }
    let head = raw.sha.clone().unwrap_or_default();
    let merged = [raw.merge_commit_sha, raw.squash_commit_sha];
    let names: Vec<&str> =
        std::iter::once(head.as_str()).chain(merged.iter().flatten().map(String::as_str)).collect();
    for note in notes.into_iter().filter(|n| !n.system) {
        let word = words::comment(&note.body, &names);
        let after = raw.merged_at.is_some_and(|at| note.created_at >= at);
        let approved = match word {
            Some(Word::Approves) if after => true,
            Some(Word::Objects) => false,
            _ => continue,
        };
        let spoken = Spoken {
            number,
            commit: head.clone(),
            at: note.created_at,
            approved,
            note: Some(note.body.clone()),
        };
        all.push(people.word(note.author, spoken)?);
    }
    all.retain(|a| !a.by.is_empty());
    all.sort_by_key(|a| a.at);
    Ok(all)
}

/// What somebody said.
struct Spoken {
    number: u64,
    commit: String,
    at: Timestamp,
    approved: bool,
    note: Option<String>,
}

struct People<'f> {
    forge: &'f Gitlab,
    known: BTreeMap<u64, wire::User>,
}

impl People<'_> {
    /// A word with its speaker; a bot's has none.
    fn word(&mut self, user: wire::User, spoken: Spoken) -> Result<Approval, ForgeError> {
        let user = self.full(user)?;
        let by = if user.bot == Some(true) { String::new() } else { shown(&safe(user)) };
        let Spoken { number, commit, at, approved, note } = spoken;
        let note = note.map(|n| hotfix_core::text::brief(&n, 400));
        Ok(Approval { number, by, commit, at, identity: Identity::Forge, simulated: false, approved, note })
    }

    fn full(&mut self, user: wire::User) -> Result<wire::User, ForgeError> {
        if let Some(known) = self.known.get(&user.id) {
            return Ok(known.clone());
        }
        let found: Option<wire::User> = match self.forge.api.maybe(&format!("/users/{}", user.id)) {
            Err(CallError::Status { .. }) => None,
            other => other?,
        };
        let full = found.unwrap_or(user);
        self.known.insert(full.id, full.clone());
        Ok(full)
    }
}

fn said_at(notes: &[wire::Note], username: &str, words: &str) -> Option<Timestamp> {
    let said = |n: &&wire::Note| n.system && n.author.username == username && n.body.starts_with(words);
    notes.iter().filter(said).map(|n| n.created_at).max()
}

/// Reviewers who asked for changes; none where the version does not know them.
fn asked_to_change(forge: &Gitlab, number: u64) -> Result<Vec<wire::Reviewer>, ForgeError> {
    let path = format!("{}/reviewers", forge.request(number));
    let all: Vec<wire::Reviewer> = match forge.api.list(&path) {
        Err(CallError::Status { code: 404, .. }) => Vec::new(),
        other => other?,
    };
    Ok(all.into_iter().filter(|r| r.state.as_deref() == Some("requested_changes")).collect())
}

/// The approval rules of the project that lack an approval, where the edition has them.
pub fn missing_rules(forge: &Gitlab, number: u64) -> Result<Vec<String>, ForgeError> {
    let state: Option<wire::ApprovalState> =
        match forge.api.maybe(&format!("{}/approval_state", forge.request(number))) {
            Err(CallError::Status { .. }) => None,
            other => other?,
        };
    let lacks = |r: &wire::ApprovalRule| r.approved == Some(false) && r.approvals_required.unwrap_or(0) > 0;
    let told = |r: wire::ApprovalRule| {
        let owners = r.rule_type.as_deref() == Some("code_owner");
        let name = r.name.unwrap_or_else(|| "a rule".to_owned());
        let what = if owners { format!("code owners of {name}") } else { name };
        format!("{what} ({} needed)", r.approvals_required.unwrap_or(1))
    };
    Ok(state.and_then(|s| s.rules).unwrap_or_default().into_iter().filter(lacks).map(told).collect())
}

/// Records the caller's word: an approval while the request is open, a comment
/// that names the commit where GitLab has no approval.
pub fn review(forge: &Gitlab, review: &Review<'_>) -> Result<Approval, ForgeError> {
    let number = review.number;
    let me: wire::User = forge.api.get("/user")?;
    let raw = forge.raw(number)?;
    let short = hotfix_core::effect::short(review.commit);
    let said = review.note.map(|n| format!("\n\n{n}")).unwrap_or_default();
    let note = |text: String| -> Result<(), ForgeError> {
        let path = format!("{}/notes", forge.request(number));
        Ok(forge.api.send::<Value>(Method::Post, &path, &json!({"body": text})).map(|_| ())?)
    };
    if !review.approved {
        note(format!("Changes requested on {short}.{said}"))?;
    } else if raw.state == "opened" {
        let path = format!("{}/approve", forge.request(number));
        match forge.api.send::<Value>(Method::Post, &path, &json!({"sha": review.commit})) {
            Ok(_) => {}
            Err(CallError::Status { code: 409, .. }) => {
                return Err(ForgeError::Moved(format!("the head of merge request !{number}")));
            }
            Err(CallError::Status { code: 401, said }) => {
                return Err(ForgeError::Forbidden(format!(
                    "this account may not approve !{number}, or has approved it already: {said}"
                )));
            }
            Err(e) => return Err(e.into()),
        }
        if let Some(text) = review.note {
            note(text.to_owned())?;
        }
    } else {
        note(format!("Reviewed {short} after the merge: approved.{said}"))?;
    }
    Ok(Approval {
        number,
        by: shown(&safe(me)),
        commit: review.commit.to_owned(),
        at: forge.api.now(),
        identity: Identity::Forge,
        simulated: review.simulated,
        approved: review.approved,
        note: review.note.map(str::to_owned),
    })
}

/// How GitLab is, and what the token may.
pub fn health(forge: &Gitlab) -> Result<Health, ForgeError> {
    let reply = forge.api.look("/user")?;
    let me: wire::User =
        serde_json::from_slice(&reply.body).map_err(|e| ForgeError::Malformed(e.to_string()))?;
    let mut health = Health { account: Some(me.username), ..Health::default() };
    health.skew = forge.api.skew(&reply);
    health.version = forge.api.maybe::<wire::Version>("/version").ok().flatten().map(|v| v.version);
    // OAuth tokens have no such page.
    if let Ok(Some(token)) = forge.api.maybe::<wire::TokenInfo>("/personal_access_tokens/self") {
        if !token.scopes.iter().any(|s| s == "api") {
            health.lacks.push(format!("the scope `api` (it has: {})", token.scopes.join(", ")));
        }
        health.expires = token.expires_at;
    }
    let project = forge.project()?;
    let level = |a: &Option<wire::Access>| a.as_ref().map_or(0, |a| a.access_level);
    if let Some(p) = &project.permissions
        && level(&p.project_access).max(level(&p.group_access)) < 30
        && (p.project_access.is_some() || p.group_access.is_some())
    {
        health.lacks.push("the role Developer in the project, which pushing branches takes".to_owned());
    }
    if project.merge_requests_enabled == Some(false) {
        health.lacks.push("merge requests: they are switched off in the project".to_owned());
    }
    if let Some(method) = &project.merge_method {
        health.notes.push(format!("it merges by `{method}`"));
    }
    Ok(health)
}
