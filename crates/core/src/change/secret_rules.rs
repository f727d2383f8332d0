//! What secrets look like. The forms are those that their issuers document.

use regex::{Regex, RegexSet};
use std::sync::LazyLock;

/// How sure a rule's form alone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The issuer's prefix or layout: nothing else looks like it.
    Token,
    /// A value beside a telling name, in quotes.
    Quoted,
    /// A value beside a telling name, bare, as in `.env` files and commands.
    Bare,
    /// A password inside of an address.
    Address,
}

/// A rule with its compiled pattern; the secret is group `s`, or else 1.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) what: &'static str,
    pub(super) form: Form,
    pub(super) pattern: Regex,
}

/// The rules and one set that tells in one pass which of them can match.
pub(super) struct RuleSet {
    pub(super) all: Vec<Rule>,
    pub(super) set: RegexSet,
    /// What a line must hold for any rule to match; most lines don't, and
    /// this is far cheaper to tell.
    pub(super) hot: Regex,
}

type Row = (&'static str, &'static str, Form, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("aws-access-key", "an AWS access key", Form::Token, r"(?-u:\b)((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?-u:\b)"),
    ("aws-secret-key", "an AWS secret key", Form::Token, r#"(?i-u:aws_?(?:secret_?)?(?:access_?)?key|secret_?access_?key)["']?[ \t]{0,4}[=:][>]?[ \t]{0,4}["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#),
    ("github-token", "a GitHub token", Form::Token, r"(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("gitlab-token", "a GitLab token", Form::Token, r"((?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glsoat|glimt|glagent|gloas|glffct)-[A-Za-z0-9_=-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7})?)"),
    ("slack-token", "a Slack token", Form::Token, r"(xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}|xoxe\.xox[bp]-[A-Za-z0-9-]{20,})"),
    ("slack-webhook", "a Slack webhook", Form::Token, r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{30,})"),
    ("discord-webhook", "a Discord webhook", Form::Token, r"discord(?:app)?\.com/api/webhooks/[0-9]{15,22}/([A-Za-z0-9_-]{50,})"),
    ("google-api-key", "a Google API key", Form::Token, r"(AIza[A-Za-z0-9_-]{35})"),
    ("google-oauth", "a Google OAuth secret", Form::Token, r"(GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{30,})"),
    ("stripe-key", "a Stripe key", Form::Token, r"((?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{24,}={0,2})"),
    ("jwt", "a JSON web token", Form::Token, r"(ey[A-Za-z0-9_-]{12,}\.ey[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{10,})"),
    ("npm-token", "an npm token", Form::Token, r"(npm_[A-Za-z0-9]{36})"),
    ("npm-auth", "an npm registry password", Form::Token, r"_(?:authToken|auth|password)[ \t]?=[ \t]?([A-Za-z0-9+/=_.-]{16,})"),
    ("pypi-token", "a PyPI token", Form::Token, r"(pypi-AgE[A-Za-z0-9_-]{50,})"),
    ("crates-token", "a crates.io token", Form::Token, r"(?-u:\b)(cio[A-Za-z0-9]{32})(?-u:\b)"),
    ("rubygems-token", "a RubyGems token", Form::Token, r"(rubygems_[a-f0-9]{48})"),
    ("docker-token", "a Docker token", Form::Token, r"(dckr_[po]at_[A-Za-z0-9_-]{27,})"),
    ("azure-storage-key", "an Azure key", Form::Token, r"(?i-u:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})"),
    ("azure-client-secret", "an Azure client secret", Form::Token, r"(?:^|[^A-Za-z0-9_~.-])([A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})"),
    ("azure-sas", "an Azure shared access signature", Form::Token, r"[?&]sig=([A-Za-z0-9%+/]{40,}={0,2})"),
    ("sendgrid-key", "a SendGrid key", Form::Token, r"(SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,})"),
    ("twilio-key", "a Twilio key", Form::Token, r"(?-u:\b)(SK[0-9a-f]{32})(?-u:\b)"),
    ("openai-key", "an OpenAI key", Form::Token, r"(sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})"),
    ("anthropic-key", "an Anthropic key", Form::Token, r"(sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{60,})"),
    ("huggingface-token", "a Hugging Face token", Form::Token, r"((?:hf|api_org)_[A-Za-z]{34})"),
    ("digitalocean-token", "a DigitalOcean token", Form::Token, r"(do[opr]_v1_[a-f0-9]{64})"),
    ("shopify-token", "a Shopify token", Form::Token, r"(shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32})"),
    ("vault-token", "a Vault token", Form::Token, r"(hv[sbr]\.[A-Za-z0-9_-]{24,})"),
    ("terraform-token", "a Terraform token", Form::Token, r"([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,})"),
    ("grafana-token", "a Grafana token", Form::Token, r"(gl(?:sa|c)_[A-Za-z0-9+/=_]{32,})"),
    ("databricks-token", "a Databricks token", Form::Token, r"(?-u:\b)(dapi[a-f0-9]{32}(?:-[0-9])?)(?-u:\b)"),
    ("newrelic-key", "a New Relic key", Form::Token, r"(NRAK-[A-Z0-9]{27})"),
    ("sentry-token", "a Sentry token", Form::Token, r"(sntry[su]_[A-Za-z0-9+/=_]{40,})"),
    ("atlassian-token", "an Atlassian token", Form::Token, r"(AT(?:ATT|CTT|BB)[A-Za-z0-9][A-Za-z0-9+/=_-]{28,})"),
    ("linear-key", "a Linear key", Form::Token, r"(lin_(?:api|oauth)_[A-Za-z0-9]{32,})"),
    ("telegram-token", "a Telegram bot token", Form::Token, r"(?-u:\b)([0-9]{8,10}:AA[A-Za-z0-9_-]{33})"),
    ("age-key", "an age key", Form::Token, r"(AGE-SECRET-KEY-1[A-Z0-9]{58})"),
    ("authorization", "a credential in an Authorization header", Form::Bare, r#"(?i-u:authorization)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?i-u:basic|bearer|token)[ \t]+([A-Za-z0-9+/=._~-]{12,})"#),
    ("url-password", "a password in an address", Form::Address, r#"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:@/"'`<>]*:([^\s@/"'`<>]{3,})@[^\s@]"#),
    ("connection-password", "a password in a connection string", Form::Bare, r#"(?:^|[;"'])[ \t]?(?i-u:password|pwd)=([^\s;"'`]{4,});"#),
    ("flag-password", "a password on a command line", Form::Bare, r#"--(?i-u:[a-z-]{0,20}(?:password|passwd|token|secret|api-key))[= ]["']?([^\s"'`]{8,})"#),
    ("quoted-secret", "a password, key or token in the source", Form::Quoted, r#"(?i-u:passw(?:or)?d|passphrase|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|auth_?-?key|signing_?-?key|encryption_?-?key|credentials?)(?P<tail>(?i-u:[a-z0-9_.-]{0,20}))["']?\]?(?:[ \t]{0,4}:[ \t]{0,4}[&A-Za-z ']{1,20})?[ \t]{0,8}(?::=|=>|=|:)[ \t]{0,8}[a-zA-Z]{0,2}["'`](?P<s>[^\s"'`]{8,})["'`]"#),
    ("bare-secret", "a password, key or token in a setting", Form::Bare, r"(?m-u:^)[ \t+-]{0,20}(?:export[ \t]+|ENV[ \t]+|set[ \t]+)?(?i-u:[a-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|auth_?-?key|signing_?-?key|encryption_?-?key))(?P<tail>(?i-u:[a-z0-9_.-]{0,20}))(?:=|:[ \t]{1,4})(?P<s>[A-Za-z0-9+/=_!@\#%^&*~-]{8,})[ \t]*\r?(?m-u:$)"),
];

/// Something of every rule: a test plants a secret for each.
const HOT: &str = concat!(
    r"(?i-u:passw|passphrase|pwd|secret|token|key|credential|authorization)",
    r"|AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|gl(?:pat|dt|rtr?|cbt|ptt|ft|soat|imt|agent|oas|ffct)-",
    r"|xox[abeoprs]|xapp-|hooks\.slack|/webhooks/|AIza|GOCSPX|ya29\.|[sr]k_|whsec_|\.ey|npm_|_auth|pypi-",
    r"|cio[A-Za-z0-9]{6}|rubygems_|dckr_|sig=|[0-9]Q~|SG\.|SK[0-9a-f]{6}|sk-|hf_|api_org_|do[opr]_v1_",
    r"|shp(?:at|ca|pa|ss)_|hv[sbr]\.|\.atlasv1|glsa_|glc_|dapi[a-f0-9]{4}|NRAK-|sntry[su]_|AT(?:ATT|CTT|BB)",
    r"|lin_(?:api|oauth)_|:AA|://[^ \n]*@",
);

/// The rules, compiled on first use.
pub(super) static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet {
    all: ROWS
        .iter()
        .map(|(id, what, form, pattern)| Rule { id, what, form: *form, pattern: compile(pattern) })
        .collect(),
    set: set(),
    hot: compile(HOT),
});

#[expect(clippy::expect_used, reason = "literal patterns, compiled by a test")]
fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern")
}

#[expect(clippy::expect_used, reason = "literal patterns, compiled by a test")]
fn set() -> RegexSet {
    RegexSet::new(ROWS.iter().map(|(.., pattern)| pattern)).expect("literal patterns")
}

/// The ids of the rules, for the test that plants one of each.
#[cfg(test)]
pub(super) fn ids() -> std::collections::BTreeSet<&'static str> {
    ROWS.iter().map(|row| row.0).collect()
}
