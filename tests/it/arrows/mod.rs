//! Which way the arrows run: the map in `src/lib.rs` is read and every path in `src/` is held to it.

mod paths;
mod rules;

use std::fs;
use std::path::Path;

use rules::Map;
pub use rules::Source;

/// The packages that stand below every room; the compiler itself keeps rooms out of them.
const PACKAGES: [&str; 3] = ["kernel", "schema", "forecast"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below `src/`, by its path from there.
pub fn sources() -> Vec<Source> {
    fn walk(dir: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn lib() -> String {
    fs::read_to_string(root().join("src/lib.rs")).unwrap()
}

#[test]
fn every_path_goes_the_right_way() {
    let map = Map::read(&lib());
    let sources = sources();
    assert!(sources.len() > 20 && map.rooms.len() > 15, "the sources and the map are found");
    let complaints: Vec<String> =
        sources.iter().flat_map(|source| rules::complaints(&map, &PACKAGES, source)).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_module_is_on_the_map() {
    let map = Map::read(&lib());
    let lib = lib();
    let modules: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .map(|rest| rest.trim_end_matches(';'))
        .collect();
    assert!(modules.contains(&"db"));
    for module in modules {
        assert!(map.rooms.iter().any(|room| room == module), "`{module}` is not on the map in src/lib.rs");
    }
}

/// The small packages name what they need; a room's machinery in one of them would show here first.
#[test]
fn the_packages_below_depend_on_little() {
    for (package, allowed) in [
        (
            "kernel",
            &[
                "chrono",
                "chrono-tz",
                "diesel",
                "diesel-derive-newtype",
                "rand",
                "serde",
                "thiserror",
                "unicode-normalization",
                "utoipa",
            ][..],
        ),
        ("schema", &["diesel", "libsqlite3-sys", "pq-sys"][..]),
        (
            "forecast",
            &["augurs-core", "augurs-ets", "augurs-mstl", "chrono", "rand", "rayon", "thiserror"][..],
        ),
    ] {
        let manifest = fs::read_to_string(root().join("src").join(package).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        for name in manifest["dependencies"].as_table().unwrap().keys() {
            assert!(allowed.contains(&name.as_str()), "{package} depends on {name}");
        }
    }
}
