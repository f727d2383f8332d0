//! Commands that nobody filled in: `<your command>`, `TODO`, `...`. It looks
//! where a command stands, in code blocks for a shell, in code spans and after
//! labels that announce one; it refuses to mistake a parameter for one.

use super::Level;
use super::commands::command;
use super::forms::{self, Form};
use super::parse::Document;
use super::reader::Reader;
use std::sync::LazyLock;

/// So much of a line is looked at, in characters.
const MOST_CHARS: usize = 2_000;

/// A whole command that is none.
const WHOLE: &str = r"(?ix)^(?:
    \.{3,} | x{3,} | \?{2,} | \.\/x{3,}(?:\.\w+)? |
    (?:\#\s*)? (?:todo|tbd|fixme|tba)\b .* |
    (?:\#\s*)? (?:insert|add|put|fill\ in|replace\ with)\ (?:your|the)\ .*\b command s?\b .* |
    [<\[{(]+ \s* (?:your|insert|add|replace|fill|the)? [\s_-]* [\w\s_/-]*? \b (?:command|script|cmd|todo|tbd) s? \b [\w\s_-]* [>\]})]+ |
    (?:your|some|my)[-_ ] (?:[\w-]+[-_ ])? (?:command|script) (?:[-_ ]here)?
)$";
/// A part of a command that makes it none.
const PART: &str = r"(?ix) [<\[{]\s* (?:your|insert|replace|fill)\b [^>\]}]* [>\]}] | \b your[-_] (?:command|script|service|app|host|url|project) (?:[-_]\w+)* \b |
    [<{] \s* (?:command|cmd|script)\s* [>}] | \b YOUR_\w+ \b | \b (?:TODO|TBD|FIXME) \b";

/// Nothing if one were no regular expression, which a test excludes.
static FORMS: LazyLock<Option<(Form, Form)>> =
    LazyLock::new(|| Some((forms::form(WHOLE)?, forms::form(PART)?)));

/// Finds commands that nobody filled in.
pub(crate) fn find(doc: &Document, reader: &mut Reader) {
    let mut fence: Option<bool> = None;
    let mut block = Block::default();
    for (no, raw) in &doc.raw {
        let line =
            raw.char_indices().nth(MOST_CHARS).map_or(raw.as_str(), |(end, _)| raw.get(..end).unwrap_or(raw));
        let text = line.trim();
        if let Some(info) = text.strip_prefix("```").or_else(|| text.strip_prefix("~~~")) {
            fence = if fence.is_some() { None } else { Some(is_shell(info)) };
            block = Block::default();
            continue;
        }
        if fence.is_some() && block.is_text(text) {
            continue;
        }
        let found = match fence {
            Some(true) => in_code(text),
            Some(false) => command(text).and_then(|_| in_code(text)),
            None => in_prose(text),
        };
        if let Some(words) = found {
            let message = "this command was never filled in".to_owned();
            let hint = "write the command, or take it out; what runs stands in the config";
            reader.say(Level::Warning, "HF0347", *no, message, hint).about(words);
        }
    }
}

/// What lasts over the lines of a code block: a text in quotes, or one that is
/// fed to a command (`<<EOF`).
#[derive(Default)]
struct Block {
    in_quotes: bool,
    until: Option<String>,
}

impl Block {
    /// Whether this line belongs to such a text.
    fn is_text(&mut self, line: &str) -> bool {
        if let Some(end) = &self.until {
            if line.trim() == end {
                self.until = None;
            }
            return true;
        }
        let inside = self.in_quotes;
        self.in_quotes ^= line.matches('"').count() % 2 == 1;
        let fed = line.split_once("<<").map(|(_, end)| end.trim_start_matches(['-', ' ', '\'', '"']));
        let end: String =
            fed.into_iter().flat_map(str::chars).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !end.is_empty() {
            (self.until, self.in_quotes) = (Some(end), false);
        }
        inside
    }
}

fn is_shell(info: &str) -> bool {
    let name = info.trim_start_matches(['`', '~']).split([' ', '{', ',']).next().unwrap_or_default();
    matches!(
        name.to_lowercase().as_str(),
        "sh" | "bash" | "shell" | "zsh" | "console" | "shell-session" | "fish" | "powershell"
    )
}

/// The placeholder of a command.
fn in_code(text: &str) -> Option<&str> {
    let text = text.trim().trim_start_matches(['$', '>']).trim();
    let (whole, part) = FORMS.as_ref()?;
    // Looking for such words is no placeholder, nor is a remark at the end.
    let searches = ["grep", "rg ", "ag ", "git grep"].iter().any(|tool| text.contains(tool));
    if whole.is_match(text) || text == "\u{2026}" {
        return Some(text);
    }
    let code = text.split(" #").next().unwrap_or(text);
    if searches || code.starts_with('#') || code.is_empty() {
        return None;
    }
    let (_, found) = part.find(code).filter(|(range, _)| !quoted(code, range.start))?;
    let note = matches!(found.to_lowercase().as_str(), "todo" | "tbd" | "fixme");
    (!note || command(text).is_some()).then_some(found)
}

/// Whether a byte stands between quotes: a message may say TODO.
fn quoted(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    ['"', '\''].iter().any(|quote| before.matches(*quote).count() % 2 == 1)
}

/// In prose: a code span, or what follows a label that announces a command.
fn in_prose(text: &str) -> Option<&str> {
    let (whole, _) = FORMS.as_ref()?;
    let announced = command_like(text);
    let spans = text.split('`').skip(1).step_by(2);
    let mut spans = spans.filter(|span| whole.is_match(span.trim()) && (announced || command_like(span)));
    if let Some(span) = spans.next() {
        return Some(span);
    }
    if !announced {
        return None;
    }
    let cells = text.trim_matches('|').split('|').skip(1);
    let after = text.split_once([':', '：']).map(|(_, rest)| rest);
    let mut values = after.into_iter().chain(cells).map(|value| value.trim().trim_matches(['*', '`', ' ']));
    values.find(|value| !value.is_empty() && whole.is_match(value))
}

/// Whether a text speaks of a command.
fn command_like(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "command" | "commands" | "cmd" | "script" | "scripts"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Page, read};

    fn told(body: &str) -> Vec<u32> {
        let text = format!("# Hotfix\n\n## Step 1: Fix\n\n## Step 2: Test\n\n{body}\n");
        let workflow = read(&Page { source: "test.md", text: &text });
        workflow.diagnostics.iter().filter(|d| d.code == "HF0347").map(|d| d.line).collect()
    }

    #[test]
    fn the_forms_are_regular_expressions() {
        assert!(FORMS.is_some());
    }

    #[test]
    fn commands_that_nobody_filled_in() {
        for body in [
            "```bash\n<your command>\n```",
            "```sh\n# TODO\n```",
            "```sh\n...\n```",
            "```bash\nxxx\n```",
            "```bash\n[your deploy command here]\n```",
            "```\nkubectl rollout undo deployment/<your-service>\n```",
            "```bash\n./deploy.sh YOUR_TOKEN\n```",
            "```bash\ncurl https://your-host.example\n```",
            "```console\n$ TODO: find out\n```",
        ] {
            assert_eq!(told(body), [8], "{body}");
        }
        for body in [
            "- Rollback command: `<command>`",
            "- Rollback command: TODO",
            "| Rollback command | TBD |",
            "- Run `<your test command>`",
            "- **Deploy script:** ...",
        ] {
            assert_eq!(told(body), [7], "{body}");
        }
    }

    #[test]
    fn parameters_and_words_are_none() {
        for body in [
            "```bash\ngit switch -c hotfix/<ticket>\n```",
            "```bash\ngit checkout -b hotfix/PROJ-XXX\n```",
            "```bash\ngrep -rn TODO src\n```",
            "```bash\ngit commit -m \"fix: remove TODO\"\n```",
            "```bash\nmake test  # TODO: more tests\n```",
            "```\nSummary: ...\n...\n```",
            "- Update the TODO list",
            "- Use the command: make deploy",
            "- The `<ticket>` is the key",
            "- See `...` for more",
            "```bash\nnpm run [test|lint]\n```",
            "```bash\ngit commit -m \"fix: it\n\nTODO: more\"\n```",
            "```bash\ngh pr create --body \"$(cat <<'EOF'\n<your command>\nEOF\n)\"\n```",
            "Make up a `<description>` of the script",
        ] {
            assert_eq!(told(body), [0_u32; 0], "{body}");
        }
    }
}
