//! The one HTTP layer: everything that the program asks of the network over
//! HTTP goes through here, so that timeouts, retries, TLS and proxies are
//! decided once.
//!
//! It refuses: answers larger than the caller's limit, answers that are no
//! UTF-8, redirects (the config names the final address, so that nothing is
//! sent where nobody said; an [`Exchange`] gives a redirect back to the caller,
//! who decides), and a proxy between this machine and itself. An address is
//! shown without user, password and query.

use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// How much of a failed answer is shown.
const SNIPPET: usize = 160;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nobody listens there.
    #[error("{url}: the connection was refused")]
    Refused {
        /// The address, without secrets.
        url: String,
    },
    /// It took too long.
    #[error("{url}: no answer in time ({what})")]
    Timeout {
        /// The address, without secrets.
        url: String,
        /// What was waited for.
        what: String,
    },
    /// An answer that is not a success.
    #[error("{url}: answered with {code}{}", because(snippet))]
    Status {
        /// The address, without secrets.
        url: String,
        /// The status code.
        code: u16,
        /// The beginning of the body, or where a redirect leads.
        snippet: String,
        /// What `Retry-After` asks for.
        retry_after: Option<Duration>,
    },
    /// No trusted connection.
    #[error("{url}: TLS failed: {reason}")]
    Tls {
        /// The address, without secrets.
        url: String,
        /// Why.
        reason: String,
    },
    /// The connection could not even be begun: nothing was sent.
    #[error("{url}: {reason}")]
    NoWay {
        /// The address, without secrets.
        url: String,
        /// Why.
        reason: String,
    },
    /// More than the caller wanted.
    #[error("{url}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The address, without secrets.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// Anything else.
    #[error("{url}: {reason}")]
    Other {
        /// The address, without secrets.
        url: String,
        /// Why.
        reason: String,
        /// The connection broke: it may work the next time.
        transient: bool,
    },
}

fn because(snippet: &str) -> String {
    if snippet.is_empty() { String::new() } else { format!(": {snippet}") }
}

impl HttpError {
    /// Whether the same request may work in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            HttpError::Refused { .. } | HttpError::Timeout { .. } | HttpError::NoWay { .. } => true,
            HttpError::Status { code, .. } => *code == 429 || *code >= 500,
            HttpError::Other { transient, .. } => *transient,
            HttpError::Tls { .. } | HttpError::TooLarge { .. } => false,
        }
    }

    /// Whether it is certain that the request never reached the other side.
    pub fn was_never_sent(&self) -> bool {
        match self {
            HttpError::Refused { .. } | HttpError::Tls { .. } | HttpError::NoWay { .. } => true,
            HttpError::Timeout { what, .. } => what == "connect" || what == "resolve",
            _ => false,
        }
    }

    fn retry_after(&self) -> Duration {
        match self {
            HttpError::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// For a connection.
    pub connect: Duration,
    /// For one try, body included.
    pub whole: Duration,
    /// Before the second try, about.
    pub delay: Duration,
    /// No try begins after this time.
    pub budget: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            whole: Duration::from_secs(10),
            delay: Duration::from_millis(200),
            budget: Duration::from_secs(5),
        }
    }
}

/// The HTTP client.
pub struct Http {
    /// Through the environment's proxy, if there is one.
    outside: Agent,
    /// To this machine, never through a proxy.
    here: Agent,
    timing: Timing,
    sleep: Box<dyn Fn(Duration) + Send + Sync>,
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// A client that trusts what the operating system trusts and takes
    /// proxies from the environment.
    pub fn new() -> Self {
        Self::with(Timing::default(), ureq::Proxy::try_from_env(), std::thread::sleep)
    }

    pub(crate) fn with(
        timing: Timing,
        proxy: Option<ureq::Proxy>,
        sleep: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Self {
        let roots = RootCerts::PlatformVerifier;
        Self {
            outside: agent(timing, proxy, roots.clone()),
            here: agent(timing, None, roots),
            timing,
            sleep: Box::new(sleep),
        }
    }

    /// The same for one private authority: a connection must lead to one of
    /// these certificates (PEM) instead of what the operating system trusts.
    pub fn trusting(pem: &[u8]) -> Result<Self, String> {
        use ureq::tls::{PemItem, parse_pem};
        let mut certs = Vec::new();
        for item in parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => certs.push(certificate),
                Ok(_) => {}
                Err(e) => return Err(e.to_string()),
            }
        }
        if certs.is_empty() {
            return Err("it holds no certificate".to_owned());
        }
        let (timing, roots) = (Timing::default(), RootCerts::new_with_certs(&certs));
        Ok(Self {
            outside: agent(timing, ureq::Proxy::try_from_env(), roots.clone()),
            here: agent(timing, None, roots),
            timing,
            sleep: Box::new(std::thread::sleep),
        })
    }

    /// Gets a text. Transient failures are tried again, three times at most
    /// and while no more than some five seconds have passed.
    pub fn get_text(&self, url: &str, limit_bytes: u64) -> Result<String, HttpError> {
        self.get_text_as(url, limit_bytes, None)
    }

    /// Gets a text, with a bearer token where there is one.
    pub fn get_text_as(&self, url: &str, limit: u64, token: Option<&str>) -> Result<String, HttpError> {
        let started = Instant::now();
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(self.timing.delay)
            .with_factor(2.0)
            .with_max_times(2)
            .with_jitter()
            .build();
        let mut time = self.timing.whole;
        loop {
            let error = match self.once(url, limit, token, time) {
                Err(error) if error.is_transient() => error,
                done => return done,
            };
            let Some(delay) = delays.next() else { return Err(error) };
            let wait = delay.max(error.retry_after());
            let spent = started.elapsed() + wait;
            if spent >= self.timing.budget {
                return Err(error);
            }
            (self.sleep)(wait);
            // A second try gets what is left of the budget, and a chance.
            time =
                self.timing.budget.saturating_sub(spent).max(self.timing.whole / 10).min(self.timing.whole);
        }
    }

    fn once(&self, url: &str, limit: u64, token: Option<&str>, time: Duration) -> Result<String, HttpError> {
        let shown = shown(url);
        let agent = if is_loopback(url) { &self.here } else { &self.outside };
        let mut request = agent.get(url).config().timeout_global(Some(time)).build();
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.call().map_err(|e| told(&shown, e))?;
        if response.status().is_success() {
            return body(response, limit, &shown);
        }
        Err(refusal(response, shown))
    }
}

fn agent(timing: Timing, proxy: Option<ureq::Proxy>, roots: RootCerts) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .timeout_connect(Some(timing.connect))
        .timeout_global(Some(timing.whole))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A kept connection may lead to the process that ran before a deploy.
        .max_idle_connections(0)
        .user_agent(concat!("hotfix/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

fn body(response: ureq::http::Response<ureq::Body>, limit: u64, shown: &str) -> Result<String, HttpError> {
    let bytes = response.into_body().into_with_config().limit(limit).read_to_vec().map_err(|e| match e {
        ureq::Error::BodyExceedsLimit(_) => HttpError::TooLarge { url: shown.to_owned(), limit },
        other => told(shown, other),
    })?;
    String::from_utf8(bytes).map_err(|_| HttpError::Other {
        url: shown.to_owned(),
        reason: "the answer is no text (no UTF-8)".to_owned(),
        transient: false,
    })
}

fn refusal(response: ureq::http::Response<ureq::Body>, url: String) -> HttpError {
    let code = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
    let retry_after = header("retry-after").and_then(|v| v.trim().parse().ok()).map(Duration::from_secs);
    let leads_to = header("location").map(|to| format!("a redirect to {}; name that address", shown(to)));
    let snippet = leads_to.unwrap_or_else(|| {
        let mut bytes = Vec::new();
        let reader = response.into_body().into_reader();
        // What was read until an error is good enough for a message.
        let _ = reader.take(4 * SNIPPET as u64).read_to_end(&mut bytes);
        first_line(&String::from_utf8_lossy(&bytes))
    });
    HttpError::Status { url, code, snippet, retry_after }
}

/// The first line that says something, short and without control characters.
pub(crate) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(SNIPPET).collect()
}

fn told(url: &str, error: ureq::Error) -> HttpError {
    let url = url.to_owned();
    match error {
        ureq::Error::Timeout(what) => HttpError::Timeout { url, what: what.to_string() },
        ureq::Error::Io(e) => told_io(url, &e),
        ureq::Error::Tls(reason) => HttpError::Tls { url, reason: reason.to_owned() },
        ureq::Error::Rustls(e) => HttpError::Tls { url, reason: e.to_string() },
        ureq::Error::Pem(e) => HttpError::Tls { url, reason: format!("{e:?}") },
        ureq::Error::BadUri(_) => other(url, "this is no address"),
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::InvalidProxyUrl => {
            other(url, "the proxy of the environment cannot be used")
        }
        ureq::Error::HostNotFound => {
            HttpError::NoWay { url, reason: "no machine of this name is known here".to_owned() }
        }
        ureq::Error::ConnectionFailed => HttpError::NoWay { url, reason: "no connection".to_owned() },
        e => other(url, &e.to_string()),
    }
}

fn other(url: String, reason: &str) -> HttpError {
    HttpError::Other { url, reason: reason.to_owned(), transient: false }
}

fn told_io(url: String, error: &std::io::Error) -> HttpError {
    use std::io::ErrorKind as Kind;
    if let Some(e) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return HttpError::Tls { url, reason: e.to_string() };
    }
    match error.kind() {
        Kind::ConnectionRefused => HttpError::Refused { url },
        Kind::TimedOut | Kind::WouldBlock => HttpError::Timeout { url, what: "connection".to_owned() },
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
            HttpError::Other { url, reason: "the connection broke".to_owned(), transient: true }
        }
        _ => HttpError::Other { url, reason: error.to_string(), transient: false },
    }
}

/// An address without user, password, query and fragment.
pub(crate) fn shown(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let bare = &url[..end];
    let Some((scheme, rest)) = bare.split_once("://") else {
        return bare.rsplit('@').next().unwrap_or_default().to_owned();
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

mod exchange;
pub use exchange::{Exchange, Method, Reply};

#[cfg(test)]
mod tests;
