use super::*;

fn names(path: &str, text: &str) -> Vec<String> {
    let format = format(path).unwrap_or_else(|| panic!("{path} is a manifest"));
    let all = list(format, text).unwrap_or_else(|| panic!("{path} is read"));
    all.into_iter().map(|one| if one.for_tools { format!("({})", one.name) } else { one.name }).collect()
}

#[test]
fn every_ecosystem() {
    for (path, text, expected) in [
        (
            "Cargo.toml",
            "[package]\nname = \"a\"\n[dependencies]\nserde = \"1\"\ntokio = { version = \"1\", package = \"tokio2\" }\n[dev-dependencies]\ninsta = \"1\"\n[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n",
            &["serde", "tokio2", "(insta)", "libc"][..],
        ),
        (
            "pyproject.toml",
            "[project]\nrequires-python = \">=3.9\"\ndependencies = [\n  \"Httpx_Core[http2]>=0.27; python_version > '3'\",\n]\n[project.optional-dependencies]\ntest = [\"pytest\"]\nredis = [\"redis\"]\n[tool.poetry.dependencies]\npython = \"^3.9\"\nrich = \"^13\"\n[dependency-groups]\ndev = [\"ruff\", {include-group = \"x\"}]\n",
            &["httpx-core", "redis", "(pytest)", "(ruff)", "rich"],
        ),
        ("Pipfile", "[packages]\nflask = \"*\"\n[dev-packages]\npytest = \"*\"\n", &["flask", "(pytest)"]),
        (
            "requirements/base.txt",
            "-r x.txt\n# no\nhttpx[http2]==0.27.0\nflask\n--hash=sha256:1\n",
            &["httpx", "flask"],
        ),
        (
            "setup.cfg",
            "[metadata]\nname = x\n[options]\ninstall_requires =\n    flask>=2\n    click\n[options.extras_require]\ntest =\n    pytest\n",
            &["flask", "click", "(pytest)"],
        ),
        (
            "setup.py",
            "setup(\n  name='x',\n  install_requires=[\n    'flask[async]>=2',\n    \"click\",\n  ],\n)\n",
            &["flask", "click"],
        ),
        (
            "environment.yml",
            "name: x\ndependencies:\n  - python=3.11\n  - numpy\n  - pip:\n    - flask==2\n",
            &["numpy", "flask"],
        ),
        (
            "package.json",
            r#"{"name":"x","scripts":{"a":"1"},"dependencies":{"left-pad":"^1"},"devDependencies":{"jest":"*"},"engines":{"node":">=1"}}"#,
            &["left-pad", "(jest)"],
        ),
        (
            "composer.json",
            r#"{"require":{"php":">=8","monolog/monolog":"^3"},"require-dev":{"phpunit/phpunit":"*"}}"#,
            &["monolog/monolog", "(phpunit/phpunit)"],
        ),
        ("deno.json", r#"{"imports":{"@std/path":"jsr:@std/path@1"}}"#, &["@std/path"]),
        ("vcpkg.json", r#"{"dependencies":["fmt",{"name":"boost","features":[]}]}"#, &["fmt", "boost"]),
        (
            "pubspec.yaml",
            "name: x\ndependencies:\n  bloc: ^1.0.0\n  flutter:\n    sdk: flutter\ndev_dependencies:\n  test: any\n",
            &["bloc", "flutter", "(test)"],
        ),
        ("Chart.yaml", "dependencies:\n  - name: redis\n    version: 1.0.0\n", &["redis"]),
        (
            "go.mod",
            "module x\n\ngo 1.22\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\tgithub.com/c/d v1.0.0 // indirect\n)\nrequire github.com/e/f v2.0.0\nreplace github.com/a/b => ../b\n",
            &["github.com/a/b", "github.com/e/f"],
        ),
        (
            "pom.xml",
            "<dependencies><dependency>\n<groupId>com.acme</groupId><artifactId>pay</artifactId><version>1</version><exclusions><exclusion><artifactId>no</artifactId></exclusion></exclusions></dependency><dependency><groupId>org.junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency></dependencies>",
            &["com.acme:pay", "(org.junit:junit)"],
        ),
        (
            "build.gradle.kts",
            "dependencies {\n    implementation(\"com.acme:pay:1.2\")\n    testImplementation(\"org.junit:junit:5\")\n    api(platform(\"com.acme:bom:1\"))\n}\n",
            &["com.acme:pay", "(org.junit:junit)", "com.acme:bom"],
        ),
        (
            "gradle/libs.versions.toml",
            "[versions]\npay = \"1\"\n[libraries]\npay = { module = \"com.acme:pay\", version.ref = \"pay\" }\n",
            &["com.acme:pay"],
        ),
        (
            "Gemfile",
            "source 'x'\ngem \"rails\", \"~> 7\"\ngroup :test, :development do\n  gem 'rspec'\nend\ngem 'pg', group: :test\n",
            &["rails", "(rspec)", "(pg)"],
        ),
        (
            "a.gemspec",
            "spec.add_dependency 'rchardet', '~> 1.9'\nspec.add_development_dependency('rake')\n",
            &["rchardet", "(rake)"],
        ),
        ("app.csproj", "<PackageReference Include=\"Polly\" Version=\"8\" />\n", &["Polly"]),
        (
            "mix.exs",
            "defp deps do\n [\n  {:jason, \"~> 1.0\"},\n  {:credo, \"~> 1.0\", only: [:dev, :test]}\n ]\nend\n",
            &["jason", "(credo)"],
        ),
        (
            "Package.swift",
            ".package(url: \"https://github.com/apple/swift-nio.git\", from: \"2.0.0\"),\n",
            &["swift-nio"],
        ),
        (
            "CMakeLists.txt",
            "include(FetchContent)\nFetchContent_Declare(\n  googletest\n  URL x\n)\nfind_package(Boost REQUIRED)\n",
            &["googletest", "Boost"],
        ),
        ("conanfile.txt", "[requires]\nfmt/10.1.0\n", &["fmt"]),
        (
            "build.sbt",
            "libraryDependencies += \"org.typelevel\" %% \"cats-core\" % \"2.9.0\"\n",
            &["org.typelevel:cats-core"],
        ),
        ("project.clj", ":dependencies [[org.clojure/clojure \"1.11.1\"]]\n", &["org.clojure/clojure"]),
        (
            "x.cabal",
            "library\n  build-depends:\n      base >=4\n    , text\n    , aeson >=2\n  default-language: Haskell2010\n",
            &["text", "aeson"],
        ),
        ("Podfile", "pod 'Alamofire', '~> 5.0'\n", &["Alamofire"]),
        ("MODULE.bazel", "bazel_dep(name = \"rules_go\", version = \"0.1\")\n", &["rules_go"]),
        (".gitmodules", "[submodule \"vendor/x\"]\n\tpath = vendor/x\n", &["vendor/x"]),
    ] {
        let mut expected: Vec<&str> = expected.to_vec();
        let mut found = names(path, text);
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn what_is_broken_is_not_read() {
    for (path, text) in [("Cargo.toml", "[dependencies\n"), ("package.json", "{"), ("pubspec.yaml", "a: [")] {
        assert_eq!(list(format(path).unwrap(), text), None, "{path}");
    }
    assert!(!is_manifest("src/package.rs") && !is_manifest("docs/requirements.md"));
}

#[test]
fn new_changed_and_moved_to_what_ships() {
    let file = |before: &str, after: &str| FileChange {
        path: "package.json".to_owned(),
        texts: super::super::Texts { before: Some(before.to_owned()), after: Some(after.to_owned()) },
        ..super::super::parse("diff --git a/x b/x\nold mode 1\nnew mode 2\n").files.remove(0)
    };
    let before = r#"{"dependencies":{"a":"1","b":"1"},"devDependencies":{"c":"1"}}"#;
    let after = r#"{"dependencies":{"a":"2","c":"1","d":"1"},"devDependencies":{"e":"1"}}"#;
    let found = dependencies(&file(before, after)).unwrap();
    assert_eq!(found.new.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!((found.new_for_tools, found.changed), (vec!["e".to_owned()], vec!["a".to_owned()]));
    assert!(dependencies(&file(before, "{")).unwrap().unread);
}
