//! How much of each text fits: a budget is shared fairly, so that a long log
//! does not push a short ticket out. It refuses to cut within a character, and
//! cuts between lines where a line ends near enough.

/// Which end of a text matters more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The beginning: tickets, files, changes.
    Head,
    /// The end: logs, where the newest lines stand last.
    Tail,
}

/// Max-min fair shares of a budget: nobody gets more than they want, and what
/// the modest leave goes to the others in equal parts. (The "water-filling" of
/// Bertsekas and Gallager, Data Networks, section 6.5.2.)
pub fn shares(wanted: &[usize], budget: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    let want = |at: usize| wanted.get(at).copied().unwrap_or_default();
    order.sort_by_key(|&at| want(at));
    let mut shares = vec![0; wanted.len()];
    let mut left = budget;
    for (served, &at) in order.iter().enumerate() {
        let share = want(at).min(left / (wanted.len() - served));
        left -= share;
        if let Some(slot) = shares.get_mut(at) {
            *slot = share;
        }
    }
    shares
}

/// At most `most` bytes of a text.
pub fn cut(text: &str, most: usize, keep: Keep) -> &str {
    if text.len() <= most {
        return text;
    }
    match keep {
        Keep::Head => {
            let head = text.get(..floor(text, most)).unwrap_or_default();
            match head.rfind('\n') {
                Some(end) if end >= most / 2 => head.get(..=end).unwrap_or(head),
                _ => head,
            }
        }
        Keep::Tail => {
            let from = floor(text, text.len() - most);
            let from = if from < text.len() - most { next(text, from) } else { from };
            let tail = text.get(from..).unwrap_or_default();
            match tail.find('\n') {
                Some(end) if end < most / 2 => tail.get(end + 1..).unwrap_or(tail),
                _ => tail,
            }
        }
    }
}

/// The nearest place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

/// The next place after `at` where a character begins.
fn next(text: &str, at: usize) -> usize {
    (at + 1..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_modest_get_all_they_want() {
        assert_eq!(shares(&[10, 1000, 30, 1000], 240), [10, 100, 30, 100]);
        assert_eq!(shares(&[5, 5], 100), [5, 5]);
        assert_eq!(shares(&[], 100), Vec::<usize>::new());
    }

    #[test]
    fn cuts_between_lines() {
        let text = "one\ntwo\nthree\n";
        assert_eq!(cut(text, 9, Keep::Head), "one\ntwo\n");
        assert_eq!(cut(text, 9, Keep::Tail), "three\n");
        assert_eq!(cut("äöü", 3, Keep::Head), "ä");
        assert_eq!(cut("äöü", 3, Keep::Tail), "ü");
    }

    proptest! {
        #[test]
        fn shares_are_fair(wanted in prop::collection::vec(0_usize..5000, 0..8), budget in 0_usize..10_000) {
            let got = shares(&wanted, budget);
            prop_assert!(got.iter().zip(&wanted).all(|(got, want)| got <= want));
            let total: usize = wanted.iter().sum();
            let given: usize = got.iter().sum();
            prop_assert_eq!(given, budget.min(total));
            // Whoever got less than they want got as much as anybody, but for one byte each.
            let most = got.iter().max().copied().unwrap_or_default();
            let lacking = got.iter().zip(&wanted).filter(|(got, want)| got < want);
            for (got, _) in lacking {
                prop_assert!(got + wanted.len() >= most);
            }
        }

        #[test]
        fn a_cut_is_part_of_the_text(text in "([a-zä\\n]|\\PC){0,60}", most in 0_usize..80) {
            for keep in [Keep::Head, Keep::Tail] {
                let part = cut(&text, most, keep);
                prop_assert!(part.len() <= most.max(text.len().min(most)));
                let holds = if keep == Keep::Head { text.starts_with(part) } else { text.ends_with(part) };
                prop_assert!(holds);
            }
        }
    }
}
