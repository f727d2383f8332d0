//! The paths that must work after every change.

mod client;

use std::process::ExitCode;

fn check(shop: &client::Shop, name: &str, target: &str, wanted: &str) -> bool {
    match shop.get(target) {
        Ok((200, body)) if body.contains(wanted) => {
            println!("ok   {name}");
            true
        }
        Ok((status, body)) => {
            println!("FAIL {name}: HTTP {status} {body}");
            false
        }
        Err(error) => {
            println!("FAIL {name}: {error}");
            false
        }
    }
}

fn main() -> ExitCode {
    let shop = match client::Shop::start() {
        Ok(shop) => shop,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let login = format!("/login?token={}", client::token("marta"));
    let mut good = check(&shop, "healthz", "/healthz", "ok");
    good &= check(&shop, "sign-in", &login, "marta");
    for _ in 0..5 {
        good &= check(&shop, "orders", "/orders", "orders");
    }
    good &= check(&shop, "catalog", "/catalog", "lamp");
    good &= check(&shop, "metrics", "/metrics", "http_requests_total");
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
