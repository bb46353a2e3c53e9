//! The configuration changes under traffic: each reload is complete or has no effect, and no
//! request sees half of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use support::{CONFIG, SECRET, call, token, until};

use crate::{
    app::{TestApp, metrics},
    ask::Ask,
};

/// Both levels require another scope than in [`CONFIG`]: exactly one of the two policies permits
/// each token.
fn other() -> String {
    CONFIG
        .replace("mcp:connect", "new:connect")
        .replace("mcp:tools:read'", "new:read'")
}

#[test]
fn no_request_is_judged_by_half_a_policy() {
    let app = Arc::new(TestApp::spawn(CONFIG));
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    // Half of the old policy and half of the new one would permit these tokens.
    let mixed = [
        token("mcp:connect new:read"),
        token("new:connect mcp:tools:read"),
    ];
    let whole = token("mcp:connect mcp:tools:read new:connect new:read");
    let clients: Vec<_> = (0..4)
        .map(|index| {
            let (app, is_over, asked) =
                (Arc::clone(&app), Arc::clone(&is_over), Arc::clone(&asked));
            let (token, expected) = match index {
                0 | 1 => (mixed[index].clone(), "403 scope-insufficient"),
                _ => (whole.clone(), "200"),
            };
            thread::spawn(move || {
                let ask = Ask::post(call("tools/list", "{}")).token(&token);
                while !is_over.load(Ordering::SeqCst) {
                    assert_eq!(app.ask(&ask).outcome(), expected);
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for round in 0..40 {
        app.rewrite_config(
            if round % 2 == 0 {
                other()
            } else {
                CONFIG.to_owned()
            }
            .as_str(),
        );
        app.reload().unwrap();
    }
    is_over.store(true, Ordering::SeqCst);
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    assert!(asked.load(Ordering::SeqCst) > 100);
}

#[test]
fn a_configuration_with_a_mistake_changes_nothing() {
    let app = TestApp::spawn(CONFIG);
    let ask = Ask::post(call("tools/list", "{}")).token(&token("mcp:connect mcp:tools:read"));
    app.rewrite_config(&CONFIG.replace("initialize:", "initialise:"));
    let error = app.reload().unwrap_err();
    assert!(error.contains("mcp.oauth.scopes.initialise"), "{error}");
    assert_eq!(app.ask(&ask).outcome(), "200");
    let ready = app.admin("/readyz");
    assert_eq!(ready.status, 200);
    assert!(ready.body.contains("initialise"), "{}", ready.body);
    assert_eq!(
        metrics(&app)["scopegate_policy_reload_total{outcome=\"failure\"}"],
        1.0
    );
    assert_eq!(
        metrics(&app)["scopegate_policy_last_reload_successful"],
        0.0
    );
    app.rewrite_config(&other());
    app.reload().unwrap();
    assert_eq!(app.ask(&ask).outcome(), "403 scope-insufficient");
    assert!(!app.admin("/readyz").body.contains("failed_reload"));
    assert_eq!(
        metrics(&app)["scopegate_policy_last_reload_successful"],
        1.0
    );
}

#[test]
fn a_changed_file_is_noticed_also_behind_a_swapped_symlink() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::spawn(CONFIG);
    let ask = Ask::post(call("tools/list", "{}")).token(&token("new:connect new:read"));
    assert_eq!(app.ask(&ask).outcome(), "403 scope-insufficient");
    app.rewrite_config(&other());
    until(|| app.ask(&ask).outcome() == "200");

    // A mounted ConfigMap: the file is a symlink through `..data`, which is swapped in one rename.
    let config = app.config_file();
    let text = std::fs::read_to_string(&config).unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for (target, content) in [
        (&first, text.clone()),
        (&second, text.replace("new:read'", "newer:read'")),
    ] {
        std::fs::create_dir(target).unwrap();
        std::fs::write(target.join("config.yaml"), content).unwrap();
    }
    let data = config.with_file_name("..data");
    std::os::unix::fs::symlink(&first, &data).unwrap();
    let link = config.with_file_name("link");
    std::os::unix::fs::symlink("..data/config.yaml", &link).unwrap();
    std::fs::rename(&link, &config).unwrap();
    let next = config.with_file_name("..data_tmp");
    std::os::unix::fs::symlink(&second, &next).unwrap();
    std::fs::rename(&next, &data).unwrap();
    until(|| app.ask(&ask).outcome() == "403 scope-insufficient");
}

#[test]
fn a_reload_that_lacks_a_file_is_made_up_for_when_the_file_comes() {
    let app = TestApp::spawn(CONFIG);
    let ask = Ask::post(call("tools/list", "{}")).token(&token("new:connect new:read"));
    let secret = format!("secret: '{SECRET}'");
    assert!(other().contains(&secret));
    app.rewrite_config(&other().replace(&secret, "secret_file: 'mounted-later'"));
    until(|| app.admin("/readyz").body.contains("mounted-later"));
    std::fs::write(app.config_file().with_file_name("mounted-later"), SECRET).unwrap();
    until(|| app.ask(&ask).outcome() == "200");
    // The policy takes effect a moment before readiness reports it.
    until(|| !app.admin("/readyz").body.contains("failed_reload"));
}
