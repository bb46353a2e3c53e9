//! TLS of the listeners, with real handshakes: the served certificate, its replacement at run time,
//! and client certificates.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use support::{
    CONFIG,
    envoy::{self, CheckRequest, CheckResponse},
    grpc,
    http::Answer,
    token,
};
use tempfile::TempDir;
use tonic::{
    Request, Status,
    transport::{Certificate, ClientTlsConfig, Endpoint, Identity},
};

use crate::app::TestApp;

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn sign(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        Pair {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Pair {
    fn write(&self, folder: &Path) {
        fs::write(folder.join("tls.crt"), &self.certificate).unwrap();
        fs::write(folder.join("tls.key"), &self.key).unwrap();
    }
}

fn config(more: &str) -> String {
    format!(
        "{CONFIG}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  \
         admin_listen_addr: '127.0.0.1:0'\n  tls: {{cert_file: tls.crt, key_file: tls.key{more}}}\n"
    )
}

fn spawn(pair: &Pair, clients: Option<&Authority>) -> TestApp {
    let folder = TempDir::new().unwrap();
    pair.write(folder.path());
    if let Some(clients) = clients {
        fs::write(folder.path().join("clients.crt"), clients.pem()).unwrap();
    }
    let more = clients.map_or("", |_| ", client_ca_file: clients.crt");
    TestApp::spawn_in(folder, &config(more))
}

/// Asks over HTTPS, trusting `authority`, with a client certificate if there is one.
fn ask(app: &TestApp, authority: &Authority, own: Option<&Pair>) -> io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let connection = ClientConnection::new(Arc::new(config), "scopegate.test".try_into().unwrap());
    let socket = TcpStream::connect(app.address).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut stream = StreamOwned::new(connection.unwrap(), socket);
    let head = format!(
        "GET /authorize HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Original-Method: GET\r\n\
         X-Original-URI: /mcp\r\nAuthorization: Bearer {}\r\n\r\n",
        token("mcp:connect")
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(Answer::parse(&answer))
}

/// Asks over gRPC with TLS.
fn check(
    app: &TestApp,
    authority: &Authority,
    own: Option<&Pair>,
) -> Result<CheckResponse, Status> {
    let mut tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(authority.pem()))
        .domain_name("scopegate.test");
    if let Some(pair) = own {
        tls = tls.identity(Identity::from_pem(&pair.certificate, &pair.key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{}", app.grpc))
        .unwrap()
        .tls_config(tls)
        .unwrap();
    let request = CheckRequest::of("GET").token(&token("mcp:connect"));
    grpc::call_at(endpoint, envoy::CHECK, Request::new(request))
}

#[test]
fn both_listeners_speak_tls_and_nothing_else() {
    let authority = Authority::new("servers");
    let app = spawn(&authority.sign("scopegate.test"), None);
    assert_eq!(ask(&app, &authority, None).unwrap().outcome(), "200");
    assert_eq!(check(&app, &authority, None).unwrap().summary(), "200");
    assert!(ask(&app, &Authority::new("others"), None).is_err());
    let plain = CheckRequest::of("GET").token(&token("mcp:connect"));
    assert!(grpc::call::<_, CheckResponse>(app.grpc, envoy::CHECK, Request::new(plain)).is_err());
    assert_eq!(
        app.admin("/livez").status,
        200,
        "the admin listener stays plain"
    );
}

#[test]
fn a_new_certificate_is_served_once_it_is_loaded_and_a_bad_one_never() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let app = spawn(&old.sign("scopegate.test"), None);
    new.sign("scopegate.test").write(app.folder());
    app.reload().unwrap();
    assert_eq!(ask(&app, &new, None).unwrap().outcome(), "200");
    assert_eq!(check(&app, &new, None).unwrap().summary(), "200");
    assert!(ask(&app, &old, None).is_err());
    // The key belongs to another certificate.
    fs::write(app.folder().join("tls.key"), new.sign("scopegate.test").key).unwrap();
    assert!(
        app.reload()
            .unwrap_err()
            .contains("server.tls.key_file: found `")
    );
    assert_eq!(ask(&app, &new, None).unwrap().outcome(), "200");
}

#[test]
fn a_changed_file_is_noticed() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let app = spawn(&old.sign("scopegate.test"), None);
    new.sign("scopegate.test").write(app.folder());
    while ask(&app, &new, None).is_err() {}
}

#[test]
fn with_a_client_authority_nobody_asks_without_a_certificate_of_it() {
    let (servers, gateways) = (Authority::new("servers"), Authority::new("gateways"));
    let app = spawn(&servers.sign("scopegate.test"), Some(&gateways));
    let (gateway, stranger) = (gateways.sign("gateway.test"), servers.sign("gateway.test"));
    assert_eq!(
        ask(&app, &servers, Some(&gateway)).unwrap().outcome(),
        "200"
    );
    assert_eq!(
        check(&app, &servers, Some(&gateway)).unwrap().summary(),
        "200"
    );
    for own in [None, Some(&stranger)] {
        assert!(ask(&app, &servers, own).is_err());
        assert!(check(&app, &servers, own).is_err());
    }
    fs::write(app.folder().join("clients.crt"), servers.pem()).unwrap();
    app.reload().unwrap();
    assert_eq!(
        ask(&app, &servers, Some(&stranger)).unwrap().outcome(),
        "200"
    );
    assert!(ask(&app, &servers, Some(&gateway)).is_err());
    assert!(check(&app, &servers, Some(&gateway)).is_err());
}
