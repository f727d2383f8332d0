//! What a command printed: whole up to a limit, its beginning and its end
//! beyond that. Memory stays bounded however much it prints.

use std::collections::VecDeque;

/// What is kept of the beginning, in bytes; and as much of the end.
pub const HALF: usize = 4 * 1024 * 1024;

/// Output that is kept.
#[derive(Debug, Default)]
pub struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Kept {
    /// Takes a chunk.
    pub fn add(&mut self, chunk: &[u8]) {
        self.total += chunk.len() as u64;
        let room = HALF - self.head.len();
        let (first, rest) = chunk.split_at(chunk.len().min(room));
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(HALF)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(HALF);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// How much was printed, in bytes.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How much of it is not kept, in bytes.
    pub fn left_out(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }

    /// As text. Where something is left out, a line says how much, and no
    /// line is left that was cut: half a secret would not be known as one.
    pub fn text(&self) -> String {
        let (one, two) = self.tail.as_slices();
        let tail = [one, two].concat();
        if self.left_out() == 0 {
            let mut all = self.head.clone();
            all.extend_from_slice(&tail);
            return String::from_utf8_lossy(&all).into_owned();
        }
        let end = self.head.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let begin = tail.iter().position(|b| *b == b'\n').map_or(tail.len(), |at| at + 1);
        let (head, tail) = (&self.head[..end], &tail[begin..]);
        let missing = self.total - (head.len() + tail.len()) as u64;
        let head = String::from_utf8_lossy(head);
        let tail = String::from_utf8_lossy(tail);
        format!("{head}[hotfix: {} are left out here, of {}]\n{tail}", size(missing), size(self.total))
    }
}

/// A size for people: `3.2 GiB`.
pub fn size(bytes: u64) -> String {
    let (mut whole, mut unit) = (bytes, "bytes");
    let mut tenths = 0;
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if whole < 1024 {
            break;
        }
        tenths = (whole % 1024) * 10 / 1024;
        whole /= 1024;
        unit = larger;
    }
    if tenths == 0 || whole >= 100 { format!("{whole} {unit}") } else { format!("{whole}.{tenths} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_kept_up_to_the_limit() {
        let mut kept = Kept::default();
        kept.add(&vec![b'a'; HALF]);
        kept.add(&vec![b'b'; HALF]);
        assert_eq!((kept.left_out(), kept.text().len()), (0, 2 * HALF));
    }

    #[test]
    fn beyond_it_whole_lines_of_both_ends() {
        let mut kept = Kept::default();
        let chunk = b"0123456789abcde\n".repeat(4096);
        for _ in 0..1000 {
            kept.add(&chunk);
        }
        kept.add(b"the last line\n");
        let text = kept.text();
        assert!(text.len() <= 2 * HALF + 200 && kept.tail.capacity() <= 4 * HALF);
        assert!(text.ends_with("the last line\n"));
        let odd: Vec<&str> = text.lines().filter(|l| l.len() != 15).collect();
        assert_eq!(odd.len(), 2, "{odd:?}");
        assert!(odd[0].starts_with("[hotfix: 54"), "{odd:?}");
    }

    #[test]
    fn one_line_without_end_is_left_out() {
        let mut kept = Kept::default();
        for _ in 0..20 {
            kept.add(&vec![b'x'; 1024 * 1024]);
        }
        assert_eq!(kept.text(), "[hotfix: 20 MiB are left out here, of 20 MiB]\n");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [size(12), size(1024), size(1_600), size(3 << 30), size(150 << 20)],
            ["12 bytes", "1 KiB", "1.5 KiB", "3 GiB", "150 MiB"]
        );
    }
}
