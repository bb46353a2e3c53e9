//! The servers that scopegate is compared with: the same frameworks with the same settings, without
//! any decision.

use std::net::Ipv4Addr;

use actix_web::{
    App, HttpResponse, HttpServer,
    http::{
        KeepAlive,
        header::{HeaderName, HeaderValue},
    },
    web::{self, Bytes, Data},
};

use std::time::Duration;

/// The headers of every response.
type Fields = Vec<(HeaderName, HeaderValue)>;

/// actix-web: responds with 200 and these headers, one a line in `fields`. With a path below
/// `/authorize` it reads the body first.
pub fn serve_http(port: u16, fields: &str) {
    let fields: Fields = fields
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let fields = Data::new(fields);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(fields.clone())
            .route("/authorize", web::route().to(answer))
            .route("/authorize/{path:.*}", web::route().to(read_and_answer))
    })
    .workers(1)
    .keep_alive(KeepAlive::Timeout(Duration::from_secs(76)))
    .client_request_timeout(Duration::from_secs(5))
    .disable_signals()
    .bind((Ipv4Addr::LOCALHOST, port))
    .unwrap();
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}

async fn answer(fields: Data<Fields>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    for field in fields.iter() {
        answer.insert_header(field.clone());
    }
    answer.finish()
}

async fn read_and_answer(fields: Data<Fields>, body: Bytes) -> HttpResponse {
    std::hint::black_box(&body);
    answer(fields).await
}

/// nginx with the same headers, as one process with one worker.
pub fn nginx_configuration(port: u16, fields: &str) -> String {
    let fields: String = fields
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| format!("      add_header {name} '{value}';\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  access_log off;\n  keepalive_timeout 76s;\n  keepalive_requests 1000000000;\n  \
         client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n  \
         uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n  server {{\n    listen 127.0.0.1:{port};\n    \
         location / {{\n{fields}      return 200;\n    }}\n  }}\n}}\n"
    )
}
