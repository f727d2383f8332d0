//! An HTTP endpoint in the Prometheus text format.
//!
//! One scrape answers all checks of a sample. It refuses an answer that holds
//! no metric at all, and a sum that it could only make by leaving a series
//! out.

use super::selector::{Selector, has_metrics};
use super::{Raw, Source, SourceError};
use crate::connect::http::{Http, first_line};
use hotfix_core::config::{Check, CheckKind};

/// The largest scrape.
const LIMIT: u64 = 32 << 20;

/// The source of the checks on one endpoint.
pub(super) struct Endpoint<'a> {
    http: &'a Http,
    url: &'a str,
    token: Option<String>,
    scrape: Option<Result<String, SourceError>>,
}

impl<'a> Endpoint<'a> {
    pub(super) fn new(http: &'a Http, url: &'a str, token: Option<String>) -> Self {
        Self { http, url, token, scrape: None }
    }

    fn text(&mut self) -> Result<&str, SourceError> {
        let scrape = self.scrape.get_or_insert_with(|| {
            let text = self.http.get_text_as(self.url, LIMIT, self.token.as_deref())?;
            if has_metrics(&text) {
                return Ok(text);
            }
            let begins = first_line(&text);
            Err(SourceError::Metrics(format!("the endpoint answered with no metrics: `{begins}`")))
        });
        scrape.as_deref().map_err(Clone::clone)
    }
}

impl Source for Endpoint<'_> {
    fn read(&mut self, check: &Check) -> Result<Raw, SourceError> {
        let query = selector(check.query.as_deref(), "query")?;
        if !matches!(check.kind, CheckKind::ErrorRate | CheckKind::Mean) {
            let value = some(query.sum(self.text()?), check.query.as_deref())?;
            return Ok(Raw { value: Some(value), ..Raw::default() });
        }
        let total = selector(check.total.as_deref(), "total")?;
        let text = self.text()?;
        let total = some(total.sum(text), check.total.as_deref())?;
        let errors = match query.sum(text) {
            // A counter of errors is often not there before the first error.
            Ok(None) if check.kind == CheckKind::ErrorRate => 0.0,
            other => some(other, check.query.as_deref())?,
        };
        Ok(Raw { errors: Some(errors), total: Some(total), ..Raw::default() })
    }
}

fn selector(text: Option<&str>, what: &str) -> Result<Selector, SourceError> {
    let text = text.ok_or_else(|| SourceError::Config(format!("the check has no `{what}`")))?;
    Ok(Selector::parse(text)?)
}

fn some(sum: Result<Option<f64>, String>, selector: Option<&str>) -> Result<f64, SourceError> {
    let none = || format!("no series matches `{}`", selector.unwrap_or_default());
    sum.and_then(|sum| sum.ok_or_else(none)).map_err(SourceError::Metrics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::test_server::{Answer, TestServer, nobody, ok};

    fn check(kind: CheckKind, query: &str, total: Option<&str>) -> Check {
        Check {
            name: "c".into(),
            telemetry: "t".into(),
            kind,
            query: Some(query.into()),
            total: total.map(Into::into),
            margin: None,
            limit: None,
        }
    }

    fn read(body: &str, check: &Check) -> Result<Raw, String> {
        let server = TestServer::start(vec![ok(body)]);
        let (http, url) = (Http::new(), server.url("/metrics"));
        Endpoint::new(&http, &url, None).read(check).map_err(|e| e.to_string())
    }

    #[test]
    fn one_scrape_answers_all_checks() {
        let server = TestServer::start(vec![ok("r{c=\"5\"} 2\nr{c=\"2\"} 8\ns_sum 3\ns_count 6\nq 4\n")]);
        let (http, url) = (Http::new(), server.url("/metrics"));
        let mut endpoint = Endpoint::new(&http, &url, None);
        let rate = endpoint.read(&check(CheckKind::ErrorRate, "r{c=\"5\"}", Some("r"))).unwrap();
        assert_eq!((rate.errors, rate.total), (Some(2.0), Some(10.0)));
        let mean = endpoint.read(&check(CheckKind::Mean, "s_sum", Some("s_count"))).unwrap();
        assert_eq!((mean.errors, mean.total), (Some(3.0), Some(6.0)));
        assert_eq!(endpoint.read(&check(CheckKind::Gauge, "q", None)).unwrap().value, Some(4.0));
        assert_eq!(server.requests().len(), 1);
    }

    #[test]
    fn no_errors_are_none_only_where_there_is_a_total() {
        let rate = check(CheckKind::ErrorRate, "r{c=\"5\"}", Some("r"));
        assert_eq!(read("r{c=\"2\"} 8\n", &rate).unwrap().errors, Some(0.0));
        assert_eq!(read("other 8\n", &rate).unwrap_err(), "no series matches `r`");
        let mean = check(CheckKind::Mean, "s_sum", Some("s_count"));
        assert_eq!(read("s_count 8\n", &mean).unwrap_err(), "no series matches `s_sum`");
        let gauge = check(CheckKind::Gauge, "q", None);
        assert_eq!(read("s_count 8\n", &gauge).unwrap_err(), "no series matches `q`");
    }

    #[test]
    fn what_is_no_metrics_is_told() {
        let gauge = check(CheckKind::Gauge, "q", None);
        for body in ["", "<html>\n<b>Log in</b>\n", "\u{0}\u{1} garbage"] {
            let error = read(body, &gauge).unwrap_err();
            assert!(error.starts_with("the endpoint answered with no metrics"), "{error}");
        }
        let error = read("q 1\n", &check(CheckKind::Gauge, "q{", None)).unwrap_err();
        assert!(error.starts_with("the selector `q{`, column 3: "), "{error}");
        assert!(read("q 1\n", &check(CheckKind::ErrorRate, "q", None)).unwrap_err().contains("no `total`"));
    }

    #[test]
    fn an_endpoint_that_is_down_is_asked_once() {
        let gauge = check(CheckKind::Gauge, "q", None);
        let http = Http::with(crate::connect::http::Timing::default(), None, |_| ());
        let url = nobody();
        let mut endpoint = Endpoint::new(&http, &url, None);
        assert!(endpoint.read(&gauge).unwrap_err().to_string().contains("refused"));
        let server = TestServer::start(vec![Answer::Full("401 Unauthorized", "", String::new())]);
        let url = server.url("/metrics");
        let mut endpoint = Endpoint::new(&http, &url, None);
        for _ in 0..2 {
            assert!(endpoint.read(&gauge).unwrap_err().to_string().ends_with("answered with 401"));
        }
        assert_eq!(server.requests().len(), 1);
    }
}
