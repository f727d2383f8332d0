//! Lines of stack traces: what each adds to the identity of its event.
//!
//! A frame counts by the name of its function, without line numbers, addresses,
//! arguments, and without what compilers and runs number (`lambda$3`,
//! `$Proxy12`, `::h0123…`, `<Run>d__5`).

use crate::atoms::{Atom, Sort, continues_hex, split};

/// What a line is within a stack trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A frame of the program.
    Frame,
    /// A frame of the runtime, which comes and goes.
    Noise,
    /// The type of an exception that caused another.
    Cause,
    /// The type of an exception at the start of a line.
    Typed,
    /// `Traceback (most recent call last):`
    Traceback,
    /// `goroutine 1 [running]:`
    Goroutine,
    /// `panic: …`, `fatal error: …` of Go.
    GoPanic,
    /// `thread 'main' panicked at src/main.rs:5:9:`; the message follows.
    RustPanic,
    /// It belongs to a trace and says nothing: `... 12 more`.
    Quiet,
}

/// Text that is part of a trace, and what it says.
pub(crate) fn read(text: &[u8], indented: bool, out: &mut Vec<u8>) -> Option<Kind> {
    out.clear();
    let text = text.trim_ascii();
    if is_quiet(text, indented) {
        return Some(Kind::Quiet);
    }
    if text == b"Traceback (most recent call last):"
        || text.ends_with(b"Exception Group Traceback (most recent call last):")
    {
        return Some(Kind::Traceback);
    }
    if text.starts_with(b"goroutine ") && text.ends_with(b"]:") {
        return Some(Kind::Goroutine);
    }
    for cause in
        [&b"Caused by: "[..], b"Suppressed: ", b"Wrapped by: ", b"---> ", b"[cause]: ", b"Nested exception: "]
    {
        if let Some(rest) = text.strip_prefix(cause) {
            let name = exception(rest).unwrap_or_else(|| first_words(rest));
            out.extend_from_slice(b"caused by ");
            plain(name, out);
            return Some(Kind::Cause);
        }
    }
    if let Some(call) = call(text, indented) {
        out.extend_from_slice(b"at ");
        return function(call, out);
    }
    let panicked = memchr::memmem::find(text, b" panicked at ");
    if let Some(at) = panicked.filter(|_| text.starts_with(b"thread '")) {
        let message = text.get(at + 13..).unwrap_or_default();
        if message.ends_with(b":") {
            return Some(Kind::RustPanic);
        }
    }
    if text.starts_with(b"panic: ") || text.starts_with(b"fatal error: ") {
        return Some(Kind::GoPanic);
    }
    let name = exception(text)?;
    plain(name, out);
    Some(Kind::Typed)
}

/// What belongs to a trace without a meaning of its own.
fn is_quiet(text: &[u8], indented: bool) -> bool {
    const STARTS: [&[u8]; 14] = [
        b"--- End of",
        b"stack backtrace:",
        b"note: run with `RUST_BACKTRACE",
        b"note: Some details are omitted",
        b"During handling of the above exception",
        b"The above exception was the direct cause",
        b"Stack trace:",
        b"Stack Trace:",
        b"[Previous line repeated",
        b"[signal SIG",
        b"Caused by:",
        b"Backtrace:",
        b"#1 {main}",
        b"--- Async",
    ];
    let dots = text.strip_prefix(b"... ").is_some_and(|rest| {
        let rest = rest.trim_ascii_start();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        digits > 0
            && matches!(
                rest.get(digits..).unwrap_or_default(),
                b" more" | b" common frames omitted" | b" frames truncated"
            )
    });
    let carets = !text.is_empty() && text.iter().all(|b| matches!(b, b'^' | b'~' | b' '));
    dots || carets
        || STARTS.iter().any(|start| text.starts_with(start) && (*start != b"Caused by:" || text.len() == 10))
        || (text.starts_with(b"#") && text.ends_with(b" {main}"))
        || (indented && text.starts_with(b"thrown in "))
}

/// The call that a frame names, in the form of any language.
fn call(text: &[u8], indented: bool) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"at ") {
        let rest = rest.strip_prefix(b"async ").unwrap_or(rest);
        let rest = rest.strip_prefix(b"new ").unwrap_or(rest);
        let paren = memchr::memchr(b'(', rest);
        if !indented && paren.is_none_or(|at| rest[..at].contains(&b' ') || !rest[..at].contains(&b'.')) {
            return None;
        }
        return Some(match paren {
            Some(at) => rest[..at].trim_ascii(),
            None => memchr::memmem::find(rest, b" in ").map_or(rest, |at| &rest[..at]),
        });
    }
    // Python
    if text.starts_with(b"File \"")
        && let Some(at) = memchr::memmem::rfind(text, b", in ")
        && memchr::memmem::find(text, b"\", line ").is_some()
    {
        return text.get(at + 5..);
    }
    // Ruby
    if (indented || text.starts_with(b"from "))
        && let Some(at) = memchr::memmem::find(text, b":in ")
    {
        return Some(text.get(at + 4..)?.trim_ascii_start());
    }
    if let Some(rest) = text.strip_prefix(b"#") {
        return numbered_by_hash(rest);
    }
    if indented {
        return numbered(text);
    }
    go(text)
}

/// `#0 /srv/a.php(12): Foo->bar()`, `#1  0x7f in foo () at a.c:3`, `#2 main (a.dart:3:5)`.
fn numbered_by_hash(rest: &[u8]) -> Option<&[u8]> {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let blank = rest.get(digits).is_some_and(|b| *b == b' ');
    let rest = rest.get(digits..)?.trim_ascii_start();
    if digits == 0 || !blank || rest.is_empty() {
        return None;
    }
    let call = match memchr::memmem::find(rest, b"): ") {
        Some(at) => rest.get(at + 3..)?,
        None => memchr::memmem::find(rest, b" in ").and_then(|at| rest.get(at + 4..)).unwrap_or(rest),
    };
    Some(memchr::memchr(b'(', call).map_or(call, |at| &call[..at]).trim_ascii())
}

/// `12: app::main`, `12: 0x5562 - app::main::h0123`.
fn numbered(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = text.get(digits..)?.strip_prefix(b":")?.trim_ascii_start();
    if digits == 0 || rest.is_empty() {
        return None;
    }
    let address = rest.first().is_some_and(u8::is_ascii_digit);
    Some(
        memchr::memmem::find(rest, b" - ")
            .filter(|_| address)
            .and_then(|at| rest.get(at + 3..))
            .unwrap_or(rest),
    )
}

/// `main.(*Server).run(0xc000, 0x2)`, `created by main.run in goroutine 5`.
fn go(text: &[u8]) -> Option<&[u8]> {
    if let Some(made) = text.strip_prefix(b"created by ") {
        return Some(memchr::memmem::find(made, b" in goroutine").map_or(made, |at| &made[..at]));
    }
    if !text.ends_with(b")") {
        return None;
    }
    let at = memchr::memrchr(b'(', text)?;
    let name = &text[..at];
    (name.contains(&b'.')
        && !name.iter().any(|b| matches!(b, b' ' | b'=' | b'"' | b':' | b'\''))
        && name.first()?.is_ascii_alphabetic())
    .then_some(name)
}

/// The name of a function without what the run numbers, and whether it is the runtime's.
fn function(name: &[u8], out: &mut Vec<u8>) -> Option<Kind> {
    // `java.base/java.util…`, `app//com…`, a file instead of a name.
    let name = match memchr::memrchr(b'/', name) {
        Some(at)
            if name.get(at..)?.contains(&b'.')
                && memchr::memmem::find(name, b"://").is_none()
                && !name.starts_with(b"/") =>
        {
            name.get(at + 1..)?
        }
        Some(_) if name.starts_with(b"/") || memchr::memmem::find(name, b"://").is_some() => b"<anonymous>",
        _ => name,
    };
    let name = memchr::memmem::find(name, b" [as ").map_or(name, |at| &name[..at]);
    let start = out.len();
    let mut atoms: Vec<Atom> = Vec::new();
    split(name.get(..name.len().min(512)).unwrap_or_default(), &mut atoms);
    for (i, atom) in atoms.iter().enumerate() {
        match atom.sort {
            Sort::Word if continues_hex(name, &atoms, i) => {}
            Sort::Word | Sort::Foreign => {
                let text = atom.of(name);
                let text = text.split(|b| *b == b'$').find(|part| !part.is_empty()).unwrap_or_default();
                out.extend_from_slice(text);
            }
            Sort::Mark if matches!(atom.mark, b'.' | b':' | b'#' | b'-' | b'/') => {
                let last = out.last().copied().unwrap_or(b' ');
                if last.is_ascii_alphanumeric() || last == b'_' || last >= 0x80 {
                    out.push(if atom.mark == b':' { b'.' } else { atom.mark });
                }
            }
            _ => {}
        }
    }
    while out.len() > start && matches!(out.last(), Some(b'.' | b'#' | b'-' | b'/')) {
        out.pop();
    }
    for ending in [&b".MoveNext"[..], b".closure", b".anonymous"] {
        if out.ends_with(ending) && out.len() - ending.len() > start {
            out.truncate(out.len() - ending.len());
        }
    }
    let name = out.get(start..).unwrap_or_default();
    Some(if name.is_empty() || is_noise(name) { Kind::Noise } else { Kind::Frame })
}

/// Frames of runtimes, schedulers and reflection: they come and go with
/// optimisation, and with what else runs.
fn is_noise(name: &[u8]) -> bool {
    const STARTS: [&[u8]; 46] = [
        b"java.lang.reflect.",
        b"jdk.internal.",
        b"sun.reflect.",
        b"java.lang.Thread",
        b"java.util.concurrent.",
        b"java.util.stream.",
        b"java.lang.invoke.",
        b"org.springframework.cglib.",
        b"org.springframework.aop.",
        b"net.bytebuddy.",
        b"javassist.",
        b"com.sun.proxy.",
        b"kotlin.coroutines.",
        b"kotlinx.coroutines.",
        b"scala.concurrent.",
        b"core.",
        b"std.",
        b"alloc.",
        b"rust_begin_unwind",
        b"__rust",
        b"backtrace",
        b"tokio.runtime.",
        b"tokio.task.",
        b"futures_",
        b"_start",
        b"__libc_start",
        b"clone",
        b"start_thread",
        b"runtime.",
        b"testing.",
        b"panic",
        b"System.Threading.",
        b"System.Runtime.",
        b"Microsoft.AspNetCore.",
        b"lambda_method",
        b"process.processTicksAndRejections",
        b"processTicksAndRejections",
        b"node.internal",
        b"Module._",
        b"Promise.all",
        b"Promise.then",
        b"new Promise",
        b"listOnTimeout",
        b"runNextTicks",
        b"asyncio",
        b"_bootstrap",
    ];
    STARTS.iter().any(|start| name.starts_with(start))
        || matches!(
            name,
            b"main"
                | b"module"
                | b"anonymous"
                | b"Object"
                | b"next"
                | b"step"
                | b"fulfilled"
                | b"rejected"
                | b"lambda"
                | b"run_until_complete"
                | b"_run_once"
                | b"invoke"
                | b"apply"
        ) && matches!(
            name,
            b"anonymous"
                | b"next"
                | b"step"
                | b"fulfilled"
                | b"rejected"
                | b"_run_once"
                | b"run_until_complete"
        )
        || memchr::memmem::find(name, b"GeneratedMethodAccessor").is_some()
        || memchr::memmem::find(name, b"BySpringCGLIB").is_some()
}

/// The type at the start of `java.lang.FooException: message` or `Error: …`.
pub(crate) fn exception(text: &[u8]) -> Option<&[u8]> {
    let mut text = text;
    if let Some(rest) = text.strip_prefix(b"Exception in thread \"") {
        let quote = memchr::memchr(b'"', rest)?;
        text = rest.get(quote + 1..)?.trim_ascii_start();
    }
    for before in [
        &b"Uncaught "[..],
        b"(node) ",
        b"Unhandled exception. ",
        b"Unhandled Exception: ",
        b"PHP Fatal error:  Uncaught ",
        b"** (",
        b"Error: Uncaught ",
    ] {
        text = text.strip_prefix(before).unwrap_or(text);
    }
    let inside =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b':' | b'\\') || *b >= 0x80;
    let mut end = text.iter().position(|b| !inside(b)).unwrap_or(text.len());
    while end > 0 && matches!(text[end - 1], b':' | b'.') {
        end -= 1;
    }
    let (name, after) = text.split_at(end);
    if name.windows(2).any(|pair| pair[0] == b':' && pair[1] != b':' && !pair[1].is_ascii_alphabetic()) {
        return None;
    }
    let last = name.rsplit(|b| matches!(b, b'.' | b':' | b'\\' | b'$')).next().unwrap_or_default();
    let typed = [
        &b"Exception"[..],
        b"Error",
        b"Throwable",
        b"Fault",
        b"Interrupt",
        b"Exit",
        b"Warning",
        b"Failure",
        b"Panic",
    ]
    .iter()
    .any(|ending| last.ends_with(ending));
    let capital = last.first().is_some_and(u8::is_ascii_uppercase);
    let ends = after.is_empty()
        || after.starts_with(b":")
        || after.starts_with(b")")
        || after.starts_with(b" [")
        || after.starts_with(b" (");
    (typed && capital && ends).then_some(name)
}

/// Without atoms that hold a digit.
fn plain(name: &[u8], out: &mut Vec<u8>) {
    let mut atoms = Vec::new();
    split(name.get(..name.len().min(256)).unwrap_or_default(), &mut atoms);
    for (i, atom) in atoms.iter().enumerate() {
        if !atom.sort.has_digit() && !continues_hex(name, &atoms, i) {
            out.extend_from_slice(if atom.sort == Sort::Space { b" " } else { atom.of(name) });
        }
    }
}

/// What a cause without a type says, up to its first colon.
fn first_words(text: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b':', b'(', text).unwrap_or(text.len());
    text.get(..end.min(80)).unwrap_or_default().trim_ascii()
}
