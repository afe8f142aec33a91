use std::path::PathBuf;

use super::{Loaded, dump_passphrase, load};

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("duly.toml"), text).expect("a file");
        Folder(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("duly.toml")
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, Vec<String>> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        load(Some(&self.file()), variables).map_err(|faults| {
            let folder = format!("{}/", self.0.path().display());
            faults
                .iter()
                .map(|fault| fault.to_string().replace(&folder, ""))
                .collect()
        })
    }
}

#[test]
fn the_defaults_are_complete_and_valid() {
    let loaded = Folder::with("").load(&[]).expect("valid");
    assert_eq!(loaded.config.http.public_url, "http://127.0.0.1:8080");
    assert_eq!(loaded.config.http.body_limit, 256 * 1024);
    assert_eq!(loaded.config.accounts.argon2_memory, 19 * 1024);
    assert!(loaded.config.mail.server.is_none());
}

#[test]
fn the_file_wins_over_the_defaults_and_a_variable_over_the_file() {
    let folder = Folder::with("[http]\nlisten = \"[::1]:1\"\nbody_timeout = \"5m\"\n");
    let loaded = folder
        .load(&[("DULY_HTTP__LISTEN", "[::1]:2"), ("HOME", "/")])
        .expect("valid");
    assert_eq!(loaded.config.http.listen.port(), 2);
    assert_eq!(loaded.config.http.body_timeout.as_secs(), 300);
    let printed = loaded.print();
    assert!(
        printed.contains("listen = \"[::1]:2\"  # DULY_HTTP__LISTEN\n"),
        "{printed}"
    );
    assert!(printed.contains("duly.toml:3\n"), "{printed}");
}

#[test]
fn a_secret_can_come_from_a_file_and_is_never_printed() {
    let folder = Folder::with("");
    let secret = folder.0.path().join("secret");
    std::fs::write(
        &secret,
        "smtp://ann:hunter2@mail.example.org:587?tls=required\n",
    )
    .expect("a file");
    let secret = secret.display().to_string();
    let loaded = folder
        .load(&[("DULY_MAIL__URL_FILE", &secret)])
        .expect("valid");
    let server = loaded.config.mail.server.as_ref().expect("given");
    assert_eq!(
        server.credentials.as_ref().expect("given").password,
        "hunter2"
    );
    let shown = format!("{} {:?}", loaded.print(), loaded.config);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        shown.contains("smtp://ann:***@mail.example.org:587"),
        "{shown}"
    );
}

#[test]
fn each_setting_is_shown_with_where_it_comes_from() {
    let folder = Folder::with(
        "[http]\nbody_timeout = \"5m\"\n[database]\n\
         replicas = [\"postgres://duly:of-replica@r.example.org/duly\"]\n",
    );
    let secret = folder.0.path().join("secret");
    std::fs::write(&secret, "redis://:of-redis@r.example.org\n").expect("a file");
    let path = secret.display().to_string();
    let loaded = folder
        .load(&[
            ("DULY_QUEUE__URL_FILE", &path),
            ("DULY_WORKER__SLOTS", "9"),
            (
                "DULY_ALARMS__WEBHOOK_URL",
                "https://chat.example.org/of-hook",
            ),
            (
                "DULY_DATABASE__URL",
                "postgres://duly:of-primary@p.example.org/duly",
            ),
        ])
        .expect("valid");
    let shown: Vec<_> = loaded.shown().collect();
    let lines = super::DEFAULTS.lines();
    let written = lines.filter(|line| !line.starts_with('#') && line.contains(" = "));
    assert_eq!(shown.len(), written.count());
    let origin = |setting: &str| {
        let found = shown.iter().find(|one| one.setting == setting);
        let found = found.expect("a setting");
        (found.value.to_string(), found.origin.to_string())
    };
    let file = folder.file().display().to_string();
    for (setting, value, from) in [
        ("http.listen", "\"127.0.0.1:8080\"", "default".to_owned()),
        ("http.body_timeout", "\"5m\"", format!("{file}:2")),
        (
            "database.replicas",
            "[\"postgres://duly:***@r.example.org/duly\"]",
            format!("{file}:4"),
        ),
        ("worker.slots", "9", "DULY_WORKER__SLOTS".into()),
        (
            "queue.url",
            "\"redis://:***@r.example.org\"",
            format!("DULY_QUEUE__URL_FILE ({path})"),
        ),
        (
            "alarms.webhook_url",
            "\"https://chat.example.org/***\"",
            "DULY_ALARMS__WEBHOOK_URL".into(),
        ),
    ] {
        assert_eq!(origin(setting), (value.to_owned(), from), "{setting}");
    }
    let all = format!("{shown:?} {}", loaded.print());
    for secret in ["of-replica", "of-redis", "of-hook", "of-primary"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    let files: Vec<_> = loaded.secret_files().into_iter().collect();
    assert_eq!(files, [folder.file(), secret], "those that hold a password");
    assert_eq!(loaded.file, Some(folder.file()));
}

#[test]
fn a_password_that_is_written_wrong_is_hidden_all_the_same() {
    for url in [
        "smtp://ann:hunter/2@mail.example.org",
        "smtp://ann:hunter?2@mail.example.org:25/",
    ] {
        let faults = Folder::with("").load(&[("DULY_MAIL__URL", url)]);
        let said = match faults {
            Ok(loaded) => loaded.print(),
            Err(faults) => faults.concat(),
        };
        assert!(!said.contains("hunter"), "{said}");
    }
}

#[test]
fn every_mistake_is_named_with_its_place_and_what_was_probably_meant() {
    let folder = Folder::with(
        "[htpp]\nlisten = \"x\"\n[http]\nlistn = \"x\"\nlisten = \"everywhere\"\n\
         body_limit = 5\nmax_connections = 0\ntrusted_proxies = [\"10.0.0.0/33\"]\n",
    );
    let faults = folder.load(&[
        ("DULY_MAIL__URI", "x"),
        ("DULY_WORKER__SLOTS", "many"),
        ("DULY_MAIL__FROM_FILE", "/nowhere"),
    ]);
    assert_eq!(
        faults.expect_err("refused"),
        [
            "duly.toml:2: unknown section htpp; did you mean http?",
            "duly.toml:4: unknown setting http.listn; did you mean http.listen?",
            "duly.toml:6: http.body_limit must be text in quotes",
            "DULY_MAIL__URI: unknown variable DULY_MAIL__URI; did you mean DULY_MAIL__URL?",
            "DULY_WORKER__SLOTS: must be a whole number, not \"many\"",
            "DULY_MAIL__FROM_FILE: cannot read /nowhere: No such file or directory (os error 2)",
            "duly.toml:5: http.listen must be an address and a port, like 127.0.0.1:8080, \
         not \"everywhere\"",
            "duly.toml:8: http.trusted_proxies must be a network like 10.0.0.0/8, not \"10.0.0.0/33\"",
            "duly.toml:7: http.max_connections must be a number between 1 and 1000000, not \"0\"",
        ]
    );
}

#[test]
fn a_word_that_is_no_log_level_is_refused() {
    for level in ["loud", "", "info,duly_db", "duly_db=loud", "info,,"] {
        let faults = Folder::with("").load(&[("DULY_LOG__LEVEL", level)]);
        let expected = format!(
            "DULY_LOG__LEVEL: log.level must be error, warn, info, debug or trace, or such per \
             part, not \"{level}\""
        );
        assert_eq!(faults.expect_err("refused"), [expected]);
    }
    for level in ["warn", "info,duly_db=debug", "INFO,duly_db=off"] {
        let loaded = Folder::with("").load(&[("DULY_LOG__LEVEL", level)]);
        assert_eq!(loaded.expect("valid").config.log.level, level);
    }
}

#[test]
fn a_variable_and_its_file_cannot_both_be_set() {
    let folder = Folder::with("");
    let file = folder.file().display().to_string();
    let faults = folder.load(&[
        ("DULY_MAIL__URL", "smtp://a.example.org"),
        ("DULY_MAIL__URL_FILE", &file),
    ]);
    assert_eq!(
        faults.expect_err("refused"),
        ["DULY_MAIL__URL_FILE (duly.toml): DULY_MAIL__URL sets it too; one of them must go"]
    );
}

#[test]
fn a_value_of_no_kind_there_is_is_refused_with_its_name() {
    let faults = Folder::with("[tasks]\ntrash_days = 1.5\n").load(&[]);
    assert_eq!(
        faults.expect_err("refused"),
        [
            "duly.toml:2: tasks.trash_days must be text, a whole number, true, false or a list of texts"
        ]
    );
}

#[test]
fn what_is_true_or_false_is_written_without_quotes() {
    let loaded = Folder::with("[database]\nslow_query_values = true\n").load(&[]);
    assert!(
        loaded
            .expect("valid")
            .config
            .database
            .options
            .slow_query_values
    );
    let name = "DULY_DATABASE__SLOW_QUERY_VALUES";
    let loaded = Folder::with("").load(&[(name, "true")]);
    assert!(
        loaded
            .expect("valid")
            .config
            .database
            .options
            .slow_query_values
    );
    let faults = Folder::with("[database]\nslow_query_values = \"true\"\n").load(&[]);
    assert_eq!(
        faults.expect_err("refused"),
        ["duly.toml:2: database.slow_query_values must be true or false, without quotes"]
    );
    let faults = Folder::with("").load(&[(name, "yes")]);
    assert_eq!(
        faults.expect_err("refused"),
        [format!("{name}: must be true or false, not \"yes\"")]
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let faults = Folder::with("[http]\nlisten = \n")
        .load(&[])
        .expect_err("refused");
    assert!(faults[0].starts_with("duly.toml:2: "), "{faults:?}");
    let faults = Folder::with("listen = 1\n").load(&[]).expect_err("refused");
    assert_eq!(
        faults[0],
        "duly.toml:1: listen stands outside a section; settings belong under one, like [http]"
    );
}

#[test]
fn a_named_file_must_exist() {
    let missing = std::path::Path::new("/nowhere/duly.toml");
    let faults = load(Some(missing), std::iter::empty()).expect_err("refused");
    assert!(
        faults[0].to_string().contains("cannot be read"),
        "{faults:?}"
    );
}

#[test]
fn networks_hold_their_addresses() {
    let holds = |network: &str, address: &str| {
        network
            .parse::<super::Network>()
            .expect("a network")
            .contains(address.parse().expect("an address"))
    };
    assert!(holds("10.0.0.0/8", "10.255.0.1"));
    assert!(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert!(!holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("0.0.0.0/0", "8.8.8.8"));
    assert!(holds("2001:db8::/32", "2001:db8:1::1"));
    assert!(!holds("::1", "::2"));
}

#[test]
fn the_passphrase_of_dumps_is_given_once() {
    let folder = Folder::with("");
    let secret = folder.0.path().join("secret");
    std::fs::write(&secret, "correct horse\n").expect("a file");
    let secret = secret.display().to_string();
    let passphrase = |variables: &[(&str, &str)]| {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        dump_passphrase(variables).map_err(|fault| fault.to_string())
    };
    let (plain, file) = ("DULY_DUMP_PASSPHRASE", "DULY_DUMP_PASSPHRASE_FILE");
    assert_eq!(passphrase(&[("HOME", "/")]), Ok(None));
    assert_eq!(passphrase(&[(plain, " x ")]), Ok(Some(" x ".into())));
    assert_eq!(
        passphrase(&[(file, &secret)]),
        Ok(Some("correct horse".into()))
    );
    for (variables, message) in [
        (vec![(plain, "")], "the passphrase is empty"),
        (
            vec![(file, "/nowhere")],
            "cannot read /nowhere: No such file",
        ),
        (
            vec![(plain, "x"), (file, &secret)],
            "DULY_DUMP_PASSPHRASE sets it too; one of them must go",
        ),
    ] {
        let refused = passphrase(&variables).expect_err("refused");
        assert!(refused.contains(message), "{refused}");
    }
    let loaded = folder.load(&[(plain, "x"), (file, &secret)]);
    assert!(loaded.is_ok(), "they are no settings");
}
