//! Asks the running shop things, for scripts without curl.
//!
//! `probe get PATH`, `probe version`, `probe wait VERSION COMMIT SECONDS`, `probe now`.

#[path = "log.rs"]
#[allow(dead_code)]
mod log;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn get(path: &str) -> Result<String, String> {
    let port = std::env::var("SHOP_PORT").map_err(|_| "SHOP_PORT is not set")?;
    let request = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = request().map_err(|error| format!("127.0.0.1:{port}: {error}"))?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string());
    body.ok_or_else(|| "no answer".to_string())
}

fn version() -> Result<String, String> {
    let body = get("/version")?;
    let version = body.split("\"version\":\"").nth(1).and_then(|rest| rest.split('"').next());
    version.map(str::to_string).ok_or_else(|| "no version in the answer".to_string())
}

/// Waits until that version of that commit answers.
fn wait(wanted: &str, commit: &str, seconds: u64) -> Result<String, String> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let exact = format!("{{\"version\":\"{wanted}\",\"commit\":\"{commit}\"}}");
    loop {
        let seen = get("/version");
        match seen {
            Ok(body) if body.trim() == exact => return Ok(format!("{wanted} is serving")),
            seen if Instant::now() > end => {
                let seen = seen.unwrap_or_else(|error| error);
                return Err(format!(
                    "{wanted} did not come up within {seconds} s; last seen: {}",
                    seen.trim()
                ));
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words[..] {
        ["get", path] => get(path),
        ["version"] => version(),
        ["now"] => log::Log::open().map(|log| log.now()).map_err(|error| error.to_string()),
        ["wait", wanted, commit, seconds] => wait(wanted, commit, seconds.parse().unwrap_or(20)),
        _ => Err("probe get PATH | version | wait VERSION COMMIT SECONDS | now".to_string()),
    };
    match answer {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("probe: {text}");
            ExitCode::FAILURE
        }
    }
}
