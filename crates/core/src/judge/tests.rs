use super::counts::{Sum, p_equivalent, p_worse, points_above, points_below, ratio_above};
use super::tail::{at_least, at_most, beta_cdf, beta_quantile};
use super::values::p_less;
use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;

/// xorshift64*: small, seeded, good enough for simulations.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Poisson by waiting times; fine for small means.
    fn poisson(&mut self, mean: f64) -> f64 {
        let (mut left, mut n) = (mean, 0.0);
        loop {
            left += self.unit().max(1e-300).ln();
            if left < 0.0 {
                return n;
            }
            n += 1.0;
        }
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

fn window(bins: &[(f64, f64)]) -> Counts {
    let at = |minute: i64| Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap();
    Counts {
        bins: (0..).zip(bins).map(|(i, bin)| Count { at: at(i), errors: bin.0, total: bin.1 }).collect(),
    }
}

fn one(errors: f64, total: f64) -> Counts {
    window(&[(errors, total)])
}

fn look(look: u32) -> Looks {
    Looks { alpha: 0.01, look, planned: 8 }
}

fn judge(base: (f64, f64), incident: (f64, f64), after: (f64, f64), at: u32) -> Ruling {
    let (base, incident, after) = (one(base.0, base.1), one(incident.0, incident.1), one(after.0, after.1));
    judge_counts(Some(&base), Some(&incident), &after, Margin::default(), None, look(at))
}

#[test]
fn a_good_fix_passes_at_fifteen_minutes() {
    for (base, after) in [((1.0, 1_200.0), (5.0, 4_500.0)), ((0.0, 2_000.0), (0.0, 2_000.0))] {
        let ruling = judge(base, (300.0, 1_000.0), after, 6);
        println!("{}", ruling.reason);
        assert_eq!((ruling.kind, ruling.regression), (Kind::Pass, false), "{ruling:?}");
        assert_eq!(ruling.better_than_incident, Some(true));
    }
}

#[test]
fn a_worse_fix_rolls_back_at_the_first_look() {
    let ruling = judge((1.0, 1_200.0), (300.0, 1_000.0), (70.0, 100.0), 1);
    println!("{}", ruling.reason);
    assert_eq!((ruling.kind, ruling.regression), (Kind::Fail, true), "{ruling:?}");
    let few = judge((1.0, 1_200.0), (90.0, 300.0), (28.0, 40.0), 2);
    assert!(few.regression, "{few:?}");
}

#[test]
fn a_fix_without_effect_fails_but_is_no_regression() {
    let ruling = judge((1.0, 1_200.0), (300.0, 1_000.0), (290.0, 1_000.0), 2);
    assert_eq!((ruling.kind, ruling.regression), (Kind::Fail, false), "{ruling:?}");
    assert_eq!(ruling.better_than_incident, Some(false));
}

#[test]
fn no_data_never_passes() {
    let base = one(1.0, 1_000.0);
    let rule = |after: &Counts, base| judge_counts(base, None, after, Margin::default(), Some(0.2), look(6));
    let bad =
        [one(f64::NAN, 10.0), one(-1.0, 5.0), one(0.0, f64::INFINITY), one(0.0, 0.0), Counts::default()];
    for after in &bad {
        assert_eq!(rule(after, Some(&base)).kind, Kind::Unverifiable);
        assert!(!rule(after, None).regression);
    }
    for base in [None, Some(&bad[0]), Some(&bad[4])] {
        let ruling = rule(&one(0.0, 1e6), base);
        assert_eq!(ruling.kind, Kind::Inconclusive);
        assert!(ruling.reason.contains("no baseline"), "{}", ruling.reason);
    }
    assert!(rule(&one(500.0, 1_000.0), None).regression, "the hard limit needs no baseline");
    let nothing = Looks { alpha: f64::NAN, look: 1, planned: 8 };
    let ruling = judge_counts(Some(&base), None, &base, Margin::default(), None, nothing);
    assert_eq!(ruling.kind, Kind::Inconclusive);
}

#[test]
fn little_traffic_is_inconclusive_and_says_what_it_could_have_shown() {
    let ruling = judge((1.0, 1_200.0), (300.0, 1_000.0), (0.0, 60.0), 6);
    assert_eq!(ruling.kind, Kind::Inconclusive);
    let rate = ruling.smallest_detectable.unwrap();
    assert!((0.05..0.3).contains(&rate), "{rate}");
    assert!(ruling.reason.contains("would have shown"), "{}", ruling.reason);
}

#[test]
fn scattered_readings_are_worth_less() {
    let calm: Vec<_> = (0..60).map(|i| (f64::from(i % 2) * 2.0, 1_000.0)).collect();
    let burst: Vec<_> = (0..60).map(|i| (if i % 20 < 2 { 10.0 } else { 0.0 }, 1_000.0)).collect();
    let after = window(&[(20.0, 5_000.0)]);
    let p = |base: &[(f64, f64)]| {
        judge_counts(Some(&window(base)), None, &after, Margin::default(), None, look(6))
            .figures
            .p_equivalent
            .unwrap()
    };
    assert!(p(&burst) > 10.0 * p(&calm), "{} {}", p(&burst), p(&calm));
}

/// The share of windows that raise an alarm at any look, and of those that pass at the end.
fn simulate(dice: &mut Dice, base_rate: f64, factor: f64, per_minute: f64, runs: u32) -> (f64, f64, f64) {
    let times: Vec<f64> = look_times(SignedDuration::from_mins(15), SignedDuration::from_mins(30))
        .iter()
        .map(|t| t.as_secs_f64() / 60.0)
        .collect();
    let (mut alarms, mut passes, mut first) = (0.0, 0.0, Vec::new());
    for _ in 0..runs {
        let base = Sum { errors: dice.poisson(60.0 * per_minute * base_rate), total: 60.0 * per_minute };
        let mut after = Sum::default();
        for (i, time) in times.iter().enumerate() {
            let more = time * per_minute - after.total;
            after.errors = (after.errors + dice.poisson(more * base_rate * factor)).min(time * per_minute);
            after.total = time * per_minute;
            let share = Looks { alpha: 0.01, look: i as u32 + 1, planned: times.len() as u32 }.share();
            let margin = Margin { ratio: 1.5, points: 0.0 };
            // The second is the larger of two, of which the first is cheap.
            if ratio_above(base, after, 1.5) <= share && p_worse(base, after, margin) <= share {
                alarms += 1.0;
                first.push(*time);
                break;
            }
            if *time >= 14.9 && p_equivalent(base, after, margin) <= share {
                passes += 1.0;
                break;
            }
        }
    }
    first.sort_by(f64::total_cmp);
    (
        alarms / f64::from(runs),
        passes / f64::from(runs),
        first.get(first.len() / 2).copied().unwrap_or(f64::NAN),
    )
}

#[test]
fn false_alarms_and_false_passes_stay_within_the_level() {
    let mut dice = Dice(0x5EED);
    for (base_rate, per_minute) in [(0.001, 300.0), (0.01, 100.0), (0.02, 500.0)] {
        let (alarms, passes, _) = simulate(&mut dice, base_rate, 1.5, per_minute, 300);
        println!("at the margin, {base_rate} of {per_minute}/min: alarms {alarms:.4}, passes {passes:.4}");
        // 300 runs at 1 %: 3 expected, 8 is beyond the 99 % point.
        assert!(alarms <= 0.025 && passes <= 0.025);
        let (alarms, passes, _) = simulate(&mut dice, base_rate, 1.0, per_minute, 300);
        println!("healthy,       {base_rate} of {per_minute}/min: alarms {alarms:.4}, passes {passes:.4}");
        assert!(alarms <= 0.01);
    }
}

#[test]
fn a_tripled_rate_is_detected() {
    let mut dice = Dice(0xD1CE);
    for (errors_a_minute, least) in [(0.5, 0.0), (1.0, 0.6), (2.0, 0.95), (5.0, 0.99)] {
        let (power, passes, when) = simulate(&mut dice, errors_a_minute / 1_000.0, 3.0, 1_000.0, 200);
        println!("tripled from {errors_a_minute}/min within 30 min: {power:.3}, median after {when} min");
        assert!(power >= least && passes <= 0.01, "{errors_a_minute}: {power} {passes}");
    }
}

#[test]
fn tails_are_exact_where_known() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    near(at_most(1.0, 10.0, 0.1), 0.736_098_930_1);
    near(at_least(2.0, 10.0, 0.1), 1.0 - 0.736_098_930_1);
    near(at_most(0.0, 3.0, 0.5), 0.125);
    near(at_least(0.0, 3.0, 0.5), 1.0);
    // Clopper–Pearson's upper bound for 0 of n is 1 - α^(1/n).
    let bound = 1.0 - 0.001_f64.powf(0.01);
    assert!((beta_quantile(1.0, 100.0, 0.999) - bound).abs() < 1e-6);
    // With no baseline uncertainty the melded p is the one-sample exact one.
    let before = Sum { errors: 0.0, total: 1e9 };
    let after = Sum { errors: 3.0, total: 1_000.0 };
    let p = points_below(before, after, 0.01);
    assert!((p - at_most(3.0, 1_000.0, 0.01)).abs() < 1e-4, "{p}");
    // With no points to spare, melding is Fisher's exact test: 1 of 10 against 6 of 10.
    let fisher = points_above(Sum { errors: 1.0, total: 10.0 }, Sum { errors: 6.0, total: 10.0 }, 0.0);
    assert!((fisher - 0.028_638).abs() < 5e-4, "{fisher}");
}

#[test]
fn the_approximation_meets_the_exact_function() {
    // Reference: the sum of the binomial's terms by recurrence from the mode.
    let reference = |k: f64, n: f64, p: f64| {
        let (mut term, mut sum, mut below) = (1.0_f64, 1.0_f64, 0.0_f64);
        let mode = (n * p).floor();
        let mut i = mode;
        if i <= k {
            below += term;
        }
        while i > 0.0 && term > 1e-18 {
            term *= i * (1.0 - p) / ((n - i + 1.0) * p);
            i -= 1.0;
            sum += term;
            below += if i <= k { term } else { 0.0 };
        }
        (term, i) = (1.0, mode);
        while i < n && term > 1e-18 {
            term *= (n - i) * p / ((i + 1.0) * (1.0 - p));
            i += 1.0;
            sum += term;
            below += if i <= k { term } else { 0.0 };
        }
        below / sum
    };
    for (n, p) in [(1e4_f64, 0.05), (1e4, 0.3), (1e5, 0.011), (1e6, 0.001), (1e6, 0.5)] {
        for z in [-4.0_f64, -2.0, 0.0, 1.0, 3.5] {
            let k = (n * p + z * (n * p * (1.0 - p)).sqrt()).round();
            let (got, want) = (at_most(k, n, p), reference(k, n, p));
            let error = (got - want).abs() / want.min(1.0 - want).max(1e-9);
            assert!(error < 1e-3, "n {n} p {p} k {k}: {got} {want} {error}");
        }
    }
}

#[test]
fn ranks_with_ties_are_counted_exactly() {
    // All 20 ways to draw 3 of 6: only one is as extreme as this.
    assert!((p_less(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 1.0) - 0.05).abs() < 1e-12);
    // Mirrored: the larger group is x. C(6, 2) = 15.
    assert!((p_less(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0], 1.0) - 1.0 / 15.0).abs() < 1e-12);
    // Ties: of {1,1,2 | 1,2,2}, draws of sum at most: P = 10/20 by hand.
    let p = p_less(&[1.0, 1.0, 2.0], &[1.0, 2.0, 2.0], 1.0);
    assert!((p - 0.5).abs() < 1e-12, "{p}");
    assert!((p_less(&[0.0; 9], &[0.0; 9], 1.0) - 1.0).abs() < 1e-12);
}

#[test]
fn latencies_are_judged_by_rank() {
    let mut dice = Dice(7);
    let mut sample = |n: usize, scale: f64| -> Vec<f64> {
        (0..n).map(|_| (scale * (1.0 + 0.1 * dice.normal())).max(0.0)).collect()
    };
    let base = sample(60, 100.0);
    let rule = |after: &[f64], limit, up| judge_values(&base, after, 1.5, limit, look(6), up);
    let same = rule(&sample(15, 100.0), Some(400.0), true);
    println!("{}", same.reason);
    assert_eq!(same.kind, Kind::Pass, "{same:?}");
    assert!((140.0..200.0).contains(&same.smallest_detectable.unwrap()), "{same:?}");
    let slow = rule(&sample(15, 250.0), None, true);
    assert_eq!((slow.kind, slow.regression), (Kind::Fail, false), "{slow:?}");
    assert!(rule(&sample(15, 250.0), Some(200.0), true).regression);
    assert_eq!(rule(&sample(15, 40.0), None, false).kind, Kind::Fail);
    assert_eq!(rule(&sample(15, 100.0), None, false).kind, Kind::Pass);
    assert_eq!(rule(&sample(4, 100.0), None, true).kind, Kind::Inconclusive);
    assert_eq!(rule(&[f64::NAN, -1.0], None, true).kind, Kind::Unverifiable);
    assert_eq!(judge_values(&[], &base, 1.5, None, look(6), true).kind, Kind::Inconclusive);
}

#[test]
fn resembling_readings_raise_few_false_alarms() {
    let mut dice = Dice(99);
    let mut alarms = 0;
    for _ in 0..100 {
        let mut level = dice.normal();
        let mut series: Vec<f64> = (0..75)
            .map(|_| {
                level = 0.8 * level + 0.6 * dice.normal();
                (level * 0.3).exp()
            })
            .collect();
        let after = series.split_off(60);
        let ruling = judge_values(&series, &after, 1.0, None, look(6), true);
        alarms += usize::from(ruling.kind == Kind::Fail);
    }
    println!("autocorrelation 0.8: {alarms} alarms in 100 looks at a level of 0.11 %");
    assert!(alarms <= 2, "{alarms}");
}

#[test]
fn new_errors_need_a_living_source() {
    let seen = NewErrors { templates: &[], lines_seen: 10, baseline_events: None, risen: 0, alive: true };
    let rule = |templates: &[String], lines_seen, alive| {
        judge_new_errors(NewErrors { templates, lines_seen, alive, ..seen }).kind
    };
    assert_eq!(rule(&[], 10, true), Kind::Pass);
    assert_eq!(rule(&[], 0, true), Kind::Inconclusive);
    assert_eq!(rule(&[], 10, false), Kind::Unverifiable);
    let boom = ["boom <*>".to_owned()];
    assert_eq!(rule(&boom, 10, false), Kind::Fail);
    let empty = NewErrors { baseline_events: Some(0), ..seen };
    let ruling = judge_new_errors(empty);
    assert_eq!(ruling.kind, Kind::Inconclusive);
    assert!(ruling.reason.contains("no event to compare with"), "{}", ruling.reason);
    let ruling = judge_new_errors(NewErrors { templates: &boom, ..empty });
    assert!(ruling.kind == Kind::Fail && ruling.reason.contains("every error counts as new"));
    let ruling = judge_new_errors(NewErrors { baseline_events: Some(9), risen: 2, ..seen });
    assert!(ruling.kind == Kind::Pass && ruling.reason.contains("2 known ones come more often"));
}

#[test]
fn looks_are_geometric_and_hit_the_ends() {
    let (min, max) = (SignedDuration::from_mins(15), SignedDuration::from_mins(30));
    let times = look_times(min, max);
    assert_eq!(times.len(), 8);
    assert!(times.contains(&min) && times.last() == Some(&max) && times[0] == SignedDuration::from_mins(1));
    assert!(times.is_sorted());
    let odd = look_times(SignedDuration::from_secs(-5), SignedDuration::ZERO);
    assert_eq!(odd, [SignedDuration::from_secs(1)]);
    let spent: f64 = (1..1_000).map(|i| Looks { alpha: 0.01, look: i, planned: 8 }.share()).sum();
    assert!(spent <= 0.01 && spent > 0.0099, "{spent}");
}

#[test]
fn a_window_ends_early_only_for_bad_news() {
    let (min, max) = (SignedDuration::from_mins(15), SignedDuration::from_mins(30));
    let at = |minutes: i64, rulings: &[&Ruling]| {
        window_says(SignedDuration::from_mins(minutes), min, max, rulings)
    };
    let pass = Ruling::open(Kind::Pass, "fine");
    let dark = Ruling::open(Kind::Unverifiable, "provider down");
    let fail = Ruling::open(Kind::Fail, "bad");
    let worse = Ruling { regression: true, ..Ruling::open(Kind::Fail, "worse") };
    assert_eq!(at(1, &[&pass]), WindowSays::GoOn { next_look: SignedDuration::from_secs(103) });
    assert_eq!(at(15, &[&pass, &pass]), WindowSays::Pass);
    assert_eq!(at(2, &[&pass, &fail]), WindowSays::Fail);
    assert_eq!(at(2, &[&fail, &worse]), WindowSays::RollBack { reason: "worse".to_owned() });
    assert!(matches!(at(20, &[&pass, &dark]), WindowSays::GoOn { .. }));
    assert_eq!(at(30, &[&pass, &dark]), WindowSays::AskPerson { reason: "provider down".to_owned() });
    assert!(matches!(at(30, &[]), WindowSays::AskPerson { .. }));
}

#[test]
fn rulings_travel() {
    let ruling = judge((1.0, 1_200.0), (300.0, 1_000.0), (5.0, 4_500.0), 6);
    let text = serde_json::to_string(&ruling).unwrap();
    assert!(text.contains("\"kind\":\"pass\""), "{text}");
    let back: Ruling = serde_json::from_str(&text).unwrap();
    assert_eq!((back.kind, back.reason), (ruling.kind, ruling.reason));
    assert_eq!(percent(0.0011), "0.11 %");
    assert_eq!(percent(0.3), "30 %");
    assert_eq!(grouped(1_234_567.0), "1,234,567");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_input_panics(bins in prop::collection::vec((any::<f64>(), any::<f64>()), 0..8), ratio: f64, points: f64,
                       alpha: f64, at: u32, planned: u32, limit: Option<f64>) {
        let counts = window(&bins);
        let looks = Looks { alpha, look: at, planned };
        let ruling = judge_counts(Some(&counts), Some(&counts), &counts, Margin { ratio, points }, limit, looks);
        prop_assert!(!ruling.regression || ruling.kind == Kind::Fail);
        let values: Vec<f64> = bins.iter().map(|bin| bin.0).collect();
        judge_values(&values, &values, ratio, limit, looks, at.is_multiple_of(2));
    }

    #[test]
    fn more_errors_never_look_better(base in 0_u32..50, errors in 0_u32..200) {
        let (base, total) = (Sum { errors: f64::from(base), total: 5_000.0 }, 4_000.0);
        let few = Sum { errors: f64::from(errors), total };
        let more = Sum { errors: f64::from(errors + 1), total };
        let margin = Margin::default();
        prop_assert!(p_equivalent(base, more, margin) >= p_equivalent(base, few, margin) - 1e-9);
        prop_assert!(p_worse(base, more, margin) <= p_worse(base, few, margin) + 1e-9);
        prop_assert!(ratio_above(base, few, 1.0) <= 1.0);
        prop_assert!((0.0..=1.0).contains(&beta_cdf(0.3, 7.0, 0.1)));
    }
}
