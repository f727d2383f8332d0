//! One request and its answer, as connectors with effects need them: nothing
//! is tried again here, every status is an answer, and a redirect is given
//! back. Whether a try may be repeated is for who knows what it does.

use super::{Http, HttpError, is_loopback, shown, told};
use std::time::Duration;

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes.
    Post,
    /// Replaces, or does.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// A request. Header values may be secrets; they are shown nowhere.
#[derive(Clone)]
pub struct Exchange<'a> {
    /// What is done.
    pub method: Method,
    /// Where.
    pub url: &'a str,
    /// Headers besides those of the client's own.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, if there is a body.
    pub body: Option<&'a serde_json::Value>,
    /// The largest answer, in bytes.
    pub limit: u64,
    /// The time for all of it.
    pub time: Duration,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether the status is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Http {
    /// Sends a request once.
    pub fn exchange(&self, exchange: &Exchange<'_>) -> Result<Reply, HttpError> {
        let shown = shown(exchange.url);
        let agent = if is_loopback(exchange.url) { &self.here } else { &self.outside };
        let bytes = exchange.body.map(|b| b.to_string().into_bytes());
        let mut request = ureq::http::Request::builder().method(exchange.method.name()).uri(exchange.url);
        for (name, value) in &exchange.headers {
            request = request.header(*name, value);
        }
        if bytes.is_some() {
            request = request.header("content-type", "application/json");
        }
        let unreadable = |_| HttpError::NoWay { url: shown.clone(), reason: "this is no address".to_owned() };
        let limited = |r| agent.configure_request(r).timeout_global(Some(exchange.time)).build();
        let answer = match bytes {
            Some(bytes) => agent.run(limited(request.body(bytes).map_err(unreadable)?)),
            None if exchange.method == Method::Get => {
                let request = request.body(()).map_err(unreadable)?;
                agent.run(agent.configure_request(request).timeout_global(Some(exchange.time)).build())
            }
            None => agent.run(limited(request.body(Vec::new()).map_err(unreadable)?)),
        };
        let response = answer.map_err(|e| told(&shown, e))?;
        let status = response.status().as_u16();
        let text = |v: &ureq::http::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
        let body = response.into_body().into_with_config().limit(exchange.limit).read_to_vec().map_err(
            |e| match e {
                ureq::Error::BodyExceedsLimit(_) => {
                    HttpError::TooLarge { url: shown.clone(), limit: exchange.limit }
                }
                e => told(&shown, e),
            },
        )?;
        Ok(Reply { status, headers, body })
    }
}
