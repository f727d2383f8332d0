//! The published JSON Schemas: that they are what the types say, and that
//! what the program prints is what they say.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p hotfix --test it schemas` writes them anew.

use super::docs::top;
use hotfix_core::logs::LogDiff;
use hotfix_core::workflow::{ActionRow, Workflow};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// What `hotfix workflow show --json` prints.
#[derive(Serialize, JsonSchema)]
struct WorkflowDocument {
    /// `hotfix.workflow/1`.
    schema: String,
    /// The actions that it compiles to, in their order.
    plan: Vec<ActionRow>,
    /// Every value of the policy with its origin; with `--origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<hotfix_core::workflow::ValueOrigin>>,
    /// What was understood of the page.
    #[serde(flatten)]
    workflow: Workflow,
}

/// What `hotfix workflow show --exact --json` prints.
#[derive(Serialize, JsonSchema)]
struct PageDocument {
    /// `hotfix.page/1`.
    schema: String,
    /// The page that it was made from.
    source: String,
    /// A page in the exact form: read again, it is the same plan.
    page: String,
}

/// What any verb prints with `--json` when it cannot go on.
#[derive(Serialize, JsonSchema)]
struct ErrorDocument {
    /// `hotfix.error/1`.
    schema: String,
    /// Its code, e.g. `HF0101`; each has a page in docs/errors/.
    code: String,
    /// What happened.
    message: String,
    /// Where, in a text.
    span: Option<SpanPart>,
    /// What has already been done.
    done: Vec<String>,
    /// What helps.
    hints: Vec<HintPart>,
}

/// A place in a text.
#[derive(Serialize, JsonSchema)]
struct SpanPart {
    /// The text's name.
    file: String,
    /// The line, from 1.
    line: u32,
    /// The column, from 1.
    column: u32,
}

/// What helps.
#[derive(Serialize, JsonSchema)]
struct HintPart {
    /// In words.
    text: String,
    /// A command that can be run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

/// The schemas by their file's name.
fn schemas() -> Vec<(&'static str, Value)> {
    let of = |schema: schemars::Schema, title: &str, name: Option<&str>| {
        let mut value = schema.to_value();
        value["title"] = title.into();
        if let Some(name) = name {
            value["properties"]["schema"] = json!({"const": name, "description": "The schema's name."});
        }
        value
    };
    let status = schema_for!(hotfix_core::status::Status);
    let report = schema_for!(hotfix_core::report::Report);
    vec![
        ("status.json", of(status, "hotfix status --json", Some(hotfix_core::status::SCHEMA))),
        (
            "workflow.json",
            of(schema_for!(WorkflowDocument), "hotfix workflow show --json", Some("hotfix.workflow/1")),
        ),
        (
            "journal.json",
            of(
                schema_for!(hotfix_core::journal::Record),
                "One record of the journal (hotfix.journal/1)",
                None,
            ),
        ),
        (
            "page.json",
            of(schema_for!(PageDocument), "hotfix workflow show --exact --json", Some("hotfix.page/1")),
        ),
        ("logdiff.json", of(schema_for!(LogDiff), "hotfix logdiff --json", Some(hotfix_core::logs::SCHEMA))),
        ("error.json", of(schema_for!(ErrorDocument), "An error with --json", Some("hotfix.error/1"))),
        ("report.json", of(report, "hotfix report --format json", Some(hotfix_core::report::SCHEMA))),
        (
            "user-config.json",
            of(schema_for!(hotfix_core::defaults::UserConfig), "hotfix/config.toml of a user", None),
        ),
        ("config.json", of(schema_for!(hotfix_core::config::Config), ".hotfix/config.toml", None)),
        (
            "brief.json",
            of(
                schema_for!(hotfix_core::brief::Brief),
                "hotfix brief --json",
                Some(hotfix_core::brief::SCHEMA),
            ),
        ),
        ("policy.json", hotfix_core::workflow::exact::POLICY_SCHEMA.clone()),
        ("workflow-front-matter.json", hotfix_core::workflow::exact::SCHEMA.clone()),
    ]
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

/// Compares a generated file with what stands in the repository, or writes it.
fn up_to_date(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{} is not up to date; run `just schemas`", path.display());
}

#[test]
fn the_schemas_are_up_to_date() {
    let mut there: Vec<_> = std::fs::read_dir(top().join("schemas"))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for (name, schema) in schemas() {
        up_to_date(&top().join("schemas").join(name), &pretty(&schema));
        there.retain(|n| n != name);
    }
    assert!(there.is_empty(), "nobody writes {there:?}");
}

#[test]
fn the_page_about_the_config_is_up_to_date() {
    let schema = schemas().into_iter().find(|(name, _)| *name == "config.json").unwrap().1;
    up_to_date(&top().join("docs/reference/config.md"), &config_page(&schema));
}

/// `docs/reference/config.md`, from the config's schema.
fn config_page(schema: &Value) -> String {
    let mut out = String::from(
        "# `.hotfix/config.toml`\n\n\
         <!-- Generated from the config's schema: `just schemas` writes it. -->\n\n\
         Every section and every key may be left out unless it says *required*. A key that is not known is \
         an error, and the message says which one was probably meant. The config that counts for a run is \
         the one at the tip of the remote's default branch when the run starts; a local file is used only \
         where there is none there, and is marked as unreviewed. Editors can check the file against \
         [the schema](../../schemas/config.json).\n\n\
         Durations are written `30s`, `15m`, `2h` or `PT15M`. A command is a list of words, which are run \
         as they are, or one text for `sh -c`; values from outside reach it through its environment only. \
         Nothing of the config runs before `hotfix trust`.\n",
    );
    let defaults = serde_json::to_value(hotfix_core::config::Config::default()).unwrap();
    let sections = schema["properties"].as_object().unwrap();
    for (name, about) in order(sections, SECTIONS) {
        let (heading, target, default) = match about.get("additionalProperties") {
            Some(inner) => (format!("[{name}.<name>]"), resolve(schema, inner), Value::Null),
            None => (format!("[{name}]"), resolve(schema, about), defaults[name].clone()),
        };
        let _ = std::fmt::Write::write_fmt(
            &mut out,
            format_args!("\n## `{heading}`\n\n{}\n", one_line(&about["description"])),
        );
        if target.get("properties").is_some() {
            table(&mut out, schema, target, &default);
        } else {
            let kind = kind(schema, target, 0);
            writeln!(out, "\n`{name}.<name>` is {kind}.").unwrap();
        }
    }
    out
}

/// The sections in the order in which a reader wants them.
const SECTIONS: &[&str] = &[
    "production",
    "worktree",
    "branch",
    "verify",
    "change",
    "forge",
    "tracker",
    "channel",
    "status_page",
    "on_call",
    "roles",
    "callers",
    "deploy",
    "rollback",
    "monitor",
    "telemetry",
    "mitigate",
    "skills",
];

fn order<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Vec<(&'a String, &'a Value)> {
    let mut all: Vec<_> = map.iter().collect();
    all.sort_by_key(|(name, _)| names.iter().position(|n| n == name).unwrap_or(names.len()));
    all
}

fn table(out: &mut String, root: &Value, object: &Value, default: &Value) {
    out.push_str("\n| Key | Value | Meaning | Default |\n| --- | --- | --- | --- |\n");
    let required: Vec<&str> =
        object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, about) in object["properties"].as_object().unwrap() {
        let meaning = one_line(&about["description"]).replace('|', "\\|");
        let default = match default.get(key) {
            _ if required.contains(&key.as_str()) => "*required*".to_owned(),
            None | Some(Value::Null) => "–".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        writeln!(out, "| `{key}` | {} | {meaning} | {default} |", kind(root, about, 0)).unwrap();
    }
    nested(out, root, object);
}

/// The objects that stand in lists: a table each.
fn nested(out: &mut String, root: &Value, object: &Value) {
    for (key, about) in object["properties"].as_object().unwrap() {
        let item = about.get("items").map(|i| resolve(root, i));
        if let Some(item) = item.filter(|i| i.get("properties").is_some()) {
            writeln!(out, "\nEach of `{key}`:").unwrap();
            table(out, root, item, &Value::Null);
        }
    }
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let path = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
    path.and_then(|p| root.pointer(p)).unwrap_or(schema)
}

/// What a value is, in words.
fn kind(root: &Value, schema: &Value, depth: usize) -> String {
    let name = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next());
    if name == Some("Command") {
        return "a command".to_owned();
    }
    if let Some(values) = resolve(root, schema)["enum"].as_array() {
        return values.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ");
    }
    let schema = resolve(root, schema);
    for list in ["anyOf", "oneOf"] {
        if let Some(variants) = schema[list].as_array() {
            let words: Vec<_> = variants
                .iter()
                .filter(|v| v["type"] != "null")
                .map(|v| match (&v["const"], v["properties"].as_object()) {
                    (Value::String(value), _) => format!("`\"{value}\"`"),
                    (_, Some(one)) if one.len() == 1 => format!("`{{ {} = … }}`", one.keys().next().unwrap()),
                    _ => kind(root, v, depth + 1),
                })
                .collect();
            return words.join(" or ");
        }
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|t| *t != "null"),
        one => one.as_str(),
    };
    match types {
        Some("array") => format!("a list: {}", kind(root, &schema["items"], depth + 1)),
        Some("string") => "text".to_owned(),
        Some("integer" | "number") => "a number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        _ => match schema["properties"].as_object() {
            Some(keys) if depth == 0 || keys.len() < 4 => {
                let keys: Vec<_> = keys.keys().map(|k| format!("{k} = …")).collect();
                format!("`{{ {} }}`", keys.join(", "))
            }
            _ => "a table".to_owned(),
        },
    }
}

fn one_line(text: &Value) -> String {
    text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks a document against a published schema.
pub fn conforms(name: &str, document: &Value) {
    let text = std::fs::read_to_string(top().join("schemas").join(name)).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let wrong: Vec<_> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{name}: {}\n{}", wrong.join("\n"), pretty(document));
}

/// A small clone with a remote and a release tag, and a home of its own.
struct Clone {
    dir: tempfile::TempDir,
}

impl Clone {
    fn new() -> Clone {
        let clone = Clone { dir: tempfile::tempdir().unwrap() };
        let at = |name: &str| clone.dir.path().join(name);
        std::fs::create_dir(at("shop")).unwrap();
        clone.git(&["init", "-q", "--bare", "../origin.git"]);
        clone.git(&["init", "-q", "-b", "main"]);
        clone.git(&["config", "user.name", "Mika"]);
        clone.git(&["config", "user.email", "mika@example.org"]);
        std::fs::write(at("shop/a.txt"), "one\n").unwrap();
        clone.git(&["add", "."]);
        clone.git(&["commit", "-qm", "one"]);
        clone.git(&["tag", "v1.0.0"]);
        clone.git(&["remote", "add", "origin", "../origin.git"]);
        clone.git(&["push", "-q", "origin", "main", "v1.0.0"]);
        clone
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir.path().join("shop"))
            .env("HOME", self.dir.path())
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    fn git(&self, args: &[&str]) {
        let ran = self.command("git").args(args).output().unwrap();
        assert!(ran.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// The JSON document that a verb prints.
    fn json(&self, args: &[&str]) -> Value {
        let ran = self.command(env!("CARGO_BIN_EXE_hotfix")).args(args).arg("--json").output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("hotfix {args:?}: {e}\n{text}"))
    }
}

#[test]
fn what_is_understood_of_a_page_conforms() {
    let clone = Clone::new();
    for page in example_pages() {
        conforms("workflow.json", &clone.json(&["workflow", "show", page.to_str().unwrap()]));
    }
    conforms("workflow.json", &clone.json(&["workflow", "show"]));
    conforms("page.json", &clone.json(&["workflow", "show", "--exact"]));
}

#[test]
fn a_page_that_was_written_exactly_shows_the_same_plan() {
    let clone = Clone::new();
    let exact = clone.dir.path().join("exact.md");
    for page in example_pages() {
        let page = page.to_str().unwrap();
        let ran = clone
            .command(env!("CARGO_BIN_EXE_hotfix"))
            .args(["workflow", "show", page, "--exact"])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{page}: {}", String::from_utf8_lossy(&ran.stderr));
        std::fs::write(&exact, &ran.stdout).unwrap();
        let (first, again) = (
            clone.json(&["workflow", "show", page]),
            clone.json(&["workflow", "show", exact.to_str().unwrap()]),
        );
        for key in ["name", "role", "plan"] {
            assert_eq!(first[key], again[key], "{page}: {key}");
        }
        let severe = |d: &&Value| d["severity"] == "error";
        assert!(!again["diagnostics"].as_array().unwrap().iter().any(|d| severe(&d)), "{page}: {again:#}");
    }
}

#[test]
fn the_schema_that_is_printed_is_the_published_one() {
    let clone = Clone::new();
    for (args, name) in [
        (&["workflow", "schema"][..], "workflow-front-matter.json"),
        (&["workflow", "schema", "--policy"], "policy.json"),
    ] {
        let ran = clone.command(env!("CARGO_BIN_EXE_hotfix")).args(args).output().unwrap();
        let printed: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let text = std::fs::read_to_string(top().join("schemas").join(name)).unwrap();
        assert_eq!(printed, serde_json::from_str::<Value>(&text).unwrap());
    }
}

/// The pages of `examples/`, skill folders included.
pub fn example_pages() -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for path in std::fs::read_dir(top().join("examples")).unwrap().map(|e| e.unwrap().path()) {
        let skill = path.join("SKILL.md");
        if skill.exists() {
            all.push(skill);
        } else if path.extension().is_some_and(|e| e == "md") {
            all.push(path);
        }
    }
    all.sort();
    assert!(all.len() >= 5, "{all:?}");
    all
}

#[test]
fn errors_conform() {
    let clone = Clone::new();
    conforms("error.json", &clone.json(&["status"]));
    conforms("error.json", &clone.json(&["no-such-verb"]));
    std::fs::create_dir(clone.dir.path().join("shop/.hotfix")).unwrap();
    std::fs::write(clone.dir.path().join("shop/.hotfix/config.toml"), "[verify]\nsmok = 1\n").unwrap();
    let with_place = clone.json(&["start", "SPF-1", "-m", "it fails"]);
    conforms("error.json", &with_place);
    assert_eq!((&with_place["code"], &with_place["span"]["line"]), (&json!("HF0202"), &json!(2)));
}

#[test]
fn a_run_conforms() {
    let clone = Clone::new();
    clone.json(&["start", "SPF-1", "-m", "it fails"]);
    conforms("status.json", &clone.json(&["status"]));
    conforms("report.json", &clone.json(&["report", "--format", "json"]));
    let log = clone.json(&["log"]);
    let records = log["records"].as_array().unwrap();
    assert!(records.len() > 3, "{log}");
    for record in records {
        conforms("journal.json", record);
    }
}

#[test]
fn the_config_and_the_exact_form_conform() {
    let clone = Clone::new();
    clone.json(&["init"]);
    let text = std::fs::read_to_string(clone.dir.path().join("shop/.hotfix/config.toml")).unwrap();
    let config = hotfix_core::config::parse(&text).unwrap();
    conforms("config.json", &serde_json::to_value(config).unwrap());
    let exact = json!({
        "prerequisites": ["Somebody confirmed the incident"],
        "monitor": {"min": "20m", "max": "40m"},
        "severities": {"P1": {"approvers": ["on-call"], "reviewers": 1, "review": "post-deploy"}},
    });
    conforms("policy.json", &exact);
}

/// What the reader says of a typed policy.
fn is_taken(policy: &Value) -> bool {
    // JSON is YAML.
    let text = format!("---\nname: x\npolicy: {policy}\n---\n\n# H\n\n## Step 1: Implement\n");
    let page = hotfix_core::workflow::Page { source: "page.md", text: &text };
    let read = hotfix_core::workflow::read(&page);
    !read.diagnostics.iter().any(|d| matches!(d.code.as_str(), "HF0311" | "HF0312"))
}

/// Every place of a value, each with something else put there.
fn mutated(value: &Value, whole: &Value, path: &str, all: &mut Vec<Value>) {
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(7),
        json!(1.5),
        json!("x"),
        json!("15m"),
        json!([]),
        json!({}),
    ];
    for other in others {
        let mut changed = whole.clone();
        *changed.pointer_mut(path).unwrap() = other;
        all.push(changed);
    }
    match value {
        Value::Object(fields) => {
            let mut more = whole.clone();
            more.pointer_mut(path).unwrap()["nobody_knows"] = json!(1);
            all.push(more);
            for (name, inner) in fields {
                let mut less = whole.clone();
                less.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(name);
                all.push(less);
                mutated(inner, whole, &format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                mutated(inner, whole, &format!("{path}/{at}"), all);
            }
        }
        _ => {}
    }
}

#[test]
fn the_reader_takes_what_the_schema_of_the_policy_allows() {
    let text = std::fs::read_to_string(top().join("schemas/policy.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let whole = json!({
        "steps": [{"title": "Mend", "id": "mend", "name": "skills/mend.md", "skills": ["implement"], "outputs": ["Mended"],
            "inputs": [{"name": "design", "source": "Ticket", "links": ["a.md"]}],
            "checklist": ["Tests pass", {"text": "Calm", "gate": "manual.calm"}], "guidance": ["Slowly"], "suggested_commands": ["make"]}],
        "gates": [{"after": "mend", "criteria": "Tests pass", "gate": "tests.critical"}],
        "prerequisites": ["Confirmed"], "change": {"max_files": 3, "max_lines": null, "minimal": true},
        "completion": [{"text": "Ported", "gate": null}], "obligations": ["Post-mortem"],
        "merge_request": {"title_key": "required", "labels": ["urgent"], "evidence": "optional"},
        "severities": {"P1": {"title": "Down", "approvers": ["on-call"], "reviewers": 1, "review": "post-deploy", "rank": 0}},
        "branch": {"pattern": "fix/{id}", "base": "main", "merge_to": "production", "port_to": "main", "port_by": "cherry-pick"},
        "monitor": {"watch": true, "min": "15m", "max": "PT30M", "checks": ["Error rate"]},
        "rollback": {"required": ["Version"], "automatic": false}, "report_within": "1d",
        "notify": ["#red", {"kind": "status-page", "target": "page", "condition": "if seen"}],
        "waivers": {"review.*": ["manager"], "*": []}, "guidance": ["Stay calm"],
    });
    let wrong: Vec<_> =
        validator.iter_errors(&whole).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(is_taken(&whole));
    let mut all = Vec::new();
    mutated(&whole, &whole, "", &mut all);
    let (mut allowed, mut refused) = (0, 0);
    for policy in &all {
        // Nothing at all is no policy, and no fault.
        if policy.is_null() {
            continue;
        }
        let valid = validator.is_valid(policy);
        assert_eq!(is_taken(policy), valid, "{policy}");
        if valid { allowed += 1 } else { refused += 1 }
    }
    println!("{allowed} allowed and {refused} refused by both");
    assert!(allowed > 100 && refused > 300, "{allowed} {refused}");
}
