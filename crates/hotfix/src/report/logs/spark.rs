//! Counts over time, in a row of characters.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Nothing came in this step.
const NOTHING: char = '·';

/// The counts in at most `width` characters, each the sum of its steps; the
/// highest is a full bar, and what came is never drawn as nothing.
pub fn line(counts: &[u64], width: usize) -> String {
    let sums = summed(counts, width);
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: u64| match count {
        0 => NOTHING,
        // Of the eight bars, the lowest that is as high as the count.
        count => {
            BARS[usize::try_from((u128::from(count) * 8).div_ceil(u128::from(most)) - 1).unwrap_or(7).min(7)]
        }
    };
    sums.into_iter().map(bar).collect()
}

/// The counts in at most `width` steps of equal length.
pub fn summed(counts: &[u64], width: usize) -> Vec<u64> {
    let each = counts.len().div_ceil(width.max(1)).max(1);
    counts.chunks(each).map(|chunk| chunk.iter().fold(0, |sum: u64, n| sum.saturating_add(*n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_bars() {
        assert_eq!(line(&[0, 1, 2, 4, 8], 10), "·▁▂▄█");
        assert_eq!(line(&[1, 0, 1_000_000], 10), "▁·█");
        assert_eq!((line(&[], 10).as_str(), line(&[3], 10).as_str()), ("", "█"));
        assert_eq!(line(&[u64::MAX, u64::MAX, 1], 1), "█");
    }

    #[test]
    fn many_steps_are_summed() {
        assert_eq!(summed(&[1; 60], 20), [3; 20]);
        assert_eq!(summed(&[1; 50], 20).iter().sum::<u64>(), 50);
        assert!((1..99).all(|n| summed(&vec![1; n], 12).len() <= 12));
    }
}
