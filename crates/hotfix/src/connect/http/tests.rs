use super::*;
use crate::connect::test_server::{Answer, TestServer, nobody, ok};
use std::sync::Mutex;

const LIMIT: u64 = 1 << 20;

/// A client that does not sleep, and the sleeps that it wanted.
fn client(timing: Timing) -> (Http, Arc<Mutex<Vec<Duration>>>) {
    let slept = Arc::new(Mutex::new(Vec::new()));
    let to = slept.clone();
    (Http::with(timing, None, move |time| to.lock().unwrap().push(time)), slept)
}

fn hasty() -> Timing {
    let whole = Duration::from_millis(100);
    Timing { whole, budget: whole, ..Timing::default() }
}

#[test]
fn an_answer_is_a_text() {
    let server = TestServer::start(vec![ok("up 1\n")]);
    assert_eq!(Http::new().get_text(&server.url("/metrics"), LIMIT).unwrap(), "up 1\n");
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.starts_with("get /metrics http/1.1"), "{request}");
    assert!(request.contains(concat!("user-agent: hotfix/", env!("CARGO_PKG_VERSION"))), "{request}");
}

#[test]
fn nobody_there_is_tried_three_times() {
    let (http, slept) = client(Timing::default());
    let error = http.get_text(&nobody(), LIMIT).unwrap_err();
    assert!(matches!(error, HttpError::Refused { .. }), "{error:?}");
    assert!(error.is_transient());
    let slept = slept.lock().unwrap();
    assert_eq!(slept.len(), 2);
    assert!(slept[0] >= Duration::from_millis(200) && slept[1] > slept[0] / 2, "{slept:?}");
}

#[test]
fn a_server_error_passes() {
    let server = TestServer::start(vec![Answer::Full("500 Oops", "", String::new()), ok("fine")]);
    let (http, _) = client(Timing::default());
    assert_eq!(http.get_text(&server.url("/"), LIMIT).unwrap(), "fine");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn retry_after_is_honoured_within_the_budget() {
    let busy = |headers| Answer::Full("429 Too Many Requests", headers, "\n slow\tdown\nplease".into());
    let server = TestServer::start(vec![busy("retry-after: 2\r\n"), ok("fine")]);
    let (http, slept) = client(Timing::default());
    assert_eq!(http.get_text(&server.url("/"), LIMIT).unwrap(), "fine");
    assert_eq!(*slept.lock().unwrap(), [Duration::from_secs(2)]);

    let server = TestServer::start(vec![busy("retry-after: 3600\r\n"), ok("fine")]);
    let error = client(Timing::default()).0.get_text(&server.url("/"), LIMIT).unwrap_err();
    assert!(error.to_string().ends_with("/: answered with 429: slowdown"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_permanent_answer_is_not_tried_again() {
    let server = TestServer::start(vec![Answer::Full("404 Not Found", "", "<h1>no</h1>".into())]);
    let error = Http::new().get_text(&server.url("/x?token=s3cret"), LIMIT).unwrap_err();
    assert!(matches!(&error, HttpError::Status { code: 404, snippet, .. } if snippet == "<h1>no</h1>"));
    assert!(!error.is_transient() && !error.to_string().contains("s3cret"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    let target = TestServer::start(vec![ok("elsewhere")]);
    let moved = Answer::Full("302 Found", "location: https://u:p@there.example/m\r\n", String::new());
    let server = TestServer::start(vec![moved]);
    let error = Http::new().get_text(&server.url("/"), LIMIT).unwrap_err();
    assert!(error.to_string().contains("a redirect to https://there.example/m;"), "{error}");
    assert!(target.requests().is_empty());
}

#[test]
fn a_slow_body_times_out() {
    let server = TestServer::start(vec![Answer::Stalls]);
    let error = client(hasty()).0.get_text(&server.url("/"), LIMIT).unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 1, "the budget is spent");
}

#[test]
fn a_huge_body_is_cut_at_the_limit() {
    let server = TestServer::start(vec![Answer::Huge(200 << 20)]);
    let error = Http::new().get_text(&server.url("/"), LIMIT).unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { limit: LIMIT, .. }), "{error:?}");
    let exact = TestServer::start(vec![ok("12345")]);
    assert!(Http::new().get_text(&exact.url("/"), 5).is_ok());
    assert!(Http::new().get_text(&exact.url("/"), 4).is_err());
}

#[test]
fn a_broken_connection_is_tried_again() {
    let server = TestServer::start(vec![Answer::CutOff, ok("whole")]);
    let (http, slept) = client(Timing::default());
    assert_eq!(http.get_text(&server.url("/"), LIMIT).unwrap(), "whole");
    assert_eq!(slept.lock().unwrap().len(), 1);
}

#[test]
fn no_tls_and_no_http_are_told_apart() {
    let server = TestServer::start(vec![Answer::Raw(b"220 mail.example ready\r\n")]);
    let (http, _) = client(Timing::default());
    let secure = server.url("/").replace("http:", "https:");
    let error = http.get_text(&secure, LIMIT).unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error:?}");
    let error = http.get_text(&server.url("/"), LIMIT).unwrap_err();
    assert!(matches!(error, HttpError::Other { transient: false, .. }), "{error:?}");
    assert!(http.get_text("no address", LIMIT).is_err());
}

#[test]
fn this_machine_is_never_asked_through_a_proxy() {
    let proxy = TestServer::start(vec![ok("proxied")]);
    let server = TestServer::start(vec![ok("direct")]);
    let setting = ureq::Proxy::new(&proxy.url("")).unwrap();
    let http = Http::with(hasty(), Some(setting), |_| ());
    assert_eq!(http.get_text(&server.url("/"), LIMIT).unwrap(), "direct");
    let local = format!("http://localhost:{}/", server.port());
    assert_eq!(http.get_text(&local, LIMIT).unwrap(), "direct");
    assert!(proxy.requests().is_empty());
    let _ = http.get_text("http://shop.invalid/", LIMIT);
    assert!(!proxy.requests().is_empty(), "others do go through it");
}

#[test]
fn addresses_are_shown_without_secrets() {
    assert_eq!(shown("https://me:pw@h.example:1/a/b?k=v#x"), "https://h.example:1/a/b");
    assert_eq!(shown("me:pw@h.example/a"), "h.example/a");
    for here in ["http://127.3.2.1:80/", "http://[::1]:9/", "http://LOCALHOST/", "http://a.localhost./"] {
        assert!(is_loopback(here), "{here}");
    }
    for there in ["http://128.0.0.1/", "http://localhost.example/", "http://10.0.0.1/", "x"] {
        assert!(!is_loopback(there), "{there}");
    }
}

#[test]
fn a_token_goes_into_the_header_only() {
    let server = TestServer::start(vec![Answer::Full("403 No", "", String::new())]);
    let error = Http::new().get_text_as(&server.url("/"), LIMIT, Some("s3cret")).unwrap_err();
    assert!(server.requests()[0].contains("Bearer s3cret"));
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}
