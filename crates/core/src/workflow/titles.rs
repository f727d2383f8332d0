//! What a heading begins with: `Step 2:`, `Phase II —`, `1단계`, `第一步`,
//! `3.`, `(b)`. It refuses years and amounts: a number needs a mark after it.

use super::lexicon::Lexicon;
use super::parse::plain;
use super::words::{self, Token, is_dense, tokens};

/// What counts a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A word for a step.
    Keyword,
    /// A number or a letter alone.
    Number,
}

/// The beginning of a heading that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub by: By,
    /// Its number, if it has one.
    pub number: Option<u32>,
    /// Whether it is a part of a number, as in `2.1`.
    pub sub: bool,
    /// What comes after; the whole heading where nothing does.
    pub title: String,
    /// The same with its code marked.
    pub said: String,
    /// Whether something comes after.
    pub titled: bool,
}

const ROMAN: &[&str] =
    &["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv"];
const SPELLED: &[(&str, u32)] = &[
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eins", 1),
    ("zwei", 2),
    ("drei", 3),
    ("vier", 4),
    ("uno", 1),
    ("dos", 2),
    ("tres", 3),
    ("um", 1),
    ("dois", 2),
    ("due", 2),
    ("tre", 3),
    ("quattro", 4),
    ("un", 1),
    ("deux", 2),
    ("trois", 3),
    ("quatre", 4),
    ("bir", 1),
    ("iki", 2),
    ("satu", 1),
    ("dua", 2),
    ("tiga", 3),
    ("один", 1),
    ("два", 2),
    ("три", 3),
];
const ORDINALS: &[&str] = &[
    "st", "nd", "rd", "th", "er", "ere", "eme", "e", "º", "ª", "o", "a", "й", "я", "ый", "ая", "inci", "nci",
    "ci",
];
const FINAL: &[&str] =
    &["final", "last", "letzter", "letzte", "dernier", "derniere", "ultimo", "ultima", "последний"];

/// What a heading begins with, if that counts.
pub(crate) fn mark(heading: &str, lexicon: &Lexicon) -> Option<Mark> {
    let title = unadorned(heading);
    dense(title, lexicon)
        .or_else(|| keyword(title, lexicon))
        .or_else(|| counted(title, lexicon))
        .or_else(|| number(title))
}

/// Without signs and pictures before the first word.
pub(crate) fn unadorned(heading: &str) -> &str {
    let words = |c: char| {
        c.is_alphanumeric() || matches!(c, '(' | '（' | '`' | '/' | '.' | '$' | '{' | '<' | '#' | '@')
    };
    let title = heading.trim_start_matches(|c: char| !words(c));
    // A key cap is a digit with two marks behind it.
    title.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(title)
}

fn made(by: By, number: Option<u32>, sub: bool, rest: &str, whole: &str) -> Mark {
    let marks = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ':' | '.'
                    | ')'
                    | '-'
                    | '–'
                    | '—'
                    | '、'
                    | '：'
                    | '．'
                    | '）'
                    | ']'
                    | '|'
                    | '·'
                    | '/'
                    | '_'
                    | '>'
                    | '»'
            )
            || words_of_a_key_cap(c)
    };
    let said = rest.trim_start_matches(marks).trim();
    let titled = !plain(said).is_empty();
    let said = if titled { said } else { whole };
    Mark { by, number, sub, title: plain(said), said: said.to_owned(), titled }
}

fn words_of_a_key_cap(c: char) -> bool {
    matches!(c, '\u{fe0f}' | '\u{20e3}')
}

/// `Step 1: …`, `Phase II`, `Step one`, `step:fix`, `Final step — …`.
fn keyword(title: &str, lexicon: &Lexicon) -> Option<Mark> {
    let words = tokens(title.get(..title.len().min(floor(title, 200)))?);
    let hits = lexicon.steps.hits(words.get(..words.len().min(4))?);
    let hit = hits.first()?;
    if hit.first == 1 && words.first().is_some_and(|word| FINAL.contains(&word.word.as_str())) {
        let end = words.get(hit.end - 1)?.end;
        let rest = title.get(end..)?;
        return separated(rest).then(|| made(By::Keyword, None, false, rest, title));
    }
    if hit.first != 0 {
        return None;
    }
    let last = words.get(hit.end - 1)?;
    let mut next = hit.end;
    if words.get(next).is_some_and(|word| matches!(word.word.as_str(), "no" | "nr" | "n" | "num" | "number"))
    {
        next += 1;
    }
    if let Some((number, end, sub)) = words.get(next).and_then(|word| value(word, words.get(next..)?, title))
    {
        let rest = of_total(title.get(end..)?);
        return Some(made(By::Keyword, Some(number), sub, rest, title));
    }
    let rest = title.get(last.end..)?;
    let named = rest.trim_start().starts_with([':', '：'])
        && hit.end == 1
        && !rest.trim_matches([':', '：', ' ']).is_empty();
    named.then(|| made(By::Keyword, None, false, rest, title))
}

/// The end of the last whole character within `most` bytes.
fn floor(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

fn separated(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with([':', '：', '-', '–', '—', '.', ')', '|', '·'])
}

/// `Step 1 of 5: …`, `Step 1/5`.
fn of_total(rest: &str) -> &str {
    let trimmed = rest.trim_start();
    let after = ["of ", "/", "von ", "de ", "di ", "из "].iter().find_map(|of| trimmed.strip_prefix(of));
    let after = after.map(str::trim_start);
    let total = after.and_then(|after| after.strip_prefix(|c: char| c.is_ascii_digit()));
    total.map_or(rest, |total| total.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// A number with where it ends and whether it is one like `2.1`.
fn value(word: &Token, rest: &[Token], title: &str) -> Option<(u32, usize, bool)> {
    let text = word.word.as_str();
    let spelled = || SPELLED.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    let roman =
        || ROMAN.iter().position(|name| *name == text).map(|at| u32::try_from(at).unwrap_or_default() + 1);
    let letter = || match text.as_bytes() {
        [letter @ b'a'..=b'z'] => Some(u32::from(letter - b'a') + 1),
        _ => None,
    };
    let lettered = || digits(text.strip_suffix(|c: char| c.is_ascii_lowercase())?);
    let number = digits(text).or_else(lettered).or_else(spelled).or_else(roman).or_else(letter)?;
    let (mut end, mut sub, mut before) = (word.end, false, word.end);
    for part in rest.iter().skip(1).take(3) {
        let number = part.word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let lettered = part.word.len() - number.len() <= 1;
        if title.get(before..part.start) != Some(".") || !lettered || digits(number).is_none() {
            break;
        }
        (end, sub, before) = (part.end, true, part.end);
    }
    Some((number, end, sub))
}

fn digits(text: &str) -> Option<u32> {
    (text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// `1. Adım: …`, `2nd step — …`: the number before the keyword.
fn counted(title: &str, lexicon: &Lexicon) -> Option<Mark> {
    let words = tokens(title.get(..floor(title, 200))?);
    let first = words.first()?;
    let split = first.word.find(|c: char| !c.is_ascii_digit()).unwrap_or(first.word.len());
    let number = digits(first.word.get(..split)?).filter(|_| split > 0)?;
    let suffix = first.word.get(split..)?;
    let mut next = 1;
    if words.get(1).is_some_and(|word| ORDINALS.contains(&word.word.as_str()) && word.close) {
        next = 2;
    }
    if !(suffix.is_empty() || ORDINALS.contains(&suffix)) {
        return None;
    }
    let hits = lexicon.steps.hits(words.get(next..(next + 2).min(words.len()))?);
    let hit = hits.first().filter(|hit| hit.first == 0)?;
    let last = words.get(next + hit.end - 1)?;
    let rest = title.get(last.end..)?;
    separated(rest).then(|| made(By::Keyword, Some(number), false, rest, title))
}

/// `第一步：…`, `步骤二 …`, `1단계: …`, `手順3`.
fn dense(title: &str, lexicon: &Lexicon) -> Option<Mark> {
    let ordinal = title.strip_prefix('第').map_or(title, str::trim_start);
    if let Some((number, rest)) = numeral(ordinal)
        && let Some(length) = step_word(rest.trim_start(), lexicon)
    {
        let rest = rest.trim_start().get(length..)?;
        return Some(made(By::Keyword, Some(number), false, rest, title));
    }
    let length = step_word(title, lexicon)?;
    let rest = title.get(length..)?.trim_start();
    let (number, rest) = numeral(rest)?;
    Some(made(
        By::Keyword,
        Some(number),
        rest.starts_with('.') && rest.get(1..2).is_some_and(|c| digits(c).is_some()),
        rest,
        title,
    ))
}

/// The bytes of a word for a step in a dense script that the text begins with.
fn step_word(text: &str, lexicon: &Lexicon) -> Option<usize> {
    let ends: Vec<usize> = text
        .char_indices()
        .take(6)
        .take_while(|(_, c)| is_dense(*c))
        .map(|(at, c)| at + c.len_utf8())
        .collect();
    ends.into_iter().rev().find(|end| {
        text.get(..*end).is_some_and(|word| {
            tokens(word).first().is_some_and(|token| token.end == *end && is_step(token, lexicon))
        })
    })
}

fn is_step(token: &Token, lexicon: &Lexicon) -> bool {
    lexicon.steps.is_whole(&token.word)
}

/// A number in digits or in Han.
fn numeral(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !words::folded(&c.to_string()).bytes().all(|b| b.is_ascii_digit()))
        .unwrap_or(text.len());
    if end > 0 {
        return digits(&words::folded(text.get(..end)?))
            .map(|number| (number, text.get(end..).unwrap_or_default()));
    }
    let han = |c: char| {
        "〇一二三四五六七八九".chars().position(|have| have == c).and_then(|at| u32::try_from(at).ok())
    };
    let end = text.find(|c: char| han(c).is_none() && c != '十').unwrap_or(text.len());
    let number = text.get(..end).filter(|number| !number.is_empty() && number.chars().count() <= 3)?;
    let value = match number.split_once('十') {
        Some((tens, ones)) => {
            let of = |text: &str| text.chars().next().and_then(han);
            of(tens).unwrap_or(1) * 10 + of(ones).unwrap_or(0)
        }
        None => number.chars().next().and_then(han)?,
    };
    Some((value, text.get(end..).unwrap_or_default()))
}

/// `1. …`, `(2) …`, `3️⃣ …`, `① …`, `一、…`, `IV. …`, `B) …`.
fn number(title: &str) -> Option<Mark> {
    if let Some(number) = title.chars().next().and_then(circled) {
        let rest = title.get(title.chars().next()?.len_utf8()..)?;
        return Some(made(By::Number, Some(number), false, rest, title));
    }
    let inner = title.strip_prefix(['(', '（']);
    let text = inner.unwrap_or(title);
    if let Some((number, rest)) = numeral(text) {
        return by_numeral(number, text, rest, inner.is_some())
            .map(|(sub, rest)| made(By::Number, Some(number), sub, rest, title));
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).filter(|end| (1..=5).contains(end))?;
    let (word, rest) = (text.get(..end)?.to_lowercase(), text.get(end..)?);
    let number =
        ROMAN.iter().position(|name| *name == word).map(|at| u32::try_from(at).unwrap_or_default() + 1);
    let letter = || (word.len() == 1).then(|| word.bytes().next().map(|b| u32::from(b - b'a') + 1)).flatten();
    let spaced = rest.get(1..).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    let marked =
        rest.starts_with([')', '.']) && spaced && !(rest.starts_with('.') && word.len() == 1 && word == "e");
    number.or_else(letter).filter(|_| marked).map(|number| made(By::Number, Some(number), false, rest, title))
}

fn circled(c: char) -> Option<u32> {
    ('\u{2460}'..='\u{2473}').contains(&c).then(|| c as u32 - 0x245f)
}

/// Whether a number is followed by a mark; with what comes after it.
fn by_numeral<'a>(number: u32, text: &'a str, rest: &'a str, bracketed: bool) -> Option<(bool, &'a str)> {
    let dense = text.chars().next().is_some_and(is_dense);
    let (mut rest, mut sub) = (rest, false);
    while let Some(part) =
        rest.strip_prefix('.').filter(|part| part.starts_with(|c: char| c.is_ascii_digit()))
    {
        rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        sub = true;
    }
    let key_cap = rest.starts_with(words_of_a_key_cap);
    let marks: &[char] = if dense {
        &['、', '．', '：', ')', '）']
    } else {
        &['.', ')', ':', '、', '．', '：', '）', ']']
    };
    let dashed = !dense
        && [" -", " –", " —", "-", "–", "—"].iter().any(|dash| {
            rest.strip_prefix(dash)
                .is_some_and(|after| after.starts_with([' ', '-']) || (dash.len() > 1 && after.is_empty()))
        });
    let marked = rest.starts_with(marks)
        && !rest.get(1..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    let spaced = sub && rest.starts_with(' ');
    (number < 100 && (marked || dashed || key_cap || spaced || (bracketed && rest.starts_with([')', '）']))))
        .then_some((sub, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_many_languages() {
        let rows = [
            ("Step 1: Implement Hotfix", "Implement Hotfix", By::Keyword),
            ("🚨 Phase 2 — Test", "Test", By::Keyword),
            ("STEP-3 - Ship", "Ship", By::Keyword),
            ("Step 1 of 4: Look", "Look", By::Keyword),
            ("Step #2 Fix", "Fix", By::Keyword),
            ("Phase II. Deploy", "Deploy", By::Keyword),
            ("Step Two: Test", "Test", By::Keyword),
            ("step:fix", "fix", By::Keyword),
            ("Final Step — Check", "Check", By::Keyword),
            ("Bước 3: Triển khai", "Triển khai", By::Keyword),
            ("Giai đoạn 1: Sửa", "Sửa", By::Keyword),
            ("Adım 1. Düzelt", "Düzelt", By::Keyword),
            ("2. Adım: Test", "Test", By::Keyword),
            ("Schritt 2 - Prüfen", "Prüfen", By::Keyword),
            ("1. Schritt: Los", "Los", By::Keyword),
            ("Étape 4 : Déployer", "Déployer", By::Keyword),
            ("Étape n°2 : Tester", "Tester", By::Keyword),
            ("1ère étape : Créer", "Créer", By::Keyword),
            ("Fase 0 - Preparação", "Preparação", By::Keyword),
            ("Шаг 5", "Шаг 5", By::Keyword),
            ("Этап №2. Исправить", "Исправить", By::Keyword),
            ("步骤 1：修复", "修复", By::Keyword),
            ("步骤二、测试", "测试", By::Keyword),
            ("第一步：建分支", "建分支", By::Keyword),
            ("第 3 步 发布", "发布", By::Keyword),
            ("第十二步 收尾", "收尾", By::Keyword),
            ("2단계: 수정", "수정", By::Keyword),
            ("ステップ1：確認", "確認", By::Keyword),
            ("手順２ 修正", "修正", By::Keyword),
            ("Langkah 3: Uji", "Uji", By::Keyword),
            ("1. Fix", "Fix", By::Number),
            ("1.2 Fix", "Fix", By::Number),
            ("0) Look", "Look", By::Number),
            ("2 - Test", "Test", By::Number),
            ("(3) Ship", "Ship", By::Number),
            ("4️⃣ Merge", "Merge", By::Number),
            ("② 测试", "测试", By::Number),
            ("三、发布", "发布", By::Number),
            ("IV. Deploy", "Deploy", By::Number),
            ("B) Test", "Test", By::Number),
        ];
        for (heading, title, by) in rows {
            let found = mark(heading, &Lexicon::built_in());
            assert_eq!(found.map(|mark| (mark.title, mark.by)), Some((title.to_owned(), by)), "{heading}");
        }
    }

    #[test]
    fn headings_that_count_nothing() {
        let rows = [
            "Stepping stones",
            "Step by step",
            "Steps",
            "2024 in review",
            "24h after",
            "3 people",
            "1 reviewer",
            "Stage the files",
            "Phase out",
            "Task list",
            "v1.2.3",
            "一般规则",
            "手順",
            "e. g. this",
            "I think",
            "1.5x faster",
            "100. too many",
            "Action items",
            "Part of it",
            "",
        ];
        for heading in rows {
            assert_eq!(mark(heading, &Lexicon::built_in()), None, "{heading}");
        }
    }

    #[test]
    fn numbers_are_kept() {
        let number = |heading: &str| mark(heading, &Lexicon::built_in()).map(|mark| (mark.number, mark.sub));
        assert_eq!(number("Step 2.1: x"), Some((Some(2), true)));
        assert_eq!(number("Paso 7: x"), Some((Some(7), false)));
        assert_eq!(number("3.2 x"), Some((Some(3), true)));
        assert_eq!(number("第十步 x"), Some((Some(10), false)));
        assert_eq!(number("step:fix"), Some((None, false)));
        assert_eq!(number("Phase 5b: again"), Some((Some(5), false)));
        assert_eq!(
            mark("Phase D.0a — Lock", &Lexicon::built_in()).map(|mark| mark.title),
            Some("Lock".to_owned())
        );
    }
}
