//! Models as bytes: a mark, a version, totals, the keys in order with what they
//! share with the one before left out, and a checksum.

use crate::hash;
use crate::model::{Count, MOST_TEXTS};
use crate::{Model, ModelError};

/// What a saved model starts with.
const MARK: &[u8; 8] = b"HFLOGDIF";
/// Counts up whenever keys change, since they no longer compare then.
const VERSION: u32 = 3;

impl Model {
    /// The model for a file. Call [`Model::finish`] first: an event that may
    /// still go on is not in it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MARK);
        out.extend_from_slice(&VERSION.to_le_bytes());
        for number in [self.logs, self.events, self.lines, self.overflow, self.truncated] {
            put(&mut out, number);
        }
        out.extend_from_slice(&self.minutes.to_bits().to_le_bytes());
        let seen = self.sorted();
        put(&mut out, seen.len() as u64);
        let mut last: &[u8] = b"";
        for seen in seen {
            let text = self.texts().get(seen.text);
            let shared = text.iter().zip(last).take_while(|(a, b)| a == b).count();
            put(&mut out, shared as u64);
            put(&mut out, (text.len() - shared) as u64);
            out.extend_from_slice(text.get(shared..).unwrap_or_default());
            put(&mut out, seen.count);
            out.extend_from_slice(&seen.share.to_bits().to_le_bytes());
            out.extend_from_slice(&seen.rate.to_bits().to_le_bytes());
            last = text;
        }
        let sum = hash::text(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads what [`Model::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MARK).ok_or(ModelError::NotAModel)?;
        let cut = ModelError::Damaged { at: bytes.len(), what: "it is cut short" };
        let (version, _) = rest.split_first_chunk::<4>().ok_or_else(|| cut.clone())?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(ModelError::Version { found, expected: VERSION });
        }
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or_else(|| cut.clone())?;
        if hash::text(body) != u64::from_le_bytes(*sum) {
            return Err(ModelError::Damaged {
                at: body.len(),
                what: "its checksum does not fit, so it was changed or cut short",
            });
        }
        let mut input = Input { bytes: body, at: MARK.len() + 4 };
        let mut model = Self::new();
        model.logs = input.number()?;
        model.events = input.number()?;
        model.lines = input.number()?;
        model.overflow = input.number()?;
        model.truncated = input.number()?;
        model.minutes = f64::from_bits(u64::from_le_bytes(*input.chunk::<8>()?));
        let keys = input.keys()?;
        Ok(model.loaded(&keys))
    }
}

/// Seven bits a byte, the lowest first (LEB128).
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "seven bits are left")]
    out.push(number as u8);
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn damaged(&self, what: &'static str) -> ModelError {
        ModelError::Damaged { at: self.at, what }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], ModelError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.damaged("it is cut short"))?;
        let taken = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], ModelError> {
        let error = self.damaged("it is cut short");
        self.take(N)?.first_chunk::<N>().ok_or(error)
    }

    fn number(&mut self) -> Result<u64, ModelError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = *self.chunk::<1>()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.damaged("a number is too long"))
    }

    fn size(&mut self, most: usize) -> Result<usize, ModelError> {
        let number = self.number()?;
        usize::try_from(number).ok().filter(|n| *n <= most).ok_or_else(|| self.damaged("a size is too large"))
    }

    fn keys(&mut self) -> Result<Vec<(Vec<u8>, Count)>, ModelError> {
        const LONGEST: usize = 1 << 20;
        const ROOM: usize = 64 << 20;
        let mut room = ROOM;
        let len = self.size(MOST_TEXTS)?;
        let mut keys: Vec<(Vec<u8>, Count)> = Vec::with_capacity(len.min(4_096));
        for _ in 0..len {
            let shared = self.size(LONGEST)?;
            let own = self.size(LONGEST)?;
            let before = keys.last().map_or(&b""[..], |(key, _)| key);
            let mut key =
                before.get(..shared).ok_or_else(|| self.damaged("a key shares more than there is"))?.to_vec();
            key.extend_from_slice(self.take(own)?);
            room = room.checked_sub(key.len()).ok_or_else(|| self.damaged("its keys are too long"))?;
            let total = self.number()?;
            let share = f32::from_bits(u32::from_le_bytes(*self.chunk::<4>()?));
            let rate = f32::from_bits(u32::from_le_bytes(*self.chunk::<4>()?));
            keys.push((key, Count { total, current: 0, share, rate }));
        }
        if self.at != self.bytes.len() {
            return Err(self.damaged("something follows its end"));
        }
        Ok(keys)
    }
}
