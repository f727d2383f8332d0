//! Who has to say yes to a commit, who has said it, and whose word does not
//! count. Approvals come from somebody else and bind to a commit.

use crate::gate::Verdict;
use crate::journal::{Approval, Identity};
use crate::policy::SeverityPolicy;
use std::collections::{BTreeMap, BTreeSet};

/// What the decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The severity's row of the matrix.
    pub row: &'a SeverityPolicy,
    /// Who has which role: `Name <e-mail> @account`, or a part of it.
    pub roles: &'a BTreeMap<String, Vec<String>>,
    /// Everybody's last word.
    pub approvals: &'a [Approval],
    /// The commit that is to be merged.
    pub commit: &'a str,
    /// Everybody who made the change.
    pub authors: &'a [String],
}

/// The answer for the two review gates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `review.approvers`.
    pub approvers: Verdict,
    /// Why.
    pub approvers_summary: String,
    /// `review.reviewers`.
    pub reviewers: Verdict,
    /// Why.
    pub reviewers_summary: String,
    /// Roles whose approval is missing.
    pub missing_roles: Vec<String>,
    /// How many reviews are missing.
    pub missing_reviews: u32,
    /// Words that do not count, and why.
    pub refused: Vec<String>,
}

/// The e-mail address of `Name <e-mail>`, in lower case; the whole text if there is none.
pub fn email(person: &str) -> String {
    let inner = person.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(person).trim().to_lowercase()
}

/// What a person is known by: e-mail addresses and accounts (`@name`), in lower
/// case. A single word is an account; a text with none of these stands for itself.
pub fn known_by(person: &str) -> BTreeSet<String> {
    let person = person.trim().to_lowercase();
    let mut all = BTreeSet::new();
    if let Some((_, rest)) = person.split_once('<')
        && let Some((address, _)) = rest.split_once('>')
    {
        all.insert(address.trim().to_owned());
    }
    let outside = person.split('<').next().unwrap_or_default().split_whitespace();
    let after = person.rsplit_once('>').map_or("", |(_, after)| after).split_whitespace();
    for word in outside.chain(after) {
        if word.len() > 1 && (word.starts_with('@') || word.contains('@')) {
            all.insert(word.to_owned());
        }
    }
    if all.is_empty() {
        let single = !person.is_empty() && !person.contains(char::is_whitespace);
        all.insert(if single { format!("@{person}") } else { person });
    }
    all
}

/// The account of a person, if the text names one.
pub fn account(person: &str) -> Option<String> {
    known_by(person).into_iter().find_map(|key| key.strip_prefix('@').map(str::to_owned))
}

/// The name of a person, without address and account, in lower case.
fn name(person: &str) -> String {
    let before = person.split('<').next().unwrap_or_default();
    let words: Vec<&str> = before.split_whitespace().filter(|w| !w.contains('@')).collect();
    words.join(" ").to_lowercase()
}

/// Whether two texts name the same person.
pub fn same_person(a: &str, b: &str) -> bool {
    let (a, b) = (known_by(a), known_by(b));
    a.iter().any(|key| b.contains(key))
}

/// Whether somebody may be the author: the same person, or the same name where
/// one text has no more than an account and the other no more than an address.
fn may_be(author: &str, person: &str) -> bool {
    let same_name = !name(author).is_empty() && name(author) == name(person);
    let apart = |one: &str, other: &str| account(one).is_none() && account(other).is_some();
    same_person(author, person) || same_name && (apart(author, person) || apart(person, author))
}

/// Whether a person has a role. Where nobody is configured for it, anybody
/// may take it.
pub fn has_role(roles: &BTreeMap<String, Vec<String>>, role: &str, person: &str) -> bool {
    match roles.get(role) {
        Some(people) if !people.is_empty() => people.iter().any(|p| same_person(p, person)),
        _ => true,
    }
}

/// Decides both review gates.
pub fn decide(question: &Question<'_>) -> Answer {
    let mut refused = Vec::new();
    let (standing, objecting) = standing(question, &mut refused);
    let mut used = BTreeSet::new();
    let mut missing_roles = Vec::new();
    let mut approved_by = Vec::new();
    for role in &question.row.approvers {
        let person = standing
            .iter()
            .find(|a| !used.contains(&known_by(&a.by)) && has_role(question.roles, role, &a.by));
        match person {
            Some(approval) => {
                used.insert(known_by(&approval.by));
                approved_by.push(format!("{} as {role}{}", approval.by, marks(approval, question, role)));
            }
            None => missing_roles.push(role.clone()),
        }
    }
    let reviewers: Vec<&&Approval> = standing.iter().filter(|a| !used.contains(&known_by(&a.by))).collect();
    let have = u32::try_from(reviewers.len()).unwrap_or(u32::MAX);
    let missing_reviews = question.row.reviewers.saturating_sub(have);
    let reviewed_by: Vec<String> =
        reviewers.iter().map(|a| format!("{}{}", a.by, marks(a, question, "reviewer"))).collect();
    let short = crate::effect::short(question.commit);
    let objection = (!objecting.is_empty()).then(|| format!("changes requested by {}", objecting.join(", ")));
    Answer {
        approvers: answer(missing_roles.is_empty(), objection.is_some()),
        approvers_summary: objection.clone().unwrap_or_else(|| {
            if missing_roles.is_empty() {
                format!("{short} approved by {}", approved_by.join(", "))
            } else {
                format!("{short} lacks the approval of {}", missing_roles.join(", "))
            }
        }),
        reviewers: answer(missing_reviews == 0, objection.is_some()),
        reviewers_summary: objection.unwrap_or_else(|| match missing_reviews {
            0 => format!("{short} reviewed by {}", reviewed_by.join(", ")),
            n => format!("{short} lacks {n} review{}", if n == 1 { "" } else { "s" }),
        }),
        missing_roles,
        missing_reviews,
        refused,
    }
}

fn answer(complete: bool, objected: bool) -> Verdict {
    match (objected, complete) {
        (true, _) => Verdict::Fail,
        (false, true) => Verdict::Pass,
        (false, false) => Verdict::Pending,
    }
}

/// The approvals that count for this commit, and who objects.
fn standing<'a>(question: &Question<'a>, refused: &mut Vec<String>) -> (Vec<&'a Approval>, Vec<String>) {
    let mut last: BTreeMap<BTreeSet<String>, &Approval> = BTreeMap::new();
    for approval in question.approvals {
        last.insert(known_by(&approval.by), approval);
    }
    let mut standing = Vec::new();
    let mut objecting = Vec::new();
    for approval in last.into_values() {
        if question.authors.iter().any(|a| may_be(a, &approval.by)) {
            refused.push(format!("{} made the change: their own word does not count", approval.by));
        } else if !approval.approved {
            objecting.push(approval.by.clone());
        } else if approval.commit != question.commit {
            let (was, is) = (crate::effect::short(&approval.commit), crate::effect::short(question.commit));
            refused.push(format!("{} approved {was}, not {is}", approval.by));
        } else {
            standing.push(approval);
        }
    }
    standing.sort_by_key(|a| a.at);
    (standing, objecting)
}

fn marks(approval: &Approval, question: &Question<'_>, role: &str) -> String {
    let identity = match approval.identity {
        Identity::Asserted => "asserted",
        Identity::Forge => "forge",
        Identity::Signed => "signed",
    };
    let simulated = if approval.simulated { ", simulated" } else { "" };
    let open = if question.roles.get(role).is_none_or(Vec::is_empty) {
        ", nobody is configured for the role"
    } else {
        ""
    };
    format!(" ({identity}{simulated}{open})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::ReviewTiming;

    fn approval(by: &str, commit: &str, approved: bool) -> Approval {
        Approval {
            number: 1,
            by: by.to_owned(),
            commit: commit.to_owned(),
            at: "2026-03-01T03:00:00Z".parse().unwrap(),
            identity: Identity::Asserted,
            simulated: false,
            approved,
            note: None,
        }
    }

    fn ask(approvals: &[Approval]) -> Answer {
        let row = SeverityPolicy {
            title: None,
            approvers: vec!["on-call".into()],
            reviewers: 1,
            review: ReviewTiming::PreDeploy,
            rank: 0,
        };
        let roles = [("on-call".to_owned(), vec!["Priya <priya@x>".to_owned()])].into();
        decide(&Question {
            row: &row,
            roles: &roles,
            approvals,
            commit: "c1",
            authors: &["Mika <mika@x>".to_owned()],
        })
    }

    #[test]
    fn the_role_and_a_reviewer_are_two_people() {
        let answer = ask(&[approval("Priya <priya@x>", "c1", true)]);
        assert_eq!((answer.approvers, answer.reviewers), (Verdict::Pass, Verdict::Pending));
        let answer = ask(&[approval("Jonas <jonas@x>", "c1", true), approval("Priya <PRIYA@x>", "c1", true)]);
        assert_eq!((answer.approvers, answer.reviewers), (Verdict::Pass, Verdict::Pass));
    }

    #[test]
    fn somebody_else_cannot_take_the_role() {
        let answer = ask(&[approval("Jonas <jonas@x>", "c1", true)]);
        assert_eq!(answer.missing_roles, ["on-call"]);
        assert_eq!(answer.approvers, Verdict::Pending);
    }

    #[test]
    fn the_authors_own_word_does_not_count() {
        let answer = ask(&[approval("Mika <mika@x>", "c1", true)]);
        assert_eq!(answer.reviewers, Verdict::Pending);
        assert!(answer.refused[0].contains("made the change"), "{:?}", answer.refused);
    }

    #[test]
    fn an_approval_binds_to_its_commit() {
        let answer = ask(&[approval("Priya <priya@x>", "c0", true)]);
        assert_eq!(answer.approvers, Verdict::Pending);
        assert_eq!(answer.refused, ["Priya <priya@x> approved c0, not c1"]);
    }

    #[test]
    fn people_are_known_by_address_and_account() {
        for (a, b, same) in [
            ("Olga <olga@x>", "olga@x", true),
            ("Olga <olga@x> @olga-k", "Olga Kern @olga-k", true),
            ("olga-k", "Olga @OLGA-K", true),
            ("@olga", "Olga <olga@x>", false),
            ("Olga <olga@x>", "Olga <olga@y>", false),
            ("Priya Raman", "priya raman", true),
        ] {
            assert_eq!(same_person(a, b), same, "{a} and {b}");
        }
        assert_eq!(account("Olga <olga@x> @olga-k").as_deref(), Some("olga-k"));
        assert_eq!(account("Olga <olga@x>"), None);
    }

    #[test]
    fn an_account_of_the_authors_name_is_no_other_person() {
        let answer = ask(&[approval("Mika @mika-k", "c1", true)]);
        assert!(answer.refused[0].contains("made the change"), "{:?}", answer.refused);
        let answer = ask(&[approval("Priya @pr", "c1", true)]);
        assert_eq!(answer.missing_roles, ["on-call"], "a name alone gives no role");
    }

    #[test]
    fn the_last_word_counts() {
        let answer =
            ask(&[approval("Priya <priya@x>", "c1", true), approval("Priya <priya@x>", "c1", false)]);
        assert_eq!(answer.approvers, Verdict::Fail);
    }
}
