//! What GitHub, Forgejo and Gitea have in common: reviews that name their
//! commit, comments after the merge, and users.

use hotfix_core::forge::words::{self, Word};
use hotfix_core::journal::{Approval, Identity};
use jiff::Timestamp;
use serde::Deserialize;

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Its name on the forge.
    pub login: String,
    /// The person's name (GitHub).
    #[serde(default)]
    pub name: Option<String>,
    /// The person's name (Forgejo, Gitea).
    #[serde(default)]
    pub full_name: Option<String>,
    /// The address that the forge shows.
    #[serde(default)]
    pub email: Option<String>,
    /// `User` or `Bot` (GitHub).
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

impl User {
    /// Whether it is a program's.
    pub fn is_bot(&self) -> bool {
        self.kind.as_deref() == Some("Bot") || self.login.ends_with("[bot]")
    }

    /// The person as the journal names them. A name cannot bring a second address or account with it.
    pub fn shown(&self) -> String {
        let name = [&self.name, &self.full_name].into_iter().flatten().find(|n| !n.trim().is_empty());
        let name = name.unwrap_or(&self.login).replace(['<', '>', '@'], " ");
        // An address that the forge made up says nothing of who it is.
        let email = self.email.as_deref().filter(|e| e.contains('@') && !e.contains("noreply"));
        match email {
            Some(email) => format!("{} <{email}> @{}", name.trim(), self.login),
            None => format!("{} @{}", name.trim(), self.login),
        }
    }
}

/// A review as these forges have it.
#[derive(Debug, Clone, Deserialize)]
pub struct Reviewed {
    /// Whose; none for an account that is gone.
    #[serde(default)]
    pub user: Option<User>,
    /// `APPROVED`, `CHANGES_REQUESTED`, `REQUEST_CHANGES`, `DISMISSED` …
    pub state: String,
    /// The commit that it is for.
    #[serde(default)]
    pub commit_id: Option<String>,
    /// When.
    #[serde(default)]
    pub submitted_at: Option<Timestamp>,
    /// What was said.
    #[serde(default)]
    pub body: Option<String>,
    /// Taken back by somebody (Forgejo, Gitea).
    #[serde(default)]
    pub dismissed: Option<bool>,
}

/// A comment on a request.
#[derive(Debug, Clone, Deserialize)]
pub struct Comment {
    /// Whose.
    #[serde(default)]
    pub user: Option<User>,
    /// What.
    #[serde(default)]
    pub body: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// A request's state, as far as words on it need it.
pub struct Subject<'a> {
    /// Its number.
    pub number: u64,
    /// Its head.
    pub head: &'a str,
    /// The commit that the merge made.
    pub merge_commit: Option<&'a str>,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
}

/// Everybody's words, oldest first; `full` knows more of an account.
pub fn approvals<E>(
    subject: &Subject<'_>,
    reviews: Vec<Reviewed>,
    comments: Vec<Comment>,
    mut full: impl FnMut(User) -> Result<User, E>,
) -> Result<Vec<Approval>, E> {
    let mut all = Vec::new();
    for review in reviews {
        let approved = match review.state.as_str() {
            "APPROVED" => true,
            "CHANGES_REQUESTED" | "REQUEST_CHANGES" => false,
            _ => continue,
        };
        let taken_back = review.dismissed == Some(true);
        let Some(user) = review.user.filter(|u| !u.is_bot() && !taken_back) else { continue };
        all.push(Approval {
            number: subject.number,
            by: full(user)?.shown(),
            commit: review.commit_id.unwrap_or_default(),
            at: review.submitted_at.unwrap_or_default(),
            identity: Identity::Forge,
            simulated: false,
            approved,
            note: said(review.body),
        });
    }
    let names: Vec<&str> = std::iter::once(subject.head).chain(subject.merge_commit).collect();
    for comment in comments {
        let text = comment.body.clone().unwrap_or_default();
        let after = subject.merged_at.is_some_and(|at| comment.created_at >= at);
        let approved = match words::comment(&text, &names) {
            Some(Word::Approves) if after => true,
            Some(Word::Objects) => false,
            _ => continue,
        };
        let Some(user) = comment.user.filter(|u| !u.is_bot()) else { continue };
        all.push(Approval {
            number: subject.number,
            by: full(user)?.shown(),
            commit: subject.head.to_owned(),
            at: comment.created_at,
            identity: Identity::Forge,
            simulated: false,
            approved,
            note: said(comment.body),
        });
    }
    all.sort_by_key(|a| a.at);
    Ok(all)
}

fn said(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.trim().is_empty()).map(|t| hotfix_core::text::brief(&t, 400))
}

/// Owner and name of a project's path.
pub fn owner_and_name(project: &str) -> (&str, &str) {
    project.split_once('/').unwrap_or((project, ""))
}
