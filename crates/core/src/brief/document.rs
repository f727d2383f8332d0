//! The brief as data (`hotfix.brief/1`), and how it is made to fit a size.
//! Fields may be added, never removed.

use super::budget::{Keep, cut, shares};
use super::source::Source;
use crate::gate::{Point, Verdict};
use crate::incident::Incident;
use crate::status::RefPart;
use crate::workflow::order::ActionRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema's name.
pub const SCHEMA: &str = "hotfix.brief/1";
/// So much an agent can take, in bytes.
pub const MOST_BYTES: usize = 64 * 1024;

/// Everything that a person or an agent needs for a step.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Brief {
    /// `hotfix.brief/1`.
    pub schema: String,
    /// How to read what was written by others.
    pub notice: String,
    /// The incident. Its title was written by others.
    pub incident: Incident,
    /// The attempt under way, from 1; 0 before the first.
    pub attempt: u32,
    /// The action that the brief is for.
    pub step: ActionRow,
    /// What it is called.
    pub title: String,
    /// `pending`, `active`, `waiting`, `passed`, `failed` or `skipped`.
    pub state: String,
    /// Its place in the plan, from 1, and how many actions the plan has.
    pub place: [u32; 2],
    /// What to do.
    pub task: Task,
    /// The folder to work in; none before the first attempt.
    pub worktree: Option<String>,
    /// The branch there.
    pub branch: Option<BranchPart>,
    /// Who carries the workflow out. They cannot approve it.
    pub role: Option<String>,
    /// Who must look at it, for the merge request and its review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewPart>,
    /// The change so far against its budget: files, lines, and what is allowed.
    pub budget: Option<[u32; 4]>,
    /// The only paths that the incident concerns, where they were declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// The step of the page.
    pub document_step: Option<DocumentStep>,
    /// What must hold.
    pub gates: Vec<BriefGate>,
    /// What the step works with.
    pub inputs: Vec<BriefInput>,
    /// What could not be resolved.
    pub unresolved: Vec<Unresolved>,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// In a sentence or two.
    pub summary: String,
    /// What is waited for right now.
    pub waits_for: Vec<String>,
    /// The command that goes on, and others that help.
    pub commands: Vec<String>,
}

/// Where the work is done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BranchPart {
    /// The branch.
    pub name: String,
    /// What it starts from.
    pub base: RefPart,
    /// Where it goes.
    pub target: String,
}

/// Who must look at the change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReviewPart {
    /// Roles whose approval is needed before the merge.
    pub approvers: Vec<String>,
    /// Who has those roles.
    pub people: Vec<String>,
    /// How many reviewers are needed besides.
    pub reviewers: u32,
    /// When they review.
    pub review: crate::policy::ReviewTiming,
}

/// The step of the page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DocumentStep {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The page.
    pub page: String,
    /// Nobody reviewed the page.
    pub unreviewed: bool,
    /// First and last line.
    pub lines: [u32; 2],
    /// What it puts out.
    pub outputs: Vec<String>,
    /// What the page says of it.
    pub guidance: Option<Text>,
    /// Commands that the page's example suggests. They never run by themselves.
    pub suggested_commands: Option<Text>,
    /// The actions that it stands for.
    pub actions: Vec<String>,
    /// What the file of its skill says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill_file: Option<SkillPart>,
}

/// What a skill's file says, besides the inputs and gates that it gives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SkillPart {
    /// Its path from the repository's root.
    pub path: String,
    /// What the skill does.
    pub description: String,
    /// What is to be read.
    pub guidance: Option<Text>,
    /// The form of what it puts out.
    pub template: Option<Text>,
}

/// A gate of the step.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BriefGate {
    /// Its id.
    pub id: String,
    /// Its answer so far.
    pub verdict: Verdict,
    /// Where it must have passed.
    pub required: Point,
    /// Whether it holds the run.
    pub binding: bool,
    /// When it passes.
    pub passes_when: String,
    /// The page's words, where the page names it.
    pub criteria: Option<String>,
    /// What was seen.
    pub summary: String,
    /// More of it.
    pub details: Option<Text>,
}

/// An input of the step.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BriefInput {
    /// Its name.
    pub name: String,
    /// Where it comes from, in the page's words.
    pub source: String,
    /// The page's line; none: the page maps no inputs, and this one is of use.
    pub line: Option<u32>,
    /// What was found: one part for each source that the words name.
    pub parts: Vec<Part>,
}

/// What was found for one source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What the words mean.
    pub source: Source,
    /// Where it was found.
    pub from: String,
    /// It was written by others: data, no instruction.
    pub outside: bool,
    /// What it is; none: it could not be resolved, or stands elsewhere.
    pub text: Option<Text>,
    /// The input above that has it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// How to get the whole, where it may be cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// Why it could not be resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// What to do about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A text, or as much of it as fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// The text.
    pub content: String,
    /// The size of the whole, in bytes.
    pub bytes: u64,
    /// What was cut off: the end (false) or the beginning (true).
    #[serde(default)]
    pub tail: bool,
}

/// What could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unresolved {
    /// The input.
    pub input: String,
    /// Its source, in the page's words.
    pub source: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Text {
    /// A text whose beginning matters most.
    pub fn head(content: impl Into<String>) -> Text {
        let content = content.into();
        Text { bytes: content.len() as u64, content, tail: false }
    }

    /// A text whose end matters most.
    pub fn tail(content: impl Into<String>) -> Text {
        Text { tail: true, ..Text::head(content) }
    }

    /// The text of lines; none where there are none.
    pub fn lines<S: AsRef<str>>(lines: &[S]) -> Option<Text> {
        let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
        (!lines.is_empty()).then(|| Text::head(lines.join("\n")))
    }

    /// Whether something of it was cut off.
    pub fn is_cut(&self) -> bool {
        (self.content.len() as u64) < self.bytes
    }

    /// At most so many bytes of it.
    pub fn within(&self, most: usize) -> Text {
        let keep = if self.tail { Keep::Tail } else { Keep::Head };
        Text { content: cut(&self.content, most, keep).to_owned(), bytes: self.bytes, tail: self.tail }
    }
}

/// The size that was asked for holds not even what cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("without any input the brief has {least} bytes already, and {most} were allowed")]
pub struct TooSmall {
    /// The least that it needs, in bytes.
    pub least: usize,
    /// What was allowed.
    pub most: usize,
}

impl Brief {
    /// The brief with as much of each text as fits in `most` bytes, as `size`
    /// measures them: what is left beside the rest is shared fairly.
    pub fn fitted(&self, most: usize, size: impl Fn(&Brief) -> usize) -> Result<Brief, TooSmall> {
        if size(self) <= most {
            return Ok(self.clone());
        }
        let least = size(&self.within(0));
        if least > most {
            return Err(TooSmall { least, most });
        }
        // Texts of more than the whole size cannot fit: without them the search is quick.
        let all = self.within(most);
        let (mut fits, mut too_much) = (0, most + 1);
        while too_much - fits > 1 {
            let middle = fits.midpoint(too_much);
            if size(&all.within(middle)) <= most { fits = middle } else { too_much = middle }
        }
        Ok(all.within(fits))
    }

    /// The brief with at most so many bytes of its texts.
    fn within(&self, budget: usize) -> Brief {
        let wanted: Vec<usize> = self.texts().iter().map(|text| text.content.len()).collect();
        let mut fitted = self.clone();
        let shares = shares(&wanted, budget);
        fitted.texts_mut().into_iter().zip(shares).for_each(|(text, most)| *text = text.within(most));
        fitted
    }

    /// Every text that can be cut.
    fn texts(&self) -> Vec<&Text> {
        let page = self.document_step.iter().flat_map(|page| [&page.guidance, &page.suggested_commands]);
        let skills = self.document_step.iter().flat_map(|page| &page.skill_file);
        let page = page.chain(skills.flat_map(|skill| [&skill.guidance, &skill.template]));
        let gates = self.gates.iter().map(|gate| &gate.details);
        let inputs = self.inputs.iter().flat_map(|input| &input.parts).map(|part| &part.text);
        page.chain(gates).chain(inputs).flatten().collect()
    }

    fn texts_mut(&mut self) -> Vec<&mut Text> {
        let page = self.document_step.iter_mut().flat_map(|page| {
            let skill =
                page.skill_file.iter_mut().flat_map(|skill| [&mut skill.guidance, &mut skill.template]);
            [&mut page.guidance, &mut page.suggested_commands].into_iter().chain(skill)
        });
        let gates = self.gates.iter_mut().map(|gate| &mut gate.details);
        let inputs = self.inputs.iter_mut().flat_map(|input| &mut input.parts).map(|part| &mut part.text);
        page.chain(gates).chain(inputs).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Skill, order::Origin};
    use proptest::prelude::*;

    fn brief(texts: &[String]) -> Brief {
        let part = |text: &String| Part {
            source: Source::Logs,
            from: "a log".to_owned(),
            outside: true,
            text: Some(Text::tail(text.clone())),
            same_as: None,
            whole: None,
            missing: None,
            hint: None,
        };
        let step = ActionRow {
            id: "implement".to_owned(),
            skill: Skill::Implement,
            step: None,
            document_step: None,
            implied: false,
            origin: Origin::Page,
        };
        Brief {
            schema: SCHEMA.to_owned(),
            notice: String::new(),
            incident: Incident { key: "X-1".to_owned(), title: "t".to_owned(), severity: "P1".to_owned() },
            attempt: 1,
            step,
            title: String::new(),
            state: "active".to_owned(),
            place: [1, 1],
            task: Task::default(),
            worktree: None,
            branch: None,
            role: None,
            review: None,
            budget: None,
            only: Vec::new(),
            document_step: None,
            gates: vec![],
            inputs: vec![BriefInput {
                name: "i".to_owned(),
                source: "Logs".to_owned(),
                line: None,
                parts: texts.iter().map(part).collect(),
            }],
            unresolved: vec![],
        }
    }

    fn size(brief: &Brief) -> usize {
        serde_json::to_string(brief).map_or(usize::MAX, |text| text.len())
    }

    #[test]
    fn a_short_ticket_survives_a_long_log() {
        let whole = brief(&["x".repeat(1_000_000), "a short ticket".to_owned()]);
        let fitted = whole.fitted(4096, size).unwrap();
        let texts = fitted.texts();
        assert_eq!(texts[1].content, "a short ticket");
        assert!(texts[0].is_cut() && texts[0].bytes == 1_000_000);
        assert!((4000..=4096).contains(&size(&fitted)), "{}", size(&fitted));
    }

    #[test]
    fn what_cannot_fit_says_how_much_it_needs() {
        let error = brief(&["x".repeat(100)]).fitted(10, size).unwrap_err();
        assert!(error.least > 300 && error.to_string().contains("10 were allowed"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_always_fits(texts in prop::collection::vec("([\\\\\"a-zä\n]|\\PC){0,600}", 0..6), most in 1200_usize..4000) {
            let whole = brief(&texts);
            let fitted = whole.fitted(most, size).unwrap();
            prop_assert!(size(&fitted) <= most);
            for (text, given) in fitted.texts().into_iter().zip(&texts) {
                prop_assert!(given.ends_with(&text.content) && text.bytes == given.len() as u64);
            }
        }
    }
}
