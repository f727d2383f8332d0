//! Prints the 1-based numbers of the new lines of a log: `lines BASELINE CANDIDATE`.
//!
//! For evaluators; `hotfix logdiff --lines` does the same and more.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use hotfix_logdiff::{Comparison, Model, Options};
use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let mut paths = std::env::args().skip(1);
    let (Some(baseline), Some(candidate)) = (paths.next(), paths.next()) else {
        eprintln!("lines BASELINE CANDIDATE");
        std::process::exit(2);
    };
    let mut model = Model::new();
    chunks(&baseline, |chunk| model.learn(chunk))?;
    model.finish();
    let mut comparison = Comparison::new(&model, Options::default());
    chunks(&candidate, |chunk| comparison.feed(chunk))?;
    let diff = comparison.finish();
    let text = diff.new_lines.iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
    std::io::stdout().write_all(text.as_bytes())?;
    if std::env::var_os("LOGDIFF_SHOW").is_some() {
        for new in &diff.new {
            eprintln!("new {} {} x{}", new.severity.name(), new.text, new.count);
        }
        for risen in &diff.risen {
            eprintln!(
                "risen {:.1} {} x{} (was {})",
                risen.ratio, risen.template.text, risen.template.count, risen.baseline_count
            );
        }
        eprintln!(
            "{} events, {} templates before, {} gone",
            diff.events,
            diff.baseline_templates,
            diff.gone.len()
        );
    }
    Ok(())
}

fn chunks(path: &str, mut each: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            n => each(&buffer[..n]),
        }
    }
}
