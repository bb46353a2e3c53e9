//! The stable codes: why a request was denied. They are public (logs, metrics, headers) and never renamed.

/// Why a request may not pass. The order is the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The request has no one clear reading: two `Authorization` headers, a comma in the credentials, a
    /// dialect's headers missing or repeated.
    RequestMalformed,
    /// No protected resource has this host and path.
    ResourceUnknown,
    /// More requests are in flight than `server.max_in_flight` allows.
    Overloaded,
    /// The `Origin` is not one of `oauth.allowed_origins`.
    OriginRefused,
    /// No credentials, or of another scheme than `Bearer`.
    TokenMissing,
    /// Not a compact JWS with a readable header and claims.
    TokenMalformed,
    /// `alg` is not allowed, or does not fit the key.
    AlgorithmRefused,
    /// No key fits the token, and the keys are fresh.
    KeyUnknown,
    /// No keys yet, or too old ones: cannot decide.
    KeysUnavailable,
    /// The signature does not verify.
    SignatureInvalid,
    /// `exp` is absent or has passed.
    TokenExpired,
    /// `nbf` is ahead.
    TokenNotYetValid,
    /// `iss` is none of the resource's issuers.
    IssuerRefused,
    /// `aud` does not name the resource.
    AudienceRefused,
    /// An ID token, a refresh token, or another JWT that is no access token.
    TokenTypeRefused,
    /// A sender-constrained token (`cnf`), sent as a bearer token.
    BindingUnsupported,
    /// A scope claim that is neither a string nor an array of strings, or holds what is no scope.
    ScopeClaimMalformed,
    /// The body is not what JSON-RPC and MCP demand.
    OperationMalformed,
    /// Headers and body name different operations.
    OperationMismatch,
    /// The body is longer than `server.max_body_bytes`.
    BodyTooLarge,
    /// The gateway showed only a part of the body.
    BodyTruncated,
    /// The gateway did not show what is asked for, or nothing in the policy knows it.
    OperationUnknown,
    /// No MCP revision and no `methods` entry knows the JSON-RPC method.
    MethodUnknown,
    /// The token lacks scopes.
    ScopeInsufficient,
    /// The permit could not be written down, and `server.audit.when_full` refuses what is not.
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

    /// The code that logs, metrics and the `X-Scopegate-Reason` header carry.
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
            Self::OriginRefused | Self::OperationUnknown | Self::MethodUnknown | Self::ScopeInsufficient => {
                403
            }
            Self::ResourceUnknown => 404,
            Self::BodyTooLarge | Self::BodyTruncated => 413,
            Self::Overloaded | Self::KeysUnavailable | Self::AuditUnavailable => 503,
        }
    }

    /// The `error_description` that a challenge of this reason carries (RFC 6750 §3), and the message of a
    /// JSON-RPC error. For [`Self::ScopeInsufficient`] the challenge names the scopes instead.
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
            Self::BindingUnsupported => "a sender-constrained token must not be sent as a bearer token",
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
