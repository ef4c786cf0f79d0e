package io.culvert.auth.oidc;

/** The provider does not answer, or not as OpenID Connect wants it. */
final class ProviderException extends Exception {
    ProviderException(String message) {
        super(message);
    }
}
