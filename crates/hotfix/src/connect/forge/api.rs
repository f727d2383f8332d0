//! A forge's REST interface over the one HTTP layer: the token, pages, limits
//! of the forge, conditional reads, and what a failed try means.
//!
//! Reads are tried again. What changes something is tried again only where it
//! is certain that it did not take place (no connection, or the forge said that
//! it refuses to take more for now); otherwise nobody knows, and the effect's
//! probe decides. The token goes to the forge's own origin and nowhere else.

use super::ForgeError;
use super::credentials::{Secret, Source};
use crate::connect::http::{Exchange, Http, HttpError, Method, Reply};
use crate::sys::clock::Clock;
use crate::sys::interrupt;
use hotfix_core::text::{brief, one_line};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

/// The largest answer that is read, in bytes.
const LIMIT: u64 = 8 * 1024 * 1024;
/// The most pages that are read of one list.
const PAGES: usize = 50;
/// The longest wait that a forge may ask for within one verb.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a read is tried.
const TRIES: u32 = 4;

/// How a forge takes its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `PRIVATE-TOKEN`, or `Authorization: Bearer` for OAuth tokens.
    Gitlab,
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: token`.
    Token,
}

/// Where a forge is, and how it is spoken to.
pub struct Place {
    /// What people call it: `GitLab (gitlab.example.org)`.
    pub name: String,
    /// The root of its interface, without a slash at the end.
    pub base: String,
    /// How it takes its token.
    pub scheme: Scheme,
    /// Headers that every request has.
    pub headers: Vec<(&'static str, String)>,
}

/// A forge's interface.
pub struct Api {
    place: Place,
    http: Http,
    source: Box<dyn Source>,
    token: RefCell<Held>,
    seen: RefCell<HashMap<String, (String, Reply)>>,
    clock: Clock,
    tell: fn(&str),
    pace: Pace,
}

/// The token as far as it is known.
#[derive(Clone)]
enum Held {
    /// Nobody was asked for it yet.
    Unasked,
    /// There is none.
    Nothing,
    /// This one.
    One(Secret),
}

/// How patient it is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time for one try.
    pub whole: Duration,
    /// Before the second try.
    pub delay: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let test = |name: &str| {
            let value = cfg!(feature = "failpoints").then(|| std::env::var(name).ok()).flatten();
            value.and_then(|v| v.parse().ok()).map(Duration::from_millis)
        };
        Pace {
            whole: test("HOTFIX_TEST_HTTP_TIME").unwrap_or(Duration::from_secs(30)),
            delay: test("HOTFIX_TEST_HTTP_DELAY").unwrap_or(Duration::from_millis(300)),
        }
    }
}

/// Why a call gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The forge said no.
    Status {
        /// The status.
        code: u16,
        /// What it said.
        said: String,
    },
    /// It did not take place; later it may.
    Unreachable(String),
    /// Nobody knows whether it took place.
    Unsure(String),
    /// The forge wants to be left alone for this long.
    Limited(String, Duration),
    /// An answer that cannot be understood.
    Malformed(String),
    /// There is no token, or none that can be had.
    NoToken(String),
}

impl CallError {
    /// The status, if the forge answered with one.
    pub fn code(&self) -> Option<u16> {
        match self {
            CallError::Status { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl From<CallError> for ForgeError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Status { code: 401, said } => ForgeError::Unauthorized(said),
            CallError::Status { code: 403, said } => ForgeError::Forbidden(said),
            CallError::Status { code: 404, said } => ForgeError::NotFound(said),
            CallError::Status { said, .. } => ForgeError::Refused(said),
            CallError::Unreachable(why) => ForgeError::Unreachable(why),
            CallError::Unsure(why) => ForgeError::Unsure(why),
            CallError::Limited(why, wait) => ForgeError::Limited(why, wait),
            CallError::Malformed(why) => ForgeError::Malformed(why),
            CallError::NoToken(why) => ForgeError::Unauthorized(why),
        }
    }
}

type Called<T> = Result<T, CallError>;

impl Api {
    /// An interface. `tell` is told what a person should see.
    pub fn new(place: Place, http: Http, source: Box<dyn Source>, clock: Clock, tell: fn(&str)) -> Api {
        Api {
            place,
            http,
            source,
            token: RefCell::new(Held::Unasked),
            seen: RefCell::new(HashMap::new()),
            clock,
            tell,
            pace: Pace::default(),
        }
    }

    /// The same with another patience.
    pub fn paced(mut self, pace: Pace) -> Api {
        self.pace = pace;
        self
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Tells a person something.
    pub fn say(&self, text: &str) {
        (self.tell)(text);
    }

    /// The time, by our clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How far our clock is ahead of the forge's, in seconds, as an answer tells.
    pub fn skew(&self, reply: &Reply) -> Option<i64> {
        let theirs = reply.header("date").and_then(http_date)?;
        Some(self.now().as_second() - theirs.as_second())
    }

    /// The root of its interface.
    pub fn base(&self) -> &str {
        &self.place.base
    }

    /// Reads a resource.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Called<T> {
        let reply = self.read(path)?;
        self.parsed(path, &reply.body)
    }

    /// Reads a resource that may not be there.
    pub fn maybe<T: DeserializeOwned>(&self, path: &str) -> Called<Option<T>> {
        match self.get(path) {
            Ok(value) => Ok(Some(value)),
            Err(CallError::Status { code: 404, .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Reads every page of a list.
    pub fn list<T: DeserializeOwned>(&self, path: &str) -> Called<Vec<T>> {
        self.pages(path, |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    /// Reads every page of a list that stands in a field.
    pub fn list_in<T: DeserializeOwned>(&self, path: &str, field: &str) -> Called<Vec<T>> {
        self.pages(path, |mut value| match value.get_mut(field).map(Value::take) {
            Some(Value::Array(items)) => Some(items),
            Some(Value::Null) => Some(Vec::new()),
            _ => None,
        })
    }

    fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        items: impl Fn(Value) -> Option<Vec<Value>>,
    ) -> Called<Vec<T>> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        for _ in 0..PAGES {
            let Some(page) = next.take() else { return Ok(all) };
            let reply = self.read(&page)?;
            let value: Value = self.parsed(&page, &reply.body)?;
            // An empty list is `null` for some.
            let found = if value.is_null() { Some(Vec::new()) } else { items(value) };
            let found = found.ok_or_else(|| self.malformed(&page, "it is no list"))?;
            for item in found {
                all.push(serde_json::from_value(item).map_err(|e| self.malformed(&page, &e.to_string()))?);
            }
            next = reply.header("link").and_then(|link| next_page(path, link));
        }
        Ok(all)
    }

    /// Reads a text, following the forge to where it keeps it. Elsewhere it goes without the token.
    pub fn text(&self, path: &str, limit: usize) -> Called<String> {
        let reply = self.read(path)?;
        let start = reply.body.len().saturating_sub(limit);
        Ok(String::from_utf8_lossy(&reply.body[start..]).into_owned())
    }

    /// The headers of a resource: what a token may, and the forge's clock.
    pub fn look(&self, path: &str) -> Called<Reply> {
        self.read(path)
    }

    /// Changes something.
    pub fn send<T: DeserializeOwned>(&self, method: Method, path: &str, body: &Value) -> Called<T> {
        let reply = self.change(method, path, body)?;
        // It answered that it did it: what cannot be read was done all the same.
        serde_json::from_slice(&reply.body).map_err(|e| {
            CallError::Unsure(format!("{} answered something that cannot be read: {e}", self.name()))
        })
    }

    /// Changes something that has no answer.
    pub fn order(&self, method: Method, path: &str, body: &Value) -> Called<()> {
        self.change(method, path, body).map(|_| ())
    }

    fn parsed<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Called<T> {
        serde_json::from_slice(body).map_err(|e| self.malformed(path, &e.to_string()))
    }

    fn malformed(&self, path: &str, why: &str) -> CallError {
        let path = path.split('?').next().unwrap_or_default();
        CallError::Malformed(format!(
            "{}: {path} answered something that cannot be read: {}",
            self.name(),
            brief(why, 120)
        ))
    }

    fn read(&self, path: &str) -> Called<Reply> {
        let mut waited = Duration::ZERO;
        let mut delay = self.pace.delay;
        for attempt in 1.. {
            let error = match self.once(Method::Get, path, None) {
                Ok(reply) => match self.judged(reply) {
                    // A page of a proxy's, with a status that says that all is well, or half an answer.
                    Ok(reply) if looks_like_html(&reply) => self.malformed(path, "it is a web page"),
                    Ok(reply) if is_torn(&reply) => self.malformed(path, "its JSON is broken"),
                    other => match other {
                        Err(error) => error,
                        fine => return fine,
                    },
                },
                Err(error) => error,
            };
            let transient = matches!(
                &error,
                CallError::Unreachable(_) | CallError::Malformed(_) | CallError::Limited(..)
            ) || error.code().is_some_and(|c| c >= 500);
            if !transient || attempt >= TRIES || interrupt::asked() {
                return Err(as_read(error));
            }
            let wait = match &error {
                CallError::Limited(why, wait) if waited + *wait <= PATIENCE => {
                    (self.tell)(&format!("{why}; waiting {} s as it asks", wait.as_secs()));
                    *wait
                }
                CallError::Limited(..) => return Err(error),
                _ => delay,
            };
            waited += wait;
            delay = (delay * 2).min(Duration::from_secs(4));
            pause(wait);
        }
        Err(CallError::Unreachable(format!("{} does not answer", self.name())))
    }

    fn change(&self, method: Method, path: &str, body: &Value) -> Called<Reply> {
        let mut waited = Duration::ZERO;
        let mut delay = self.pace.delay;
        for attempt in 1.. {
            let error = match self.once(method, path, Some(body)) {
                Ok(reply) => match self.judged(reply) {
                    Err(error) => error,
                    fine => return fine,
                },
                Err(error) => error,
            };
            let wait = match &error {
                // Refused before it took place, in so many words.
                CallError::Limited(why, wait) if waited + *wait <= PATIENCE => {
                    (self.tell)(&format!("{why}; waiting {} s as it asks", wait.as_secs()));
                    *wait
                }
                CallError::Unreachable(_) => delay,
                CallError::Status { code, said } if *code >= 500 => {
                    return Err(CallError::Unsure(said.clone()));
                }
                _ => return Err(error),
            };
            if attempt >= TRIES || interrupt::asked() {
                return Err(error);
            }
            waited += wait;
            delay = (delay * 2).min(Duration::from_secs(4));
            pause(wait);
        }
        Err(CallError::Unreachable(format!("{} does not answer", self.name())))
    }

    /// One request, redirects on the forge's own origin included. A token that
    /// is refused is asked for once more: it may have been renewed meanwhile.
    fn once(&self, method: Method, path: &str, body: Option<&Value>) -> Called<Reply> {
        let reply = self.followed(method, path, body)?;
        if reply.status == 401 && self.renewed() {
            return self.followed(method, path, body);
        }
        Ok(reply)
    }

    /// Whether another token can be had than the one in use.
    fn renewed(&self) -> bool {
        let Held::One(old) = self.token.borrow().clone() else { return false };
        match self.source.token() {
            Ok(Some(new)) if new != old => {
                *self.token.borrow_mut() = Held::One(new);
                true
            }
            _ => false,
        }
    }

    fn followed(&self, method: Method, path: &str, body: Option<&Value>) -> Called<Reply> {
        let mut url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.place.base) };
        for _ in 0..4 {
            let reply = self.sent(method, &url, body)?;
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(reply);
            }
            let to = reply.header("location").and_then(|to| joined(&url, to));
            let keeps = method == Method::Get || matches!(reply.status, 307 | 308);
            match to {
                Some(to)
                    if keeps
                        && (same_origin(&to, &self.place.base)
                            || method == Method::Get && to.starts_with("https://")) =>
                {
                    url = to;
                }
                Some(to) => {
                    return Err(CallError::Status {
                        code: reply.status,
                        said: format!("it has moved to {}", crate::connect::http::shown(&to)),
                    });
                }
                None => return Err(self.malformed(path, "a redirect to nowhere")),
            }
        }
        Err(self.malformed(path, "it redirects in a circle"))
    }

    fn sent(&self, method: Method, url: &str, body: Option<&Value>) -> Called<Reply> {
        let own = same_origin(url, &self.place.base);
        let mut headers = self.place.headers.clone();
        if own && let Some(token) = self.current_token()? {
            headers.push(authorization(self.place.scheme, &token));
        }
        let known = (method == Method::Get && own).then(|| self.seen.borrow().get(url).cloned()).flatten();
        if let Some((etag, _)) = &known {
            headers.push(("if-none-match", etag.clone()));
        }
        let exchange = Exchange { method, url, headers, body, limit: LIMIT, time: self.pace.whole };
        let reply = self.http.exchange(&exchange).map_err(|e| self.failed(method, &e))?;
        if let (304, Some((_, before))) = (reply.status, known) {
            return Ok(before);
        }
        // Only what can be read is remembered: half an answer would stay for ever.
        if method == Method::Get
            && own
            && reply.status == 200
            && serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok()
            && let Some(etag) = reply.header("etag").map(str::to_owned)
        {
            self.seen.borrow_mut().insert(url.to_owned(), (etag, reply.clone()));
        }
        Ok(reply)
    }

    fn current_token(&self) -> Called<Option<Secret>> {
        match self.token.borrow().clone() {
            Held::One(token) => return Ok(Some(token)),
            Held::Nothing => return Ok(None),
            Held::Unasked => {}
        }
        let token = self.source.token().map_err(|f| CallError::NoToken(f.message))?;
        *self.token.borrow_mut() = token.clone().map_or(Held::Nothing, Held::One);
        Ok(token)
    }

    fn failed(&self, method: Method, error: &HttpError) -> CallError {
        let why = format!("{} cannot be reached: {error}", self.name());
        if error.was_never_sent() || method == Method::Get {
            CallError::Unreachable(why)
        } else {
            CallError::Unsure(format!("the answer of {} got lost: {error}", self.name()))
        }
    }

    /// A status as an answer or an error.
    fn judged(&self, reply: Reply) -> Called<Reply> {
        if reply.is_success() {
            return Ok(reply);
        }
        let said = format!("{} answered {}: {}", self.name(), reply.status, what_it_said(&reply));
        match wait_asked(&reply) {
            Some(wait) => Err(CallError::Limited(said, wait)),
            None => Err(CallError::Status { code: reply.status, said }),
        }
    }
}

/// A read that failed has changed nothing.
fn as_read(error: CallError) -> CallError {
    match error {
        CallError::Status { code, said } if code >= 500 => CallError::Unreachable(said),
        other => other,
    }
}

fn pause(time: Duration) {
    let step = Duration::from_millis(100);
    let mut left = time;
    while !left.is_zero() && !interrupt::asked() {
        let now = left.min(step);
        std::thread::sleep(now);
        left -= now;
    }
}

fn authorization(scheme: Scheme, token: &Secret) -> (&'static str, String) {
    let word = token.expose();
    // GitLab's OAuth tokens are 64 hexadecimal digits and go into the other header.
    let oauth = word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    match scheme {
        Scheme::Gitlab if !oauth => ("private-token", word.to_owned()),
        Scheme::Gitlab | Scheme::Bearer => ("authorization", format!("Bearer {word}")),
        Scheme::Token => ("authorization", format!("token {word}")),
    }
}

/// How long the forge wants to be left alone, if that is why it refused:
/// 429, or GitHub's 403 with no requests left or with `Retry-After`.
fn wait_asked(reply: &Reply) -> Option<Duration> {
    let number = |name: &str| reply.header(name).and_then(|v| v.trim().parse::<i64>().ok());
    let limited = reply.status == 429
        || reply.status == 403
            && (reply.header("retry-after").is_some() || number("x-ratelimit-remaining") == Some(0));
    if !limited {
        return None;
    }
    let now = reply
        .header("date")
        .and_then(http_date)
        .unwrap_or_else(|| Timestamp::from_second(0).unwrap_or_default());
    let until = |second: i64| u64::try_from(second - now.as_second()).ok();
    let asked = reply.header("retry-after").and_then(|v| {
        let v = v.trim();
        v.parse::<u64>().ok().or_else(|| until(http_date(v)?.as_second()))
    });
    let reset = || {
        let at = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"))?;
        if now.as_second() == 0 { None } else { until(at) }
    };
    Some(Duration::from_secs(asked.or_else(reset).unwrap_or(60).max(1)))
}

/// A date as HTTP writes it.
pub fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(zoned.timestamp())
}

/// What the forge said, from its JSON or from the first line.
fn what_it_said(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body);
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        if looks_like_html(reply) {
            return "a web page, no answer of its interface".to_owned();
        }
        return brief(&one_line(&text), 160);
    };
    let mut words = Vec::new();
    for key in ["message", "error", "error_description", "errors"] {
        collect(value.get(key), &mut words);
    }
    if words.is_empty() {
        collect(Some(&value), &mut words);
    }
    words.dedup();
    brief(&one_line(&words.join("; ")), 300)
}

fn collect(value: Option<&Value>, words: &mut Vec<String>) {
    match value {
        Some(Value::String(s)) => words.push(s.clone()),
        Some(Value::Array(items)) => items.iter().for_each(|i| collect(Some(i), words)),
        Some(Value::Object(fields)) => {
            for (name, value) in fields {
                let mut inner = Vec::new();
                collect(Some(value), &mut inner);
                let text = inner.join(", ");
                words.push(if matches!(name.as_str(), "message" | "base") {
                    text
                } else {
                    format!("{name} {text}")
                });
            }
        }
        _ => {}
    }
}

fn looks_like_html(reply: &Reply) -> bool {
    reply.header("content-type").is_some_and(|t| t.starts_with("text/html"))
}

fn is_torn(reply: &Reply) -> bool {
    let says_json = reply.header("content-type").is_some_and(|t| t.starts_with("application/json"));
    says_json && serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_err()
}

/// The next page's path. Only its query is taken: a forge behind a proxy may
/// name itself otherwise than we reach it, and the token goes nowhere else.
fn next_page(path: &str, link: &str) -> Option<String> {
    let next = link
        .split(',')
        .find(|part| part.split(';').skip(1).any(|p| p.trim().replace('"', "") == "rel=next"))?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    let query = url.split_once('?')?.1;
    Some(format!("{}?{query}", path.split('?').next().unwrap_or_default()))
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.to_ascii_lowercase();
    let scheme = scheme.to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host).to_owned();
    Some((scheme, host))
}

/// Whether two addresses lead to the same scheme, host and port.
pub fn same_origin(a: &str, b: &str) -> bool {
    origin(a).is_some() && origin(a) == origin(b)
}

/// Where a redirect leads.
fn joined(from: &str, to: &str) -> Option<String> {
    if to.contains("://") {
        return Some(to.to_owned());
    }
    let (scheme, rest) = from.split_once("://")?;
    let host = rest.split('/').next()?;
    if let Some(elsewhere) = to.strip_prefix("//") {
        return Some(format!("{scheme}://{elsewhere}"));
    }
    to.starts_with('/').then(|| format!("{scheme}://{host}{to}"))
}

/// A part of a path, with everything else than letters, digits and `-._~` encoded.
pub fn encoded(part: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
