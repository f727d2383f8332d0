//! Stateful doubles of forges: an HTTP server each, in this process, over a
//! real bare repository. They answer as the vendors' published descriptions
//! say, keep what is asked of them, and can fail in every way at every call.

pub mod gitlab;
pub mod openapi;
pub mod pulls;

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request as the double sees it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Decoded parts of the path below the root of the interface.
    pub parts: Vec<String>,
    /// The path as it was sent, without the query.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn changes(&self) -> bool {
        self.method != "GET"
    }

    pub fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }
}

/// What the double answers.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, value: &Value) -> Answer {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Answer { status, headers, body: value.to_string().into_bytes() }
    }

    pub fn text(status: u16, body: &str) -> Answer {
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A forge's behaviour over its state.
pub trait Double: Send {
    fn answer(&mut self, asked: &Asked) -> Answer;
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut before anything took place.
    ResetBefore,
    /// The connection is cut after it took place.
    ResetAfter,
    /// Nothing is answered in time, before anything took place.
    SilentBefore,
    /// Nothing is answered in time, after it took place.
    SilentAfter,
    /// 429 with `Retry-After`.
    TooMany,
    /// 500 before anything took place.
    Broken,
    /// A proxy's 502 with a page, after it took place.
    BadGateway,
    /// The body trickles and never ends, after it took place.
    SlowBody,
    /// A success whose body is no JSON, after it took place.
    WrongJson,
    /// The client is killed before it took place.
    KillBefore,
    /// The client is killed after it took place.
    KillAfter,
}

/// Every fault that a client has to live with.
pub const FAULTS: [Fault; 9] = [
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::SilentBefore,
    Fault::SilentAfter,
    Fault::TooMany,
    Fault::Broken,
    Fault::BadGateway,
    Fault::SlowBody,
    Fault::WrongJson,
];

/// The faults that are tried on a whole run: two, or every one where `HOTFIX_CRASH` is `all`.
pub fn faults_of_a_run() -> &'static [Fault] {
    let all = std::env::var("HOTFIX_CRASH").is_ok_and(|v| v == "all");
    if all { &FAULTS } else { &[Fault::ResetAfter, Fault::BadGateway] }
}

/// One call as it went, for the check against the vendor's description.
#[derive(Debug, Clone)]
pub struct Call {
    pub asked: Asked,
    pub answer: Answer,
    pub fault: Option<Fault>,
}

impl Call {
    /// A name for the kind of call: numbers and object ids are left out.
    pub fn kind(&self) -> String {
        kind_of(&self.asked)
    }
}

fn kind_of(asked: &Asked) -> String {
    let plain = |part: &String| {
        let id = part.bytes().all(|b| b.is_ascii_digit())
            || part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit());
        if id { "#".to_owned() } else { part.clone() }
    };
    let parts: Vec<String> = asked.parts.iter().map(plain).collect();
    format!("{} {}", asked.method, parts.join("/"))
}

/// Decides for each call what goes wrong with it.
type Policy = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<Call>>,
    /// The number of the call, from 0, and what goes wrong with it.
    fault: Mutex<Option<(usize, Fault)>>,
    policy: Mutex<Option<Policy>>,
    client: AtomicU32,
    stop: AtomicBool,
}

/// A double that listens.
pub struct Server<D: Double + 'static> {
    pub port: u16,
    pub double: Arc<Mutex<D>>,
    root: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl<D: Double + 'static> Server<D> {
    /// Starts it; `root` is the path of the interface, e.g. `/api/v4`.
    pub fn start(root: &str, make: impl FnOnce(u16) -> D) -> Server<D> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let double = Arc::new(Mutex::new(make(port)));
        let shared = Arc::new(Shared::default());
        let thread = Some(serve(listener, root, &double, &shared));
        Server { port, double, root: root.to_owned(), shared, thread }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Looks at the state, or changes it as a person at the forge's page would.
    pub fn with<T>(&self, act: impl FnOnce(&mut D) -> T) -> T {
        act(&mut self.double.lock().unwrap())
    }

    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    pub fn forget_calls(&self) {
        self.shared.calls.lock().unwrap().clear();
    }

    /// The call of this number from now on goes wrong.
    pub fn fault(&self, call: usize, fault: Fault) {
        self.forget_calls();
        *self.shared.fault.lock().unwrap() = Some((call, fault));
    }

    /// From now on this decides, for each kind of call, what goes wrong with it.
    pub fn policy(&self, policy: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        *self.shared.policy.lock().unwrap() = Some(Box::new(policy));
    }

    /// Whether the fault has happened.
    pub fn faulted(&self) -> bool {
        self.shared.fault.lock().unwrap().is_none()
    }

    /// Whom a fault may kill.
    pub fn client(&self, pid: u32) {
        self.shared.client.store(pid, Ordering::SeqCst);
    }

    /// Nobody listens any more.
    pub fn down(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// It listens again, at the same place.
    pub fn up(&mut self) {
        self.shared.stop.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.thread = Some(serve(listener, &self.root, &self.double, &self.shared));
    }
}

impl<D: Double + 'static> Drop for Server<D> {
    fn drop(&mut self) {
        self.down();
    }
}

fn serve<D: Double + 'static>(
    listener: TcpListener,
    root: &str,
    double: &Arc<Mutex<D>>,
    shared: &Arc<Shared>,
) -> JoinHandle<()> {
    let (root, double, shared) = (root.to_owned(), double.clone(), shared.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.stop.load(Ordering::SeqCst) {
                return;
            }
            let (root, double, shared) = (root.clone(), double.clone(), shared.clone());
            std::thread::spawn(move || {
                // A client that gives up, or is killed, is part of the tests.
                let _ = one(stream.unwrap(), &root, &double, &shared);
            });
        }
    })
}

fn one<D: Double>(
    mut stream: TcpStream,
    root: &str,
    double: &Mutex<D>,
    shared: &Shared,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let Some(asked) = read(&stream, root)? else { return Ok(()) };
    let fault = {
        let number = shared.calls.lock().unwrap().len();
        let mut next = shared.fault.lock().unwrap();
        if next.is_some_and(|(n, _)| n == number) { next.take().map(|(_, f)| f) } else { None }
    };
    let kind = kind_of(&asked);
    let fault = fault.or_else(|| shared.policy.lock().unwrap().as_mut().and_then(|p| p(&kind)));
    let takes_place = !matches!(
        fault,
        Some(Fault::ResetBefore | Fault::SilentBefore | Fault::TooMany | Fault::Broken | Fault::KillBefore)
    );
    let answer = if takes_place {
        with_etag(&asked, double.lock().unwrap().answer(&asked))
    } else {
        Answer::text(500, "no")
    };
    shared.calls.lock().unwrap().push(Call { asked, answer: answer.clone(), fault });
    let kill = || {
        let pid = shared.client.load(Ordering::SeqCst).to_string();
        let _ = Command::new("kill").args(["-9", &pid]).status();
    };
    match fault {
        None => send(&mut stream, &answer),
        Some(Fault::ResetBefore | Fault::ResetAfter) => reset(&stream),
        Some(Fault::SilentBefore | Fault::SilentAfter) => drain(stream),
        Some(Fault::TooMany) => send(&mut stream, &Answer::text(429, "slow down").with("retry-after", "1")),
        Some(Fault::Broken) => send(
            &mut stream,
            &Answer::json(500, &serde_json::json!({"message": "500 Internal Server Error"})),
        ),
        Some(Fault::BadGateway) => {
            let mut page = Answer::text(502, "<html><head><title>502 Bad Gateway</title></head></html>");
            page.headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            send(&mut stream, &page)
        }
        Some(Fault::SlowBody) => {
            write!(
                stream,
                "HTTP/1.1 {} OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{{",
                answer.status
            )?;
            stream.flush()?;
            drain(stream)
        }
        Some(Fault::WrongJson) => {
            let mut wrong = answer;
            wrong.body = b"{\"half\": ".to_vec();
            send(&mut stream, &wrong)
        }
        Some(Fault::KillBefore | Fault::KillAfter) => {
            kill();
            Ok(())
        }
    }
}

fn reset(stream: &TcpStream) -> std::io::Result<()> {
    stream.shutdown(std::net::Shutdown::Both)
}

fn drain(stream: TcpStream) -> std::io::Result<()> {
    std::io::copy(&mut stream.take(1 << 20), &mut std::io::sink()).map(|_| ())
}

fn read(stream: &TcpStream, root: &str) -> std::io::Result<Option<Asked>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace();
    let (method, target) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts = below.split('/').filter(|p| !p.is_empty()).map(decoded).collect();
    let query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (decoded(k), decoded(v)))
        .collect();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Some(Asked { method, parts, path: path.to_owned(), query, headers, body }))
}

/// Percent-encoding taken back.
pub fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(byte) = hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            out.push(byte);
            i += 3;
        } else {
            out.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn with_etag(asked: &Asked, answer: Answer) -> Answer {
    if asked.method != "GET" || answer.status != 200 {
        return answer;
    }
    let etag = format!("W/\"{}\"", &hotfix_core::digest::of_bytes(&answer.body)[..24]);
    if asked.header("if-none-match") == etag {
        return Answer { status: 304, headers: vec![("etag".to_owned(), etag)], body: Vec::new() };
    }
    answer.with("etag", etag)
}

fn send(stream: &mut TcpStream, answer: &Answer) -> std::io::Result<()> {
    use std::fmt::Write as _;
    let date = jiff::fmt::rfc2822::DateTimePrinter::new();
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    let now = date.timestamp_to_string(&jiff::Timestamp::now()).unwrap_or_default();
    let _ = write!(head, "date: {now}\r\ncontent-length: {}\r\n", answer.body.len());
    for (name, value) in &answer.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&answer.body)?;
    stream.flush()
}

/// A page of a list, with the header that leads to the next.
pub fn page(asked: &Asked, items: &[Value], size: usize) -> Answer {
    let number = |name: &str| asked.query.get(name).and_then(|v| v.parse::<usize>().ok());
    let size = number("per_page").or(number("limit")).unwrap_or(20).min(size).max(1);
    let page = number("page").unwrap_or(1).max(1);
    let from = (page - 1) * size;
    let some: Vec<Value> = items.iter().skip(from).take(size).cloned().collect();
    let answer = Answer::json(200, &Value::Array(some));
    if from + size >= items.len() {
        return answer;
    }
    let mut query = asked.query.clone();
    query.insert("page".to_owned(), (page + 1).to_string());
    let query: Vec<String> = query.iter().map(|(k, v)| format!("{k}={}", v.replace(' ', "%20"))).collect();
    // A forge behind a proxy names itself as it knows itself.
    answer.with("link", format!("<https://inside.invalid{}?{}>; rel=\"next\"", asked.path, query.join("&")))
}

/// The bare repository behind a double.
#[derive(Debug, Clone)]
pub struct Bare(pub PathBuf);

impl Bare {
    pub fn git(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.0)
            .args(["-c", "user.name=Forge", "-c", "user.email=forge@forge.invalid"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        output.status.success().then_some(out)
    }

    pub fn branch(&self, name: &str) -> Option<String> {
        self.git(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{name}")])
    }

    /// Merges a branch into another, by a method; the new tip.
    pub fn merge(&self, target: &str, source: &str, how: &str, message: &str) -> Option<String> {
        let (onto, head) = (self.branch(target)?, self.branch(source)?);
        let ahead = self.git(&["merge-base", "--is-ancestor", &onto, &head]).is_some();
        let tree = self.git(&["merge-tree", "--write-tree", &onto, &head])?;
        let new = match how {
            "ff" | "fast-forward-only" if ahead => head,
            "ff" | "fast-forward-only" => return None,
            "squash" => self.git(&["commit-tree", &tree, "-p", &onto, "-m", message])?,
            _ => self.git(&["commit-tree", &tree, "-p", &onto, "-p", &head, "-m", message])?,
        };
        self.git(&["update-ref", &format!("refs/heads/{target}"), &new, &onto])?;
        Some(new)
    }

    pub fn conflicts(&self, target: &str, source: &str) -> bool {
        let (Some(onto), Some(head)) = (self.branch(target), self.branch(source)) else { return true };
        self.git(&["merge-tree", "--write-tree", &onto, &head]).is_none()
    }
}

/// A person with an account.
#[derive(Debug, Clone)]
pub struct User {
    pub id: u64,
    pub login: &'static str,
    pub name: &'static str,
    pub token: &'static str,
}

/// The accounts that every double has.
pub const USERS: [User; 4] = [
    User { id: 11, login: "dana", name: "Dana", token: "glpat-dana-0123456789" },
    User { id: 12, login: "olga-k", name: "Olga Kern", token: "glpat-olga-0123456789" },
    User { id: 13, login: "tina", name: "Tina", token: "glpat-tina-0123456789" },
    User { id: 14, login: "rick", name: "Rick", token: "glpat-rick-0123456789" },
];

/// The account of a login.
pub fn user(login: &str) -> &'static User {
    USERS.iter().find(|u| u.login == login).unwrap_or_else(|| panic!("no account {login}"))
}

/// The time as forges write it.
pub fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
