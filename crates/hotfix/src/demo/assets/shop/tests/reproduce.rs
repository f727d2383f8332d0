//! Signs in as one customer, the way support does when somebody reports trouble.
//!
//! Ends with 0 when the sign-in works, and with 1 when it is refused.

mod client;

use std::process::ExitCode;

fn sign_in(user: &str) -> Result<(u16, String), String> {
    let shop = client::Shop::start()?;
    shop.get(&format!("/login?token={}", client::token(user)))
}

fn main() -> ExitCode {
    let user = std::env::args().nth(2).unwrap_or_else(|| "anna-lena".to_string());
    match sign_in(&user) {
        Ok((200, _)) => {
            println!("signed in as {user}");
            ExitCode::SUCCESS
        }
        Ok((status, body)) => {
            eprintln!("sign-in as {user} was refused: HTTP {status} {body}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot tell: {error}");
            ExitCode::from(2)
        }
    }
}
