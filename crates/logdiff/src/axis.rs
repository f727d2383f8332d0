//! Counts over time in at most [`STEPS`] equal steps, whose length doubles as a
//! log goes on.

use crate::answer::Axis;

/// The most steps of an axis.
const STEPS: i64 = 60;
/// The shortest step: a millisecond or so, and one line.
const LEAST_TIME: u32 = 10;

/// What the steps of one log are: powers of two of microseconds, or of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scale {
    time: bool,
    shift: u32,
    /// The first and the last value so far.
    ends: Option<(i64, i64)>,
}

impl Scale {
    /// Takes a value in; one with a time ends counting by lines.
    pub(crate) fn take(&mut self, time: Option<i64>, line: u64) -> Option<i64> {
        let value = match time {
            Some(time) => {
                if !self.time {
                    *self = Self { time: true, shift: LEAST_TIME, ends: None };
                }
                time
            }
            None if self.time => return None,
            None => i64::try_from(line).unwrap_or(i64::MAX),
        };
        let (first, last) =
            self.ends.map_or((value, value), |(first, last)| (first.min(value), last.max(value)));
        self.ends = Some((first, last));
        while (last >> self.shift) - (first >> self.shift) >= STEPS {
            self.shift += 1;
        }
        Some(value)
    }

    /// Takes in what another part of the log had.
    pub(crate) fn merge(&mut self, other: &Self) {
        match (self.time, other.time) {
            (false, true) => *self = *other,
            (true, false) => {}
            _ => {
                self.shift = self.shift.max(other.shift);
                for end in other.ends.into_iter().flat_map(|(first, last)| [first, last]) {
                    let time = self.time.then_some(end);
                    self.take(time, u64::try_from(end).unwrap_or(0));
                }
            }
        }
    }

    /// What readers are told.
    pub(crate) fn axis(&self) -> Option<Axis> {
        let (first, last) = self.ends?;
        let (first, last) = (first >> self.shift, last >> self.shift);
        Some(Axis {
            time: self.time,
            start: first << self.shift,
            step: 1 << self.shift,
            steps: usize::try_from(last - first + 1).unwrap_or(1),
        })
    }

    /// First and last time, if it counts time.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        self.ends.filter(|_| self.time)
    }
}

/// The counts of one template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    shift: u32,
    time: bool,
    steps: Vec<(i64, u32)>,
}

impl Counts {
    /// Counts one event at a value that the scale has taken.
    #[inline]
    pub(crate) fn add(&mut self, scale: &Scale, value: i64) {
        self.rescale(scale);
        self.put(value >> scale.shift, 1);
    }

    fn put(&mut self, step: i64, count: u32) {
        if let Some(last) = self.steps.iter_mut().rev().find(|last| last.0 == step) {
            last.1 = last.1.saturating_add(count);
        } else {
            self.steps.push((step, count));
        }
    }

    fn rescale(&mut self, scale: &Scale) {
        if self.time != scale.time {
            *self = Self { time: scale.time, shift: scale.shift, steps: Vec::new() };
        }
        if self.shift < scale.shift {
            let by = scale.shift - self.shift;
            self.shift = scale.shift;
            for (step, count) in std::mem::take(&mut self.steps) {
                self.put(step >> by, count);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self, scale: &Scale) {
        let mut other = other.clone();
        other.rescale(scale);
        self.rescale(scale);
        for (step, count) in other.steps {
            self.put(step, count);
        }
    }

    /// Adds the counts to the steps of an axis.
    pub(crate) fn add_to(&self, scale: &Scale, out: &mut [u64]) {
        let mut own = self.clone();
        own.rescale(scale);
        let first = scale.ends.map_or(0, |(first, _)| first >> scale.shift);
        for (step, count) in own.steps {
            if let Some(cell) = usize::try_from(step - first).ok().and_then(|i| out.get_mut(i)) {
                *cell += u64::from(count);
            }
        }
    }
}
