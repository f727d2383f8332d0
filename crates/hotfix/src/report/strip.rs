//! The run at a glance: a bar that shows where the time went, and the key
//! moments as numbered dots above it.

use super::series::to_f64;
use super::words;
use hotfix_core::report::Report;
use jiff::Timestamp;
use serde::Serialize;

/// The bar and the moments.
#[derive(Debug, Serialize)]
pub struct Strip {
    /// Where the time went.
    pub phases: Vec<Phase>,
    /// The key moments, numbered.
    pub moments: Vec<KeyMoment>,
    /// The picture for a wide page and for a narrow one.
    pub pictures: Vec<Picture>,
}

/// A phase of the run.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// `unnoticed`, `fixing`, `watching`, `back` or `open`.
    pub kind: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// How long it took.
    pub took: String,
    #[serde(skip)]
    from: Timestamp,
    #[serde(skip)]
    to: Timestamp,
}

/// A key moment.
#[derive(Debug, Clone, Serialize)]
pub struct KeyMoment {
    /// Its number in the picture.
    pub number: usize,
    /// When, in UTC.
    pub clock: String,
    /// When, for machines.
    pub machine: String,
    /// What.
    pub what: String,
    /// It came after the time that the picture shows.
    pub later: bool,
    #[serde(skip)]
    at: Timestamp,
}

/// A picture.
#[derive(Debug, Serialize)]
pub struct Picture {
    /// `wide` or `narrow`.
    pub size: &'static str,
    width: f64,
    segments: Vec<Segment>,
    dots: Vec<Dot>,
    from: String,
    to: String,
    left: f64,
    right: f64,
}

#[derive(Debug, Serialize)]
struct Segment {
    x: f64,
    width: f64,
    kind: &'static str,
    label: Option<String>,
}

#[derive(Debug, Serialize)]
struct Dot {
    number: usize,
    x: f64,
    foot: f64,
}

/// How far apart two dots are at least.
const APART: f64 = 25.0;
const MARGIN: f64 = 14.0;

/// The strip of a run; none where there is nothing to tell yet.
pub fn of(report: &Report) -> Option<Strip> {
    let phases = phases(report);
    let (from, to) = (phases.first()?.from, phases.last()?.to);
    let moments = moments(report, from, to);
    let sizes = [("wide", 920.0, 32), ("narrow", 430.0, 14)];
    let pictures = sizes.map(|(size, width, most)| {
        let on: Vec<&KeyMoment> = moments.iter().filter(|m| !m.later).take(most).collect();
        draw(size, width, &phases, &on)
    });
    Some(Strip { phases, moments, pictures: pictures.into() })
}

fn phases(report: &Report) -> Vec<Phase> {
    let run = &report.status.run;
    let undone = report.rolled_back.as_ref();
    let mut starts: Vec<(Timestamp, &'static str, &'static str)> = Vec::new();
    let noticed = run.started_at;
    starts.extend(
        report
            .began_at
            .filter(|b| noticed.is_none_or(|n| *b < n))
            .map(|b| (b, "unnoticed", "until it was noticed")),
    );
    starts.extend(noticed.map(|n| (n, "fixing", "until the fix was deployed")));
    starts.extend(report.deployed_at.map(|d| (d, "watching", "watching production")));
    starts.extend(undone.map(|r| (r.at, "back", "after the rollback")));
    starts.sort_by_key(|(at, ..)| *at);
    let end = run.resolved_at.unwrap_or_else(|| end_of_open(report));
    starts.retain(|(at, ..)| *at < end);
    let ends: Vec<Timestamp> = starts.iter().skip(1).map(|(at, ..)| *at).chain([end]).collect();
    let last = starts.len().saturating_sub(1);
    let phase =
        |(i, ((from, kind, name), to)): (usize, ((Timestamp, &'static str, &'static str), Timestamp))| {
            let unfinished = i == last && kind == "fixing";
            let name = if unfinished { "without a deploy" } else { name };
            let took = words::duration(to.duration_since(from));
            Phase { kind, name, took, from, to }
        };
    starts.into_iter().zip(ends).enumerate().map(phase).collect()
}

/// Where the picture of an unresolved run ends: now while it is active,
/// otherwise with its last moment.
fn end_of_open(report: &Report) -> Timestamp {
    let last = report.timeline.iter().map(|m| m.at).max();
    match report.status.run.state.as_str() {
        "active" | "waiting" => report.made_at,
        _ => last.unwrap_or(report.made_at),
    }
}

fn moments(report: &Report, from: Timestamp, to: Timestamp) -> Vec<KeyMoment> {
    let several_days = words::date(from) != words::date(to);
    let clock = |at| if several_days { words::time(at) } else { words::clock(at) };
    let began = report.began_at.filter(|b| report.timeline.iter().all(|m| m.at > *b));
    let began = began.map(|at| (at, "the incident began".to_owned()));
    let keys = report.timeline.iter().filter(|m| m.key).map(|m| (m.at, m.what.clone()));
    let mut all: Vec<(Timestamp, String)> = began.into_iter().chain(keys).collect();
    all.sort_by_key(|(at, _)| *at);
    let moment = |(i, (at, what)): (usize, (Timestamp, String))| KeyMoment {
        number: i + 1,
        clock: if words::date(at) == words::date(from) { clock(at) } else { words::time(at) },
        machine: at.to_string(),
        what,
        later: at > to,
        at,
    };
    all.into_iter().enumerate().map(moment).collect()
}

fn draw(size: &'static str, width: f64, phases: &[Phase], moments: &[&KeyMoment]) -> Picture {
    let (left, right) = (MARGIN, width - MARGIN);
    let first = phases.first().map_or(Timestamp::UNIX_EPOCH, |p| p.from);
    let last = phases.last().map_or(first, |p| p.to);
    let span = last.duration_since(first).as_secs_f64().max(1.0);
    let x = |at: Timestamp| {
        left + (right - left) * (at.duration_since(first).as_secs_f64() / span).clamp(0.0, 1.0)
    };
    let segment = |p: &Phase| {
        let (from, to) = (x(p.from), x(p.to));
        let fits = to_f64(p.took.chars().count()) * 6.6 + 10.0 < to - from;
        Segment { x: from, width: to - from, kind: p.kind, label: fits.then(|| p.took.clone()) }
    };
    let feet: Vec<f64> = moments.iter().map(|m| x(m.at)).collect();
    let places = spread(&feet, left, right);
    let dot = |((m, foot), x): ((&&KeyMoment, &f64), f64)| Dot { number: m.number, x, foot: *foot };
    Picture {
        size,
        width,
        segments: phases.iter().map(segment).collect(),
        dots: moments.iter().zip(&feet).zip(places).map(dot).collect(),
        from: words::clock(first),
        to: words::clock(last),
        left,
        right,
    }
}

/// Moves dots apart, as little as need be, within the picture.
fn spread(feet: &[f64], left: f64, right: f64) -> Vec<f64> {
    let apart = APART.min((right - left) / to_f64(feet.len().saturating_sub(1).max(1)));
    let mut places = feet.to_vec();
    let mut least = left;
    for place in &mut places {
        *place = place.max(least);
        least = *place + apart;
    }
    let mut most = right;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - apart;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_never_overlap_and_stay_inside() {
        for feet in [vec![], vec![14.0; 12], vec![416.0; 14], vec![14.0, 15.0, 200.0, 201.0, 416.0]] {
            let places = spread(&feet, 14.0, 416.0);
            assert!(places.windows(2).all(|p| p[1] - p[0] > 24.9), "{places:?}");
            assert!(places.iter().all(|p| (13.9..=416.1).contains(p)), "{places:?}");
        }
    }
}
