//! How long the reader takes: for pages of ordinary size, and for texts made
//! to be hard, at two sizes. `cargo bench -p hotfix-core --bench reader -- [NAME]…`

use hotfix_core::workflow::{Page, read};
use std::hint::black_box;
use std::path::Path;

#[path = "../tests/reader/hard.rs"]
mod hard;

/// The shortest of a few runs, in milliseconds.
#[expect(clippy::disallowed_types, reason = "a bench measures time")]
fn time(text: &str, runs: u32) -> f64 {
    let once = || {
        let start = std::time::Instant::now();
        black_box(read(&Page { source: "bench", text: black_box(text) }));
        start.elapsed().as_secs_f64() * 1000.0
    };
    (0..runs).map(|_| once()).fold(f64::INFINITY, f64::min)
}

#[expect(clippy::disallowed_methods, reason = "a bench reads its pages")]
fn text_of(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn pages(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let page = |entry: std::fs::DirEntry| {
        Some((entry.file_name().to_string_lossy().into_owned(), text_of(&entry.path())?))
    };
    entries.filter_map(page).collect()
}

fn main() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reader/pages");
    let shared = std::env::var_os("HOTFIX_SHARED").map(|shared| Path::new(&shared).join("corpus"));
    for folder in [Some(own), shared].into_iter().flatten() {
        let mut times: Vec<(f64, String)> =
            pages(&folder).into_iter().map(|(name, text)| (time(&text, 20), name)).collect();
        times.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (Some(middle), Some(last)) = (times.get(times.len() / 2), times.last()) else { continue };
        let (median, longest, name) = (middle.0, last.0, &last.1);
        println!("{} pages: median {median:.2} ms, longest {longest:.2} ms ({name})", times.len());
    }
    println!("{:<28} {:>10} {:>10} {:>7}", "hard text", "128 KiB", "512 KiB", "ratio");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted));
    for (name, make) in hard::TEXTS.iter().filter(|(name, _)| chosen(name)) {
        let (small, large) = (time(&make(128 << 10), 3), time(&make((512 << 10) - 64), 3));
        println!("{name:<28} {small:>7.1} ms {large:>7.1} ms {:>7.1}", large / small);
    }
}
