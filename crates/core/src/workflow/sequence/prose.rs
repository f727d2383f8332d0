//! Steps of pages that have neither headings nor lists for them: a line with
//! arrows, or paragraphs that tell what to do.

use super::{Content, Line, Part, Place, Search, Sequence, Shape, plain, tokens};
use crate::text::brief;

const TITLE: usize = 120;
/// More paragraphs are a text, not instructions.
const MOST: usize = 40;

impl Search<'_> {
    /// Paragraphs that begin with what to do, or else a flow in one line.
    pub(super) fn prose(&self) -> Option<Sequence> {
        if let Some(flow) = self.flow() {
            return Some(flow);
        }
        let parts = self.instructions();
        if parts.len() >= 2 {
            return Some(Sequence { shape: Shape::Prose, parts });
        }
        let parts = if parts.is_empty() { self.paragraphs() } else { parts };
        (!parts.is_empty()).then_some(Sequence { shape: Shape::Prose, parts })
    }

    /// A page that only says where the procedure is: `Follow docs/hotfix.md`,
    /// `Invoke the skill X`, in its first words.
    pub(super) fn pointer(&self) -> Option<Sequence> {
        let (lines, at) = self.lines().next()?;
        let whole = text(lines);
        let names = whole.contains(".md") || (whole.contains('`') && whole.to_lowercase().contains("skill"));
        let first = lines.first().filter(|line| line.label.is_none())?;
        let points = names && self.instructs(&first.text) && whole.chars().count() < 400;
        let part = Part { said: String::new(), ..part(&whole, at) };
        points.then(|| Sequence { shape: Shape::Prose, parts: vec![part] })
    }

    fn lines(&self) -> impl Iterator<Item = (&[Line], [u32; 2])> {
        let blocks = self.doc.sections.iter().flat_map(|section| &section.blocks);
        blocks.filter_map(|block| match &block.content {
            Content::Paragraph(lines) => Some((lines.as_slice(), [block.first, block.last])),
            _ => None,
        })
    }

    fn instructions(&self) -> Vec<Part> {
        let all = self.lines().take(MOST * 10).filter(|(lines, _)| {
            lines.first().is_some_and(|line| line.label.is_none() && self.instructs(&line.text))
        });
        let parts: Vec<Part> = all.map(|(lines, at)| part(&text(lines), at)).collect();
        if parts.len() > MOST { vec![] } else { parts }
    }

    /// Whether a sentence begins with a verb that tells to do something.
    fn instructs(&self, text: &str) -> bool {
        let words = tokens(super::super::synonyms::first_sentence(text));
        let first = words.iter().position(|word| self.lexicon.grammar.adverb.of_word(word).is_none());
        let hits = self.lexicon.skills.hits(&words);
        self.lexicon.instructs(&words) || hits.first().is_some_and(|hit| Some(hit.first) == first)
    }

    /// `diagnose → fix → test → deploy`.
    fn flow(&self) -> Option<Sequence> {
        for (no, line) in self.doc.raw.iter().filter(|(_, line)| line.len() < 400) {
            let arrows = super::super::synonyms::first_sentence(line).replace("->", "→").replace("=>", "→");
            let after = arrows.split_once([':', '：']).map_or(arrows.as_str(), |(before, after)| {
                if before.contains('→') { &arrows } else { after }
            });
            let parts: Vec<&str> = after
                .split('→')
                .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '(')))
                .collect();
            let short = parts.iter().all(|part| !part.is_empty() && part.split_whitespace().count() <= 6);
            let named = parts.iter().filter(|part| self.names_skill(part)).count();
            if parts.len() >= 3 && short && named >= 2 {
                let parts = parts.into_iter().map(|title| part(title, [*no, *no])).collect();
                return Some(Sequence { shape: Shape::Prose, parts });
            }
        }
        None
    }

    /// Each paragraph, where a short page has nothing else.
    fn paragraphs(&self) -> Vec<Part> {
        let all: Vec<_> = self.lines().take(MOST + 1).collect();
        if all.len() > MOST {
            return vec![];
        }
        all.into_iter()
            .map(|(lines, at)| part(&text(lines), at))
            .filter(|part| !part.title.is_empty())
            .collect()
    }
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(Line::whole).collect::<Vec<_>>().join(" ")
}

fn part(text: &str, lines: [u32; 2]) -> Part {
    let said = super::super::synonyms::first_sentence(text);
    let title = brief(plain(said).trim_end_matches(['.', ':']), TITLE);
    Part { title, said: said.to_owned(), text: text.to_lowercase(), titled: true, lines, place: Place::Line }
}
