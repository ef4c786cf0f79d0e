package io.culvert.auth.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.util.Set;

/**
 * Believes ID tokens (OpenID Connect Core 1.0, 3.1.3.7) that the issuer signed for this client and this login, and that
 * have not expired. Signatures by a shared secret or none at all are refused: the client's secret would make tokens.
 */
final class IdTokens {
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256, JWSAlgorithm.RS384, JWSAlgorithm.RS512,
            JWSAlgorithm.PS256, JWSAlgorithm.PS384, JWSAlgorithm.PS512,
            JWSAlgorithm.ES256, JWSAlgorithm.ES384, JWSAlgorithm.ES512);
    private static final int SKEW_SECONDS = 30;

    private final IDTokenValidator validator;

    IdTokens(String issuer, String clientId, JWKSource<SecurityContext> keys) {
        validator = new IDTokenValidator(
                new Issuer(issuer), new ClientID(clientId), new JWSVerificationKeySelector<>(ALGORITHMS, keys), null);
        validator.setMaxClockSkew(SKEW_SECONDS);
    }

    IDTokenClaimsSet check(JWT token, Nonce nonce) throws ProviderException {
        try {
            return validator.validate(token, nonce);
        } catch (BadJOSEException | JOSEException e) {
            throw new ProviderException("the ID token is refused: " + e.getMessage());
        }
    }
}
