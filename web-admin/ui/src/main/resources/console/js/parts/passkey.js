// WebAuthn in the JSON form of the specification, level 3: the browser translates.
export const passkeys = () => 'PublicKeyCredential' in window && typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';

export async function usePasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey ?? options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
export async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey ?? options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}
/** The person closed the browser's own dialog, or it ran out of time. */
export const gaveUp = e => e.name === 'NotAllowedError' || e.name === 'AbortError';
