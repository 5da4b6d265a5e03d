//! No Docker engine is needed to know that `docker-compose.yml` and the Dockerfile speak of things that exist: every
//! command, variable, port, volume and secret that they name is looked up in the command line and in one another.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ccn::commands::{Cli, Command, serve};
use clap::{CommandFactory, Parser};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The file with its merge keys (`<<`) carried out.
fn compose() -> Value {
    serde_saphyr::from_str(&read("docker-compose.yml")).unwrap()
}

fn words(value: &Value) -> Vec<String> {
    value
        .as_array()
        .map(|items| items.iter().map(|item| item.as_str().unwrap().to_owned()).collect())
        .unwrap_or_default()
}

fn members(value: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    value
        .as_object()
        .map(|map| map.iter().map(|(name, value)| (name.clone(), text(value))).collect())
        .unwrap_or_default()
}

/// The services made from our own image.
fn ours() -> Vec<(String, Value)> {
    let compose = compose();
    let services = compose["services"].as_object().unwrap().clone();
    services
        .into_iter()
        .filter(|(_, service)| service["image"] == "ccn")
        .collect()
}

/// The configuration that a container would run with, read by the command line itself.
fn parsed(service: &Value) -> Command {
    let environment = members(&service["environment"]);
    let command = words(&service["command"]);
    let subcommand = Cli::command()
        .find_subcommand(&command[0])
        .unwrap_or_else(|| panic!("no command {command:?}"))
        .clone();
    let flag = |name: &String| {
        let argument = subcommand
            .get_arguments()
            .find(|argument| argument.get_env().is_some_and(|env| env == name.as_str()));
        format!(
            "--{}",
            argument
                .unwrap_or_else(|| panic!("« ccn {} » does not read {name}", command[0]))
                .get_long()
                .unwrap()
        )
    };
    let flags = environment.iter().flat_map(|(name, value)| [flag(name), value.clone()]);
    Cli::try_parse_from(["ccn".to_owned()].into_iter().chain(command.clone()).chain(flags))
        .unwrap()
        .command
}

#[test]
fn there_is_a_container_for_each_role_and_one_that_migrates() {
    let names: Vec<String> = ours().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(["funding", "issuer", "migrate", "redemption"])
    );
    for (name, service) in ours() {
        let command = parsed(&service);
        let runs = match command {
            Command::Issuer(_) => "issuer",
            Command::Redemption(_) => "redemption",
            Command::Funding(_) => "funding",
            Command::Migrate(_) => "migrate",
            other => panic!("{other:?}"),
        };
        assert_eq!(runs, name);
    }
}

#[test]
fn each_role_connects_as_itself_to_the_database_container() {
    let database = &compose()["services"]["database"];
    let environment = members(&database["environment"]);
    for (name, service) in ours() {
        let url = members(&service["environment"])["DATABASE_URL"].clone();
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let user = if name == "migrate" {
            "postgres".to_owned()
        } else {
            format!("ccn_{name}")
        };
        assert_eq!(options.get_username(), user);
        assert_eq!((options.get_host(), options.get_port()), ("database", 5432));
        assert_eq!(options.get_database(), Some(environment["POSTGRES_DB"].as_str()));
        let password = if name == "migrate" {
            "database_password".to_owned()
        } else {
            user
        };
        assert_eq!(
            members(&service["environment"])["CCN_DATABASE_PASSWORD_FILE"],
            format!("/run/secrets/{password}")
        );
    }
}

#[test]
fn every_secret_that_is_read_is_given_and_every_one_given_is_read() {
    let compose = compose();
    let declared: BTreeSet<String> = compose["secrets"].as_object().unwrap().keys().cloned().collect();
    let mut given_somewhere = BTreeSet::new();
    for (name, service) in compose["services"].as_object().unwrap() {
        let given = BTreeSet::from_iter(words(&service["secrets"]));
        let environment = members(&service["environment"]);
        let read = environment
            .values()
            .filter_map(|value| value.strip_prefix("/run/secrets/").map(str::to_owned));
        let mut read: BTreeSet<String> = read.collect();
        if environment
            .get("CCN_ROLE_PASSWORDS")
            .is_some_and(|folder| folder == "/run/secrets")
        {
            let services = ccn::Service::ALL.into_iter();
            read.extend(services.map(|service| service.role().name().to_owned()));
        }
        assert_eq!(given, read, "{name}");
        given_somewhere.extend(given);
    }
    assert_eq!(given_somewhere, declared);
    let script = read("scripts/compose-secrets");
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        assert_eq!(secret["file"], format!("secrets/{name}"));
        assert!(
            script.contains(name.as_str()),
            "scripts/compose-secrets does not draw {name}"
        );
    }
}

#[test]
fn nobody_but_the_issuer_is_given_its_keys_and_nobody_the_root() {
    assert!(compose()["secrets"]["root_key"].is_null());
    for (name, service) in compose()["services"].as_object().unwrap() {
        let has = words(&service["secrets"])
            .iter()
            .any(|secret| ["signing_key", "key_set_key", "identity_key", "operator_key"].contains(&secret.as_str()));
        assert_eq!(has, name == "issuer", "{name}");
        let status = words(&service["secrets"]).iter().any(|secret| secret == "status_key");
        assert_eq!(status, name == "redemption", "{name}");
        let checkpoint = words(&service["secrets"])
            .iter()
            .any(|secret| secret == "checkpoint_key");
        assert_eq!(checkpoint, name == "funding", "{name}");
    }
}

#[test]
fn the_ports_published_and_checked_are_those_listened_to() {
    let mut published = BTreeSet::new();
    for (name, service) in ours() {
        let (Command::Issuer(serve::Issuer { config })
        | Command::Redemption(serve::Redemption { config })
        | Command::Funding(serve::Funding { config })) = parsed(&service)
        else {
            continue;
        };
        assert!(
            config.listen.ip().is_unspecified(),
            "{name} must be reached from outside its container"
        );
        for port in words(&service["ports"]) {
            // Plain HTTP: on the loopback only.
            let outside = port.strip_prefix("127.0.0.1:").unwrap();
            let (outside, inside) = outside.split_once(':').unwrap();
            assert_eq!(inside, config.listen.port().to_string());
            assert!(published.insert(outside.to_owned()), "{outside} is published twice");
        }
        let check = words(&service["healthcheck"]["test"]).pop().unwrap();
        assert_eq!(check, format!("http://127.0.0.1:{}/health/ready", config.listen.port()));
        assert!(read("Dockerfile").contains(&format!("EXPOSE {}\n", config.listen.port())));
    }
    assert_eq!(published.len(), 3);
}

#[test]
fn containers_wait_for_what_they_need_and_are_given_time_to_stop() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services {
        for (needed, how) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(services.contains_key(needed), "{name} waits for {needed}");
            if how["condition"] == "service_healthy" {
                assert!(
                    services[needed]["healthcheck"].is_object(),
                    "{needed} has no health check"
                );
            }
        }
        if let Some(period) = service["stop_grace_period"].as_str() {
            let seconds: u64 = period.strip_suffix('s').unwrap().parse().unwrap();
            assert!(seconds > ccn::STOP_SECONDS_MAX);
        }
        for volume in words(&service["volumes"]) {
            let (volume, path) = volume.split_once(':').unwrap();
            if volume == "./secrets/keys" {
                let keys = &members(&service["environment"])["CCN_KEYS_DIR"];
                assert_eq!((name.as_str(), path), ("issuer", format!("{keys}:ro").as_str()));
                continue;
            }
            assert!(compose["volumes"].as_object().unwrap().contains_key(volume));
            assert_eq!(
                path, "/var/lib/postgresql/data",
                "where the image of PostgreSQL 15 keeps its data"
            );
        }
    }
    let used: BTreeSet<&str> = services
        .values()
        .filter(|s| words(&s["volumes"]).iter().any(|volume| !volume.starts_with("./")))
        .map(|_| "database")
        .collect();
    assert_eq!(used.len(), compose["volumes"].as_object().unwrap().len());
}

#[test]
fn the_image_holds_the_executable_and_runs_it_as_an_ordinary_user() {
    let dockerfile = read("Dockerfile");
    let rust = read("Cargo.toml")
        .lines()
        .find_map(|line| Some(line.strip_prefix("rust-version = \"")?.trim_end_matches('"').to_owned()));
    assert!(dockerfile.contains(&format!("FROM rust:{}-slim-bookworm AS build", rust.unwrap())));
    assert!(dockerfile.contains("--package ccn"));
    assert!(dockerfile.contains("COPY --from=build /src/target/release/ccn /usr/local/bin/ccn"));
    assert!(dockerfile.contains("ENTRYPOINT [\"/usr/local/bin/ccn\"]"));
    let user = dockerfile.lines().rfind(|line| line.starts_with("USER ")).unwrap();
    assert_eq!(user, "USER ccn");
    assert!(dockerfile.contains("useradd --uid 1000 "));
    for (_, service) in ours() {
        assert_eq!(service["user"], "1000:1000");
    }
}
