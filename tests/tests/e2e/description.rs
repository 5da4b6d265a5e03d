//! The description of the interface: whole, and one name for one thing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ccn::{Config, Running, Service};
use e2e::{Client, Deployment, FUND_IBAN, FUND_NAME, id};
use serde_json::Value;
use sqlx::PgPool;

const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

#[testkit::test]
async fn every_operation_lists_the_problems_of_its_shape(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let document = deployment.anyone.get("/openapi.json").await.accepted();
    let (mut operations, mut missing) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (verb, operation) in VERBS
            .iter()
            .map(|verb| (verb, &item[verb]))
            .filter(|(_, it)| !it.is_null())
        {
            operations += 1;
            let mut wanted = vec!["500", "504"];
            if operation["security"].is_null() {
                wanted.extend(["401", "403"]);
            }
            if path.contains('{') {
                wanted.extend(["400", "404"]);
            }
            if let Some(body) = operation["requestBody"]["content"].as_object() {
                wanted.extend(["400", "404", "409", "413", "422"]);
                wanted.extend(body.contains_key("application/json").then_some("415"));
            }
            let responses = operation["responses"].as_object().expect("responses");
            missing.extend(
                wanted
                    .into_iter()
                    .filter(|status| !responses.contains_key(*status))
                    .map(|status| format!("{verb} {path}: {status}")),
            );
            // Whatever is listed from 400 on, by the operation itself or for it, is a problem.
            let others = responses
                .iter()
                .filter(|(status, response)| status.as_str() >= "400" && !is_problem(response));
            missing.extend(others.map(|(status, _)| format!("{verb} {path}: {status} is no problem")));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(operations > 150, "{operations}");
}

fn is_problem(response: &Value) -> bool {
    response["content"]["application/problem+json"]["schema"]["$ref"] == "#/components/schemas/ProblemBody"
        && response["description"].as_str().is_some_and(|said| !said.is_empty())
}

/// What a caller that has another role is told.
const RESERVED: &str = "Cette action est réservée au";

#[testkit::test]
async fn the_roles_of_every_operation_are_those_that_are_let_in(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let document = deployment.anyone.get("/openapi.json").await.accepted();
    let roles = [
        "operator",
        "sponsor",
        "prescriber",
        "structure",
        "accreditor",
        "funder",
        "auditor",
    ];
    let (mut asked, mut wrong) = (0, Vec::new());
    for role in roles {
        let client = deployment
            .operator
            .admits(id(role), &format!("Seulement {role}"), &[role])
            .await;
        for (path, item) in document["paths"].as_object().expect("paths") {
            for verb in VERBS.iter().filter(|verb| !item[**verb].is_null()) {
                let operation = &item[*verb];
                let method = verb.to_uppercase().parse().expect("a verb");
                let content = (*verb != "get").then(|| (b"{}".to_vec(), "application/json"));
                let answer = client.send(method, &filled(path), content).await;
                asked += 1;
                let refused = answer.status == 403
                    && answer.json()["detail"]
                        .as_str()
                        .is_some_and(|detail| detail.starts_with(RESERVED));
                let listed = operation["x-roles"].as_array();
                let may = listed.is_none_or(|roles| roles.iter().any(|may| may == role));
                if refused == may {
                    wrong.push(format!("{role}: {verb} {path}: {}", answer.told()));
                }
            }
        }
    }
    assert!(asked > 1000, "{asked}");
    assert_eq!(wrong, Vec::<String>::new());
    let listed = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| VERBS.map(|verb| item[verb]["x-roles"].is_array()));
    assert!(listed.filter(|listed| *listed).count() > 120);
}

/// An address of nobody's things.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a parameter ends");
        filled.push_str(before);
        filled.push_str(&match name {
            "number" | "series" | "idx" | "shard" | "size" | "days" | "level" => "1".to_owned(),
            _ => id("nobody's").to_string(),
        });
        rest = after;
    }
    filled + rest
}

/// Titles and details of every problem that a source names, to the last word.
#[test]
fn every_problem_is_told_in_french() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let (mut read, mut english) = (0, Vec::new());
    for package in ["crates", "services"]
        .into_iter()
        .flat_map(|kind| list(&root.join(kind)))
    {
        for file in sources(&package.join("src")) {
            let text = fs::read_to_string(&file).expect("a source file");
            let text = text.split_once("#[cfg(test)]").map_or(text.as_str(), |(code, _)| code);
            for said in ["Problem::", ".detail("]
                .into_iter()
                .flat_map(|begin| arguments(text, begin))
            {
                for literal in literals(&said) {
                    read += 1;
                    let words = testkit::english_words(&literal);
                    if !words.is_empty() {
                        english.push(format!("{}: {literal:?}: {words:?}", file.display()));
                    }
                }
            }
        }
    }
    assert!(read > 300, "{read}");
    assert_eq!(english, Vec::<String>::new());
}

/// What stands between the parentheses of each call that begins so.
fn arguments(text: &str, begin: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(begin) {
        let rest = &text[at..];
        let Some(open) = rest.find('(') else { continue };
        // A function that is named and not called has no arguments.
        let name = &rest[begin.trim_end_matches('(').len()..open];
        if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        let end = rest[open..].char_indices().find_map(|(place, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(place)
        });
        found.extend(end.map(|end| rest[open..open + end].to_owned()));
    }
    found
}

/// The texts among Rust's literals; a kind in kebab case is a name.
fn literals(code: &str) -> Vec<String> {
    let parts = code.split('"').skip(1).step_by(2);
    let is_name = |text: &&str| text.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
    parts.filter(|text| !is_name(text)).map(str::to_owned).collect()
}

/// Where services are described together, the first component of a name hides the others: each service alone must mean the same by it.
#[testkit::test]
async fn a_component_means_the_same_in_every_service(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let together = deployment.anyone.get("/openapi.json").await.accepted();
    for service in [Service::Redemption, Service::Funding] {
        let folder = tempfile::tempdir().expect("an empty folder");
        let options = deployment.pool.connect_options().as_ref().clone();
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: folder.path().to_owned(),
            database_url: Some(options.username(service.role().name())),
            connections: 2,
            fund_name: Some(FUND_NAME.to_owned()),
            fund_iban: Some(FUND_IBAN.parse().expect("an IBAN")),
            ..Config::default()
        };
        let config = deployment.with_secrets(config);
        let alone = Running::start(config, deployment.clock.clone(), &[service])
            .await
            .expect("it starts");
        let document = Client::at(format!("http://{}", alone.addr))
            .get("/openapi.json")
            .await
            .accepted();
        alone.stop().await.expect("it stops");
        let components = document["components"]["schemas"].as_object().expect("schemas");
        let other: Vec<&String> = components
            .iter()
            .filter(|(name, schema)| together["components"]["schemas"][name] != **schema)
            .map(|(name, _)| name)
            .collect();
        assert!(other.is_empty(), "{service:?} means something else by {other:?}");
        assert!(components.len() > 20, "{}", components.len());
    }
}

/// A component takes the name of its type, and within a service the last one of a name hides the others without a word.
#[test]
fn no_two_types_share_a_component_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut types: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for package in ["crates", "services"]
        .into_iter()
        .flat_map(|kind| list(&root.join(kind)))
    {
        for file in sources(&package.join("src")) {
            let text = fs::read_to_string(&file).expect("a source file");
            for name in described(&text) {
                types.entry(name).or_default().push(file.clone());
            }
        }
    }
    assert!(types.len() > 150, "{}", types.len());
    types.retain(|_, files| files.len() > 1);
    assert!(types.is_empty(), "{types:#?}");
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = list(folder).into_iter().partition(|path| path.is_dir());
    let mut found: Vec<PathBuf> = folders.iter().flat_map(|folder| sources(folder)).collect();
    found.extend(
        files
            .into_iter()
            .filter(|file| file.extension().is_some_and(|kind| kind == "rs")),
    );
    found
}

/// The names of the types that derive `ToSchema`, and of kinds of value.
fn described(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for derived in text.split("#[derive(").skip(1) {
        let (traits, rest) = derived.split_once(")]").expect("a derive ends");
        let described = traits.split(',').any(|word| word.trim().ends_with("ToSchema"));
        let declaration = rest
            .lines()
            .map(|line| {
                line.split_whitespace()
                    .skip_while(|word| word.starts_with("pub"))
                    .collect::<Vec<_>>()
            })
            .find(|words| matches!(words.first(), Some(&"struct" | &"enum")));
        if let (true, Some(words)) = (described, declaration) {
            let name = words[1].split(|c: char| !c.is_alphanumeric()).next();
            names.extend(name.map(str::to_owned));
        }
    }
    // A kind of value (crates/bounds): `pub struct Reason: 1..=500, Form::Lines;`
    let kinds = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
        (words.next() == Some("struct")).then(|| words.next()?.strip_suffix(':'))?
    });
    names.extend(kinds.map(str::to_owned));
    names
}
