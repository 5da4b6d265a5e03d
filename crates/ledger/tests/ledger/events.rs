//! The list of events is the only place where the ids of services' events are made, so that each can be found again.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_service_makes_the_id_of_an_event_in_another_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["crates", "services"] {
        for package in std::fs::read_dir(root.join(folder)).unwrap() {
            let package = package.unwrap().path();
            // What tests book has no name.
            if !package.ends_with("testkit") {
                sources(&package.join("src"), &mut files);
            }
        }
    }
    assert!(files.len() > 300, "{}", files.len());
    let derives = |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains("EventId::derive(");
    files.retain(derives);
    let names: Vec<String> = files
        .iter()
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        ["crates/sealed-log/src/kind/event.rs"],
        "give the event a name in EventKind"
    );
}
