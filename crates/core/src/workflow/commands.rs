//! Commands that a page shows: which lines are commands, and what they would
//! do. They suggest; it refuses to run any.

use super::Skill;

const TOOLS: &[&str] = &[
    "git",
    "cd",
    "npm",
    "yarn",
    "pnpm",
    "npx",
    "cargo",
    "make",
    "just",
    "go",
    "python",
    "python3",
    "pytest",
    "flake8",
    "ruff",
    "black",
    "eslint",
    "docker",
    "kubectl",
    "helm",
    "gh",
    "glab",
    "curl",
    "mvn",
    "gradle",
    "dotnet",
    "bundle",
    "rake",
    "terraform",
    "ansible-playbook",
    "bash",
    "sh",
    "composer",
    "php",
    "mix",
    "tox",
    "poetry",
    "uv",
    "rustc",
    "vercel",
    "netlify",
    "fly",
    "flyctl",
    "heroku",
    "gcloud",
    "aws",
    "az",
    "argocd",
    "skaffold",
    "task",
    "bun",
    "deno",
    "vitest",
    "jest",
    "tsc",
    "golangci-lint",
    "rubocop",
    "phpunit",
    "rspec",
    "ssh",
    "rsync",
    "systemctl",
    "wrangler",
    "railway",
    "firebase",
    "serverless",
    "cdk",
    "pulumi",
    "nomad",
];

/// The command that a line of an example suggests, if it looks like one.
pub(crate) fn command(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['$', '>', '%']).trim();
    let first = line.split_whitespace().next()?;
    let known = TOOLS.contains(&first) || (first.starts_with("./") && first.len() > 2);
    known.then(|| line.to_owned())
}

/// What a command would do, by its words.
const DOES: &[(Skill, &[&[&str]])] = &[
    (
        Skill::Prepare,
        &[
            &["git", "checkout", "-b"],
            &["git", "switch", "-c"],
            &["git", "worktree", "add"],
            &["git", "flow", "hotfix", "start"],
            &["git", "checkout", "-B"],
            &["git", "switch", "--create"],
        ],
    ),
    (Skill::Commit, &[&["git", "commit"]]),
    (Skill::MergeRequest, &[&["gh", "pr", "create"], &["glab", "mr", "create"], &["git", "push"]]),
    (
        Skill::Merge,
        &[
            &["gh", "pr", "merge"],
            &["glab", "mr", "merge"],
            &["git", "merge"],
            &["git", "flow", "hotfix", "finish"],
        ],
    ),
    (Skill::Port, &[&["git", "cherry-pick"]]),
    (
        Skill::Rollback,
        &[
            &["kubectl", "rollout", "undo"],
            &["helm", "rollback"],
            &["git", "revert"],
            &["argocd", "app", "rollback"],
            &["heroku", "rollback"],
            &["vercel", "rollback"],
        ],
    ),
    (
        Skill::Deploy,
        &[
            &["kubectl", "apply"],
            &["kubectl", "set", "image"],
            &["helm", "upgrade"],
            &["terraform", "apply"],
            &["vercel", "--prod"],
            &["netlify", "deploy"],
            &["fly", "deploy"],
            &["firebase", "deploy"],
            &["npm", "run", "deploy"],
            &["make", "deploy"],
            &["npm", "publish"],
            &["gh", "release", "create"],
            &["serverless", "deploy"],
            &["cdk", "deploy"],
            &["wrangler", "deploy"],
            &["railway", "up"],
            &["ansible-playbook"],
            &["cargo", "publish"],
        ],
    ),
    (
        Skill::CheckStyle,
        &[
            &["npm", "run", "lint"],
            &["eslint"],
            &["npx", "eslint"],
            &["ruff"],
            &["flake8"],
            &["black"],
            &["cargo", "clippy"],
            &["cargo", "fmt"],
            &["golangci-lint"],
            &["rubocop"],
            &["tsc"],
            &["npx", "tsc"],
            &["make", "lint"],
            &["pnpm", "lint"],
            &["yarn", "lint"],
            &["npm", "run", "typecheck"],
            &["npm", "run", "type-check"],
            &["go", "vet"],
        ],
    ),
    (
        Skill::Test,
        &[
            &["npm", "test"],
            &["npm", "run", "test"],
            &["yarn", "test"],
            &["pnpm", "test"],
            &["cargo", "test"],
            &["go", "test"],
            &["pytest"],
            &["uv", "run", "pytest"],
            &["python", "-m", "pytest"],
            &["make", "test"],
            &["mvn", "test"],
            &["gradle", "test"],
            &["./gradlew"],
            &["vitest"],
            &["npx", "vitest"],
            &["jest"],
            &["npx", "jest"],
            &["rspec"],
            &["bundle", "exec", "rspec"],
            &["phpunit"],
            &["dotnet", "test"],
            &["tox"],
            &["bun", "test"],
            &["mix", "test"],
            &["just", "test"],
            &["rake", "test"],
        ],
    ),
    (Skill::Cleanup, &[&["git", "worktree", "remove"], &["git", "branch", "-d"], &["git", "branch", "-D"]]),
];

/// The built-in skill that a command stands for, by the longest beginning that is known.
pub(crate) fn does(command: &str) -> Option<Skill> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let fits = |want: &[&str]| {
        let (Some(tool), Some(rest)) = (want.first(), want.get(1..)) else { return false };
        // Flags may stand anywhere; the other words stand where they stand.
        words.first() == Some(tool)
            && rest.iter().enumerate().all(|(at, word)| {
                if word.starts_with('-') { words.contains(word) } else { words.get(at + 1) == Some(word) }
            })
    };
    let all = DOES.iter().flat_map(|(skill, forms)| forms.iter().map(move |form| (*skill, *form)));
    all.filter(|(_, form)| fits(form)).max_by_key(|(_, form)| form.len()).map(|(skill, _)| skill)
}

/// What the commands among some lines would do, in their order. To push a tag
/// opens no merge request.
pub(crate) fn all_do<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Skill> {
    let (mut skills, mut tagged): (Vec<Skill>, bool) = (Vec::new(), false);
    for line in lines.filter_map(command) {
        tagged |= line.starts_with("git tag");
        let only_tags = line.starts_with("git push") && (tagged || line.contains("--tags"));
        if let Some(skill) = does(&line).filter(|skill| !only_tags && !skills.contains(skill)) {
            skills.push(skill);
        }
    }
    skills
}

/// The commands in a line's code spans.
pub(crate) fn in_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        assert_eq!(command("$ git push").as_deref(), Some("git push"));
        assert_eq!(command("go home now").as_deref(), Some("go home now"));
        assert_eq!(command("Keep calm"), None);
    }

    #[test]
    fn what_commands_do() {
        let rows = [
            ("git checkout -b hotfix/x main", Some(Skill::Prepare)),
            ("git checkout main", None),
            ("git push -u origin x", Some(Skill::MergeRequest)),
            ("git cherry-pick abc", Some(Skill::Port)),
            ("kubectl rollout undo deploy/x", Some(Skill::Rollback)),
            ("npm run test -- --ci", Some(Skill::Test)),
            ("git branch -d x", Some(Skill::Cleanup)),
            ("git status", None),
        ];
        for (command, skill) in rows {
            assert_eq!(does(command), skill, "{command}");
        }
        assert_eq!(
            all_do(["git add a", "git commit -m b", "git push"].into_iter()),
            [Skill::Commit, Skill::MergeRequest]
        );
    }
}
