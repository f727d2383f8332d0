//! Is a page a workflow at all? It refuses what is clearly something else
//! (JSON, source code, a changelog, a README, a proposal, a novel), and takes
//! the rest, whatever its language.

use super::parse::{Content, Document};
use super::sequence::Shape;
use super::words::folded;
use super::{Skill, Step};

/// What is looked at.
pub(crate) struct Seen<'a> {
    /// The page without its front matter.
    pub text: &'a str,
    /// What the front matter says of it.
    pub described: &'a str,
    pub doc: &'a Document,
    pub steps: &'a [Step],
    pub shape: Shape,
}

/// Why a page is no workflow; nothing if it is one.
pub(crate) fn no_workflow(seen: &Seen<'_>) -> Option<&'static str> {
    let trimmed = seen.text.trim();
    if trimmed.is_empty() && seen.steps.is_empty() {
        return Some("the page is empty");
    }
    if trimmed.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok() {
        return Some("it is JSON, not Markdown");
    }
    if ["<?xml", "<!doctype", "<html"]
        .iter()
        .any(|mark| trimmed.get(..mark.len()).is_some_and(|have| have.eq_ignore_ascii_case(mark)))
    {
        return Some("it is XML or HTML, not Markdown");
    }
    if is_source(seen) {
        return Some("it reads like source code, not like a procedure");
    }
    if is_changelog(seen.doc) {
        return Some("it reads like a changelog: its headings are versions and dates");
    }
    if seen.steps.len() <= 1 && fields(seen.doc) >= 3 {
        return Some("it reads like a form to be filled in, not like a procedure");
    }
    if seen.steps.is_empty() {
        return Some("it has no steps: no step headings, no skills and no list to follow");
    }
    let urgent = is_urgent(seen);
    if !urgent && signs(seen.doc, README) >= 2 {
        return Some("it reads like a README (installation, usage, licence), not like a procedure");
    }
    let counted = matches!(seen.shape, Shape::Keyword | Shape::Numbered);
    if !counted && signs(seen.doc, PROPOSAL) >= 2 {
        return Some("it reads like a proposal or a ticket, not like a procedure");
    }
    if is_report(seen) {
        return Some("it reads like the report of a past incident, not like a procedure");
    }
    let named = seen.steps.iter().filter(|step| step.skills != [Skill::Manual]).count();
    let told = matches!(seen.shape, Shape::Prose | Shape::Plain);
    if told && named < 2 && is_running_text(seen.doc) {
        return Some("it is running text without anything to do or to check");
    }
    let prose = seen.shape == Shape::Prose && named == 0 && !urgent;
    prose.then_some("it has no steps: no step headings, no skills and no list to follow")
}

/// The lines of lists that a form has for its values.
fn fields(doc: &Document) -> usize {
    let lists =
        doc.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match &block.content {
            Content::List(items) => Some(items),
            _ => None,
        });
    lists.flatten().filter(|item| super::sequence::is_field(item)).count()
}

const README: &[&str] = &[
    "install",
    "usage",
    "license",
    "licence",
    "contributing",
    "getting started",
    "quick start",
    "quickstart",
    "features",
    "table of contents",
    "badges",
    "requirements",
    "build from source",
    "documentation",
    "acknowledg",
    "lizenz",
    "licencia",
    "instalacion",
    "installation",
    "licenca",
    "instalacao",
    "licenza",
    "лицензия",
    "установка",
    "kurulum",
    "lisans",
    "ライセンス",
    "インストール",
    "安装",
    "许可",
    "설치",
    "라이선스",
    "lisensi",
    "instalasi",
];

const PROPOSAL: &[&str] = &[
    "problem",
    "motivation",
    "rough scope",
    "proposal",
    "alternatives",
    "non-goals",
    "open questions",
    "acceptance criteria",
    "consequences",
    "decision",
    "user stor",
    "out of scope",
    "success metrics",
    "considered options",
    "drawbacks",
    "unresolved questions",
];

const REPORT: &[&str] = &[
    "summary",
    "impact",
    "timeline",
    "root cause",
    "resolution",
    "action item",
    "lessons",
    "contributing",
    "detection",
    "what went",
    "trigger",
    "background",
    "zusammenfassung",
    "auswirkung",
    "zeitverlauf",
    "ursache",
    "resume",
    "impacto",
    "causa raiz",
    "概要",
    "影響",
    "タイムライン",
    "原因",
    "再発防止",
    "影响",
    "时间线",
    "개요",
    "영향",
    "타임라인",
    "원인",
    "재발",
    "влияние",
    "причин",
];

/// Titled as a report, with the headings of one.
fn is_report(seen: &Seen<'_>) -> bool {
    let first = seen.doc.sections.iter().find(|section| section.level > 0);
    let title = first.map(|section| folded(&section.title)).unwrap_or_default();
    let named = [
        "incident report",
        "postmortem",
        "post-mortem",
        "post mortem",
        "rca",
        "vorfallbericht",
        "障害報告",
        "事故报告",
        "장애 보고",
        "장애 리포트",
    ];
    let titled = named.iter().any(|word| title.contains(word))
        && !title.contains("process")
        && !title.contains("workflow");
    titled && seen.shape != Shape::Keyword && signs(seen.doc, REPORT) >= 2
}

/// How many of these signs a page's headings begin with.
fn signs(doc: &Document, signs: &[&str]) -> usize {
    let headings =
        doc.sections.iter().filter(|section| section.level > 1).map(|section| section.title.as_str());
    let blocks = doc.sections.iter().flat_map(|section| &section.blocks);
    let labels = blocks.filter_map(|block| match &block.content {
        Content::Paragraph(lines) => Some(lines.iter().filter_map(|line| line.label.as_deref())),
        _ => None,
    });
    let titles: Vec<String> = headings.chain(labels.flatten()).map(folded).collect();
    signs
        .iter()
        .filter(|sign| {
            titles.iter().any(|title| {
                title
                    .trim_start_matches(|c: char| !c.is_alphanumeric())
                    .trim_start_matches(|c: char| !c.is_alphabetic())
                    .starts_with(**sign)
            })
        })
        .count()
}

/// Whether its title or description says that it is about an emergency.
fn is_urgent(seen: &Seen<'_>) -> bool {
    const WORDS: &[&str] = &[
        "hotfix",
        "hot fix",
        "hot-fix",
        "incident",
        "emergency",
        "urgent",
        "outage",
        "rollback",
        "roll back",
        "runbook",
        "on-call",
        "production",
        "notfall",
        "storung",
        "vorfall",
        "urgence",
        "correctif",
        "panne",
        "emergencia",
        "incidente",
        "urgencia",
        "urgente",
        "emergenza",
        "авари",
        "инцидент",
        "хотфикс",
        "срочн",
        "acil",
        "olay",
        "darurat",
        "insiden",
        "su co",
        "khan cap",
        "緊急",
        "障害",
        "ホットフィックス",
        "紧急",
        "緊急",
        "故障",
        "热修复",
        "回滚",
        "긴급",
        "장애",
        "핫픽스",
        "롤백",
    ];
    let first = seen.doc.sections.iter().find(|section| section.level > 0);
    let text = folded(&format!("{} {}", seen.described, first.map_or("", |section| section.title.as_str())));
    WORDS.iter().any(|word| text.contains(word))
}

/// What lines of code begin with.
const CODE: &[&str] = &[
    "import ",
    "from ",
    "export ",
    "const ",
    "let ",
    "var ",
    "def ",
    "class ",
    "fn ",
    "func ",
    "function ",
    "return ",
    "return;",
    "package ",
    "use ",
    "pub ",
    "public ",
    "private ",
    "#include",
    "@",
    "elif ",
    "except",
    "try:",
    "else:",
    "async ",
    "impl ",
    "struct ",
];

/// Lines that end like code, outside of fences.
fn is_source(seen: &Seen<'_>) -> bool {
    if seen.text.trim_start().starts_with("#!") {
        return true;
    }
    let (mut code, mut lines, mut fenced) = (0_usize, 0_usize, false);
    for line in seen.text.lines().map(str::trim).filter(|line| !line.is_empty()).take(2_000) {
        fenced ^= line.starts_with("```") || line.starts_with("~~~");
        if fenced || line.starts_with(['#', '-', '*', '|', '>']) && !line.starts_with("#include") {
            continue;
        }
        lines += 1;
        let ends = line.ends_with([';', '{', '}'])
            || line.ends_with("):")
            || line.ends_with(") {")
            || matches!(line, ")" | "]" | "),");
        let starts = CODE.iter().any(|start| line.starts_with(start)) && !line.ends_with(['.', ':']);
        code += usize::from(ends || starts);
    }
    code >= 5 && code * 2 >= lines
}

fn is_changelog(doc: &Document) -> bool {
    let heads: Vec<&str> = doc
        .sections
        .iter()
        .filter(|section| section.level > 0)
        .map(|section| section.title.as_str())
        .collect();
    let named = heads.first().is_some_and(|title| {
        let title = folded(title);
        ["changelog", "change log", "release notes", "release history", "changes"]
            .iter()
            .any(|word| title.trim().starts_with(word))
    });
    let versions = heads.iter().filter(|title| is_version(title)).count();
    let by_level = (1..=6_u8).any(|level| {
        let of_level = || doc.sections.iter().filter(move |section| section.level == level);
        let versions = of_level().filter(|section| is_version(&section.title)).count();
        versions >= 3 && versions * 2 > of_level().count()
    });
    (named && versions >= 1) || by_level
}

/// `[1.2.3] - 2024-05-01`, `v2.0`, `Unreleased`.
fn is_version(title: &str) -> bool {
    let title = title.trim().trim_start_matches(['[', 'v', 'V']);
    if title.to_lowercase().starts_with("unreleased") {
        return true;
    }
    let first = title.split(|c: char| !(c.is_ascii_digit() || c == '.')).next().unwrap_or_default();
    let dots = first.matches('.').count();
    let shape: String = title.chars().take(10).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let date =
        matches!(shape.as_str(), "0000-00-00" | "00/00/0000" | "00.00.0000" | "0000/00/00" | "0000.00.00");
    date || (dots >= 2 && first.starts_with(|c: char| c.is_ascii_digit()))
        || (dots == 1 && title.contains("20"))
}

/// Long paragraphs and hardly anything else.
fn is_running_text(doc: &Document) -> bool {
    let (mut paragraphs, mut long, mut others) = (0, 0, 0);
    for block in doc.sections.iter().flat_map(|section| &section.blocks) {
        match &block.content {
            Content::Paragraph(lines) => {
                paragraphs += 1;
                let length: usize = lines.iter().map(|line| line.text.chars().count()).sum();
                let dense = lines.iter().any(|line| line.text.chars().any(super::words::is_dense));
                long += usize::from(length > if dense { 100 } else { 240 });
            }
            Content::List(_) | Content::Table(..) | Content::Fence(_) => others += 1,
            Content::Quote(_) | Content::Other => {}
        }
    }
    paragraphs > 0 && long * 2 >= paragraphs && others * 4 < paragraphs
}
