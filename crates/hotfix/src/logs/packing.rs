//! What a log is packed with, told by its first bytes and not by its name,
//! and the readers that unpack it. Several members or frames in one file are
//! read as one log.

use super::LogError;
use flate2::bufread::GzDecoder;
pub use hotfix_core::logs::Packing;
use std::io::{self, BufRead, BufReader, Read};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A frame that unpackers skip; parallel packers start with one. Its first
/// byte is `0x50` to `0x5f`.
const ZSTD_SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];
/// Name, first bytes and command of what is not read.
const OTHERS: [(&str, &[u8], &str); 5] = [
    ("bzip2", b"BZh", "bzip2 -dc"),
    ("xz", &[0xfd, b'7', b'z', b'X', b'Z', 0], "xz -dc"),
    ("lz4", &[0x04, 0x22, 0x4d, 0x18], "lz4 -dc"),
    ("zip", &[b'P', b'K', 3, 4], "unzip -p"),
    ("compress", &[0x1f, 0x9d], "gzip -dc"),
];
/// So many first bytes tell what it is.
pub const MAGIC: usize = 6;

/// Whether these first bytes could still turn out to be packed, given more of them.
pub fn undecided(head: &[u8]) -> bool {
    let begins = |magic: &[u8]| head.len() < magic.len() && magic.starts_with(head);
    let skipped = matches!(head, [0x50..=0x5f])
        || matches!(head, [0x50..=0x5f, rest @ ..] if rest.len() < 3 && ZSTD_SKIPPED.starts_with(rest));
    head.is_empty() || begins(&GZIP) || begins(&ZSTD) || skipped || OTHERS.iter().any(|(_, m, _)| begins(m))
}

/// What a log with these first bytes is packed with.
pub fn of(name: &str, head: &[u8]) -> Result<Packing, LogError> {
    if head.starts_with(&GZIP) {
        return Ok(Packing::Gzip);
    }
    let skipped = matches!(head, [0x50..=0x5f, rest @ ..] if rest.starts_with(&ZSTD_SKIPPED));
    if head.starts_with(&ZSTD) || skipped {
        return Ok(Packing::Zstd);
    }
    match OTHERS.iter().find(|(_, magic, _)| head.starts_with(magic)) {
        // "BZh" begins words too: a digit and the block's mark follow in a real file.
        Some(("bzip2", ..)) if !matches!(head, [_, _, _, b'1'..=b'9', 0x31 | 0x17, ..]) => Ok(Packing::Plain),
        Some((with, _, unpack)) => Err(LogError::Packed { name: name.to_owned(), with, unpack }),
        None => Ok(Packing::Plain),
    }
}

/// A reader of the text.
pub fn unpacked<'r>(packing: Packing, packed: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let packed = BufReader::with_capacity(256 << 10, packed);
    Ok(match packing {
        Packing::Plain => Box::new(packed),
        Packing::Gzip => Box::new(Members(Some(GzDecoder::new(packed)))),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
    })
}

/// The members of a gzip file, one after the other. What follows the last one
/// and is none is left alone, as gzip itself does.
struct Members<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.0 else { return Ok(0) };
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let Some(member) = self.0.take() else { return Ok(0) };
            let mut rest = member.into_inner();
            if rest.fill_buf()?.starts_with(&GZIP[..1]) {
                self.0 = Some(GzDecoder::new(rest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(text: &str) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    fn text(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        unpacked(of("a", bytes).unwrap(), bytes)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn members_and_frames_are_one_log() {
        assert_eq!(text(b"plain\n").unwrap(), "plain\n");
        assert_eq!(text(&[gzip("a\n"), gzip(""), gzip("b\n")].concat()).unwrap(), "a\nb\n");
        assert_eq!(text(&[gzip("a\n"), vec![0; 700]].concat()).unwrap(), "a\n");
        let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        assert_eq!(text(&[zstd("a\n"), zstd("b\n")].concat()).unwrap(), "a\nb\n");
        let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc", &zstd("c\n")].concat();
        assert_eq!(text(&skipped).unwrap(), "c\n");
    }

    #[test]
    fn damage_is_an_error_and_not_an_end() {
        let whole = gzip(&"a line of some length\n".repeat(1000));
        assert!(text(&whole[..whole.len() - 6]).is_err());
        let mut wrong = whole.clone();
        let end = wrong.len() - 6;
        wrong[end] ^= 0xff;
        assert!(text(&wrong).is_err(), "the checksum");
        let whole = zstd::encode_all(&b"a line\n".repeat(1000)[..], 1).unwrap();
        assert!(text(&whole[..whole.len() - 6]).is_err());
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (bytes, with) in [(&b"BZh91AY&SY"[..], "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"PK\x03\x04..", "zip")]
        {
            assert!(of("a", bytes).unwrap_err().to_string().contains(with));
        }
        for plain in [&b"BZhello there"[..], b"PKI expired", b"", b"P", b"(x)"] {
            assert_eq!(of("a", plain).unwrap(), Packing::Plain, "{plain:?}");
        }
    }

    #[test]
    fn a_slow_pipe_is_waited_for_only_where_it_matters() {
        assert!(undecided(b"") && undecided(&[0x1f]) && undecided(&[0x28, 0xb5]) && undecided(b"P"));
        assert!(undecided(&[0x51, 0x2a]) && !undecided(b"a") && !undecided(b"PA") && !undecided(&GZIP));
    }
}
