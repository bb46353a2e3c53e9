//! The JWS algorithms (RFC 7518 §3.1, RFC 8037, RFC 9864) that scopegate verifies.

/// A signature or MAC algorithm that this build verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519; written `EdDSA` or `Ed25519`.
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    /// Every algorithm of this build.
    pub const ALL: [Self; 12] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The algorithm that a JOSE `alg` names, case-sensitively. `none` and unknown names are
    /// `None`.
    #[must_use]
    pub fn parse(alg: &str) -> Option<Self> {
        if alg == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|known| known.name() == alg)
    }

    /// The algorithm in jsonwebtoken's type, if it is for a shared secret (RFC 7518 §3.2); `None`
    /// for public keys.
    #[must_use]
    pub const fn hmac(self) -> Option<jsonwebtoken::Algorithm> {
        match self {
            Self::Hs256 => Some(jsonwebtoken::Algorithm::HS256),
            Self::Hs384 => Some(jsonwebtoken::Algorithm::HS384),
            Self::Hs512 => Some(jsonwebtoken::Algorithm::HS512),
            Self::Rs256
            | Self::Rs384
            | Self::Rs512
            | Self::Ps256
            | Self::Ps384
            | Self::Ps512
            | Self::Es256
            | Self::Es384
            | Self::EdDsa => None,
        }
    }

    /// The name in the JOSE registry (`EdDSA` for Ed25519).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Whether one shared secret signs and verifies.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

/// A set of algorithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlgorithmSet(u16);

impl AlgorithmSet {
    /// Every algorithm that verifies with a public key.
    #[must_use]
    pub fn asymmetric() -> Self {
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| !algorithm.is_symmetric())
            .collect()
    }

    /// Whether the algorithm is in the set.
    #[must_use]
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & (1 << algorithm as u16) != 0
    }

    /// The algorithms in it, in the order of [`Algorithm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(move |algorithm| self.contains(*algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        Self(
            algorithms
                .into_iter()
                .fold(0, |bits, algorithm| bits | (1 << algorithm as u16)),
        )
    }
}
