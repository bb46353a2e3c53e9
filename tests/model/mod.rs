//! A second implementation of the decision, slow and simple, written from the definition without
//! reading `src`.
//!
//! [`permits`] must permit every request that the service permits. If the definition has two
//! readings, the model takes the stricter one, unless a comment says why not. The targets in `fuzz`
//! compare the two.

pub(crate) mod json;
pub(crate) mod operation;
pub(crate) mod policy;
pub(crate) mod token;

use operation::Operation;
use policy::Policy;
use token::TokenRules;

/// Why the model denies.
pub(crate) type Denied = &'static str;

/// The configuration of one resource.
pub(crate) struct Facts {
    /// The path of `base_url` plus `server.path`.
    pub(crate) path: String,
    pub(crate) extra_paths: Vec<String>,
    pub(crate) allowed_origins: Option<Vec<String>>,
    pub(crate) trust_mcp_headers: bool,
    pub(crate) policy: Policy,
    pub(crate) tokens: TokenRules,
}

/// The original request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// Empty if there is none.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// All values of the header `name`.
    pub(crate) fn values(&self, name: &str) -> Vec<&[u8]> {
        let named = self.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_slice()).collect()
    }

    /// The only value of the header `name`. `None` without one, an error with several.
    fn single(&self, name: &str) -> Result<Option<&[u8]>, Denied> {
        match self.values(name).as_slice() {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err("a repeated header"),
        }
    }
}

/// The decision, step by step; `now` in seconds since 1970.
pub(crate) fn permits(facts: &Facts, request: &Request, now: i64) -> Result<(), Denied> {
    let path = request.target.split('?').next().unwrap();
    let is_endpoint = path == facts.path || facts.extra_paths.iter().any(|extra| path == extra);
    let metadata = format!("/.well-known/oauth-protected-resource{}", facts.path);
    if path == metadata && matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
        return Ok(());
    }
    if !is_endpoint {
        return Err("no resource has this path");
    }
    if request.method != "POST" && !request.body.is_empty() {
        return Err("a body with another method than POST");
    }
    let has = |name| !request.values(name).is_empty();
    if request.method == "OPTIONS" && has("origin") && has("access-control-request-method") {
        return Ok(());
    }
    if let (Some(allowed), Some(origin)) = (&facts.allowed_origins, request.single("origin")?)
        && !allowed.iter().any(|known| known.as_bytes() == origin)
    {
        return Err("the origin is not allowed");
    }
    let scopes = token::scopes(&facts.tokens, request.single("authorization")?, now)?;
    for operation in read_operations(facts, request)? {
        policy::permits(&facts.policy, &scopes, &operation)?;
    }
    Ok(())
}

/// The operations of the request: more than one in a batch.
fn read_operations(facts: &Facts, request: &Request) -> Result<Vec<Operation>, Denied> {
    let headers = operation::Headers::read(request)?;
    match request.method.as_str() {
        "GET" | "DELETE" => Ok(vec![Operation::Connect]),
        "POST" if request.body.is_empty() => match operation::of_headers(&headers) {
            Ok(operation) if facts.trust_mcp_headers => Ok(vec![operation]),
            Ok(_) | Err(_) if facts.policy.unknown_operation_is_connect => {
                Ok(vec![Operation::Connect])
            }
            Ok(_) => Err("the operation was not shown"),
            Err(why) => Err(why),
        },
        "POST" => operation::of_body(&request.body, &headers),
        _ => Err("another HTTP method"),
    }
}
