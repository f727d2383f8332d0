use super::*;
use crate::connect::test_server::{Answer, TestServer, nobody, ok};
use crate::error::Failure;
use std::cell::Cell;

/// A source whose token is another one each time.
struct Renewing(Cell<u32>);

impl Source for Renewing {
    fn token(&self) -> Result<Option<Secret>, Failure> {
        self.0.set(self.0.get() + 1);
        Ok(Secret::new(&format!("s3cret-{}", self.0.get())))
    }
}

fn api(base: &str) -> Api {
    let place = Place {
        name: "The forge".to_owned(),
        base: base.to_owned(),
        scheme: Scheme::Bearer,
        headers: vec![],
    };
    let clock = Clock::of(std::path::Path::new("/"), None);
    let pace = Pace { whole: Duration::from_secs(2), delay: Duration::from_millis(1) };
    Api::new(place, Http::new(), Box::new(Renewing(Cell::new(0))), clock, |_| ()).paced(pace)
}

fn full(status: &'static str, headers: &'static str, body: &str) -> Answer {
    Answer::Full(status, headers, body.to_owned())
}

#[test]
fn a_redirect_to_another_host_goes_without_the_token() {
    let elsewhere = TestServer::start(vec![ok("the log")]);
    let to: &'static str = Box::leak(format!("location: {}\r\n", elsewhere.url("/blob")).into_boxed_str());
    let server = TestServer::start(vec![full("302 Found", to, "")]);
    // Another port of http is another origin, and not even followed.
    let error = api(&server.url("")).text("/log", 100).unwrap_err();
    assert!(
        matches!(&error, CallError::Status { code: 302, said } if said.contains("it has moved")),
        "{error:?}"
    );
    assert!(elsewhere.requests().is_empty());
    assert!(server.requests()[0].contains("Bearer s3cret-1"));
}

#[test]
fn a_redirect_on_the_same_host_is_followed() {
    let server =
        TestServer::start(vec![full("301 Moved Permanently", "location: /new\r\n", ""), ok("{\"a\": 1}")]);
    let value: Value = api(&server.url("")).get("/old").unwrap();
    assert_eq!(value["a"], 1);
    assert!(server.requests()[1].starts_with("GET /new") && server.requests()[1].contains("Bearer"));
    // What changes something is sent again only where the forge says to keep the method.
    let server = TestServer::start(vec![full("301 Moved Permanently", "location: /new\r\n", "")]);
    let error = api(&server.url("")).order(Method::Post, "/old", &Value::Null).unwrap_err();
    assert_eq!(error.code(), Some(301));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_renewed_token_is_taken() {
    let server = TestServer::start(vec![full("401 Unauthorized", "", "{}"), ok("[]")]);
    let _: Vec<Value> = api(&server.url("")).list("/x").unwrap();
    assert!(server.requests()[1].contains("Bearer s3cret-2"));
}

#[test]
fn what_changes_something_is_not_repeated_blindly() {
    let server = TestServer::start(vec![full("500 Oops", "", "{\"message\": \"no\"}")]);
    let error = api(&server.url("")).order(Method::Post, "/x", &Value::Null).unwrap_err();
    assert!(matches!(error, CallError::Unsure(_)), "{error:?}");
    assert_eq!(server.requests().len(), 1);
    let gone = nobody().replace("/metrics", "");
    let error = api(&gone).order(Method::Post, "/x", &Value::Null).unwrap_err();
    assert!(matches!(error, CallError::Unreachable(_)), "{error:?}");
}

#[test]
fn the_next_page_keeps_the_place() {
    let link = "<https://inside.invalid/api/v4/x?page=2&per_page=3>; rel=\"next\", <https://inside.invalid/x?page=9>; rel=\"last\"";
    assert_eq!(next_page("/x?per_page=3", link).as_deref(), Some("/x?page=2&per_page=3"));
    assert_eq!(next_page("/x", "<https://h/x?page=1>; rel=\"prev\""), None);
}

#[test]
fn a_limit_says_how_long() {
    let reply = |status: u16, headers: &[(&str, &str)]| Reply {
        status,
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body: Vec::new(),
    };
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 +0000");
    for (given, seconds) in [
        (reply(429, &[("retry-after", "7")]), Some(7)),
        (reply(429, &[date, ("retry-after", "Sun, 06 Nov 1994 08:50:07 +0000")]), Some(30)),
        (reply(429, &[]), Some(60)),
        (reply(403, &[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "784111787")]), Some(10)),
        (reply(403, &[("retry-after", "3")]), Some(3)),
        (reply(403, &[("x-ratelimit-remaining", "12")]), None),
        (reply(500, &[("retry-after", "3")]), None),
    ] {
        assert_eq!(wait_asked(&given), seconds.map(Duration::from_secs), "{given:?}");
    }
}

#[test]
fn origins_and_paths() {
    assert!(same_origin("https://h.example/a", "https://H.example:443/b"));
    assert!(!same_origin("https://h.example", "http://h.example"));
    assert!(!same_origin("https://h.example", "https://h.example.evil"));
    assert!(!same_origin("https://h.example", "https://h.example:8443"));
    assert!(same_origin("https://me@h.example", "https://h.example"));
    assert_eq!(encoded("group/sub group/ü"), "group%2Fsub%20group%2F%C3%BC");
    assert_eq!(joined("https://h/a/b", "//other/c").as_deref(), Some("https://other/c"));
}

#[test]
fn what_a_forge_says_is_told_in_its_words() {
    for (body, said) in [
        (
            "{\"message\": [\"Another open merge request already exists\"]}",
            "Another open merge request already exists",
        ),
        ("{\"message\": {\"base\": [\"no\"], \"title\": [\"is blank\"]}}", "no; title is blank"),
        (
            "{\"message\": \"Validation Failed\", \"errors\": [{\"code\": \"invalid\"}]}",
            "Validation Failed; code invalid",
        ),
        ("{\"error\": \"insufficient_scope\", \"scope\": \"api\"}", "insufficient_scope"),
        ("plain words", "plain words"),
    ] {
        let reply = Reply { status: 400, headers: Vec::new(), body: body.as_bytes().to_vec() };
        assert_eq!(what_it_said(&reply), said);
    }
}
