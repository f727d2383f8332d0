use super::*;
use proptest::prelude::*;

/// Each with what stands around it and the secret itself. They are put
/// together here so that this file holds none.
fn planted() -> Vec<(String, String, &'static str)> {
    let form =
        |id, before: &str, secret: String, after: &str| (format!("{before}{secret}{after}"), secret, id);
    let upper = token("", 40).to_uppercase();
    let hex = "3f9a1c7e5b2d8046".repeat(4);
    vec![
        form("aws-access-token", "id = ", format!("AKIA{}", &upper[..16]), ""),
        form("aws-secret-key", "aws_secret_access_key = ", token("", 40), ""),
        form("github-pat", "", token("ghp_", 36), ""),
        form("github-fine-grained-pat", "x(\"", token("github_pat_", 82), "\")"),
        form("gitlab-pat", "", token("glpat-", 20), ""),
        form("slack-bot-token", "", token("xoxb-704150826913-", 24), ""),
        form("slack-webhook-url", "https://hooks.slack.com/services/", token("T0AB/B0CD/", 34), ""),
        form("gcp-api-key", "", token("AIza", 35), ""),
        form("stripe-access-token", "", token("sk_live_", 24), ""),
        form("jwt", "", format!("{}.{}.{}", token("ey", 20), token("ey", 30), token("", 43)), ""),
        form("npm-access-token", "", token("npm_", 36), ""),
        form("npm-auth", "//registry.acme.io/:_authToken=", token("", 30), ""),
        form("pypi-upload-token", "", token("pypi-AgE", 80), ""),
        form("azure-storage-key", "AccountKey=", format!("{}==", token("", 86)), ";"),
        form("azure-ad-client-secret", "'", format!("{}8Q~{}", token("", 3), token("", 34)), "'"),
        form("sendgrid-api-token", "", format!("SG.{}.{}", token("", 22), token("", 43)), ""),
        form("twilio-api-key", "", format!("SK{}", &hex[..32]), ""),
        form("digitalocean-pat", "", format!("dop_v1_{hex}"), ""),
        form("huggingface-access-token", "", format!("hf_{}", "aQwErZyUiOpLkJhGfDsTxCvBnMqWeRtYuI"), ""),
        form("authorization", "Authorization: Bearer ", token("", 30), ""),
        form("url-password", "postgres://app:", token("", 14), "@db.internal/shop"),
        form("connection-password", "Server=db;Password=", token("", 12), ";"),
        form("flag-password", "mysql --password=", token("", 12), " shop"),
        form("quoted-secret", "let password = \"", token("", 16), "\";"),
        form("quoted-secret", "const API_TOKEN: &str = \"", token("", 24), "\";"),
        form("quoted-secret", "  \"client_secret\": \"", token("", 24), "\","),
        form("bare-secret", "DB_PASSWORD=", token("", 16), ""),
        form("bare-secret", "  api_key: ", token("", 24), ""),
        form("discord-webhook", "https://discord.com/api/webhooks/704150826913704150/", token("", 68), ""),
        form("google-oauth", "", token("GOCSPX-", 28), ""),
        form("crates-token", "", token("cio", 32), ""),
        form("rubygems-api-token", "", format!("rubygems_{}", &hex[..48]), ""),
        form("docker-token", "", token("dckr_pat_", 27), ""),
        form("azure-sas", "https://a.blob.core.windows.net/b?sv=1&sig=", token("", 44), ""),
        form("openai-api-key", "", token("sk-proj-", 60), ""),
        form("anthropic-api-key", "", token("sk-ant-api03-", 95), ""),
        form("shopify-access-token", "", format!("shpat_{}", &hex[..32]), ""),
        form("vault-service-token", "", token("hvs.", 90), ""),
        form("hashicorp-tf-api-token", "", format!("{}.atlasv1.{}", token("", 14), token("", 66)), ""),
        form("grafana-service-account-token", "", token("glsa_", 41), ""),
        form("databricks-api-token", "", format!("dapi{}", &hex[..32]), ""),
        form("new-relic-user-api-key", "", format!("NRAK-{}", &upper[..27]), ""),
        form("sentry-user-token", "", format!("sntryu_{hex}"), ""),
        form("atlassian-api-token", "", token("ATATT3", 60), ""),
        form("linear-api-key", "", token("lin_api_", 40), ""),
        form("telegram-bot-api-token", "", format!("704150826:AA{}", token("", 33)), ""),
        form("age-secret-key", "", format!("AGE-SECRET-KEY-1{}{}", upper, &upper[..18]), ""),
    ]
}

#[test]
fn planted_secrets_are_found_and_never_shown() {
    for (line, secret, id) in planted() {
        let found = judged(&file("src/a.txt", &format!(" x\n+{line}")), |_| {}).remove(3);
        assert_eq!(found.verdict, Verdict::Fail, "{id}: {line}");
        assert_eq!(found.findings[0].line, Some(2), "{id}");
        assert!(!format!("{found:?}").contains(&secret[secret.len() / 2..]), "{id}: {found:?}");
        let redacted = redact(&line);
        assert!(!redacted.contains(&secret) && redacted.contains("[redacted:"), "{id}: {redacted}");
        assert!(redacted.contains(id), "{id}: {redacted}");
    }
}

#[test]
fn what_is_no_secret() {
    for line in [
        "password = \"changeme\"",
        "password = os.environ[\"DB_PASSWORD\"]",
        "password: ${DB_PASSWORD}",
        "DB_PASSWORD=$(pass show db)",
        "let token = next_token(lexer);",
        "token_url = \"https://auth.acme.io/oauth2/v2\"",
        "const TOKEN_NAME = \"x-csrf-2024-header\"",
        "secret_name = \"prod/db/v2-main\"",
        "id = AKIAIOSFODNN7EXAMPLE",
        "postgres://user:${PASSWORD}@db/shop",
        "postgres://postgres:postgres@localhost/shop",
        "if line.starts_with(\"-----BEGIN PRIVATE KEY-----\") {",
        "checksum = \"3f9a1c7e5b2d80463f9a1c7e5b2d80463f9a1c7e5b2d80463f9a1c7e5b2d8046\"",
        "token: string;",
        "https://example.com/a:b@c",
        "api_key = \"xxxxxxxxxxxxxxxx1\"",
    ] {
        assert_eq!(
            messages(&file("src/a.txt", &format!("+{line}")), "change.secrets"),
            Vec::<String>::new(),
            "{line}"
        );
    }
}

fn private_key() -> String {
    let kind = "RSA PRIVATE KEY";
    format!(
        "-----BEGIN {kind}-----\n{}\n{}\n{}==\n-----END {kind}-----",
        token("MII", 61),
        token("", 64),
        token("", 20)
    )
}

#[test]
fn private_keys_whole_and_cut() {
    let key = private_key();
    let added: Vec<_> = key.lines().map(|line| format!("+{line}")).collect();
    let found = judged(&file("key.txt", &added.join("\n")), |_| {}).remove(3);
    assert_eq!((found.findings.len(), found.findings[0].line), (1, Some(1)));
    assert_eq!(redact(&format!("a\n{key}\nb")), "a\n[redacted:private-key]\nb");
    let cut = key.split("-----END").next().unwrap();
    assert_eq!(redact(&format!("a\n{cut}b c d\n")), "a\n[redacted:private-key]b c d\n");
    let escaped = key.replace('\n', "\\n");
    assert_eq!(redact(&format!("k: \"{escaped}\"")), "k: \"[redacted:private-key]\"");
}

#[test]
fn only_added_lines_are_judged() {
    let secret = token("ghp_", 36);
    assert!(messages(&file("a", &format!("-{secret}\n {secret}\n+b")), "change.secrets").is_empty());
}

#[test]
fn the_allow_list_has_three_forms() {
    let policy = ChangePolicy::default();
    let secret = token("ghp_", 36);
    let change = parse(&file("docs/a.md", &format!("+{secret}")));
    for (entry, passes) in [
        ("path:docs/**", true),
        ("path:src/**", false),
        ("rule:github-pat", true),
        ("rule:jwt", false),
        (secret.as_str(), true),
        ("", false),
        ("ghp", false),
    ] {
        let allow = [entry.to_owned()];
        let answer = &judge(&change, &Rules { allow_secrets: &allow, ..rules(&policy) }).gates[3];
        assert_eq!(answer.verdict == Verdict::Pass, passes, "{entry}");
    }
}

#[test]
fn key_files_are_findings_by_name() {
    let diff = "diff --git a/a.p12 b/a.p12\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and b/a.p12 differ\n";
    assert_eq!(messages(diff, "change.secrets"), ["a file that holds keys"]);
}

#[test]
fn other_gates_show_no_secret_either() {
    let secret = token("ghp_", 36);
    let all = judged(&file("tests/a.py", &format!("-    assert t == '{secret}'")), |_| {});
    assert!(!all[2].findings.is_empty() && !format!("{all:?}").contains(&secret));
}

proptest! {
    #[test]
    fn redact_is_idempotent(text in "(?s).{0,200}") {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn redact_is_idempotent_on_near_secrets(
        parts in prop::collection::vec(
            prop_oneof![
                Just("password=".to_owned()), Just("token: \"".to_owned()), Just("[redacted:jwt]".to_owned()),
                Just("\"".to_owned()), Just("\n".to_owned()), Just("postgres://a:".to_owned()), Just("@b".to_owned()),
                Just(token("ghp_", 36)), Just("--token ".to_owned()), Just("-----BEGIN PRIVATE KEY-----\n".to_owned()),
                Just("-----END ".to_owned()), Just(token("ey", 20)), Just(".".to_owned()), "[A-Za-z0-9/+=]{1,30}", "[ -~]{1,8}",
            ],
            0..14,
        )
    ) {
        let once = redact(&parts.concat());
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn redact_never_returns_a_planted_token(
        before in "[ -~\n]{0,40}", after in "[ -~\n]{0,40}", which in 0..5usize, body in "[A-Za-z0-9]{36}"
    ) {
        let secret = match which {
            0 => format!("ghp_{body}"),
            1 => format!("npm_{body}"),
            2 => format!("glpat-{}", &body[..20]),
            3 => format!("sk_live_{}", &body[..24]),
            _ => format!("AIza{}", &body[..35]),
        };
        let text = format!("{before}{secret}{after}");
        prop_assert!(!redact(&text).contains(&secret));
    }

    #[test]
    fn parse_and_judge_never_panic(text in "(?s).{0,300}") {
        let _ = judged(&text, |_| {});
    }

    #[test]
    fn parse_never_panics_on_near_diffs(
        lines in prop::collection::vec(
            prop_oneof![
                Just("diff --git a/x b/x".to_owned()), Just("diff --git \"a/\\3\" \"b".to_owned()),
                Just("diff --git a/tests/é.py b/é b/é".to_owned()),
                Just("--- a/x".to_owned()), Just("+++ \"b/\\".to_owned()), Just("@@ -1,2 +3 @@ é".to_owned()),
                Just("@@ -4294967295,9 +0,4294967295 @@".to_owned()), Just("rename from é".to_owned()),
                Just("rename to tests/a.rs".to_owned()), Just("GIT binary patch".to_owned()), "[-+ \\\\]?.{0,20}",
                Just("+assert True".to_owned()), Just("-\u{a0}assert x".to_owned()),
            ],
            0..30,
        )
    ) {
        let _ = judged(&lines.join("\n"), |_| {});
    }
}
