//! Starts the shop on a free port, and asks it things.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A shop of our own; it ends when this is dropped, or when we are killed.
pub struct Shop {
    process: Child,
    address: String,
}

impl Shop {
    /// Starts the program that the first argument names.
    pub fn start() -> Result<Shop, String> {
        let program = std::env::args().nth(1).ok_or("which program? give its path")?;
        let mut process = Command::new(&program)
            .arg("0")
            .env("SHOP_FOLLOW_PARENT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            let _ = BufReader::new(output).read_line(&mut line);
        }
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_string();
        let shop = Shop { process, address };
        if shop.address.is_empty() {
            return Err("the shop did not come up".into());
        }
        Ok(shop)
    }

    /// The status and the body of a page.
    pub fn get(&self, target: &str) -> Result<(u16, String), String> {
        self.request(target).map_err(|error| format!("GET {target}: {error}"))
    }

    fn request(&self, target: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status, body.trim().to_string()))
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A token as the account service signs it.
pub fn token(user: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in user.bytes().chain("shop-test-key".bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{user}.{hash:016x}")
}
