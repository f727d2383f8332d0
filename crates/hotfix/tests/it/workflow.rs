//! `hotfix workflow`: what is told of a page, word for word; the files beside
//! it; where its values come from; a page to start from.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::repo::{Clone, PEOPLE, World};
use serde_json::{Value, json};

/// Writes a page into the checkout and answers its path.
fn page(dana: &Clone, text: &str) -> &'static str {
    dana.write("docs/hotfix.md", text);
    "docs/hotfix.md"
}

fn at(dana: &Clone, columns: u32) -> Clone {
    dana.env("COLUMNS", &columns.to_string())
}

const TWO_MINDS: &str = "\
# Fixing

## Step 1: Fix

Start the branch from main.

```bash
git push --force
```

Never force push to main.

## Step 2: Deploy

**Call Skill:** `call-support`

- Rollback command: TODO

## Branch Strategy

```
production
    `-- hotfix/{id}
        |-- merge to production
        `-- cherry-pick to main
```
";

#[test]
fn a_check_points_at_the_words() {
    let world = World::plain();
    let file = page(&world.dana, TWO_MINDS);
    let shown = at(&world.dana, 80).hotfix(["workflow", "check", file]).exits(0);
    let expected = "\
warning[HF0344]: here the branch starts from main; line 22 says production,
    which holds
  --> docs/hotfix.md:5:11
   |
 5 | Start the branch from main.
   |           ^^^^^^^^^^^^^^^^
...
22 | production
   | ---------- this holds
  hint: let the branch start at one place

warning[HF0320]: the page advises a force push
 --> docs/hotfix.md:8:1
  |
8 | git push --force
  | ^^^^^^^^^^^^^^^^
  hint: push a further commit instead; hotfix never force-pushes, with a lease
        neither

warning[HF0347]: this command was never filled in
  --> docs/hotfix.md:17:21
   |
17 | - Rollback command: TODO
   |                     ^^^^
  hint: write the command, or take it out; what runs stands in the config

note[HF0309] docs/hotfix.md:15:18: `call-support` is no known skill; a person
  does it and confirms it
  hint: give it a command or an agent in the config: [skills.<name>]

docs/hotfix.md: 3 warnings, 1 note; 17 lines, 13 understood, 4 guidance
";
    assert_eq!(shown.out, expected, "{}", shown.out);
    let json = world.dana.json(&["workflow", "check", file]);
    let places: Vec<_> = json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (&d["line"], &d["column"], &d["length"]))
        .collect();
    assert_eq!(json!(places), json!([[5, 11, 16], [8, 1, 16], [15, 18, 12], [17, 21, 4]]));
    assert_eq!(json["account"].as_array().unwrap().len(), 17);
}

#[test]
fn a_page_with_a_margin() {
    let world = World::plain();
    let dana = &world.dana;
    dana.write(
        "docs/skills/implement.md",
        "# Implementing\n\n## Checklist\n\n- [ ] Tests pass\n\nBreathe.\n",
    );
    let file = page(
        dana,
        "# 本番環境の緊急修正\n\n<!-- a remark -->\n\n## Step 1: Fix\n\n**Call Skill:** `skills/implement.md`\n\n\
         - At most 3 files\n\n本番環境で問題が発生したときは、まず影響範囲を確認し、当番に連絡してから修正を始める。\n\n\
         ## Step 2: Deploy\n\n```\ngit add -A\n```\n",
    );
    let shown = at(dana, 80).hotfix(["workflow", "check", "--explain", file]).exits(0);
    let expected = "\
✓ title                   1 │ # 本番環境の緊急修正
                          2 │
  comment                 3 │ <!-- a remark -->
                          4 │
✓ step fix                5 │ ## Step 1: Fix
                          6 │
✓ skill implement         7 │ **Call Skill:** `skills/implement.md`
                          8 │
✓ policy change.max_      9 │ - At most 3 files
    files                   │
                         10 │
· guidance of fix        11 │ 本番環境で問題が発生したときは、まず影響範囲を確
                            │   認し、当番に連絡してから修正を始める。
                         12 │
✓ step deploy            13 │ ## Step 2: Deploy
                         14 │
                         15 │ ```
· guidance of deploy     16 │ git add -A
! warning[HF0323]           │ ^ column 1: the page advises to take every file
                            │   into the commit, which also takes secrets and
                            │   leftovers
                            │   hint: name the files that the fix changes;
                            │         hotfix shows and checks each of them
                         17 │ ```

docs/skills/implement.md (skill)
✓ title                   1 │ # Implementing
                          2 │
✓ label                   3 │ ## Checklist
                          4 │
✓ checklist tests.        5 │ - [ ] Tests pass
    critical                │
                          6 │
· guidance of fix         7 │ Breathe.

✓ understood  · to be read by people and agents
docs/hotfix.md: 1 warning; 10 lines, 8 understood, 2 guidance
";
    assert_eq!(shown.out, expected, "{}", shown.out);
    for columns in [80, 120] {
        let shown = at(dana, columns).hotfix(["workflow", "check", "--explain", file]).exits(0);
        let wide = |line: &str| line.chars().map(|c| if c as u32 > 0x2e80 { 2 } else { 1 }).sum::<usize>();
        assert!(shown.out.lines().all(|line| wide(line) <= columns as usize), "{}", shown.out);
    }
}

#[test]
fn strictness_fails_on_rules_that_were_not_understood() {
    let world = World::plain();
    let file =
        page(&world.dana, "## Step 1: Fix\n\n- The owner must be told\n- Breathe\n\n## Step 2: Test\n");
    let dana = at(&world.dana, 100);
    dana.hotfix(["workflow", "check", file])
        .exits(0)
        .answers("1 line reads like rules and was not understood (--strict fails on them)");
    let strict = dana.hotfix(["workflow", "check", "--strict", file]).exits(2);
    let expected = "\
error[HF0318]: this line reads like a rule (a demand) and was not understood
 --> docs/hotfix.md:3:13
  |
3 | - The owner must be told
  |             ^^^^
  hint: say it where the reader looks for it, or in the `policy:` block of the front matter

docs/hotfix.md: 1 error; 4 lines, 2 understood, 2 guidance
";
    assert_eq!(strict.out, expected, "{}", strict.out);
    let json = dana.hotfix(["workflow", "check", "--strict", "--json", file]).exits(2).document();
    assert_eq!(json["diagnostics"][0]["code"], "HF0318");
}

#[test]
fn a_page_that_is_none_is_told_by_its_check() {
    let world = World::plain();
    let file = page(&world.dana, "# My project\n\nIt is nice.\n");
    world
        .dana
        .hotfix(["workflow", "check", file])
        .exits(2)
        .answers("error[HF0301]: this is no hotfix workflow: it has no steps");
    world.dana.hotfix(["workflow", "check", "gone.md"]).fails(2, "HF0330");
}

/// What the published schema of SARIF 2.1.0 asks of the parts that we write.
fn sarif_schema() -> Value {
    let text = json!({ "type": "object", "required": ["text"], "properties": { "text": { "type": "string" }, "markdown": { "type": "string" } }, "additionalProperties": false });
    let place = json!({
        "type": "object",
        "required": ["artifactLocation", "region"],
        "additionalProperties": false,
        "properties": {
            "artifactLocation": { "type": "object", "required": ["uri"], "additionalProperties": false, "properties": { "uri": { "type": "string", "pattern": "^[A-Za-z0-9/._~%-]+$" } } },
            "region": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "startLine": { "type": "integer", "minimum": 1 },
                    "startColumn": { "type": "integer", "minimum": 1 },
                    "endColumn": { "type": "integer", "minimum": 1 },
                },
            },
        },
    });
    let location = json!({ "type": "object", "additionalProperties": false, "properties": { "physicalLocation": place, "message": text } });
    json!({
        "type": "object",
        "required": ["version", "runs"],
        "additionalProperties": false,
        "properties": {
            "version": { "enum": ["2.1.0"] },
            "$schema": { "type": "string", "format": "uri" },
            "runs": { "type": "array", "minItems": 1, "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": false,
                "properties": {
                    "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
                    "tool": { "type": "object", "required": ["driver"], "additionalProperties": false, "properties": { "driver": {
                        "type": "object",
                        "required": ["name"],
                        "additionalProperties": false,
                        "properties": {
                            "name": { "type": "string" },
                            "semanticVersion": { "type": "string" },
                            "rules": { "type": "array", "uniqueItems": true, "items": {
                                "type": "object",
                                "required": ["id"],
                                "additionalProperties": false,
                                "properties": { "id": { "type": "string" }, "shortDescription": text, "help": text },
                            } },
                        },
                    } } },
                    "results": { "type": "array", "items": {
                        "type": "object",
                        "required": ["message"],
                        "additionalProperties": false,
                        "properties": {
                            "ruleId": { "type": "string" },
                            "ruleIndex": { "type": "integer", "minimum": 0 },
                            "level": { "enum": ["none", "note", "warning", "error"] },
                            "message": text,
                            "locations": { "type": "array", "items": location },
                            "relatedLocations": { "type": "array", "uniqueItems": true, "items": location },
                        },
                    } },
                },
            } },
        },
    })
}

#[test]
fn sarif_has_the_shape_that_forges_read() {
    let world = World::plain();
    let dana = &world.dana;
    dana.write("docs/skills/call us.md", "# Calling\n\n- git push --force\n");
    let file = page(dana, &TWO_MINDS.replace("`call-support`", "`skills/call us.md`"));
    let log = dana.hotfix(["workflow", "check", "--format", "sarif", file]).exits(0).document();
    let schema = jsonschema::validator_for(&sarif_schema()).unwrap();
    let wrong: Vec<String> =
        schema.iter_errors(&log).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    for result in results {
        let rule =
            &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().unwrap().contains("**Why:**"));
    }
    let base = results.iter().find(|r| r["ruleId"] == "HF0344").unwrap();
    assert_eq!(
        base["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": { "uri": "docs/hotfix.md" },
            "region": { "startLine": 5, "startColumn": 11, "endColumn": 27 },
        })
    );
    assert_eq!(base["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 22);
    let uris: Vec<_> = results
        .iter()
        .map(|r| r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert!(uris.contains(&"docs/skills/call%20us.md"), "{uris:?}");
    // The path is the repository's, wherever the caller stands.
    std::fs::create_dir_all(dana.dir.join("docs/deep")).unwrap();
    let deep = dana.at(dana.dir.join("docs/deep"));
    let log = deep.hotfix(["workflow", "check", "--format", "sarif", "../hotfix.md"]).exits(0).document();
    assert_eq!(
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "docs/hotfix.md"
    );
    dana.hotfix(["workflow", "check", "--format", "sarif", "--explain", file]).exits(2);
}

const INHERITS: &str = "\
# Fixing

Inherits: [rules](../rules.md#ours)

## Step 1: Fix

**Call Skill:** `skills/implement.md`

## Step 2: Deploy

**Actions:**
1. Monitor for 20-40 minutes
";

#[test]
fn where_each_value_comes_from() {
    let world = World::configured("[branch]\npattern = \"repo/{id}\"\n[change]\nmax_files = 9\n");
    let dana = &world.dana;
    dana.write("rules.md", "# Rules\n\n## Ours\n\n- At most 5 files\n- Monitor for 9 minutes\n");
    let mine = std::path::Path::new(&dana.env["HOME"]).join(".config/hotfix");
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::write(
        mine.join("config.toml"),
        "[change]\nmax_lines = 50\n[monitor]\nmin = \"1m\"\n[report]\nwithin = \"2h\"\n",
    )
    .unwrap();
    let file = page(dana, INHERITS);
    let shown = at(dana, 80).hotfix(["workflow", "show", "--origin", file]).exits(0);
    let expected = "\
Fixing  docs/hotfix.md

branch.base              production             built in
branch.merge_to          production             built in
branch.pattern           repo/{id}              repository .hotfix/config.toml:2
branch.port_by           cherry-pick            built in
branch.port_to           main                   built in
change.max_files         5                      inherited rules.md:5
change.max_lines         50                     user ~/.config/hotfix/
                                                  config.toml:2
change.minimal           no                     built in
change.no_features       no                     built in
change.no_refactoring    no                     built in
completion               –                      built in
merge_request.evidence   optional               built in
merge_request.labels     urgent                 built in
merge_request.title_key  optional               built in
monitor.checks           –                      built in
monitor.max              40 min                 page:12
monitor.min              20 min                 page:12
monitor.watch            yes                    page:12
notify                   –                      built in
prerequisites            –                      built in
report_within            2 h                    user ~/.config/hotfix/
                                                  config.toml:6
rollback.automatic       –                      built in
rollback.required        –                      built in
severities               –                      built in
verification             –                      built in
note: `monitor.min` of your own defaults is shorter than the built-in window and was not taken
";
    assert_eq!(shown.out, expected, "{}", shown.out);
    let json = dana.json(&["workflow", "show", "--origin", file]);
    let value =
        |path: &str| json["values"].as_array().unwrap().iter().find(|v| v["path"] == path).unwrap().clone();
    assert_eq!(
        value("change.max_files"),
        json!({"path": "change.max_files", "value": 5, "from": "inherited", "file": "rules.md", "line": 5})
    );
    assert_eq!(
        value("monitor.min"),
        json!({"path": "monitor.min", "value": "PT20M", "from": "page", "file": "docs/hotfix.md", "line": 12})
    );
    assert_eq!(json["policy"]["branch"]["pattern"], "repo/{id}");
}

#[test]
fn the_users_defaults_are_frozen_with_the_plan() {
    let world = World::configured(PEOPLE);
    let dana = world.dana.env("XDG_CONFIG_HOME", &world.root().join("own").to_string_lossy());
    let mine = world.root().join("own/hotfix");
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::write(mine.join("config.toml"), "[change]\nmax_files = 1\n[roles]\non-call = []\n").unwrap();
    dana.hotfix(["start", "INC-1", "-m", "x"]).fails(2, "HF0333").says("roles").says("config.toml:3:");
    std::fs::write(mine.join("config.toml"), "[change]\nmax_files = 1\n").unwrap();
    let worktree = dana.start("INC-1", &[]);
    std::fs::write(mine.join("config.toml"), "").unwrap();
    dana.hotfix(crate::repo::REPRODUCE).exits(0);
    std::fs::write(worktree.join("app.txt"), crate::repo::GOOD).unwrap();
    std::fs::write(worktree.join("other.txt"), "two\n").unwrap();
    dana.hotfix(["ship"]).exits(1).says("change.size");
}

#[test]
fn links_are_taken_from_the_pages_own_commit() {
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let rules = "# Rules\n\n## Ours\n\n- At most 5 files\n";
    world.somebody_pushes(
        "main",
        &[
            (".hotfix/workflows/hotfix.md", &INHERITS.replace("../rules.md", "../../rules.md")),
            ("rules.md", rules),
        ],
    );
    dana.git(["fetch", "--quiet"]);
    dana.write("rules.md", "# Rules\n\n## Ours\n\n- At most 99 files\n");
    let shown = dana.json(&["workflow", "show"]);
    assert_eq!(shown["policy"]["change"]["max_files"], 5, "the checkout's file is not the reviewed one");
    assert_eq!(shown["followed"][0]["path"], "rules.md");
    dana.start("INC-1", &[]);
    assert!(!dana.status()["notices"].to_string().contains("differs"));
    world.somebody_pushes("main", &[("rules.md", "# Rules\n\n## Ours\n\n- At most 6 files\n")]);
    dana.git(["fetch", "--quiet"]);
    let notices = dana.status()["notices"].to_string();
    assert!(notices.contains("workflow") && notices.contains("differs"), "{notices}");
}

#[test]
fn nothing_outside_of_the_repository_is_read() {
    use std::os::unix::fs::symlink;
    let world = World::configured(PEOPLE);
    let dana = &world.dana;
    let secret = world.root().join("secret.md");
    std::fs::write(&secret, "## Ours\n\n- At most 77 files\n").unwrap();
    std::fs::create_dir_all(dana.dir.join("docs")).unwrap();
    symlink(&secret, dana.dir.join("docs/link.md")).unwrap();
    symlink(world.root(), dana.dir.join("docs/up")).unwrap();
    symlink("inside.md", dana.dir.join("docs/fine.md")).unwrap();
    dana.write("docs/inside.md", "## Ours\n\n- At most 4 files\n");
    let absolute = secret.to_string_lossy().into_owned();
    for link in [
        "link.md",
        "up/secret.md",
        "../../secret.md",
        &absolute,
        "https://example.org/x.md",
        "hotfix.md",
        "../.git/config",
    ] {
        let file = page(dana, &INHERITS.replace("../rules.md#ours", link));
        let ran = dana.hotfix(["workflow", "check", "--json", file]).exits(2);
        let codes: Vec<_> =
            ran.document()["diagnostics"].as_array().unwrap().iter().map(|d| d["code"].clone()).collect();
        assert!(codes.contains(&json!("HF0342")), "{link}: {codes:?}");
        assert!(!ran.out.contains(": 77") && !ran.out.contains("At most 77"), "{link}: {}", ran.out);
    }
    let file = page(dana, &INHERITS.replace("../rules.md", "fine.md"));
    assert_eq!(dana.json(&["workflow", "show", file])["policy"]["change"]["max_files"], 4);
    // The same, in a commit.
    let seed = dana.at(world.root().join("seed"));
    std::fs::create_dir_all(seed.dir.join("docs")).unwrap();
    symlink("../../secret.md", seed.dir.join("docs/link.md")).unwrap();
    symlink("..", seed.dir.join("docs/up")).unwrap();
    symlink("../real", seed.dir.join("docs/near")).unwrap();
    for (link, refused) in
        [("docs/link.md", true), ("docs/near/rules.md", false), ("docs/up/real/rules.md", false)]
    {
        let text = INHERITS.replace("../rules.md", &format!("../../{link}"));
        let rules = "# R\n\n## Ours\n\n- At most 4 files\n";
        world.somebody_pushes("main", &[(".hotfix/workflows/hotfix.md", &text), ("real/rules.md", rules)]);
        dana.git(["fetch", "--quiet"]);
        let ran = dana.hotfix(["workflow", "check", "--json"]);
        let document = ran.document();
        let told = document["diagnostics"].to_string().contains("HF0342");
        assert_eq!((ran.status == 2, told), (refused, refused), "{link}: {}", ran.out);
        assert_eq!(
            document["policy"]["change"]["max_files"],
            if refused { Value::Null } else { json!(4) },
            "{link}"
        );
    }
}

#[test]
fn a_new_page_is_one_that_passes() {
    let world = World::plain();
    let dana = &world.dana;
    let printed = dana.hotfix(["workflow", "new", "--dry-run"]).exits(0);
    assert!(!dana.dir.join(".hotfix").exists(), "a dry run writes nothing");
    dana.hotfix(["workflow", "new"])
        .exits(0)
        .answers("wrote .hotfix/workflows/hotfix.md")
        .answers("production.branch  production");
    let text = std::fs::read_to_string(dana.dir.join(".hotfix/workflows/hotfix.md")).unwrap();
    assert_eq!(text, printed.out);
    assert!(text.contains("the branch production, or a tag like v1.0.0"), "{text}");
    dana.hotfix(["workflow", "new"]).fails(2, "HF0213");
    assert_eq!(std::fs::read_to_string(dana.dir.join(".hotfix/workflows/hotfix.md")).unwrap(), text);
    dana.hotfix(["workflow", "check", "--strict"]).exits(0).answers("nothing to complain about");
    dana.hotfix(["workflow", "new", "database"]).exits(0);
    dana.hotfix(["workflow", "check", "--strict", "database"]).exits(0);
    dana.hotfix(["workflow", "new", "docs/other.md"]).exits(0);
    dana.hotfix(["workflow", "new", "docs"]).exits(0);
    std::os::unix::fs::symlink("nowhere", dana.dir.join("dangling.md")).unwrap();
    dana.hotfix(["workflow", "new", "dangling.md"]).fails(2, "HF0213");
    let outside = dana.at(world.root());
    outside.hotfix(["workflow", "new"]).fails(2, "HF0330");
    outside.hotfix(["workflow", "new", "alone.md"]).exits(0);
    outside.hotfix(["workflow", "check", "--strict", "alone.md"]).exits(0);
}

#[test]
fn a_new_page_says_what_the_config_and_the_commits_say() {
    let config = "[production]\nbranch = \"live\"\n[branch]\npattern = \"fix/{id}\"\n[roles]\non-call = [\"O <o@example.org>\"]\nlead = [\"L <l@example.org>\"]\n";
    let world = World::configured(config);
    let dana = &world.dana;
    for at in 1..=3 {
        dana.git(["commit", "--quiet", "--allow-empty", "--message", &format!("[PAY-{at}] something")]);
    }
    dana.hotfix(["workflow", "new"]).exits(0);
    let shown = dana.json(&["workflow", "show"]);
    let policy = &shown["policy"];
    assert_eq!(policy["merge_request"]["title_key"], "required");
    assert_eq!(policy["branch"]["pattern"], "fix/{id}");
    assert_eq!(policy["severities"]["P2"]["approvers"], json!(["lead"]));
    let text = std::fs::read_to_string(dana.dir.join(".hotfix/workflows/hotfix.md")).unwrap();
    assert!(text.contains("[PAY-1290]") && text.contains("the branch live"), "{text}");
    dana.hotfix(["workflow", "check", "--strict"]).exits(0);
}

#[test]
fn init_writes_the_same_page() {
    let world = World::plain();
    let printed = world.dana.hotfix(["workflow", "new", "--dry-run"]).exits(0);
    world.dana.hotfix(["init"]).exits(0);
    let text = std::fs::read_to_string(world.dana.dir.join(".hotfix/workflows/hotfix.md")).unwrap();
    assert_eq!(text, printed.out);
}
