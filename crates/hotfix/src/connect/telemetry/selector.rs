//! Selectors of metric series: `name{label="v", other!="v", a=~"re", b!~"re"}`,
//! as Prometheus writes them, and the lines of a Prometheus text that they
//! match.
//!
//! It refuses functions, ranges and arithmetic: a scraped endpoint has no past
//! to compute over. A series without a label has the empty text there, and
//! regular expressions match the whole value.

use regex::Regex;

/// What a selector is, parsed.
#[derive(Debug, Clone)]
pub struct Selector {
    name: String,
    matchers: Vec<Matcher>,
}

#[derive(Debug, Clone)]
struct Matcher {
    label: String,
    wanted: Wanted,
}

#[derive(Debug, Clone)]
enum Wanted {
    Is(String),
    IsNot(String),
    Like(Regex),
    Unlike(Regex),
}

/// What is wrong with a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the selector `{selector}`, column {column}: {reason}")]
pub struct SelectorError {
    /// The selector.
    pub selector: String,
    /// Where, in characters from 1.
    pub column: usize,
    /// What.
    pub reason: String,
}

impl Selector {
    /// Reads a selector.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut scan = Scan { text, at: 0 };
        parse(&mut scan).map_err(|reason| SelectorError {
            selector: text.to_owned(),
            column: text[..scan.at].chars().count() + 1,
            reason,
        })
    }

    /// The sum of the series of `text` that match; none where none does. A
    /// line of this metric that cannot be read, or has no finite value, is an
    /// error: a sum without it would be wrong.
    pub fn sum(&self, text: &str) -> Result<Option<f64>, String> {
        let mut sum = None;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if !line.starts_with(self.name.as_str()) {
                continue;
            }
            let mut scan = Scan { text: line, at: 0 };
            if scan.name(true) != Some(self.name.as_str()) {
                continue;
            }
            let bad = |reason: String| format!("line {number} of the metrics: {reason}");
            let series = series(&mut scan).map_err(bad)?;
            if !self.matches(&series.labels) {
                continue;
            }
            if !series.value.is_finite() {
                return Err(bad(format!("`{}` has the value {}", self.name, series.value)));
            }
            sum = Some(sum.unwrap_or(0.0) + series.value);
        }
        Ok(sum)
    }

    fn matches(&self, labels: &[(&str, String)]) -> bool {
        self.matchers.iter().all(|matcher| {
            let value = labels.iter().find(|(name, _)| *name == matcher.label).map_or("", |(_, v)| v);
            match &matcher.wanted {
                Wanted::Is(text) => value == text,
                Wanted::IsNot(text) => value != text,
                Wanted::Like(regex) => regex.is_match(value),
                Wanted::Unlike(regex) => !regex.is_match(value),
            }
        })
    }
}

/// Whether a text holds at least one metric.
pub fn has_metrics(text: &str) -> bool {
    text.lines().any(|line| {
        let mut scan = Scan { text: line.trim(), at: 0 };
        scan.name(true).is_some() && series(&mut scan).is_ok()
    })
}

fn parse(scan: &mut Scan<'_>) -> Result<Selector, String> {
    scan.space();
    let name = scan.name(true).ok_or("the name of a metric is expected")?.to_owned();
    let mut matchers = Vec::new();
    scan.space();
    if scan.eat("{") {
        loop {
            scan.space();
            if scan.eat("}") {
                break;
            }
            matchers.push(matcher(scan)?);
            scan.space();
            if !scan.eat(",") && !scan.rest().starts_with('}') {
                return Err("`,` or `}` is expected".to_owned());
            }
        }
        scan.space();
    }
    match scan.rest().chars().next() {
        None => Ok(Selector { name, matchers }),
        Some('(' | '[') => {
            Err("functions and ranges are not for scraped metrics, name the series".to_owned())
        }
        Some(_) => Err("nothing more is expected here".to_owned()),
    }
}

fn matcher(scan: &mut Scan<'_>) -> Result<Matcher, String> {
    let label = scan.name(false).ok_or("the name of a label is expected")?.to_owned();
    scan.space();
    let operator = ["=~", "!~", "!=", "="].into_iter().find(|o| scan.eat(o));
    let operator = operator.ok_or("`=`, `!=`, `=~` or `!~` is expected")?;
    scan.space();
    let start = scan.at;
    let value = scan.quoted()?;
    let mut regex = || {
        // By itself first: `a)|(b` must not slip out of the anchors.
        Regex::new(&value).and_then(|_| Regex::new(&format!("^(?s:{value})$"))).map_err(|e| {
            scan.at = start;
            let last = e.to_string();
            let why = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("no regular expression: {why}")
        })
    };
    let wanted = match operator {
        "=~" => Wanted::Like(regex()?),
        "!~" => Wanted::Unlike(regex()?),
        "!=" => Wanted::IsNot(value),
        _ => Wanted::Is(value),
    };
    Ok(Matcher { label, wanted })
}

/// One line of a Prometheus text, behind its name.
struct Series<'a> {
    labels: Vec<(&'a str, String)>,
    value: f64,
}

fn series<'a>(scan: &mut Scan<'a>) -> Result<Series<'a>, String> {
    let mut labels = Vec::new();
    scan.space();
    if scan.eat("{") {
        loop {
            scan.space();
            if scan.eat("}") {
                break;
            }
            let label = scan.name(false).ok_or("the name of a label is expected")?;
            scan.space();
            if !scan.eat("=") {
                return Err(format!("`=` is expected behind the label `{label}`"));
            }
            scan.space();
            labels.push((label, scan.quoted()?));
            scan.space();
            if !scan.eat(",") && !scan.rest().starts_with('}') {
                return Err("`,` or `}` is expected".to_owned());
            }
        }
    }
    // Behind the value: a time, an exemplar (`# {…} 1`), or both.
    let rest = scan.rest().split('#').next().unwrap_or_default();
    let mut words = rest.split_whitespace().map(str::parse::<f64>);
    match (words.next(), words.next(), words.next()) {
        (Some(Ok(value)), None | Some(Ok(_)), None) => Ok(Series { labels, value }),
        _ => Err("no value".to_owned()),
    }
}

/// A place in a text.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, what: &str) -> bool {
        let there = self.rest().starts_with(what);
        if there {
            self.at += what.len();
        }
        there
    }

    fn name(&mut self, colons: bool) -> Option<&'a str> {
        let rest = self.rest();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
        let name = &rest[..rest.find(|c| !fits(c)).unwrap_or(rest.len())];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.at += name.len();
        Some(name)
    }

    /// A text in double or single quotes with escapes, or in backticks.
    fn quoted(&mut self) -> Result<String, String> {
        let start = self.at;
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        let quote = quote.ok_or("a quoted value is expected")?;
        let mut value = String::new();
        let mut chars = self.text[start + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            if c == quote {
                self.at = start + 1 + offset + 1;
                return Ok(value);
            }
            if c != '\\' || quote == '`' {
                value.push(c);
                continue;
            }
            let Some((_, escaped)) = chars.next() else { break };
            value.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' | '"' | '\'' => escaped,
                other => {
                    self.at = start + 1 + offset;
                    return Err(format!("`\\{other}` is no escape; a backslash is written `\\\\`"));
                }
            });
        }
        Err("the quote is not closed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = r#"# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/x/{id}"} 90
http_requests_total{code="500", path="/a,b=\"c\"",} 3 1700000000000
http_requests_total{code="503",path="C:\\d\n"} 4
http_requests_total 2.5e0
http_requests_total_other 1000
job:errors:rate5m{} 7
lat_bucket{le="0.5"} 1 # {trace_id="x"} 0.3 1.2
lat_bucket{le="+Inf"} 5
lat_sum 1.25
lat_count 5
odd NaN
broken{a="b 3
http_requests_created{a="b" 3
# EOF
"#;

    fn sum(selector: &str) -> Option<f64> {
        Selector::parse(selector).unwrap().sum(METRICS).unwrap()
    }

    #[test]
    fn series_are_summed() {
        for (selector, expected) in [
            ("http_requests_total", Some(99.5)),
            (" http_requests_total { } ", Some(99.5)),
            (r#"http_requests_total{code=~"5.."}"#, Some(7.0)),
            (r#"http_requests_total{code=~"5"}"#, None),
            (r#"http_requests_total{code!~"5..|2.."}"#, Some(2.5)),
            (r#"http_requests_total{code!="200"}"#, Some(9.5)),
            (r#"http_requests_total{code=""}"#, Some(2.5)),
            (r#"http_requests_total{path="/x/{id}", code='200',}"#, Some(90.0)),
            (r#"http_requests_total{path="/a,b=\"c\""}"#, Some(3.0)),
            (r#"http_requests_total{path="C:\\d\n"}"#, Some(4.0)),
            (r"http_requests_total{path=~`C:\\d\n`}", Some(4.0)),
            ("job:errors:rate5m", Some(7.0)),
            (r#"lat_bucket{le="+Inf"}"#, Some(5.0)),
            ("lat_bucket", Some(6.0)),
            ("lat_sum", Some(1.25)),
            ("lat_count", Some(5.0)),
            ("lat", None),
        ] {
            assert_eq!(sum(selector), expected, "{selector}");
        }
    }

    #[test]
    fn what_cannot_be_summed_is_said() {
        let error = |selector: &str| Selector::parse(selector).unwrap().sum(METRICS).unwrap_err();
        assert_eq!(error("odd"), "line 13 of the metrics: `odd` has the value NaN");
        assert_eq!(error("broken"), "line 14 of the metrics: the quote is not closed");
        assert_eq!(error("http_requests_created"), "line 15 of the metrics: `,` or `}` is expected");
    }

    #[test]
    fn a_wrong_selector_names_its_column() {
        for (selector, column, reason) in [
            ("", 1, "name of a metric"),
            ("5xx", 1, "name of a metric"),
            ("sum(x)", 4, "functions and ranges"),
            ("x[5m]", 2, "functions and ranges"),
            ("x / y", 3, "nothing more"),
            ("x{a}", 4, "`=`, `!=`"),
            ("x{a=b}", 5, "quoted value"),
            (r#"x{ä="1"}"#, 3, "name of a label"),
            (r#"x{a="ä" b="1"}"#, 9, "`,` or `}`"),
            (r#"x{a="1"#, 5, "not closed"),
            (r#"x{a="\d"}"#, 6, "no escape"),
            (r#"x{a=~"("}"#, 6, "no regular expression"),
            (r#"x{a=~"a)|(b"}"#, 6, "no regular expression"),
            (r#"x{a="1",,}"#, 9, "name of a label"),
            (r#"x{a="1""#, 8, "`,` or `}`"),
        ] {
            let error = Selector::parse(selector).unwrap_err();
            assert_eq!(error.column, column, "{error}");
            assert!(error.reason.contains(reason), "{error}");
            assert!(error.to_string().contains(&format!("`{selector}`, column {column}: ")), "{error}");
        }
    }

    #[test]
    fn metrics_are_told_from_other_texts() {
        assert!(has_metrics(METRICS) && has_metrics("up 1"));
        for other in ["", "<html>\n<body>Welcome 1</body>", "{\"a\": 1}", "# HELP x y\n", "hello world 1"] {
            assert!(!has_metrics(other), "{other}");
        }
    }
}
