use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.toml");
    std::fs::write(&path, file).unwrap();
    let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Settings::load(Some(&path), environment, &Flags::default()).map_err(|error| error.0)
}

#[test]
fn the_manual_is_a_whole_configuration() {
    let settings = Settings::load(None, [], &Flags::default()).unwrap();
    assert!(settings.server.listen.ip().is_loopback());
    assert_eq!(settings.key_place().unwrap(), KeyPlace::File("shiryan-data.keys/root.key".into()));
    assert_eq!(settings.target().unwrap().label(), "sqlite://shiryan-data/shiryan.db");
}

#[test]
fn each_layer_wins_over_the_one_before() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"";
    let environment = [("SHIRYAN__SERVER__LISTEN", "127.0.0.1:2"), ("SHIRYAN_DATA_DIR", "/srv/x")];
    let settings = load(file, &environment).unwrap();
    assert_eq!(settings.server.listen.port(), 2);
    assert_eq!(settings.log.level, LogLevel::Warn);
    assert_eq!(settings.key_place().unwrap(), KeyPlace::File("/srv/x.keys/root.key".into()));
    let flags = Flags { listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
    assert_eq!(Settings::load(None, [], &flags).unwrap().server.listen.port(), 3);
}

#[test]
fn an_error_names_origin_key_and_expectation() {
    for (file, environment, expected) in [
        ("[server]\nlisen = \"x\"", vec![], vec!["mine.toml", "server.lisen", "listen"]),
        ("[sever]\nlisten = \"x\"", vec![], vec!["mine.toml", "[sever]", "server"]),
        ("[server]\nlisten = 8080", vec![], vec!["mine.toml", "server.listen", "text"]),
        ("[server]\nlisten = \"nowhere\"", vec![], vec!["mine.toml", "server.listen", "address"]),
        ("[log]\nlevel = \"loud\"", vec![], vec!["mine.toml", "log.level", "info"]),
        (
            "",
            vec![("SHIRYAN__SERVER__WORKERS", "many")],
            vec!["SHIRYAN__SERVER__WORKERS", "server.workers", "number"],
        ),
        ("", vec![("SHIRYAN__SERVER__COLOUR", "1")], vec!["SHIRYAN__SERVER__COLOUR", "server.colour"]),
        ("", vec![("SHIRYAN__SERVER", "1")], vec!["SHIRYAN__SERVER", "SHIRYAN__SECTION__KEY"]),
        ("[server]\nlisten = \"0.0.0.0:80\"", vec![], vec!["mine.toml", "server.listen", "behind_proxy"]),
        ("[metrics]\nlisten = \"0.0.0.0:80\"", vec![], vec!["mine.toml", "metrics.listen", "loopback"]),
        ("[database]\nurl = \"mysql://x\"", vec![], vec!["mine.toml", "database.url", "postgres://"]),
        (
            "[database]\nurl = \"postgres://u:secret@db.example/x\"",
            vec![],
            vec!["database.url", "allow_plaintext"],
        ),
        (
            "[accounts]\naccess_token_minutes = 11",
            vec![],
            vec!["mine.toml", "access_token_minutes", "1 to 10"],
        ),
        ("[place]\nzone = \"Mars/Olympus\"", vec![], vec!["mine.toml", "place.zone"]),
        (
            "[stock]\nwhole_blood_becomes = [\"milk\"]",
            vec![],
            vec!["mine.toml", "stock.whole_blood_becomes", "platelets"],
        ),
        ("[mail]\ntransport = \"file\"", vec![], vec!["mail.from", "address"]),
        ("[mail]\nfrom = \"a@b.example\\nBcc: c@d.example\"", vec![], vec!["mine.toml", "mail.from"]),
        ("[mail]\ntransport = \"pigeon\"", vec![], vec!["mine.toml", "mail.transport", "file"]),
        ("[mail]\ntransport = \"smtp\"\nfrom = \"a@b.example\"", vec![], vec!["mail.host", "server"]),
        (
            "[mail]\ntls = \"none\"\nhost = \"mail.example\"",
            vec![],
            vec!["mine.toml", "mail.tls", "starttls"],
        ),
        ("[mail]\nuser = \"x\"", vec![], vec!["mail.password_file", "both"]),
        ("[mail]\ntimeout_seconds = 0", vec![], vec!["mine.toml", "mail.timeout_seconds", "1 to 120"]),
        ("[webhook]\nurl = \"https://sms.example/x\"", vec![], vec!["webhook.key_file", "both"]),
        (
            "[webhook]\nurl = \"http://sms.example/x\"\nkey_file = \"s\"",
            vec![],
            vec!["mine.toml", "webhook.url", "https"],
        ),
        (
            "[webhook]\nurl = \"https://me:secret@sms.example/x\"\nkey_file = \"s\"",
            vec![],
            vec!["mine.toml", "webhook.url", "without a user"],
        ),
        ("[webhook]\ntimeout_seconds = 0", vec![], vec!["mine.toml", "webhook.timeout_seconds", "1 to 60"]),
        ("[mail]\nquiet_from = \"9\"", vec![], vec!["mine.toml", "mail.quiet_from", "21:00"]),
        ("[mail]\nquiet_from = \"08:00\"", vec![], vec!["mail.quiet_until", "another"]),
        ("[mail]\na_day = 0", vec![], vec!["mine.toml", "mail.a_day", "1 to 50"]),
        ("not toml", vec![], vec!["mine.toml"]),
    ] {
        let said = load(file, &environment).unwrap_err();
        for part in expected {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
        assert!(!said.contains("secret"));
    }
}
