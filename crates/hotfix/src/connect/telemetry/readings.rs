//! From raw samples to readings: what happened between two looks.
//!
//! A counter that fell was reset with its process, so what it holds now came
//! since then. It refuses to take two looks that overtook each other for a
//! reset.

use super::store::StoredSample;
use hotfix_core::journal::Reading;
use jiff::SignedDuration;

/// Two processes whose looks lie closer together may have overtaken each other.
const OVERTAKES: SignedDuration = SignedDuration::from_secs(15);

/// The readings of one check, from its samples by time. Counters give nothing
/// at their first sample. With `mean`, the pair is sum and count, and a
/// reading has the mean and the count.
pub fn readings(check: &str, mean: bool, samples: &[StoredSample]) -> Vec<Reading> {
    let mut last: Option<&StoredSample> = None;
    let mut readings = Vec::new();
    for sample in samples {
        let mut reading = Reading {
            check: check.to_owned(),
            at: sample.at,
            errors: None,
            total: None,
            value: sample.value,
            missing: sample.missing.clone(),
        };
        if sample.missing.is_none()
            && let Some(now) = counters(sample)
        {
            let before = last.and_then(|last| Some((last, counters(last)?)));
            let fell = before.is_some_and(|(_, b)| now.0 < b.0 || now.1 < b.1);
            if fell && before.is_some_and(|(last, _)| overtaken(last, sample)) {
                continue;
            }
            last = Some(sample);
            let Some((_, (errors, total))) = before else { continue };
            // One process has both counters: if one was reset, both were.
            let increment = if fell { now } else { (now.0 - errors, now.1 - total) };
            fill(&mut reading, increment, mean);
        }
        readings.push(reading);
    }
    readings
}

fn counters(sample: &StoredSample) -> Option<(f64, f64)> {
    sample.errors.zip(sample.total)
}

fn overtaken(last: &StoredSample, sample: &StoredSample) -> bool {
    last.by != sample.by && sample.at.duration_since(last.at) < OVERTAKES
}

fn fill(reading: &mut Reading, (errors, total): (f64, f64), mean: bool) {
    reading.total = Some(total);
    if mean {
        reading.value = (total > 0.0).then(|| errors / total);
    } else {
        reading.errors = Some(errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn sample(second: i64, errors: f64, total: f64) -> StoredSample {
        StoredSample {
            at: at(second),
            errors: Some(errors),
            total: Some(total),
            value: None,
            log: None,
            missing: None,
            by: 1,
            asks: String::new(),
        }
    }

    fn increments(samples: &[StoredSample]) -> Vec<(i64, Option<f64>, Option<f64>)> {
        let seconds = |r: &Reading| r.at.as_second() - 1_790_000_000;
        readings("c", false, samples).iter().map(|r| (seconds(r), r.errors, r.total)).collect()
    }

    #[test]
    fn counters_give_increments() {
        let samples = [sample(0, 5.0, 100.0), sample(30, 5.0, 140.0), sample(60, 7.0, 150.0)];
        let expected = [(30, Some(0.0), Some(40.0)), (60, Some(2.0), Some(10.0))];
        assert_eq!(increments(&samples), expected);
    }

    #[test]
    fn a_reset_counts_from_nothing() {
        let samples = [sample(0, 5.0, 100.0), sample(30, 2.0, 12.0), sample(60, 2.0, 15.0)];
        let expected = [(30, Some(2.0), Some(12.0)), (60, Some(0.0), Some(3.0))];
        assert_eq!(increments(&samples), expected);
        // More errors than before, but the total tells.
        assert_eq!(
            increments(&[sample(0, 5.0, 100.0), sample(30, 9.0, 12.0)]),
            [(30, Some(9.0), Some(12.0))]
        );
    }

    #[test]
    fn a_missing_sample_is_a_gap_and_loses_nothing() {
        let mut gone = sample(30, 0.0, 0.0);
        (gone.errors, gone.total, gone.missing) = (None, None, Some("down".into()));
        let samples = [sample(0, 5.0, 100.0), gone, sample(60, 6.0, 120.0)];
        assert_eq!(increments(&samples), [(30, None, None), (60, Some(1.0), Some(20.0))]);
        assert_eq!(readings("c", false, &samples)[0].missing.as_deref(), Some("down"));
    }

    #[test]
    fn looks_that_overtake_each_other_are_no_reset() {
        let other = StoredSample { by: 2, ..sample(31, 1.0, 98.0) };
        let samples = [sample(0, 1.0, 90.0), sample(30, 1.0, 100.0), other, sample(60, 1.0, 120.0)];
        assert_eq!(increments(&samples), [(30, Some(0.0), Some(10.0)), (60, Some(0.0), Some(20.0))]);
        // A reset seen by another process first is only seen later.
        let other = StoredSample { by: 2, ..sample(31, 1.0, 3.0) };
        let later = StoredSample { by: 2, ..sample(61, 1.0, 9.0) };
        assert_eq!(increments(&[sample(30, 1.0, 100.0), other, later]), [(61, Some(1.0), Some(9.0))]);
    }

    #[test]
    fn a_mean_is_of_what_came_between() {
        let samples = [sample(0, 2.0, 10.0), sample(30, 5.0, 20.0), sample(60, 5.0, 20.0)];
        let means: Vec<_> =
            readings("c", true, &samples).iter().map(|r| (r.value, r.total, r.errors)).collect();
        assert_eq!(means, [(Some(0.3), Some(10.0), None), (None, Some(0.0), None)]);
    }
}
