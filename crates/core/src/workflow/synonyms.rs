//! From the names and sentences of a page to built-in skills, through the one
//! table of words. It refuses to guess: what is not there is a manual step.

use super::Skill;
use super::lexicon::{Grammar, Lexicon, Sense, Word};
use super::words::{Hit, Phrases, Token, is_dense, is_verb_last, tokens};

/// How many words after the first a list item's skill may stand.
pub(crate) const NEAR: usize = 4;

/// Nouns that only say of what the next skill is: `deployment verification`.
const NOUNS: &[&str] =
    &["pr", "prs", "mr", "mrs", "request", "requests", "branch", "deployment", "implementation", "rollback"];

/// What is watched is no mere thing: `monitor the logs`.
const LOOKED_AT: &[&str] = &["log", "dashboard", "alert", "error", "status", "result", "metric", "state"];

/// In Chinese, what stands behind these is not done but used.
const BY_MEANS: &[&str] =
    &["用", "使用", "通过", "利用", "根据", "按照", "在", "从", "对", "将", "把", "基于"];

impl Lexicon {
    /// The skill of a name: a path (`skills/implement.md`), a flow box, a name
    /// with an argument (`git-workflow (worktree)`).
    pub(crate) fn of_name(&self, name: &str) -> Option<Skill> {
        let sense = self.of_clause(&base_name(name), NEAR)?;
        settled(sense).filter(|skill| *skill != Skill::Manual)
    }

    /// The skills that a heading or an item names, in its order: one for each
    /// clause, found among its first `reach` words. What stands in
    /// parentheses, what is forbidden and what holds only sometimes is none.
    pub(crate) fn in_prose(&self, text: &str, reach: usize) -> Vec<Skill> {
        let mut skills: Vec<Skill> = self.senses(text, reach).into_iter().filter_map(settled).collect();
        let mut seen = Vec::new();
        skills.retain(|skill| {
            let first = !seen.contains(skill);
            seen.push(*skill);
            first && *skill != Skill::Manual
        });
        skills
    }

    /// What a heading or an item says that is done. The part behind a dash or
    /// a colon is asked only where the part before it says nothing.
    pub(crate) fn senses(&self, text: &str, reach: usize) -> Vec<Sense> {
        let text = without_code(&without_parentheses(text));
        let sentence = first_sentence(&text);
        for part in parts(sentence) {
            let senses = self.of_part(part, reach);
            // `Confirm: the branch is ready` has said what it is.
            if !senses.is_empty() || self.only_tells(part) {
                return senses;
            }
        }
        Vec::new()
    }

    /// Whether some words begin with a verb that looks or tells.
    pub(crate) fn only_tells(&self, text: &str) -> bool {
        let words = tokens(text);
        let grammar = &self.grammar;
        let first = words.iter().find(|word| !is_prelude(word, grammar));
        first.is_some_and(|first| grammar.tells.of_word(first).is_some())
    }

    fn of_part(&self, part: &str, reach: usize) -> Vec<Sense> {
        let words = tokens(part);
        let Some(first) = words.iter().find(|word| self.grammar.filler.of_word(word).is_none()) else {
            return Vec::new();
        };
        let decides = words.iter().any(|word| matches!(word.word.as_str(), "vs" | "versus"));
        if decides || self.grammar.only_if.of_word(first).is_some() {
            return Vec::new();
        }
        let timed = self.grammar.when.of_word(first).is_some();
        let told =
            if timed { part.rsplit_once([',', '、', '，']).map_or("", |(_, rest)| rest) } else { part };
        // `Build + deploy` compiles; only `Build` alone may mean to make it.
        let all = clauses(told);
        let builds = |clause: &str| all.len() > 1 && clause.trim().eq_ignore_ascii_case("build");
        let (mut senses, mut telling) = (Vec::new(), false);
        for (nth, clause) in all.iter().copied().enumerate().filter(|(_, clause)| !builds(clause)) {
            let words = tokens(clause);
            let first = words.iter().find(|word| self.grammar.filler.of_word(word).is_none());
            let starts = |lists: &[&Phrases<()>]| lists.iter().any(|list| is(list, first));
            let grammar = &self.grammar;
            if nth > 0 && starts(&[&grammar.only_if, &grammar.when]) {
                continue;
            }
            // `Present the cause and the proposed fix` goes on telling.
            // So do its single words: `log the incident, the fix, and follow-ups`.
            let said: Vec<Token> = words.iter().filter(|word| word.word != "and").cloned().collect();
            let hits = self.skills.hits(&said);
            let single = matches!(hits.as_slice(), [hit] if hit.first == 0 && hit.end == said.len());
            let listed = words.first().is_some_and(|word| is(&grammar.filler, Some(word)));
            let named = telling && ((single && reach < usize::MAX) || listed);
            let sense = if named { None } else { self.of_clause(clause, if telling { 0 } else { reach }) };
            telling = starts(&[&grammar.tells, &grammar.never]) || (telling && sense.is_none());
            senses.extend(sense);
        }
        senses
    }

    /// What a clause says that is done.
    fn of_clause(&self, clause: &str, reach: usize) -> Option<Sense> {
        let grammar = &self.grammar;
        let clause = after_what_came_before(clause, grammar)?;
        let words = without_fillers(tokens(clause), &grammar.filler);
        let first = words.iter().position(|word| !is_prelude(word, grammar))?;
        let is_word = |at: usize, text: &str| words.get(at).is_some_and(|word| word.word == text);
        let how = is_word(0, "how") && is_word(first, "to");
        let words = words.get(first + usize::from(how)..)?;
        if is(&grammar.cut, words.first()) && words.len() > 1 {
            return None;
        }
        let mut hits = self.skills.hits(words);
        hits.retain(|hit| hit.sense.sense != Sense::Nothing);
        let verb_last = clause.chars().any(is_verb_last);
        let told_last = grammar.tells_last.hits(words);
        let place = |first: usize, skip: usize| (first, skip);
        if verb_last
            && told_last.last().is_some_and(|told| {
                hits.iter().all(|hit| place(hit.first, hit.skip) < place(told.first, told.skip))
            })
        {
            return None;
        }
        let hit = self.decisive(words, &hits, verb_last)?;
        let told = (hit.first, hit.skip) > (0, 0) && is(&grammar.tells, words.first());
        let denied = words.iter().take(hit.first).any(|word| grammar.never.of_word(word).is_some());
        let acts = is(&grammar.acts, words.first()) || is(&grammar.launches, words.first());
        let reach = if acts { reach.max(NEAR) } else { reach };
        let ends = hit.end == words.len() && hits.len() > 1;
        let far = hit.first > reach && !hit.sense.last && !verb_last && !ends;
        let tagged = hit.sense.sense == Sense::Does(Skill::MergeRequest)
            && words.iter().any(|word| grammar.tag.of_word(word).is_some());
        if told || denied || far || tagged {
            return None;
        }
        let live = words.iter().any(|word| grammar.production.of_word(word).is_some());
        Some(if hit.sense.sense == Sense::Verify && live {
            Sense::Does(Skill::Monitor)
        } else {
            hit.sense.sense
        })
    }

    /// The hit that a clause is about: its last where the verb stands last,
    /// or else its first before a preposition.
    fn decisive(&self, words: &[Token], hits: &[Hit<Word>], verb_last: bool) -> Option<Hit<Word>> {
        let grammar = &self.grammar;
        if let Some(last) = hits.last() {
            let ends = words.get(last.end - 1)?;
            let infinitive =
                hits.len() > 1 && last.end == words.len() && ends.word.ends_with("en") && !ends.dense;
            let verb_last = verb_last || (last.sense.last && last.end == words.len());
            let used = |word: &Token| BY_MEANS.iter().any(|by| word.word.starts_with(by));
            let by_means = ends.dense && !verb_last && words.first().is_some_and(used);
            if (verb_last || infinitive || by_means) && !names_a_thing(words, last, grammar) {
                return Some(*last);
            }
        }
        let end = cut(words, hits, &grammar.cut);
        let named = hits.iter().position(|hit| hit.first < end && !names_a_thing(words, hit, grammar));
        match named {
            Some(at) => head(words, hits.get(at..)?),
            None => launched(words, hits, grammar),
        }
    }
}

/// What comes after `PR マージ後に`; nothing where nothing does.
fn after_what_came_before<'a>(clause: &'a str, grammar: &Grammar) -> Option<&'a str> {
    if !clause.chars().any(is_dense) {
        return Some(clause);
    }
    let ends =
        grammar.after_last.iter().filter_map(|word| clause.rfind(word.as_str()).map(|at| at + word.len()));
    let rest = ends.max().and_then(|end| clause.get(end..)).unwrap_or(clause);
    let over = rest.trim().is_empty() || rest.trim_end().ends_with(['后', '後', '时', '時', '후', '뒤']);
    let spaced = rest.split_once(" 후 ").map_or(rest, |(_, rest)| rest);
    (!over).then_some(spaced)
}

/// What a sense is where nothing else is known.
fn settled(sense: Sense) -> Option<Skill> {
    match sense {
        Sense::Does(skill) => Some(skill),
        Sense::Verify => Some(Skill::Test),
        Sense::ToMain => Some(Skill::Port),
        Sense::Nothing => None,
    }
}

fn is(list: &Phrases<()>, word: Option<&Token>) -> bool {
    word.is_some_and(|word| list.of_word(word).is_some())
}

/// Adverbs and numbers before the verb.
fn is_prelude(word: &Token, grammar: &Grammar) -> bool {
    grammar.adverb.of_word(word).is_some() || word.word.chars().all(|c| c.is_ascii_digit())
}

fn without_fillers(words: Vec<Token>, fillers: &Phrases<()>) -> Vec<Token> {
    let mut kept = Vec::with_capacity(words.len());
    let mut after = false;
    for mut word in words {
        if fillers.of_word(&word).is_some() {
            after = true;
            continue;
        }
        word.close &= !std::mem::take(&mut after);
        kept.push(word);
    }
    kept
}

/// Where the object is over: the first preposition that is in no hit.
fn cut(words: &[Token], hits: &[Hit<Word>], cuts: &Phrases<()>) -> usize {
    let in_hit = |at: usize| hits.iter().any(|hit| (hit.first..hit.end).contains(&at));
    let at = (1..words.len()).find(|&at| is(cuts, words.get(at)) && !in_hit(at));
    at.unwrap_or(words.len())
}

/// `deployment notes` and `plan de rollback` name things, and do nothing.
fn names_a_thing(words: &[Token], hit: &Hit<Word>, grammar: &Grammar) -> bool {
    if hit.sense.sense == Sense::Does(Skill::Manual) {
        return false;
    }
    let next = words.get(hit.end).filter(|word| word.close && !word.dense);
    let looks = matches!(hit.sense.sense, Sense::Does(Skill::Monitor) | Sense::Verify) && hit.first == 0;
    let seen = next.is_some_and(|word| LOOKED_AT.iter().any(|at| word.word.starts_with(at)));
    if looks && seen && words.first().is_some_and(|word| !word.word.ends_with("ing")) {
        return false;
    }
    let before = |count: usize| hit.first.checked_sub(count).and_then(|at| words.get(at));
    is(&grammar.thing, next) || (is(&grammar.of, before(1)) && is(&grammar.thing, before(2)))
}

/// The hit that the clause is about: of `PR review` and `create the release
/// branch` the second.
fn head(words: &[Token], hits: &[Hit<Word>]) -> Option<Hit<Word>> {
    let (hit, next) = (*hits.first()?, hits.get(1));
    let Some(next) = next.filter(|next| next.first == hit.end) else { return Some(hit) };
    let close = words.get(next.first).is_some_and(|word| word.close && !word.dense);
    let is_noun = |hit: &Hit<Word>| {
        words.get(hit.end.saturating_sub(1)).is_some_and(|word| NOUNS.contains(&word.word.as_str()))
    };
    let does = |hit: &Hit<Word>, skill: Skill| hit.sense.sense == Sense::Does(skill);
    let undone = does(&hit, Skill::Rollback) && does(next, Skill::Deploy);
    let made =
        hit.first > 0 && is_noun(next) && (does(next, Skill::MergeRequest) || does(next, Skill::Prepare));
    Some(if close && !undone && (is_noun(&hit) || made) { *next } else { hit })
}

/// `Proceed to ship`, `Run X to verify`: what comes right after the preposition.
fn launched(words: &[Token], hits: &[Hit<Word>], grammar: &Grammar) -> Option<Hit<Word>> {
    let end = cut(words, hits, &grammar.cut);
    let hit = hits.iter().find(|hit| !names_a_thing(words, hit, grammar))?;
    (is(&grammar.launches, words.first()) && hit.first <= end + 2).then_some(*hit)
}

/// The last part of a path without its extension and its argument.
pub(crate) fn base_name(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name).trim();
    let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
    let last =
        if last.eq_ignore_ascii_case("skill.md") { name.rsplit('/').nth(1).unwrap_or(last) } else { last };
    last.strip_suffix(".md").unwrap_or(last).trim().to_owned()
}

/// The skills that a result was reached by: `Fix committed`.
pub(crate) fn in_result(text: &str) -> Vec<Skill> {
    let skill = |token: &Token| match token.word.as_str() {
        "committed" | "commit" => Some(Skill::Commit),
        "verified" | "tested" => Some(Skill::Test),
        "merged" => Some(Skill::Merge),
        "deployed" | "released" => Some(Skill::Deploy),
        "monitored" => Some(Skill::Monitor),
        _ => None,
    };
    tokens(&without_parentheses(text)).iter().filter_map(skill).collect()
}

/// Up to the first full stop that ends a sentence.
pub(crate) fn first_sentence(text: &str) -> &str {
    let ends = text.char_indices().filter(|(at, c)| match c {
        '.' | '!' | '?' => {
            let mut rest = text.get(at + 1..).unwrap_or_default().chars();
            let spaced = rest.next().is_none_or(char::is_whitespace);
            spaced && rest.find(|c| !c.is_whitespace()).is_none_or(|c| !c.is_lowercase())
        }
        '。' | '！' | '？' | '\n' => true,
        _ => false,
    });
    let mut ends = ends.map(|(at, _)| at).filter(|at| text.get(..*at).is_some_and(|before| before.len() > 2));
    ends.next().and_then(|at| text.get(..at)).unwrap_or(text)
}

/// What a dash or a colon parts.
fn parts(text: &str) -> Vec<&str> {
    const MARKS: &[&str] = &[" — ", " – ", " - ", ": ", "：", "——", "—"];
    split(text, MARKS)
}

fn clauses(text: &str) -> Vec<&str> {
    const MARKS: &[&str] = &[
        " and then ",
        " and ",
        " then ",
        " und ",
        " et ",
        " y ",
        " e ",
        " ed ",
        " och ",
        " и ",
        " ve ",
        " dan ",
        " và ",
        " & ",
        " + ",
        ", ",
        "; ",
        " / ",
        " → ",
        "→",
        " -> ",
        "->",
        "=>",
        "、",
        "，",
        "；",
        "・",
        " 및 ",
        "및 ",
        "하고 ",
        "한 후 ",
        "하여 ",
        "，并",
        "并且",
        "以及",
        "然后",
        "和",
        "して",
    ];
    let clauses = split(text, MARKS);
    let between = |clause: &str, at: usize| {
        let before = clause.get(..at).and_then(|text| text.chars().next_back());
        let after = clause.get(at + 1..).and_then(|text| text.chars().next());
        before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
    };
    let slashed = |clause: &str| {
        !clause.contains(['`', '.', '<']) && clause.match_indices('/').all(|(at, _)| between(clause, at))
    };
    let parted = clauses.into_iter().flat_map(|c| if slashed(c) { split(c, &["/"]) } else { vec![c] });
    parted.flat_map(joined_nouns).collect()
}

/// `原因分析と報告`: `と` between two nouns.
fn joined_nouns(clause: &str) -> Vec<&str> {
    let noun = |c: char| c.is_alphanumeric() && !('\u{3040}'..='\u{309f}').contains(&c);
    let at = clause.match_indices('と').map(|(at, _)| at).find(|at| {
        let before = clause.get(..*at).and_then(|text| text.chars().next_back());
        let after = clause.get(at + 'と'.len_utf8()..).and_then(|text| text.chars().next());
        before.is_some_and(noun) && after.is_some_and(noun)
    });
    match at {
        Some(at) => [clause.get(..at), clause.get(at + 'と'.len_utf8()..)].into_iter().flatten().collect(),
        None => vec![clause],
    }
}

fn split<'a>(text: &'a str, marks: &[&str]) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        match marks.iter().find(|mark| rest.starts_with(**mark)) {
            Some(mark) => {
                parts.push(text.get(start..at).unwrap_or_default());
                // The space that ends one mark may begin the next.
                at += mark.len() - usize::from(mark.len() > 1 && mark.ends_with(' '));
                start = at;
            }
            None => at += c.len_utf8(),
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Without the code spans that are commands, paths and values: they name no
/// skill, but `/implement` and `git-workflow` do.
fn without_code(text: &str) -> String {
    let is_name = |code: &str| {
        let name = code.trim_start_matches('/');
        name.starts_with(char::is_alphanumeric)
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | ':'))
    };
    let parts = text.split('`').enumerate();
    let kept = parts.map(|(at, part)| if at % 2 == 0 || is_name(part) { part } else { " … " });
    kept.collect()
}

pub(crate) fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' | '（' => depth += 1,
                ')' | '）' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Skill::{
        Analyze, CheckStyle, Cleanup, Commit, Deploy, FollowUp, Implement, Merge, MergeRequest, Monitor,
        Notify, Port, Prepare, Report, Reproduce, Review, Rollback, Test,
    };

    fn in_prose(text: &str) -> Vec<Skill> {
        Lexicon::built_in().in_prose(text, NEAR)
    }

    #[test]
    fn names() {
        let rows = [
            ("skills/implement.md", Some(Implement)),
            ("git-workflow (worktree)", Some(Prepare)),
            ("execute/write-code", Some(Implement)),
            ("validate/check-style", Some(CheckStyle)),
            ("validate/run-tests", Some(Test)),
            ("integrate/create-merge-request", Some(MergeRequest)),
            ("ops/rollback/SKILL.md", Some(Rollback)),
            ("cleanup", Some(Cleanup)),
            ("page-the-customer", None),
            ("", None),
        ];
        for (name, expected) in rows {
            assert_eq!(Lexicon::built_in().of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_done() {
        let rows: [(&str, &[Skill]); 24] = [
            ("Create PR to production branch", &[MergeRequest]),
            ("Get expedited review (1 reviewer minimum)", &[Review]),
            ("Merge and deploy", &[Merge, Deploy]),
            ("Deploy & Monitor", &[Deploy, Monitor]),
            ("Follow-up ticket for proper fix (if temporary)", &[FollowUp]),
            ("Quick test + fix", &[Reproduce, Implement]),
            ("Fast merge", &[Merge]),
            ("Proceed to `/ship` if all gates pass", &[Deploy]),
            ("After the PR is merged, backport to `development`:", &[Port]),
            ("Create the release branch", &[Prepare]),
            ("Deployment verification", &[Test]),
            ("Verify the fix in production", &[Monitor]),
            ("Merging the release PR", &[Merge]),
            ("Find the root cause", &[Analyze]),
            ("Hotfix-Branch erstellen", &[Prepare]),
            ("Fix deployen", &[Deploy]),
            ("Déployer le correctif", &[Deploy]),
            ("Düzeltmeyi dağıt", &[Deploy]),
            ("ブランチを develop にマージ", &[Port]),
            ("PR マージ後にデプロイして監視", &[Deploy, Monitor]),
            ("提交完成之后，提交 merge request", &[MergeRequest]),
            ("CI 통과 후 즉시 머지", &[Merge]),
            ("Сообщить команде и откатить релиз", &[Notify, Rollback]),
            ("Post-Hotfix Report", &[Report]),
        ];
        for (text, expected) in rows {
            assert_eq!(in_prose(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_names_tells_or_forbids() {
        let rows = [
            "Create deployment notes",
            "Plan de rollback",
            "Determine the next patch version",
            "Document the rollback and the release",
            "If the fix touches secrets, limits, or input validation, update the page",
            "Always confirm before creating PR",
            "Do not merge",
            "Skip the review",
            "Run `scripts/release.sh --no-verify`",
            "Push the tag",
            "Deploy to staging",
            "現在のブランチを確認",
            "未提交的更改",
        ];
        for text in rows {
            assert_eq!(in_prose(text), [], "{text}");
        }
    }

    #[test]
    fn commit_in_a_result() {
        assert_eq!(in_result("Hotfix committed (and more)"), [Commit]);
    }
}
