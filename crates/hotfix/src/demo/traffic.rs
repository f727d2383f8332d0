//! The shop's customers.

use std::io::{Error, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Threads that send requests.
const CUSTOMERS: u32 = 4;

/// How long a customer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Customers with a plain name.
const PLAIN: [&str; 20] = [
    "marta", "ivan", "chen", "fatima", "olu", "sofia", "noah", "emma", "liam", "aisha", "pedro", "yuki",
    "lars", "nina", "omar", "greta", "tomas", "priti", "hugo", "zoe",
];

/// Customers with a hyphen in their name: three sign-ins in ten.
const HYPHENATED: [&str; 9] = [
    "anna-lena",
    "jean-luc",
    "mary-ann",
    "karl-heinz",
    "ana-sofia",
    "jean-marc",
    "eva-maria",
    "lee-ann",
    "hans-peter",
];

/// A token as the account service signs it.
pub fn token(user: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in user.bytes().chain("shop-test-key".bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{user}.{hash:016x}")
}

/// The status and the body of a page on this machine.
pub fn get(port: u16, target: &str) -> std::io::Result<(u16, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = format!("GET {target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    let status = status.ok_or_else(|| Error::other("no answer"))?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// What the customers want, one after the other; the same for the same seed.
#[derive(Clone, Debug)]
pub struct Wishes {
    state: u64,
}

impl Wishes {
    /// Begins anew.
    pub fn new(seed: u64) -> Wishes {
        Wishes { state: seed }
    }

    /// A number below `limit` (splitmix64).
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (limit as u64)).unwrap_or_default()
    }

    fn customer(&mut self) -> &'static str {
        if self.below(100) < 30 {
            HYPHENATED[self.below(HYPHENATED.len())]
        } else {
            PLAIN[self.below(PLAIN.len())]
        }
    }
}

impl Iterator for Wishes {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        Some(match self.below(100) {
            0..40 => format!("/login?token={}", token(self.customer())),
            40..70 => "/orders".to_owned(),
            70..97 => "/catalog".to_owned(),
            _ => "/healthz".to_owned(),
        })
    }
}

/// Customers at work; they leave when this is dropped.
pub struct Traffic {
    leave: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    customers: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Sends about `rps` requests a second to a port on this machine.
    pub fn start(port: u16, rps: u32) -> Traffic {
        let leave = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let pause = Duration::from_secs(1) * CUSTOMERS / rps.max(1);
        let customers = (0..CUSTOMERS)
            .map(|number| {
                let (leave, answered) = (Arc::clone(&leave), Arc::clone(&answered));
                std::thread::spawn(move || shop(port, u64::from(number), pause, &leave, &answered))
            })
            .collect();
        Traffic { leave, answered, customers }
    }

    /// How many requests were answered so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.leave.store(true, Ordering::Relaxed);
        for customer in self.customers.drain(..) {
            let _ = customer.join();
        }
    }
}

/// One customer's day: a request, then a pause that keeps the pace.
fn shop(port: u16, seed: u64, pause: Duration, leave: &AtomicBool, answered: &AtomicU64) {
    let mut next = Instant::now();
    for target in Wishes::new(seed) {
        if leave.load(Ordering::Relaxed) {
            break;
        }
        if get(port, &target).is_ok() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
        next += pause;
        let now = Instant::now();
        if next > now {
            std::thread::sleep(next - now);
        } else if now - next > Duration::from_secs(1) {
            next = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_sign_ins_in_ten_are_hyphenated() {
        let all: Vec<String> = Wishes::new(7).take(20_000).collect();
        let logins: Vec<&String> = all.iter().filter(|wish| wish.starts_with("/login")).collect();
        let hyphenated = logins.iter().filter(|wish| wish.contains('-')).count();
        assert!((7_800..8_200).contains(&logins.len()), "{}", logins.len());
        assert!((28..32).contains(&(100 * hyphenated / logins.len())), "{hyphenated}");
        assert_eq!(all, Wishes::new(7).take(20_000).collect::<Vec<_>>());
    }
}
