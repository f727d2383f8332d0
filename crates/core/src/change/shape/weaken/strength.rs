//! How much an assertion asks for, so that one that asks for less can be
//! told from one that asks for something else.

use super::super::super::Line;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// How much an assertion asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// That something is there, or is true.
    Presence,
    /// A part, a range, a form.
    Part,
    /// The very value.
    Exact,
}

fn strength(text: &str) -> Strength {
    if EXACT.is_match(text) && !NEGATED.is_match(text) {
        Strength::Exact
    } else if PART.is_match(text) || EXACT.is_match(text) {
        Strength::Part
    } else {
        Strength::Presence
    }
}

/// How the new assertion asks for less than the old one; none where it does not.
pub(super) fn loosened(old: &str, new: &str) -> Option<&'static str> {
    let (before, after) = (strength(old), strength(new));
    if after < before {
        return Some(match after {
            Strength::Part => "a part instead of the value",
            _ => "presence instead of the value",
        });
    }
    if raises(new) == Some(true) && raises(old) == Some(false) {
        return Some("any error instead of the one");
    }
    if TOLERANCE.is_match(new) && !TOLERANCE.is_match(old) {
        return Some("a tolerance is added");
    }
    match (tolerance(old), tolerance(new)) {
        (Some(old), Some(new)) if new > old => Some("a wider tolerance"),
        _ => match (calls(old), calls(new)) {
            (true, false) if new.contains("CalledWith") || new.contains("toHaveBeenCalled()") => {
                Some("any number of calls")
            }
            _ => None,
        },
    }
}

/// Old and new lines that speak of the same thing, each at most once.
pub(super) fn pairs<'c>(old: &[&'c Line], new: &[&'c Line]) -> Vec<(&'c Line, &'c Line)> {
    let words: Vec<BTreeSet<&str>> = new.iter().map(|line| words(&line.text)).collect();
    let mut free: Vec<bool> = vec![true; new.len()];
    let mut out = Vec::new();
    for line in old {
        let own = self::words(&line.text);
        let alike = |at: &usize| {
            let both = own.intersection(&words[*at]).count();
            2 * both * 100 / (own.len() + words[*at].len()).max(1)
        };
        let best = (0..new.len()).filter(|at| free[*at]).max_by_key(|at| (alike(at), std::cmp::Reverse(*at)));
        if let Some(at) = best.filter(|at| alike(at) >= 50) {
            free[at] = false;
            out.push((*line, new[at]));
        }
    }
    out
}

/// The words of a line that name something, without those of the assertion.
fn words(text: &str) -> BTreeSet<&str> {
    let all = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    all.filter(|word| {
        word.len() > 1 && !word.starts_with("assert") && !word.starts_with("to") && *word != "expect"
    })
    .collect()
}

/// Whether an assertion about errors takes any of them.
fn raises(text: &str) -> Option<bool> {
    let name = RAISES.captures(text)?.get(1)?.as_str();
    Some(matches!(
        name,
        "Exception" | "BaseException" | "Throwable" | "Error" | "StandardError" | "RuntimeException" | ""
    ))
}

/// A tolerance as a width: more is looser.
fn tolerance(text: &str) -> Option<f64> {
    let found = WIDTH.captures(text)?;
    if let Some(width) = found.name("width") {
        return width.as_str().parse().ok();
    }
    // Decimal places: fewer are wider.
    let places: f64 = found.name("places")?.as_str().parse().ok()?;
    Some(-places)
}

fn calls(text: &str) -> bool {
    text.contains("CalledTimes(") || text.contains("assert_called_once") || text.contains("calledOnce")
}

static EXACT: LazyLock<Regex> = LazyLock::new(|| {
    form(concat!(
        r"(?:[^=!<>]|^)={2,3}[^=]|\bassert_eq!|\bassert_equal\b|\bassert_output\b|\bassert_snapshot!|\bassert_matches!",
        r"|\.(?:toBe|toEqual|toStrictEqual|toMatchInlineSnapshot|toMatchSnapshot|equal|equals|deepEqual|strictEqual|deepStrictEqual|eql|eq)\(",
        r"|\b(?:assertEqual|assertEquals|assertSame|assertListEqual|assertDictEqual|assertCountEqual|assertSequenceEqual|assertJsonStringEqualsJsonString)s?\(",
        r"|\b(?:Equal|Equalf|EqualValues|JSONEq|ElementsMatch|AreEqual|EqualError|Same)\(",
        r"|\b(?:EXPECT|ASSERT)_(?:EQ|STREQ)|\bis\(|\bis_deeply\(|\s-eq\s|\]\s*==|\bis (?:True|False|None)\b|\.isEqualTo\(",
        r"|\bassert!\(.*==|\[\[? .+ = .+ \]\]?",
    ))
});

static PART: LazyLock<Regex> = LazyLock::new(|| {
    form(concat!(
        r"[<>]=?\s|!=|\bin\b|\b(?:contains|Contains|startswith|starts_with|endswith|ends_with|includes|match|matches|search)\b",
        r"|\.(?:toContain\w*|toMatch\w*|toHaveProperty|toHaveLength|toBeGreater\w+|toBeLess\w+|toBeCloseTo|include|closeTo|above|below)\(",
        r"|\bassert(?:In|NotIn|Regex|Greater\w*|Less\w*|AlmostEqual\w*|Contains|StringContains\w*|Count|InstanceOf|IsInstance)\(",
        r"|\b(?:Contains|Containsf|InDelta|InEpsilon|Greater\w*|Less\w*|Len|Regexp|Subset|ErrorIs|ErrorAs|ErrorContains|HasPrefix)\(",
        r"|\blike\b|\s-(?:ne|gt|ge|lt|le)\s|=~|\braises\b|\bthrows\b|\btoThrow\w*\(|\bassertRaises\w*\(|\bassert_ne!|\bapprox\b|\.isinstance\(|\bisinstance\(",
        r"|\.(?:toHaveBeenCalled\w+|called\w+)\(|\bassert_called\w+\(|--partial|--regexp",
    ))
});

static NEGATED: LazyLock<Regex> =
    LazyLock::new(|| form(r"\.not\.|\bnot_\w+\(|\bNot[A-Z]\w*\(|\brefute|\bassert not\b"));

static RAISES: LazyLock<Regex> = LazyLock::new(|| {
    form(
        r"(?:pytest\.raises|assertRaises|assertThrows|assert_raises|expectException|toThrow|raise_error|throws)\s*\(?\s*([A-Za-z_]*)",
    )
});

static TOLERANCE: LazyLock<Regex> = LazyLock::new(|| {
    form(
        r"\bapprox\b|AlmostEqual|toBeCloseTo|InDelta|InEpsilon|assert_abs_diff|assert_relative|\bdelta\b|closeTo|assertEqualsWithDelta",
    )
});

static WIDTH: LazyLock<Regex> = LazyLock::new(|| {
    form(concat!(
        r"(?:\b(?:abs|rel|delta|atol|rtol|epsilon)\s*[=:]\s*|InDelta\(.*,\s*|InEpsilon\(.*,\s*|WithDelta\(.*,\s*)(?P<width>[0-9.]+(?:[eE]-?[0-9]+)?)",
        r"|(?:\bplaces\s*=\s*|toBeCloseTo\(.*,\s*)(?P<places>[0-9]+)",
    ))
});

#[expect(clippy::expect_used, reason = "a literal pattern, compiled by a test")]
fn form(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looser_and_not() {
        for (old, new, looser) in [
            ("assert pay() == 3", "assert pay() >= 3", true),
            ("assert pay() == 3", "assert pay()", true),
            ("assert pay() == 3", "assert pay() == 4", false),
            ("assert pay()", "assert pay() == 3", false),
            ("assert_eq!(pay(), 3);", "assert!(pay() > 0);", true),
            ("assert_eq!(pay(), 3);", "assert!(pay() == 3);", false),
            ("expect(pay()).toBe(3)", "expect(pay()).toBeTruthy()", true),
            ("expect(pay()).toEqual({ a: 1 })", "expect(pay()).toMatchObject({ a: 1 })", true),
            ("expect(pay()).toBe(3)", "expect(pay()).not.toBe(4)", true),
            ("expect(pay).toHaveBeenCalledTimes(1)", "expect(pay).toHaveBeenCalled()", true),
            ("require.Equal(t, 3, pay())", "require.NotNil(t, pay())", true),
            ("require.NoError(t, err)", "require.NoError(t, err, \"pay\")", false),
            ("with pytest.raises(ValueError):", "with pytest.raises(Exception):", true),
            ("with pytest.raises(ValueError):", "with pytest.raises(KeyError):", false),
            ("assert pay() == pytest.approx(3, abs=0.01)", "assert pay() == pytest.approx(3, abs=0.5)", true),
            (
                "self.assertAlmostEqual(pay(), 3, places=7)",
                "self.assertAlmostEqual(pay(), 3, places=2)",
                true,
            ),
            ("self.assertEqual(pay(), 3)", "self.assertAlmostEqual(pay(), 3)", true),
            ("[ \"$status\" -eq 0 ]", "[ \"$status\" -ne 127 ]", true),
            ("is(pay(), 3, 'pays');", "ok(pay(), 'pays');", true),
        ] {
            assert_eq!(loosened(old, new).is_some(), looser, "{old} -> {new}");
        }
    }
}
