//! Checkstyle's XML: files with errors.

use super::{Format, Level, ReadError, Remark};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The errors of every file.
pub(super) fn read(output: &str) -> Result<Vec<Remark>, ReadError> {
    let error = |reason: String| ReadError::new(Format::Checkstyle, reason);
    // Whatever a tool prints before its document is no part of it.
    let start = output.find("<?xml").or_else(|| output.find("<checkstyle"));
    let text = &output[start.ok_or_else(|| error("there is no XML".to_owned()))?..];
    let mut reader = Reader::from_str(text);
    let (mut out, mut file, mut open, mut closed) = (Vec::new(), String::new(), false, false);
    while !closed {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => match tag.name().as_ref() {
                "checkstyle" => open = true,
                "file" => file = attribute(&tag, "name").unwrap_or_default(),
                "error" if open => out.push(remark(&file, &tag)),
                _ => {}
            },
            Ok(Event::End(tag)) if tag.name().as_ref() == "checkstyle" => closed = true,
            // An empty document closes itself.
            Ok(Event::Eof) if open && out.is_empty() && text.contains("/>") => closed = true,
            Ok(Event::Eof) => return Err(error("the document ends before it is closed".to_owned())),
            Ok(_) => {}
            Err(e) => return Err(error(e.to_string())),
        }
    }
    Ok(out)
}

fn remark(file: &str, tag: &BytesStart<'_>) -> Remark {
    let of = |name: &str| attribute(tag, name);
    let count = |name: &str| of(name).and_then(|n| n.parse().ok()).filter(|n: &u32| *n > 0);
    Remark {
        file: file.to_owned(),
        line: count("line"),
        last: None,
        column: count("column"),
        rule: of("source").unwrap_or_default(),
        level: match of("severity").as_deref() {
            Some("error") => Level::Error,
            Some("info" | "ignore") => Level::Note,
            _ => Level::Warning,
        },
        message: of("message").unwrap_or_default(),
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(
        quick_xml::escape::unescape(&found.value)
            .map_or_else(|_| found.value.to_string(), std::borrow::Cow::into_owned),
    )
}
