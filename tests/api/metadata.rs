//! The RFC 9728 documents, byte for byte.

use support::CONFIG;

use crate::{app::TestApp, ask::Ask};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

fn request(
    app: &TestApp,
    method: &str,
    path: &str,
    host: &str,
    more: &str,
) -> support::http::Answer {
    app.raw(
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")
            .as_bytes(),
    )
}

fn document(resource: &str) -> String {
    format!(
        "{{\"resource\":\"{resource}\",\"authorization_servers\":[\"https://auth.example.com\"],\
         \"bearer_methods_supported\":[\"header\"],\"scopes_supported\":[\"mcp:connect\",\"mcp:tools:read\",\
         \"mcp:tools:execute\",\"mcp:admin\",\"mcp:root\"]}}"
    )
}

#[test]
fn a_resource_has_a_document_at_its_path_and_its_origin_another() {
    let app = TestApp::spawn(CONFIG);
    let at_path = app.get(&format!("{WELL_KNOWN}/mcp"));
    assert_eq!(
        (at_path.status, at_path.body),
        (200, document("https://mcp.example.com/mcp"))
    );
    let at_root = app.get(WELL_KNOWN);
    assert_eq!(
        (at_root.status, at_root.body),
        (200, document("https://mcp.example.com"))
    );
    for path in [
        format!("{WELL_KNOWN}/other"),
        format!("{WELL_KNOWN}/mcp/"),
        format!("{WELL_KNOWN}x"),
    ] {
        assert_eq!(app.get(&path).status, 404, "{path}");
    }
}

#[test]
fn the_example_configuration_gives_exactly_the_known_document() {
    let plain = CONFIG
        .replace(
            "      tools:\n        'admin-*': [['mcp:admin'], ['mcp:root', 'mcp:tools:read']]\n",
            "",
        )
        .replace(
            "    base_url: 'https://mcp.example.com'\n",
            "    base_url: 'https://mcp.example.com/'\n    resource: 'https://mcp.example.com'\n",
        );
    let app = TestApp::spawn(&plain);
    let expected = r#"{"resource":"https://mcp.example.com","authorization_servers":["https://auth.example.com"],"bearer_methods_supported":["header"],"scopes_supported":["mcp:connect","mcp:tools:read","mcp:tools:execute"]}"#;
    assert_eq!(app.get(&format!("{WELL_KNOWN}/mcp")).body, expected);
}

#[test]
fn the_documents_are_public_cacheable_and_open_to_browser_pages() {
    let app = TestApp::spawn(CONFIG);
    let path = format!("{WELL_KNOWN}/mcp");
    let answer = app.get(&path);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("max-age=300"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let etag = answer.header("etag").unwrap().to_owned();
    let again = request(
        &app,
        "GET",
        &path,
        "x",
        &format!("If-None-Match: {etag}\r\n"),
    );
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("cache-control"), Some("max-age=300"));
    // A gateway that compresses weakens the tag. Caches send a list of the tags that they hold.
    for known in [
        format!("W/{etag}"),
        format!("\"other\", W/{etag}"),
        "*".to_owned(),
    ] {
        let again = request(
            &app,
            "GET",
            &path,
            "x",
            &format!("If-None-Match: {known}\r\n"),
        );
        assert_eq!(again.status, 304, "{known}");
    }
    let other = request(&app, "GET", &path, "x", "If-None-Match: \"other\"\r\n");
    assert_eq!(other.status, 200);
    let head = request(&app, "HEAD", &path, "x", "");
    assert_eq!(
        (head.status, head.body.as_str(), head.header("etag")),
        (200, "", Some(etag.as_str()))
    );
    let options = request(&app, "OPTIONS", &path, "x", "Origin: https://p.example\r\n");
    assert_eq!(
        (
            options.status,
            options.header("access-control-allow-origin")
        ),
        (204, Some("*"))
    );
    let post = request(&app, "POST", &path, "x", "");
    assert_eq!(
        (post.status, post.header("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
}

#[test]
fn gateways_may_ask_about_the_documents_too() {
    let app = TestApp::spawn(CONFIG);
    for path in [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/mcp")] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let ask = Ask::of(method).with("X-Original-URI", &path);
            assert_eq!(app.ask(&ask).outcome(), "200", "{method} {path}");
        }
        let post = Ask::of("POST").with("X-Original-URI", &path);
        assert_eq!(app.ask(&post).outcome(), "403 resource-unknown", "{path}");
    }
}

#[test]
fn resources_that_share_an_origin_have_no_document_at_its_root() {
    let resource = |id: &str, host: &str| {
        format!(
            "  - id: '{id}'\n    server: {{ base_url: 'https://{host}.example.com', path: '/{id}' }}\n    resource_name: 'The {id}'\n    oauth:\n      enabled: true\n      \
             authorization_server_url: 'https://auth.example.com'\n      scopes: {{ initialize: ['{id}'] }}\n      jwks: \
             [{{ secret: 'an-example-secret-of-thirty-two-bytes!', symmetric_algorithm: 'HS256', header_key_id: 'k1' }}]\n"
        )
    };
    let app = TestApp::spawn(&format!(
        "resources:\n{}{}{}",
        resource("a", "shared"),
        resource("b", "shared"),
        resource("c", "alone")
    ));
    let body = |path: &str, host: &str| request(&app, "GET", path, host, "").body;
    assert!(
        body(&format!("{WELL_KNOWN}/a"), "shared.example.com")
            .contains("\"resource_name\":\"The a\"")
    );
    assert!(
        body(&format!("{WELL_KNOWN}/b"), "shared.example.com")
            .contains("\"https://shared.example.com/b\"")
    );
    assert_eq!(
        request(&app, "GET", WELL_KNOWN, "shared.example.com", "").status,
        404
    );
    assert!(
        body(WELL_KNOWN, "alone.example.com")
            .contains("\"resource\":\"https://alone.example.com\"")
    );
    assert_eq!(
        request(
            &app,
            "GET",
            &format!("{WELL_KNOWN}/a"),
            "alone.example.com",
            ""
        )
        .status,
        404
    );
}

#[test]
fn without_an_authorization_server_there_is_no_document_to_point_to() {
    let without = CONFIG.replace(
        "    authorization_server_url: 'https://auth.example.com'\n",
        "",
    );
    let app = TestApp::spawn(&without);
    assert_eq!(app.get(&format!("{WELL_KNOWN}/mcp")).status, 404);
    let answer = app.ask(&Ask::of("GET"));
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"mcp\", scope=\"mcp:connect\"")
    );
}
