//! Lists of words: what they mean in logs, whoever writes them. One look-up
//! tells everything about a word.

use crate::Severity;

/// What a word may be, as bits.
pub(crate) mod is {
    /// Its value says what happened.
    pub(crate) const TELLS: u32 = 1 << 8;
    /// A number beside it is a signal.
    pub(crate) const CODE: u32 = 1 << 9;
    /// A number beside it is one only if it is an answer of HTTP.
    pub(crate) const HTTP: u32 = 1 << 10;
    /// What is quoted behind it says why.
    pub(crate) const REASON: u32 = 1 << 11;
    /// Error codes start with it: `ORA-00942`, `E1234`.
    pub(crate) const PREFIX: u32 = 1 << 12;
    /// What a number is counted in.
    pub(crate) const UNIT: u32 = 1 << 13;
    pub(crate) const WEEKDAY: u32 = 1 << 14;
    /// It may follow a clock time: half of the day, or a zone.
    pub(crate) const ZONE: u32 = 1 << 15;
    /// The ending of a file's name.
    pub(crate) const FILE: u32 = 1 << 16;
    /// The ending of a host's name.
    pub(crate) const HOST: u32 = 1 << 17;
    /// Names follow it.
    pub(crate) const PLACE: u32 = 1 << 18;
    /// Names of people follow it, if one of [`TO_USER`] is before it.
    pub(crate) const USER: u32 = 1 << 19;
    pub(crate) const TO_USER: u32 = 1 << 20;
    /// A level follows it.
    pub(crate) const LEVEL_KEY: u32 = 1 << 21;
    /// It says that something failed, or that all is lost.
    pub(crate) const ERROR: u32 = 1 << 22;
    pub(crate) const FATAL: u32 = 1 << 23;
    /// It says that the next word is not so.
    pub(crate) const DENIES: u32 = 1 << 24;
    pub(crate) const BOOL: u32 = 1 << 25;
    pub(crate) const FAILURE: u32 = 1 << 26;
    /// Bits 0 to 2: a level, one more than its [`crate::Severity`]; bits 4 to 7: a month.
    pub(crate) const LEVEL: u32 = 7;
    pub(crate) const MONTH: u32 = 15 << 4;
}

/// The longest word of the lists, in bytes.
const LONGEST: usize = 16;

/// A word as a number: its bytes with the bit of lower case.
const fn pack(word: &[u8]) -> u128 {
    let (mut packed, mut i) = (0, 0);
    while i < word.len() && i < LONGEST {
        packed |= ((word[i] | 0x20) as u128) << (8 * i);
        i += 1;
    }
    packed
}

const LISTS: [(u32, &str); 39] = [
    (1, "fatal critical crit emerg emergency alert panic ftl dpanic"),
    (2, "error err severe failure eror fail"),
    (3, "warn warning wrn"),
    (4, "info notice information inf log"),
    (5, "debug trace fine finer finest verbose dbg vrb trc dbug"),
    (
        is::TELLS,
        "msg message error err level lvl severity reason exception type kind logger component event cause state result module stack method fault failure \
         warning description detail details loglevel levelname outcome errormessage errmsg error_message err_msg exc exc_info error_type errortype problem \
         action op operation success ok thrown exception_class exception_type class",
    ),
    (
        is::CODE,
        "code errorcode error_code status_code http exit exited rc errno error err signal sqlstate hresult sig ret errcode statuscode httpstatus response responded ec oserror",
    ),
    (is::HTTP, "status http response responded httpstatus statuscode status_code"),
    (is::REASON, "error err exception failure reason because cause message msg warning fault panic"),
    (
        is::PREFIX,
        "e err error ec ora sql sqlstate http ts cs pg code aadsts errno sqlcode tns ins crs pls jbas wfly hhh msb nu hy gc x f w",
    ),
    (
        is::UNIT,
        "ns us ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days week weeks msec msecs usec nsec millis millisecond \
         milliseconds micros microsecond microseconds nanos nanosecond nanoseconds b byte bytes k kb mb gb tb pb kib mib gib tib bps kbps mbps gbps kbit \
         mbit hz khz mhz ghz month months year years",
    ),
    (1 << 4, "jan january"),
    (2 << 4, "feb february"),
    (3 << 4, "mar march"),
    (4 << 4, "apr april"),
    (5 << 4, "may"),
    (6 << 4, "jun june"),
    (7 << 4, "jul july"),
    (8 << 4, "aug august"),
    (9 << 4, "sep sept september"),
    (10 << 4, "oct october"),
    (11 << 4, "nov november"),
    (12 << 4, "dec december"),
    (is::WEEKDAY, "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday"),
    (
        is::ZONE,
        "am pm utc gmt z est edt cst cdt mst mdt pst pdt cet cest bst ist jst kst msk aest aedt wet west eet eest sgt hkt nzst nzdt brt",
    ),
    (
        is::FILE,
        "log txt json xml yml yaml toml ini conf cfg properties csv tsv html htm css js ts mjs jsx tsx vue php py pyc rb go rs java kt scala c cc cpp h \
         hpp cs fs vb swift m sh bat ps sql db sqlite dat bin exe dll so dylib a o jar war ear class zip gz tgz tar bz xz zst rar iso img png jpg jpeg gif \
         svg ico webp pdf doc docx xls xlsx ppt pptx md rst tmp bak lock pid sock pem crt key pcap plist service socket timer mount slice target scope rpm \
         deb apk ipa cab msi sys reg",
    ),
    (
        is::HOST,
        "com net org edu gov mil io local internal lan localdomain svc dev arpa cloud app info biz example test invalid de uk fr jp cn ru br nl it es pl se \
         ch at au ca us tw kr in eu be cz dk fi no pt mx ar vn id tr za",
    ),
    (
        is::PLACE,
        "user username account customer tenant member owner host hostname client employee login named nick player author namespace queue topic bucket channel",
    ),
    (is::USER, "user username login"),
    (is::TO_USER, "for by as of invalid unknown illegal from to"),
    (is::LEVEL_KEY, "level lvl severity loglevel levelname"),
    (is::ERROR, "error errors exception failed failure segfault fails traceback"),
    (is::FATAL, "panic panicked fatal"),
    (is::DENIES, "no without zero not any if"),
    (is::BOOL, "true false"),
    (
        is::FAILURE,
        "fail fails failed failing deny denied kill killed killing lost drop drops dropped dropping dead not never no without oom down lag lags lagging \
         skip skipped skipping bad leak leaks leaked leaking wrong retry retries retrying stale stuck crash crashes crashed panic panics fatal abort aborts",
    ),
    (
        is::FAILURE,
        "error errors exception exceptions refused refuse reject rejected timeout timedout invalid illegal missing corrupt corrupted",
    ),
    (
        is::FAILURE,
        "unable cannot exceed exceeded exhausted overflow deadlock broken expired unexpected unknown forbidden conflict malformed",
    ),
    (is::CODE, "exitcode exit_code status sqlcode"),
];

const CELLS: usize = 2048;

/// Every word of the lists with its bits, hashed when the program is built.
static TABLE: [(u128, u32); CELLS] = table();

const fn cell(packed: u128) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded")]
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53) as usize
}

#[expect(clippy::large_stack_arrays, reason = "it is made when the program is built")]
const fn table() -> [(u128, u32); CELLS] {
    let mut table = [(0, 0); CELLS];
    let mut list = 0;
    while list < LISTS.len() {
        let (bits, words) = LISTS[list];
        let bytes = words.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let (mut packed, mut len) = (0_u128, 0);
            while at < bytes.len() && bytes[at] != b' ' {
                packed |= ((bytes[at] | 0x20) as u128) << (8 * len);
                len += 1;
                at += 1;
            }
            at += 1;
            if len == 0 {
                continue;
            }
            assert!(len <= LONGEST, "a word of the lists is too long");
            let mut cell = cell(packed);
            while table[cell].0 != 0 && table[cell].0 != packed {
                cell = (cell + 1) % CELLS;
            }
            table[cell] = (packed, table[cell].1 | bits);
        }
        list += 1;
    }
    table
}

/// A word in lower case, and what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lower {
    packed: u128,
    bits: u32,
}

impl Lower {
    pub(crate) fn of(word: &[u8]) -> Self {
        if word.len() > LONGEST {
            return Self { packed: 0, bits: endings(word) };
        }
        let packed = pack(word);
        let mut at = cell(packed);
        while TABLE[at].0 != 0 {
            if TABLE[at].0 == packed {
                return Self { packed, bits: TABLE[at].1 };
            }
            at = (at + 1) % CELLS;
        }
        Self { packed, bits: endings(word) }
    }

    pub(crate) fn is(self, bits: u32) -> bool {
        self.bits & bits != 0
    }

    pub(crate) fn same(self, word: &[u8]) -> bool {
        self.packed == pack(word)
    }

    /// The severity that it names, if it names one.
    pub(crate) fn level(self) -> Option<Severity> {
        Some(match self.bits & is::LEVEL {
            1 => Severity::Fatal,
            2 => Severity::Error,
            3 => Severity::Warning,
            4 => Severity::Info,
            5 => Severity::Debug,
            _ => return None,
        })
    }

    /// The number of a month.
    pub(crate) fn month(self) -> Option<u32> {
        let month = (self.bits & is::MONTH) >> 4;
        (month > 0).then_some(month)
    }

    /// Whether a number can be the code that this word announces.
    pub(crate) fn announces(self, number: u32) -> bool {
        if self.same(b"signal") || self.same(b"sig") {
            number <= 64
        } else if self.same(b"exit") || self.same(b"exited") {
            number <= 255
        } else if self.same(b"errno") || self.same(b"oserror") {
            number <= 133 || (10_000..=11_031).contains(&number)
        } else {
            true
        }
    }
}

/// What a word is that is in no list: `responseCode`, `http_status`, `unreachable`.
fn endings(word: &[u8]) -> u32 {
    let ends =
        |end: &[u8]| word.len() > end.len() && word[word.len() - end.len()..].eq_ignore_ascii_case(end);
    let mut bits = 0;
    if ends(b"code") || ends(b"status") {
        bits |= is::TELLS | is::CODE;
        if ends(b"status") || ends(b"statuscode") || ends(b"status_code") {
            bits |= is::HTTP;
        }
    }
    if is_failure(word) {
        bits |= is::FAILURE;
    }
    bits
}

/// Words that say that something goes wrong, by how they start: they never
/// stand for a name, and where one turns up it is news.
fn is_failure(word: &[u8]) -> bool {
    let Some(first) = word.first() else { return false };
    let stems: &[&[u8]] = match first.to_ascii_lowercase() {
        b'a' => &[b"abort"],
        b'b' => &[b"broken"],
        b'c' => &[b"corrupt", b"cannot", b"crash", b"conflict", b"cancel"],
        b'd' => &[b"deadlock", b"degrad", b"disconnect", b"duplicate"],
        b'e' => &[b"error", b"except", b"exceed", b"exhaust", b"expire"],
        b'f' => &[b"failure", b"fatal", b"forbidden"],
        b'i' => &[
            b"invalid",
            b"illegal",
            b"interrupt",
            b"insufficient",
            b"inconsisten",
            b"incompatib",
            b"incorrect",
        ],
        b'm' => &[b"missing", b"mismatch", b"malformed"],
        b'o' => &[b"overflow"],
        b'p' => &[b"panic"],
        b'r' => &[b"refuse", b"reject"],
        b's' => &[b"shutdown", b"stuck"],
        b't' => &[b"timeout", b"timedout"],
        b'u' => &[
            b"unable",
            b"unavailab",
            b"unreachab",
            b"underflow",
            b"unhealthy",
            b"unexpected",
            b"unknown",
            b"unrecogni",
            b"unsupported",
            b"unauthori",
        ],
        b'v' => &[b"violat"],
        _ => return false,
    };
    stems.iter().any(|stem| word.len() >= stem.len() && word[..stem.len()].eq_ignore_ascii_case(stem))
}

/// `0x5`, `0x80070005`, `0xC0000005`: small, or a failure as HRESULT and NTSTATUS write it.
pub(crate) fn is_hex_code(text: &[u8]) -> bool {
    text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")).is_some_and(|digits| match digits.len() {
        1..=5 => true,
        8 => digits.starts_with(b"80") || digits.starts_with(b"c0") || digits.starts_with(b"C0"),
        _ => false,
    })
}

/// Answers of HTTP that IANA has registered, and a few that servers invented.
pub(crate) fn is_http_status(number: u32) -> bool {
    matches!(
        number,
        100..=103 | 200..=208 | 226 | 300..=308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451 | 499 | 500..=508 | 510 | 511 | 520..=526 | 530
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_up_tells_everything() {
        assert_eq!(Lower::of(b"WARNING").level(), Some(Severity::Warning));
        assert_eq!(Lower::of(b"Sept").month(), Some(9));
        assert!(Lower::of(b"responseCode").is(is::CODE) && !Lower::of(b"responseCode").is(is::HTTP));
        assert!(
            Lower::of(b"http_status").is(is::HTTP)
                && Lower::of(b"some_very_long_upstream_status").is(is::HTTP)
        );
        assert!(Lower::of(b"Unreachable").is(is::FAILURE) && !Lower::of(b"nothing").is(is::FAILURE));
        assert!(
            Lower::of(b"error").is(is::TELLS)
                && Lower::of(b"ERROR").is(is::CODE)
                && Lower::of(b"Error").is(is::FAILURE)
        );
        assert_eq!(Lower::of(b"").bits, 0);
    }
}
