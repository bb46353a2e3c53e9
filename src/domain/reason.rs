//! The stable codes of denials. They are public (logs, metrics, headers) and are never renamed.

/// Why a request may not pass. The order is the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The request is ambiguous: two `Authorization` headers, a comma in the credentials, or a missing or repeated
    /// header of the dialect.
    RequestMalformed,
    /// No protected resource has this host and path.
    ResourceUnknown,
    /// More requests are in flight than `server.max_in_flight` allows.
    Overloaded,
    /// The `Origin` is not one of `oauth.allowed_origins`.
    OriginRefused,
    /// There are no credentials, or their scheme is not `Bearer`.
    TokenMissing,
    /// The token is not a compact JWS with a readable header and claims.
    TokenMalformed,
    /// `alg` is not allowed, or does not match the key.
    AlgorithmRefused,
    /// No key matches the token, and the keys are fresh.
    KeyUnknown,
    /// There are no keys, or they are too old to decide with.
    KeysUnavailable,
    /// The signature does not verify.
    SignatureInvalid,
    /// `exp` is missing or has passed.
    TokenExpired,
    /// `nbf` is in the future.
    TokenNotYetValid,
    /// `iss` is not an accepted issuer of the resource.
    IssuerRefused,
    /// `aud` does not name the resource.
    AudienceRefused,
    /// The token is an ID token, a refresh token, or another JWT that is not an access token.
    TokenTypeRefused,
    /// The token is sender-constrained (`cnf`), but was sent as a bearer token.
    BindingUnsupported,
    /// A scope claim is neither a string nor an array of strings, or contains a value that is not a valid scope.
    ScopeClaimMalformed,
    /// The body violates JSON-RPC or MCP.
    OperationMalformed,
    /// Headers and body name different operations.
    OperationMismatch,
    /// The body is longer than `server.max_body_bytes`.
    BodyTooLarge,
    /// The gateway showed only a part of the body.
    BodyTruncated,
    /// The gateway did not show the operation, or the policy does not list it.
    OperationUnknown,
    /// Neither an MCP revision nor an entry of `methods` knows the JSON-RPC method.
    MethodUnknown,
    /// The token lacks scopes.
    ScopeInsufficient,
    /// The permit could not be written to the audit log, and `server.audit.when_full` is `refuse`.
    AuditUnavailable,
}

impl Reason {
    /// Every reason, in the order of the checks.
    pub const ALL: [Self; 25] = [
        Self::RequestMalformed,
        Self::ResourceUnknown,
        Self::Overloaded,
        Self::OriginRefused,
        Self::TokenMissing,
        Self::TokenMalformed,
        Self::AlgorithmRefused,
        Self::KeyUnknown,
        Self::KeysUnavailable,
        Self::SignatureInvalid,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::IssuerRefused,
        Self::AudienceRefused,
        Self::TokenTypeRefused,
        Self::BindingUnsupported,
        Self::ScopeClaimMalformed,
        Self::OperationMalformed,
        Self::OperationMismatch,
        Self::BodyTooLarge,
        Self::BodyTruncated,
        Self::OperationUnknown,
        Self::MethodUnknown,
        Self::ScopeInsufficient,
        Self::AuditUnavailable,
    ];

    /// The code in logs, metrics and the `X-Scopegate-Reason` header.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RequestMalformed => "request-malformed",
            Self::ResourceUnknown => "resource-unknown",
            Self::Overloaded => "overloaded",
            Self::OriginRefused => "origin-refused",
            Self::TokenMissing => "token-missing",
            Self::TokenMalformed => "token-malformed",
            Self::AlgorithmRefused => "algorithm-refused",
            Self::KeyUnknown => "key-unknown",
            Self::KeysUnavailable => "keys-unavailable",
            Self::SignatureInvalid => "signature-invalid",
            Self::TokenExpired => "token-expired",
            Self::TokenNotYetValid => "token-not-yet-valid",
            Self::IssuerRefused => "issuer-refused",
            Self::AudienceRefused => "audience-refused",
            Self::TokenTypeRefused => "token-type-refused",
            Self::BindingUnsupported => "binding-unsupported",
            Self::ScopeClaimMalformed => "scope-claim-malformed",
            Self::OperationMalformed => "operation-malformed",
            Self::OperationMismatch => "operation-mismatch",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyTruncated => "body-truncated",
            Self::OperationUnknown => "operation-unknown",
            Self::MethodUnknown => "method-unknown",
            Self::ScopeInsufficient => "scope-insufficient",
            Self::AuditUnavailable => "audit-unavailable",
        }
    }

    /// The HTTP status of the denial.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::RequestMalformed | Self::OperationMalformed | Self::OperationMismatch => 400,
            Self::TokenMissing
            | Self::TokenMalformed
            | Self::AlgorithmRefused
            | Self::KeyUnknown
            | Self::SignatureInvalid
            | Self::TokenExpired
            | Self::TokenNotYetValid
            | Self::IssuerRefused
            | Self::AudienceRefused
            | Self::TokenTypeRefused
            | Self::BindingUnsupported
            | Self::ScopeClaimMalformed => 401,
            Self::OriginRefused
            | Self::OperationUnknown
            | Self::MethodUnknown
            | Self::ScopeInsufficient => 403,
            Self::ResourceUnknown => 404,
            Self::BodyTooLarge | Self::BodyTruncated => 413,
            Self::Overloaded | Self::KeysUnavailable | Self::AuditUnavailable => 503,
        }
    }

    /// The `error_description` of a challenge for this reason (RFC 6750 §3), and the message of a JSON-RPC error.
    /// For [`Self::ScopeInsufficient`] the challenge names the scopes instead.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::RequestMalformed => "the request has no single clear reading",
            Self::ResourceUnknown => "no protected resource has this host and path",
            Self::Overloaded => "too many requests in flight",
            Self::OriginRefused => "the origin is not allowed",
            Self::TokenMissing => "no bearer token",
            Self::TokenMalformed => "the token is not a well-formed JWT",
            Self::AlgorithmRefused => "the signature algorithm is not accepted",
            Self::KeyUnknown => "the signing key is not known",
            Self::KeysUnavailable => "the signing keys are not available",
            Self::SignatureInvalid => "the signature does not verify",
            Self::TokenExpired => "the token has expired",
            Self::TokenNotYetValid => "the token is not valid yet",
            Self::IssuerRefused => "the issuer is not accepted",
            Self::AudienceRefused => "the token is not for this resource",
            Self::TokenTypeRefused => "the token is not an access token",
            Self::BindingUnsupported => {
                "a sender-constrained token must not be sent as a bearer token"
            }
            Self::ScopeClaimMalformed => "the scope claim is malformed",
            Self::OperationMalformed => "the body is not a well-formed MCP message",
            Self::OperationMismatch => "headers and body name different operations",
            Self::BodyTooLarge => "the body is too large",
            Self::BodyTruncated => "the body was cut before it could be checked",
            Self::OperationUnknown => "the operation is not known",
            Self::MethodUnknown => "the method is not known",
            Self::ScopeInsufficient => "missing required scopes",
            Self::AuditUnavailable => "the decision cannot be recorded",
        }
    }
}
