//! A small HTTP server on this machine, with faults, for the tests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server does with one connection.
#[derive(Clone)]
pub enum Answer {
    /// Status line, further headers and body; the length is added.
    Full(&'static str, &'static str, String),
    /// The head, then nothing until the client gives up.
    Stalls,
    /// So many bytes of body.
    Huge(u64),
    /// Promises more body than it sends.
    CutOff,
    /// Bytes that are no HTTP.
    Raw(&'static [u8]),
}

/// 200 with a body.
pub fn ok(body: impl Into<String>) -> Answer {
    Answer::Full("200 OK", "", body.into())
}

/// The server. The last answer is given again and again.
pub struct TestServer {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, stopped) = (requests.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let answer = &answers[n.min(answers.len() - 1)];
                // A client that gives up is part of the tests.
                let _ = serve(stream.unwrap(), answer, &seen);
            }
        });
        Self { port, requests, stop, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://127.0.0.1:{}/metrics", listener.local_addr().unwrap().port())
}

fn serve(mut stream: TcpStream, answer: &Answer, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(3)))?;
    if let Answer::Raw(bytes) = answer {
        stream.write_all(bytes)?;
        return drain(stream);
    }
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    while reader.read_line(&mut head)? > 2 {}
    seen.lock().unwrap().push(head);
    match answer {
        Answer::Full(status, headers, body) => write!(
            stream,
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        ),
        Answer::Stalls => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx")?;
            drain(stream)
        }
        Answer::Huge(length) => {
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
            let block = vec![b'x'; 65_536];
            for _ in 0..length / block.len() as u64 {
                stream.write_all(&block)?;
            }
            Ok(())
        }
        Answer::CutOff => write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
        Answer::Raw(_) => Ok(()),
    }
}

fn drain(stream: TcpStream) -> std::io::Result<()> {
    std::io::copy(&mut stream.take(1 << 20), &mut std::io::sink()).map(|_| ())
}
