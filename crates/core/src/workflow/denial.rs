//! Whether words of a page are advised or denied: `git push --force` is
//! advice, "never force push" is none, in many languages. It knows no grammar
//! and looks at a sentence only; where it is not sure, it refuses to call
//! words denied.

use super::parse::{Content, Document, Item};
use std::collections::HashSet;

/// They deny all that follows in their sentence, also over commas.
const STRONG: &str = "never|don't|don’t|dont|do not|does not|must not|mustn't|should not|shouldn't|may not|cannot|\
    can't|won't|will not|avoid*|forbid*|prohibit*|disallow*|refuse*|reject*|block*|prevent*|deny|\
    denies|denied|banned|instead of|rather than|warns|warn about|warn when|warn if|detect*|\
    guard against|protects against|nie|niemals|nicht|vermeid*|vermijd*|verbiete*|verbiede*|statt|\
    nooit|niet|aldrig|aldri|inte|ikke|undvik*|undgå*|jamais|ne pas|évite*|éviter|interdi*|nunca|\
    jamás|evita*|evite*|prohib*|proib*|não|mai|vieta*|niciodată|nigdy|unikaj*|zabrania*|nikdy|\
    никогда|нельзя|не|запрещ*|избега*|ніколи|заборон*|asla|kesinlikle|älä|koskaan|soha|không|đừng|\
    cấm|tránh|jangan|hindari|dilarang|ποτέ|μην|אסור|ممنوع|تجنب|कभी नहीं";

/// They deny only what stands in the same part of a sentence.
const WEAK: &str = "no|not|non|nor|neither|without|isn't|doesn't|kein*|ohne|geen|zonder|pas|sans|aucun*|sin|sem|\
    senza|ni|bez|без|ingen|uden|utan|yok|değil|olmadan|ei|nélkül|nem|nu|fără|tanpa|tidak|δεν|χωρίς|\
    לא|בלי|لا|بدون|मत|नहीं|chớ|instead";

/// They deny what stands before them in their sentence.
const AFTER: &str = "never|forbidden|prohibited|banned|blocked|disallowed|rejected|denied|not allowed|not permitted|\
    not be used|must not|should not|is not|are not|is no|dangerous*|verboten|untersagt|nicht|\
    niemals|verboden|interdit*|prohibid*|proibid*|vietat*|zabronion*|zakazan*|zakázán*|запрещ*|\
    нельзя|заборон*|yasak*|yapma|yapmayın|yapılmaz|kullanma|kullanmayın|etmeyin|dilarang|bị cấm|\
    förbjud*|forbudt|kielletty|tilos|interzis*|απαγορεύ*|אסור|ممنوع|नहीं|wrong";

/// Scripts without spaces: they deny what is near them, before or after.
const ANYWHERE: &str = "❌|🚫|⛔|✗|✘|禁止|严禁|嚴禁|厳禁|切勿|请勿|請勿|不要|不得|不可|不能|避免|绝不|絕不|しない|ないこと|しません|するな|避け|금지|하지 마|하지 않|말 것|차단|불가|\
    안 됩니다|なし|せず|拒否|ブロック|阻止|拒绝|拦截|마세요|ห้าม|อย่า|ไม่";

/// What ends a sentence, or turns it.
const TURNS: &[&str] = &[
    ". ",
    "; ",
    "! ",
    "? ",
    "。",
    "；",
    "！",
    "？",
    " but ",
    " so ",
    " then ",
    " otherwise",
    " else ",
    " unless ",
    " sondern ",
    " aber ",
    " mais ",
    " pero ",
    " mas ",
    " but: ",
    " → ",
    " -> ",
];

/// A condition speaks of when, and denies nothing.
const CONDITIONS: &[&str] = &[
    "if ",
    "when ",
    "where ",
    "in case ",
    "wenn ",
    "falls ",
    "si ",
    "se ",
    "jeśli ",
    "если ",
    "якщо ",
    "nếu ",
];

/// Whether `text[start..end]` is denied by its own sentence. Lower case is expected.
fn denied(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let begin = TURNS.iter().filter_map(|turn| before.rfind(turn).map(|at| at + turn.len())).max();
    let before = without_condition(before.get(begin.unwrap_or_default()..).unwrap_or_default());
    let stop = TURNS.iter().filter_map(|turn| after.find(turn)).min().unwrap_or(after.len());
    let after = after.get(..stop).unwrap_or_default();
    let near = before.rsplit([',', '，', '、']).next().unwrap_or_default();
    let lead = before.trim_start_matches(|c: char| !c.is_alphanumeric());
    let leads = WEAK.split('|').any(|word| begins_with(lead, word));
    has(before, STRONG)
        || has(near, WEAK)
        || leads
        || has(after, AFTER)
        || ANYWHERE.split('|').any(|sign| before.contains(sign) || after.contains(sign))
}

/// The same of a line as it stands; lower case may have other lengths.
pub(crate) fn denied_in(line: &str, range: &std::ops::Range<usize>) -> bool {
    let part = |range: std::ops::Range<usize>| line.get(range).unwrap_or_default().to_lowercase();
    let (before, words, after) = (part(0..range.start), part(range.clone()), part(range.end..line.len()));
    denied(&format!("{before}{words}{after}"), before.len(), before.len() + words.len())
}

/// `if it is not ready, …` denies nothing of what follows the comma.
fn without_condition(text: &str) -> &str {
    let lead = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    match lead.split_once([',', '，', ':']) {
        Some((_, rest)) if CONDITIONS.iter().any(|word| lead.starts_with(word)) => rest,
        _ => text,
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '\'' | '’')
}

fn begins_with(text: &str, word: &str) -> bool {
    let (word, open) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
    text.strip_prefix(word).is_some_and(|rest| open || !rest.starts_with(in_word))
}

/// Whether one of the words occurs; a `*` at a word's end takes any ending.
fn has(text: &str, words: &str) -> bool {
    word_in(text, words).is_some()
}

/// The first of the words that occurs, as it stands in the text.
pub(crate) fn word_in<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    words.split('|').find_map(|word| {
        let (stem, open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
        text.match_indices(stem).find_map(|(at, found)| {
            let free_before = !text.get(..at).is_some_and(|before| before.ends_with(in_word));
            let free_after =
                open || !text.get(at + found.len()..).is_some_and(|rest| rest.starts_with(in_word));
            (free_before && free_after).then_some(found)
        })
    })
}

/// Whether a heading, a label or a remark denies all that stands below it.
fn denies_below(title: &str) -> bool {
    const TITLES: &str = "never|don't|don’t|don'ts|do not|not to do|not do|must not|not allowed|forbidden|prohibited|\
    banned|blocked|disallowed|anti-pattern*|antipattern*|wrong|bad|incorrect|dangerous|destructive|\
    mistake*|pitfall*|red flag*|avoid*|refuse*|no-go*|verboten*|niemals|nicht|interdit*|jamais|\
    prohibid*|nunca|proibid*|vietat*|mai|zabronion*|никогда|запрещ*|нельзя|yasak*|asla|không|cấm|\
    jangan|dilarang|deny";
    let title = title.to_lowercase();
    has(&title, TITLES) || ANYWHERE.split('|').any(|sign| title.contains(sign))
}

/// The lines that stand below something that denies them: a heading such as
/// `Never`, a label, a parent item, the head of a table's column, or a remark
/// before them in their code block.
pub(crate) fn denied_lines(doc: &Document) -> HashSet<u32> {
    let mut denied = HashSet::new();
    for section in &doc.sections {
        if section.level > 1 && denies_below(&section.title) {
            denied.extend(section.line..=section.last);
        }
        for block in &section.blocks {
            if block.label.as_ref().is_some_and(|label| denies_below(&label.whole())) {
                denied.extend(block.first..=block.last);
            }
            match &block.content {
                Content::List(items) => below_items(items, &mut denied),
                Content::Table(header, rows)
                    if header.cells.iter().skip(1).any(|cell| denies_below(cell)) =>
                {
                    denied.extend(rows.iter().map(|row| row.line));
                }
                Content::Fence(lines) => below_remarks(lines, &mut denied),
                _ => {}
            }
        }
    }
    denied
}

fn below_items(items: &[Item], denied: &mut HashSet<u32>) {
    let mut parent: Option<usize> = None;
    for item in items {
        if parent.is_some_and(|depth| item.depth <= depth) {
            parent = None;
        }
        let text = item.text();
        if parent.is_some() {
            denied.extend(item.line..=item.last());
            denied.extend(item.code.iter().map(|(no, _)| *no));
        } else if text.trim_end().ends_with([':', '：']) && denies_below(&text) {
            parent = Some(item.depth);
            denied.extend(item.code.iter().map(|(no, _)| *no));
        }
        below_remarks(&item.code, denied);
    }
}

/// `# WRONG` denies the commands after it, up to the next remark or empty line.
fn below_remarks(lines: &[(u32, String)], denied: &mut HashSet<u32>) {
    let mut wrong = false;
    for (no, line) in lines {
        let line = line.trim();
        let remark = ["#", "//", "--", "/*", "<!--", "rem "].iter().any(|sign| line.starts_with(sign));
        if line.is_empty() {
            wrong = false;
        } else if remark {
            wrong = denies_below(line);
        }
        if wrong {
            denied.insert(*no);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_denied(line: &str) -> bool {
        let lower = line.to_lowercase();
        let words = ["force push", "force-push", "git push --force", "--no-verify", "reset --hard"];
        let (at, found) = words.iter().find_map(|word| lower.find(word).map(|at| (at, *word))).unwrap();
        denied(&lower, at, at + found.len())
    }

    #[test]
    fn denials_in_many_languages() {
        for line in [
            "Never force push.",
            "**Do not** amend, rebase, or force push",
            "No force-push",
            "- no rebase, no amend, no force push",
            "Force push is forbidden",
            "The revert is a standard commit, not a force-push.",
            "Use a revert instead of `git push --force`",
            "| force push | blocked |",
            "❌ git push --force",
            "The hook blocks `git push --force`",
            "Commit without --no-verify",
            "Nie force push!",
            "Kein force push auf main",
            "Force push ist verboten",
            "Jamais de force push",
            "Ne pas faire de force push",
            "NUNCA hacer `git push --force`",
            "Não fazer force push",
            "Mai force push",
            "Никогда не делайте force push",
            "force push запрещён",
            "Asla force push yapmayın",
            "Không force push",
            "Jangan force push",
            "禁止 force push",
            "force push 는 금지",
            "force push しないこと",
            "직접 푸시(force-push 포함)를 완전히 차단합니다",
            "切勿 force push",
            "Nooit force push",
        ] {
            assert!(is_denied(line), "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_a_denial() {
        for line in [
            "git push --force",
            "If the branch is not ready, force push",
            "If CI does not answer, commit with --no-verify",
            "Do not wait. Force push the branch",
            "You cannot merge it, so force push",
            "Don't rebase; git push --force",
            "git commit --no-verify -m 'no tests'",
            "When there is no time: git push --force",
            "Wenn es nicht geht, force push",
            "force push 到 main",
        ] {
            assert!(!is_denied(line), "{line}");
        }
    }

    #[test]
    fn what_stands_below_a_denial() {
        let text = "# Never in the title\n\ngit push --force\n\n## Never\n\n- a\n\n## Do\n\n**Don't:**\n- b\n\ntext\n\n- Never:\n  - c\n- d\n\n\
            ```\n# WRONG\ne\n\nf\n```\n\n| Do | Don't |\n|--|--|\n| g | h |\n";
        let doc = super::super::parse::document(text, 1);
        let denied = denied_lines(&doc);
        let lines: Vec<&str> =
            (1..).zip(text.lines()).filter(|(no, _)| denied.contains(no)).map(|(_, l)| l).collect();
        assert_eq!(lines, ["## Never", "", "- a", "", "- b", "  - c", "# WRONG", "e", "| g | h |"]);
    }
}
