//! Words and phrases of many languages, found in a line: folded, so that
//! accents and case do not matter, and also in scripts without spaces. It
//! knows no meaning: what a phrase stands for is the caller's.

use std::collections::HashMap;

/// A longer word is taken apart, so that the time stays linear.
const MOST_BYTES: usize = 96;

/// How long a word made of words is, and its last part at least, in letters.
const COMPOUND: usize = 10;
const MOST_COMPOUND: usize = 32;
const TAIL: usize = 6;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Folded.
    pub word: String,
    /// Of a script that writes words together.
    pub dense: bool,
    /// Whether nothing but white space or a hyphen stands before it.
    pub close: bool,
    /// Where it starts in the line, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The words of a line.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut close = false;
    for (at, c) in text.char_indices() {
        if is_mark(c) {
            if let Some(last) = found.last_mut().filter(|last| last.end == at) {
                last.end = at + c.len_utf8();
            }
            continue;
        }
        if !c.is_alphanumeric() {
            close =
                (close || found.last().is_some_and(|last| last.end == at)) && matches!(c, ' ' | '-' | '_');
            continue;
        }
        let dense = is_dense(c);
        match found.last_mut() {
            Some(last) if last.end == at && last.dense == dense && last.word.len() < MOST_BYTES => {
                fold(c, &mut last.word);
                last.end = at + c.len_utf8();
            }
            other => {
                let close = close || other.is_some_and(|last| last.end == at);
                let mut word = String::new();
                fold(c, &mut word);
                found.push(Token { word, dense, close, start: at, end: at + c.len_utf8() });
            }
        }
        close = false;
    }
    found
}

/// Accents that stand apart from their letter.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{fe0e}' | '\u{fe0f}' | '\u{200d}')
}

/// Kana and Hangul: of languages that put their verbs last.
pub(crate) fn is_verb_last(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}')
}

/// Han, Kana, Hangul and Thai.
pub(crate) fn is_dense(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{1100}'..='\u{11ff}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}')
}

/// Lower case without accents; Latin letters only, and `ё`.
fn fold(c: char, out: &mut String) {
    for c in c.to_lowercase().filter(|c| !is_mark(*c)) {
        out.push(match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'đ' | 'ď' | 'ð' => 'd',
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => 'e',
            'ğ' | 'ģ' => 'g',
            'ì'..='ï' | 'ī' | 'į' | 'ı' | 'ĩ' | 'ỉ' | 'ị' => 'i',
            'ł' | 'ľ' | 'ļ' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' | 'ọ'..='ợ' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ș' => 's',
            'ť' | 'ţ' | 'ț' => 't',
            'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ư' | 'ũ' | 'ụ'..='ự' => 'u',
            'ý' | 'ÿ' | 'ỳ'..='ỹ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'ё' => 'е',
            '\u{ff10}'..='\u{ff19}' => char::from_u32(c as u32 - 0xff10 + u32::from('0')).unwrap_or(c),
            other => other,
        });
    }
}

/// A line folded as its words are, with everything else in place.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().filter(|c| !is_mark(*c)).for_each(|c| fold(c, &mut out));
    out
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit<T> {
    /// The first of its words.
    pub first: usize,
    /// The word after its last.
    pub end: usize,
    /// How many characters into its first word it starts; only in dense scripts.
    pub skip: usize,
    /// What it stands for.
    pub sense: T,
}

#[derive(Debug, Clone)]
struct Phrase<T> {
    /// Each with whether it is only a word's beginning.
    words: Vec<(String, bool)>,
    at: At,
    sense: T,
}

/// Where in a clause a phrase may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Anywhere,
    Start,
    /// It is the whole clause.
    Whole,
}

/// Phrases with what they stand for.
#[derive(Debug, Clone)]
pub(crate) struct Phrases<T> {
    /// By their first word.
    exact: HashMap<String, Vec<Phrase<T>>>,
    /// By the beginning of their first word.
    stems: HashMap<String, Vec<Phrase<T>>>,
    /// Of dense scripts, written together.
    dense: HashMap<String, (T, At)>,
    longest: usize,
}

impl<T> Default for Phrases<T> {
    fn default() -> Self {
        Phrases { exact: HashMap::new(), stems: HashMap::new(), dense: HashMap::new(), longest: 0 }
    }
}

impl<T: Copy> Phrases<T> {
    /// Adds phrases that are separated by commas.
    pub fn add(&mut self, phrases: &str, sense: T) {
        for text in phrases.split(',').map(str::trim) {
            let (text, at) = match (text.strip_prefix('='), text.strip_prefix('^')) {
                (Some(text), _) => (text, At::Whole),
                (_, Some(text)) => (text, At::Start),
                _ => (text, At::Anywhere),
            };
            let words: Vec<(String, bool)> = text
                .split_whitespace()
                .map(|word| (folded(word.trim_end_matches('*')), word.ends_with('*')))
                .filter(|(word, _)| !word.is_empty())
                .collect();
            let Some((first, stem)) = words.first().cloned() else { continue };
            if text.chars().any(is_dense) {
                let together: String = words.into_iter().map(|(word, _)| word).collect();
                self.longest = self.longest.max(together.chars().count());
                self.dense.insert(together, (sense, at));
                continue;
            }
            let by_first = if stem { &mut self.stems } else { &mut self.exact };
            let phrases = by_first.entry(first).or_default();
            phrases.push(Phrase { words, at, sense });
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        }
    }

    /// The longest phrase at each place, without overlaps, in their order.
    pub fn hits(&self, tokens: &[Token]) -> Vec<Hit<T>> {
        let mut found = Vec::new();
        let (mut at, mut skip) = (0, 0);
        while let Some(token) = tokens.get(at) {
            let rest = tokens.get(at..).unwrap_or_default();
            let spaced =
                if skip == 0 { self.spaced(rest, at == 0).or_else(|| self.compound(token)) } else { None };
            if let Some((length, sense)) = spaced {
                found.push(Hit { first: at, end: at + length, skip, sense });
                at += length;
                continue;
            }
            let together = self.together(rest, skip, at == 0);
            let (words, length) = together.map_or((1, 1), |(words, length, _)| (words, length));
            if let Some((_, _, sense)) = together {
                found.push(Hit { first: at, end: at + words, skip, sense });
            }
            if words == 1 && token.dense && skip + length < token.word.chars().count() {
                skip += length;
            } else {
                (at, skip) = (at + words, 0);
            }
        }
        found
    }

    /// Whether a word of a dense script is one of the phrases from end to end.
    pub fn is_whole(&self, word: &str) -> bool {
        self.dense.contains_key(word)
    }

    /// Whether a word alone is one of the phrases.
    pub fn of_word(&self, token: &Token) -> Option<T> {
        let one = std::slice::from_ref(token);
        self.spaced(one, false)
            .map(|(_, sense)| sense)
            .or_else(|| self.together(one, 0, false).map(|(_, _, sense)| sense))
    }

    fn spaced(&self, rest: &[Token], from_start: bool) -> Option<(usize, T)> {
        let first = &rest.first()?.word;
        let fits = |phrase: &&Phrase<T>| {
            let placed = match phrase.at {
                At::Anywhere => true,
                At::Start => from_start,
                At::Whole => from_start && phrase.words.len() == rest.len(),
            };
            placed
                && phrase.words.len() <= rest.len()
                && phrase.words.iter().zip(rest).all(|(want, have)| same(want, have))
        };
        let exact = self.exact.get(first).and_then(|phrases| phrases.iter().find(fits));
        let ends = first.char_indices().map(|(at, c)| at + c.len_utf8()).take(MOST_COMPOUND);
        let mut ends: Vec<usize> = ends.collect();
        ends.reverse();
        let stems = ends.into_iter().filter_map(|end| self.stems.get(first.get(..end)?));
        let mut stems = stems;
        let stem = stems.find_map(|phrases| phrases.iter().find(fits));
        let longest = match (exact, stem) {
            (Some(exact), Some(stem)) if stem.words.len() > exact.words.len() => stem,
            (Some(exact), _) => exact,
            (None, stem) => stem?,
        };
        Some((longest.words.len(), longest.sense))
    }

    /// The phrase that a long word ends with: `Kurzvalidierung`.
    fn compound(&self, token: &Token) -> Option<(usize, T)> {
        let word = &token.word;
        if token.dense || !word.is_ascii() || !(COMPOUND..=MOST_COMPOUND).contains(&word.len()) {
            return None;
        }
        let ends = (3..=word.len() - TAIL).filter_map(|at| word.get(at..));
        let found = ends.filter_map(|tail| {
            let tail = Token { word: tail.to_owned(), ..token.clone() };
            self.spaced(std::slice::from_ref(&tail), false)
        });
        found.into_iter().next().filter(|(words, _)| *words == 1)
    }

    /// A phrase of a dense script that begins `skip` characters into the first
    /// word: how many words it reaches into, and how many characters it has.
    fn together(&self, rest: &[Token], skip: usize, from_start: bool) -> Option<(usize, usize, T)> {
        let (mut text, mut best, mut length) = (String::new(), None, 0);
        for (count, token) in rest.iter().enumerate() {
            for c in token.word.chars().skip(if count == 0 { skip } else { 0 }) {
                if length == self.longest {
                    return best;
                }
                text.push(c);
                length += 1;
                let Some((sense, at)) = self.dense.get(&text) else { continue };
                let all = || rest.iter().map(|token| token.word.len()).sum::<usize>() == text.len();
                let start = from_start && skip == 0;
                if *at == At::Anywhere || (start && (*at == At::Start || all())) {
                    best = Some((count + 1, length, *sense));
                }
            }
        }
        best
    }
}

fn same(want: &(String, bool), have: &Token) -> bool {
    if want.1 { have.word.starts_with(&want.0) } else { have.word == want.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senses(phrases: &Phrases<u8>, text: &str) -> Vec<u8> {
        phrases.hits(&tokens(text)).into_iter().map(|hit| hit.sense).collect()
    }

    #[test]
    fn folding_takes_accents_and_case_away() {
        assert_eq!(folded("Étape ÇŞİıĐ Bước"), "etape csiid buoc");
        assert_eq!(folded("e\u{301}"), "e");
        assert_eq!(folded("第１步"), "第1步");
    }

    #[test]
    fn words_split_where_the_script_changes() {
        let words: Vec<_> =
            tokens("hotfix브랜치 v1.2 `git-flow`").into_iter().map(|token| token.word).collect();
        assert_eq!(words, ["hotfix", "브랜치", "v1", "2", "git", "flow"]);
    }

    #[test]
    fn phrases_in_every_script() {
        let mut phrases = Phrases::default();
        phrases.add("merge, Étape*", 1);
        phrases.add("merge request", 2);
        phrases.add("=plan", 3);
        phrases.add("修复, 근본 원인", 4);
        phrases.add("提交pr, мерж*", 5);
        let rows: [(&str, &[u8]); 9] = [
            ("Merge it, then a merge-request", &[1, 2]),
            ("ETAPES", &[1]),
            ("plan", &[3]),
            ("plan it", &[]),
            ("立即修复问题", &[4]),
            ("근본원인 분석", &[4]),
            ("提交 PR", &[5]),
            ("смержить", &[]),
            ("Мержим", &[5]),
        ];
        for (text, expected) in rows {
            assert_eq!(senses(&phrases, text), expected, "{text}");
        }
    }
}
