//! Laws that hold for any log.

use super::{diff, diff_bytes, model};
use crate::atoms::{Atom, split};
use crate::line::Reader;
use crate::shape::{self, Shape};
use crate::{Block, Blocks, Comparison, Diff, Model, ModelError, Options};
use proptest::prelude::*;

/// Lines of the kinds that logs have, and others.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(INFO|WARN|ERROR|E0102|I0102) [a-c]{1,3} [0-9]{1,3} (x|y|z|code=[0-9]|status [0-9]{3})",
        2 => "2024-05-0[1-3] 10:00:0[0-9] (INFO|ERROR) (user (al|bo|cy) left|took [0-9]{1,4} ms|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        1 => "\tat [a-b]\\.[c-d]\\([0-9]\\)",
        1 => "(Caused by: )?a\\.(Foo|Bar)Exception: [a-z]{3}",
        1 => "  File \"x\", line [0-9], in [a-c]",
        1 => Just("Traceback (most recent call last):".to_owned()),
        1 => "(panic: x|goroutine [0-9] \\[running\\]:|main\\.[a-b]\\(0x[0-9]\\)|thread 'm' panicked at a.rs:1:2:|   [0-9]: app::[ab])",
        2 => "\\{\"level\":\"(info|error)\",\"msg\":\"[a-c ]{1,4}\",\"(code|n)\":[0-9]{1,3}\\}",
        1 => "level=(info|error) msg=\"[a-c ]{1,4}\" n=[0-9]",
        1 => "Jun 14 15:16:0[0-9] h[0-9] app\\[[0-9]\\]: (ERROR x|\tat a\\.b\\(\\)|a\\.FooError: y|fine [0-9])",
        1 => "(\\{|\\}|  \"level\": \"error\",|  \"msg\": \"[ab]\")",
        1 => "\\PC{0,30}",
        1 => Just(String::new()),
    ]
}

fn log() -> impl Strategy<Value = String> {
    prop::collection::vec(line(), 0..30).prop_map(|lines| lines.join("\n"))
}

/// A diff without what depends on the places of lines.
fn placeless(mut diff: Diff) -> Diff {
    for template in &mut diff.new {
        (template.first_line, template.last_line) = (0, 0);
        template.over_time.clear();
        template.example.clear();
    }
    diff.new.sort_by(|a, b| (a.severity, &a.text).cmp(&(b.severity, &b.text)));
    diff.new_lines.clear();
    diff.axis = None;
    diff.risen.clear();
    diff
}

/// The line with other digits in its numbers, as many or not.
fn other_digits(line: &str, seed: u64) -> String {
    let mut state = seed;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let bytes = line.as_bytes();
    let mut atoms: Vec<Atom> = Vec::new();
    split(bytes, &mut atoms);
    let mut out = Vec::new();
    for atom in &atoms {
        let text = &bytes[atom.start as usize..atom.end as usize];
        if !atom.sort.has_digit() {
            out.extend_from_slice(text);
            continue;
        }
        for b in text {
            if b.is_ascii_digit() {
                out.push(b'0' + u8::try_from(random() % 10).unwrap());
                if random() % 8 == 0 {
                    out.push(b'0' + u8::try_from(random() % 10).unwrap());
                }
            } else if b.is_ascii_alphabetic() && random() % 4 == 0 {
                out.push(b'a' + u8::try_from(random() % 26).unwrap());
            } else {
                out.push(*b);
            }
        }
    }
    String::from_utf8(out).unwrap()
}

/// Lines whose shapes are compared; `LOGDIFF_SHAPES=…` when this is built, for more.
const SHAPES: u32 = match option_env!("LOGDIFF_SHAPES") {
    Some(text) => parse(text),
    None => 4_000,
};

const fn parse(text: &str) -> u32 {
    let (mut n, mut i) = (0, 0);
    while i < text.len() {
        n = n * 10 + (text.as_bytes()[i] - b'0') as u32;
        i += 1;
    }
    n
}

/// Two lines of one shape are read alike.
fn shapes_hold(a: &str, b: &str) {
    let of = |line: &str| {
        let clean = crate::text::clean(line.as_bytes()).into_owned();
        (shape::of(&clean, true), clean)
    };
    let ((shape_a, a), (shape_b, b)) = (of(a), of(b));
    if let (Shape::Of(x), Shape::Of(y)) = (shape_a, shape_b)
        && x == y
    {
        let mut reader = Reader::default();
        let first = reader.read(&a);
        let first_text = reader.text(first).to_vec();
        let second = reader.read(&b);
        let second_text = reader.text(second).to_vec();
        assert_eq!(
            (first, String::from_utf8_lossy(&first_text)),
            (second, String::from_utf8_lossy(&second_text)),
            "{:?} and {:?}",
            String::from_utf8_lossy(&a),
            String::from_utf8_lossy(&b)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn chunks_do_not_matter(before in log(), after in log(), cut in 1_usize..17) {
        let whole = model(&before);
        let mut pieces = Model::new();
        before.as_bytes().chunks(cut).for_each(|piece| pieces.learn(piece));
        pieces.finish();
        prop_assert_eq!(whole.to_bytes(), pieces.to_bytes());
        let mut comparison = Comparison::new(&pieces, Options { year: 2024, ..Options::default() });
        after.as_bytes().chunks(cut).for_each(|piece| comparison.feed(piece));
        prop_assert_eq!(comparison.finish(), diff(&whole, &after, false));
    }

    #[test]
    fn merging_equals_building_one(a in log(), b in log()) {
        let mut merged = model(&a);
        merged.merge(&model(&b));
        let mut one = model(&a);
        one.learn(b.as_bytes());
        one.finish();
        prop_assert_eq!(merged.to_bytes(), one.to_bytes());
        prop_assert_eq!(diff(&merged, &b, false), diff(&one, &b, false));
        let mut reversed = model(&b);
        reversed.merge(&model(&a));
        prop_assert_eq!(merged.to_bytes(), reversed.to_bytes());
    }

    #[test]
    fn the_order_of_lines_does_not_matter(
        before in prop::collection::vec("(INFO|ERROR) (a|b|c|d) [0-9]{1,3} (x|y|z|w|code [0-9])( u[a-z])?", 0..40),
        after in prop::collection::vec("(INFO|ERROR|WARN) (a|b|c|e) [0-9]{1,3} (x|y|q|code [0-9])( u[a-z])?", 0..40),
        seed in any::<u64>(),
    ) {
        let shuffled = |lines: &[String]| {
            let mut keyed: Vec<(u64, &String)> = lines.iter().enumerate().map(|(i, l)| (crate::hash::at(seed, i), l)).collect();
            keyed.sort();
            keyed.into_iter().map(|(_, l)| l.clone()).collect::<Vec<_>>().join("\n")
        };
        let one = placeless(diff(&model(&before.join("\n")), &after.join("\n"), false));
        let other = placeless(diff(&model(&shuffled(&before)), &shuffled(&after), false));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_baseline_has_nothing_new(a in log()) {
        let found = diff(&model(&a), &a, false);
        prop_assert_eq!((found.new, found.gone, found.risen), (vec![], vec![], vec![]));
    }

    #[test]
    fn models_travel(a in log(), b in log()) {
        let learnt = model(&a);
        let back = Model::from_bytes(&learnt.to_bytes()).unwrap();
        prop_assert_eq!(diff(&learnt, &b, false), diff(&back, &b, false));
        prop_assert_eq!(learnt.to_bytes(), back.to_bytes());
    }

    #[test]
    fn changed_models_are_refused(a in log(), at in any::<prop::sample::Index>(), with in 1_u8..=255) {
        let mut bytes = model(&a).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        prop_assert!(Model::from_bytes(&bytes).is_err());
        prop_assert!(Model::from_bytes(&bytes[..at]).is_err());
    }

    #[test]
    fn any_bytes_will_do(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 1_usize..50) {
        let mut learnt = Model::new();
        learnt.learn(&bytes);
        learnt.finish();
        let mut comparison = Comparison::new(&learnt, Options::default());
        bytes.chunks(cut).for_each(|chunk| comparison.feed(chunk));
        let found = comparison.finish();
        prop_assert!(found.new.is_empty(), "{:?}", found.new);
        for template in diff_bytes(&Model::new(), &bytes, false).new {
            prop_assert!(!template.text.chars().chain(template.example.chars()).any(char::is_control), "{:?}", template);
        }
    }

    #[test]
    fn any_bytes_are_no_model_and_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Model::from_bytes(&bytes).is_err());
        let marked = [b"HFLOGDIF".as_slice(), &bytes].concat();
        prop_assert!(Model::from_bytes(&marked).is_err());
    }

    #[test]
    fn blocks_on_several_cores_equal_one_reading(lines in prop::collection::vec("2024-05-01 10:00:0[0-9] (INFO|ERROR) [a-d]{1,2} [0-9]{1,3} (x|y|code [0-9])", 0..60), size in 1_usize..400) {
        let log = lines.join("\n") + "\n";
        let before = model("INFO a 1 x\n");
        let mut blocks = Blocks::exactly(size);
        let mut parts: Vec<Block> = Vec::new();
        for chunk in log.as_bytes().chunks(37) {
            blocks.feed(chunk);
            while let Some(block) = blocks.next_block() {
                parts.push(block);
            }
        }
        parts.extend(blocks.finish());
        let bytes: Vec<u8> = parts.iter().flat_map(|block| block.bytes.clone()).collect();
        prop_assert_eq!(bytes, log.as_bytes());
        let options = Options { year: 2024, ..Options::default() };
        let mut workers = [Comparison::new(&before, options), Comparison::new(&before, options)];
        let mut models = [Model::new(), Model::new()];
        for (i, block) in parts.iter().enumerate() {
            workers[i % 2].feed_block(block, |_| ());
            models[i % 2].learn_block(block);
        }
        let [mut one, two] = workers;
        one.merge(two);
        prop_assert_eq!(one.finish(), diff(&before, &log, false));
        let [mut learnt, rest] = models;
        learnt.merge(&rest);
        learnt.finish();
        prop_assert_eq!(learnt.to_bytes(), model(&log).to_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(SHAPES))]

    #[test]
    fn lines_of_one_shape_are_read_alike(line in line(), seed in any::<u64>()) {
        shapes_hold(&line, &other_digits(&line, seed));
    }

    #[test]
    fn odd_lines_of_one_shape_are_read_alike(
        line in "((<[0-9]{1,3}>)?(1 )?|[A-Z][0-9]{4} |\\[)?((HTTP/|status |code[=:] ?|errno=|err |ORA-|E|exit |signal |rc=|level\":|at |#|Foo|=|-|:|\\.|/|\\\\|\"|'| |\\{|\\}|,|\\[|\\]|\\(|\\)|[0-9]{1,9}|[a-f]{2,4}|[a-z]{1,6}|0x[0-9a-f]{1,8}|[0-9a-f]{4,8}|é|Exception|Error|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}){1,14})",
        seed in any::<u64>(),
    ) {
        shapes_hold(&line, &other_digits(&line, seed));
    }
}

#[test]
fn a_model_of_another_kind_or_version_is_refused_in_words() {
    assert_eq!(Model::from_bytes(b"nonsense").unwrap_err(), ModelError::NotAModel);
    let mut old = model("INFO x\n").to_bytes();
    old[8] = 1;
    let error = Model::from_bytes(&old).unwrap_err();
    assert!(
        matches!(error, ModelError::Version { found: 1, .. }) && error.to_string().contains("learn it again"),
        "{error}"
    );
    let cut = &model("INFO x\n").to_bytes()[..30];
    assert!(matches!(Model::from_bytes(cut).unwrap_err(), ModelError::Damaged { .. }));
}
