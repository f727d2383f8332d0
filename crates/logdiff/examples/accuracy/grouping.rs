//! Whether lines of one template, and no others, get one group: GA is the share
//! of lines whose group is exactly right, FGA the F1 of exactly right groups
//! (Zhu et al., ICSE 2019; Jiang et al., ISSTA 2024).

use crate::samples::{self, Line, View};
use hotfix_logdiff::{Comparison, Model, Options};
use std::collections::HashMap;
use std::path::Path;

pub fn run(dir: &Path, view: View) -> std::io::Result<()> {
    let (mut ga_sum, mut fga_sum, mut n) = (0.0, 0.0, 0.0);
    println!("{:12} {:>6} {:>6} {:>6} {:>6}", "sample", "GA", "FGA", "groups", "true");
    for (name, lines) in samples::all(dir)? {
        let found = groups(&lines, view);
        let (ga, fga, groups, truth) = score(&lines, &found);
        println!("{name:12} {ga:6.3} {fga:6.3} {groups:6} {truth:6}");
        ga_sum += ga;
        fga_sum += fga;
        n += 1.0;
    }
    println!("{:12} {:6.3} {:6.3}", "mean", ga_sum / n, fga_sum / n);
    Ok(())
}

/// The group of each line, by comparing the log with what was learnt from it.
fn groups(lines: &[Line], view: View) -> Vec<u64> {
    let text: String = lines.iter().flat_map(|line| [line.text(view), "\n"]).collect();
    let mut model = Model::new();
    model.learn(text.as_bytes());
    model.finish();
    let mut found = vec![0; lines.len()];
    let mut comparison = Comparison::new(&model, Options::default());
    let mut take = |finding: &hotfix_logdiff::Finding<'_>| {
        for line in finding.line()..=finding.last_line() {
            if let Some(place) = usize::try_from(line - 1).ok().and_then(|i| found.get_mut(i)) {
                *place = finding.kind();
            }
        }
    };
    comparison.feed_with(text.as_bytes(), &mut take);
    comparison.end_log(&mut take);
    found
}

#[allow(clippy::cast_precision_loss)]
fn score(lines: &[Line], found: &[u64]) -> (f64, f64, usize, usize) {
    let mut truth: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut groups: HashMap<u64, Vec<usize>> = HashMap::new();
    for (i, line) in lines.iter().enumerate() {
        truth.entry(&line.id).or_default().push(i);
        groups.entry(found[i]).or_default().push(i);
    }
    let (mut right_lines, mut right) = (0, 0);
    for members in groups.values() {
        if truth.get(lines[members[0]].id.as_str()) == Some(members) {
            right += 1;
            right_lines += members.len();
        }
    }
    let (precision, recall) = (f64::from(right) / groups.len() as f64, f64::from(right) / truth.len() as f64);
    let fga = if right > 0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    (right_lines as f64 / lines.len() as f64, fga, groups.len(), truth.len())
}
