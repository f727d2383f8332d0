//! The command that was given, once more, with another option: hints say it
//! whole, so that it can be pasted into a shell.

/// An option: its long and short spelling, without a value it is a flag.
#[derive(Debug, Clone, Copy)]
pub struct With<'a> {
    /// E.g. `--severity`.
    pub long: &'a str,
    /// E.g. `-s`; the same as `long` where there is none.
    pub short: &'a str,
    /// Its value.
    pub value: &'a str,
}

impl<'a> With<'a> {
    /// An option that has no short spelling.
    pub fn long(long: &'a str, value: &'a str) -> Self {
        With { long, short: long, value }
    }
}

/// The command of this process with that option, in place of what it had.
pub fn with(option: With<'_>) -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    line(&replaced(&words, option))
}

/// The command of this process as it was given.
pub fn same() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    line(&words)
}

fn replaced(words: &[String], option: With<'_>) -> Vec<String> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (own, command) = words.split_at(end);
    let mut kept = Vec::new();
    let mut own = own.iter();
    while let Some(word) = own.next() {
        let joined = word.strip_prefix(option.long).is_some_and(|rest| rest.starts_with('='))
            || (option.short != option.long && !word.starts_with("--") && word.starts_with(option.short));
        if word == option.long || word == option.short {
            own.next();
        } else if !joined {
            kept.push(word.clone());
        }
    }
    kept.extend([option.short.to_owned(), option.value.to_owned()]);
    kept.extend(command.iter().cloned());
    kept
}

fn line(words: &[String]) -> String {
    // Control characters never reach a terminal, not even quoted.
    let words: Vec<String> = words.iter().map(|word| hotfix_core::text::printable(word)).collect();
    let joined = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default();
    format!("hotfix {joined}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{With, line, replaced};

    fn again(command: &str, option: With<'_>) -> String {
        let words = shlex::split(command).unwrap();
        line(&replaced(&words, option))
    }

    #[test]
    fn an_option_takes_the_place_of_what_was_there() {
        let severity = With { long: "--severity", short: "-s", value: "P1" };
        let whole = "hotfix start SPF-1 -m 'it is down' -s P1";
        for given in ["-s P9", "--severity P9", "--severity=P9", "-sP9", ""] {
            assert_eq!(again(&format!("start SPF-1 -m 'it is down' {given}"), severity), whole, "{given}");
        }
    }

    #[test]
    fn the_command_after_the_dashes_is_left_alone() {
        let option = With::long("--incident", "SPF-1");
        assert_eq!(
            again("reproduce -- curl --incident x", option),
            "hotfix reproduce --incident SPF-1 -- curl --incident x"
        );
    }

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        let option = With::long("--adopt", "a;b");
        assert_eq!(again("start K -m '$(rm)'", option), "hotfix start K -m '$(rm)' --adopt 'a;b'");
    }
}
