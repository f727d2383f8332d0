//! Texts that are hard to read, of any size.

/// A name, and a text of about so many bytes.
pub type Hard = (&'static str, fn(usize) -> String);

/// All of them.
pub const TEXTS: &[Hard] = &[
    ("headings", |size| fill("## Fix\n", size)),
    ("step headings", |size| fill("## Step 1: fix\n", size)),
    ("numbered headings", |size| counted("## ", ". Fix it\n", size)),
    ("headings that nest", |size| fill("# a\n## b\n### c\n#### d\n##### e\n###### Step 2: f\n", size)),
    ("list items", |size| fill("- fix the bug\n", size)),
    ("numbered items", |size| counted("", ". Fix the bug and deploy\n", size)),
    ("lists with code between", |size| fill("1. fix\n```\ngit push\n```\n", size)),
    ("tasks", |size| fill("- [ ] tests pass\n", size)),
    ("nested items", |size| (0..depth(size)).map(|at| format!("{}- a\n", "  ".repeat(at))).collect()),
    ("nested quotes", |size| format!("{}a\n", "> ".repeat(size / 2))),
    ("nested quotes, in lines", |size| fill(&format!("{}a\n", "> ".repeat(40)), size)),
    ("table rows", |size| format!("| Step | What |\n|--|--|\n{}", fill("| fix | deploy it |\n", size))),
    ("table cells", |size| format!("| Step |\n|--|\n|{}\n", fill(" a |", size))),
    ("many tables", |size| fill("| After | Criteria |\n|-|-|\n| fix | x |\n\n", size)),
    ("boxes", |size| format!("```\n{}```\n", fill("+--+\n| a |\n+--+\n", size))),
    ("arrows", |size| format!("```\n{}```\n", fill("fix it\n  ↓\n", size))),
    ("tree", |size| format!("```\n{}```\n", fill("├── 1. fix\n", size))),
    ("mermaid", |size| format!("```mermaid\n{}```\n", counted("A", "[fix] --> B[deploy]\n", size))),
    ("gates", |size| fill("## Gate 1: Fix → Test\n\n| Criterion |\n|--|\n| a |\n\n", size)),
    ("gate bullets", |size| format!("1. Fix\n2. Deploy\n\n# Gates\n\n{}", fill("- **Gate A:** b\n", size))),
    ("bold lines", |size| fill("**Fix**\n\ntext\n\n", size)),
    ("bold steps", |size| counted("**Step ", ": fix**\n\n", size)),
    ("open emphasis", |size| fill("**a ", size)),
    ("links", |size| fill("[x](y) ", size)),
    ("open links", |size| fill("[", size)),
    ("one long line", |size| fill("deploy and fix, ", size)),
    ("one long word", |size| fill("a", size)),
    ("one long word, dense", |size| fill("修", size)),
    ("dense text", |size| fill("デプロイして監視する", size)),
    ("mixed scripts", |size| fill("a修", size)),
    ("code spans", |size| fill("`git push` ", size)),
    ("colons", |size| fill("a: ", size)),
    ("slashes", |size| fill("a/b", size)),
    ("parentheses", |size| fill("(", size)),
    ("labels", |size| fill("**Call Skill:** `x`\n\n", size)),
    ("recap", |size| format!("## Step 1: a\n\n{}", counted("", ". Fix the bug\n", size))),
    ("front matter", |size| format!("---\n{}---\n\n1. a\n2. b\n", fill("a: b\n", size))),
    ("front matter of skills", |size| format!("---\nskills:\n{}---\n\n# a\n", fill("  - fix\n", size))),
    ("open front matter", |size| format!("---\n{}", fill("a: b\n", size))),
    ("aliases", |_| {
        let rows: String = (1..300).map(|at| format!("k{at}: &k{at} [*k{0}, *k{0}]\n", at - 1)).collect();
        format!("---\nk0: &k0 [x, x]\n{rows}---\n1. Fix\n2. Deploy\n")
    }),
    ("blank lines", |size| fill("\n", size)),
    ("carriage returns", |size| fill("a\r", size)),
    ("html", |size| fill("<div>", size)),
    ("comments", |size| fill("<!-- a -->\n", size)),
    ("backslashes", |size| fill("\\", size)),
    ("definitions", |size| counted("[a", "]: b\n", size)),
];

fn fill(part: &str, size: usize) -> String {
    part.repeat(size / part.len())
}

/// How deep a list of one item a level can be in so many bytes.
fn depth(size: usize) -> usize {
    (1..).take_while(|depth| depth * depth + 4 * depth < size).last().unwrap_or(1)
}

fn counted(before: &str, after: &str, size: usize) -> String {
    let each = before.len() + after.len() + 5;
    (1..=size / each).map(|number| format!("{before}{number}{after}")).collect()
}
