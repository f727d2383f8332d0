//! The shop: sign-in, orders and the catalogue, over HTTP.

mod auth;
mod log;
mod metrics;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::{Auth, AuthError};
use log::{Level, Log};
use metrics::Metrics;

/// Threads that answer requests.
const WORKERS: usize = 8;

/// How long we wait for a slow client.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Everything a request can reach.
struct Shop {
    auth: Auth,
    log: Log,
    metrics: Metrics,
    orders: AtomicU64,
    version: String,
    commit: String,
}

/// What a route answers.
struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
    /// Time spent waiting for other services.
    waited: Duration,
}

impl Answer {
    fn json(status: u16, body: String) -> Answer {
        Answer { status, kind: "application/json", body, waited: Duration::ZERO }
    }

    fn error(status: u16, what: &str) -> Answer {
        Answer::json(status, format!("{{\"error\":\"{what}\"}}\n"))
    }
}

impl Shop {
    /// Finds the route's name, which the metrics carry, and its answer.
    fn answer(&self, path: &str, query: &str) -> (&'static str, Answer) {
        match path {
            "/healthz" => ("/healthz", Answer::json(200, "{\"status\":\"ok\"}\n".into())),
            "/version" => ("/version", self.version()),
            "/metrics" => ("/metrics", self.metrics()),
            "/login" => ("/login", self.login(query)),
            "/orders" => ("/orders", self.orders()),
            "/catalog" => ("/catalog", self.catalog()),
            _ => ("other", Answer::error(404, "no such page")),
        }
    }

    fn version(&self) -> Answer {
        let (version, commit) = (&self.version, &self.commit);
        Answer::json(200, format!("{{\"version\":\"{version}\",\"commit\":\"{commit}\"}}\n"))
    }

    fn metrics(&self) -> Answer {
        let body = self.metrics.text(self.log.started_seconds());
        Answer { kind: "text/plain; version=0.0.4", ..Answer::json(200, body) }
    }

    fn login(&self, query: &str) -> Answer {
        let token = parameter(query, "token").unwrap_or_default();
        match self.auth.sign_in(token) {
            Ok(session) => Answer::json(
                200,
                format!("{{\"user\":\"{}\",\"session\":{}}}\n", session.user, session.id),
            ),
            Err(error) => self.refuse(&error),
        }
    }

    fn orders(&self) -> Answer {
        let count = self.orders.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(error) = self.auth.guest() {
            return self.refuse(&error);
        }
        // The inventory's upstream is slow for one order in a thousand.
        if count % 1000 == 50 {
            self.log.write(Level::Error, "orders", "inventory upstream timed out after 812 ms");
            let waited = Duration::from_millis(812);
            return Answer { waited, ..Answer::error(503, "inventory is not available") };
        }
        Answer::json(200, "{\"orders\":[{\"id\":1041,\"state\":\"sent\"}]}\n".into())
    }

    fn catalog(&self) -> Answer {
        let items = ["lamp", "desk", "chair"];
        let names: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
        Answer::json(200, format!("{{\"items\":[{}]}}\n", names.join(",")))
    }

    /// Somebody else's token is their problem; everything else is ours.
    fn refuse(&self, error: &AuthError) -> Answer {
        match error {
            AuthError::Refused => Answer::error(401, "sign in again"),
            AuthError::Broken { .. } => {
                self.log.write(Level::Error, "auth", &error.to_string());
                Answer::error(500, "something went wrong on our side")
            }
        }
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(CLIENT_TIMEOUT))?;
        stream.set_write_timeout(Some(CLIENT_TIMEOUT))?;
        stream.set_nodelay(true)?;
        let head = read_head(&mut stream)?;
        let began = Instant::now();
        let target = head.split(' ').nth(1).unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (route, answer) = self.answer(path, query);
        write!(
            stream,
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            answer.status,
            reason(answer.status),
            answer.kind,
            answer.body.len(),
            answer.body
        )?;
        let took = began.elapsed() + answer.waited;
        if route != "/metrics" && self.metrics.count(route, answer.status, took) % 20 == 1 {
            let line = format!("{} {route} in {} us", answer.status, took.as_micros());
            self.log.write(Level::Info, "http", &line);
        }
        Ok(())
    }
}

/// Reads up to the empty line that ends a request's head.
fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < 16 * 1024 {
        match stream.read(&mut part)? {
            0 => break,
            read => head.extend_from_slice(&part[..read]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// Ends the service when whoever started it is gone.
fn follow_parent() {
    std::thread::spawn(|| {
        let mut sink = [0; 64];
        while matches!(std::io::stdin().read(&mut sink), Ok(read) if read > 0) {}
        std::process::exit(0);
    });
}

fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_string())
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| setting("SHOP_PORT", "0"));
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    let address = listener.local_addr()?;
    let shop = Arc::new(Shop {
        auth: Auth::new(),
        log: Log::open()?,
        metrics: Metrics::new(),
        orders: AtomicU64::new(0),
        version: setting("SHOP_VERSION", "dev"),
        commit: setting("SHOP_COMMIT", "unknown"),
    });
    let greeting = format!("shop {} ({}) is up", shop.version, shop.commit);
    shop.log.write(Level::Info, "server", &greeting);
    println!("listening on {address}");
    if std::env::var_os("SHOP_FOLLOW_PARENT").is_some() {
        follow_parent();
    }
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (shop, listener) = (Arc::clone(&shop), listener.try_clone());
            std::thread::spawn(move || -> std::io::Result<()> {
                let listener = listener?;
                loop {
                    if let Ok((stream, _)) = listener.accept() {
                        let _ = shop.serve(stream);
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        let _ = worker.join();
    }
    Ok(())
}
