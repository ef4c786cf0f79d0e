// Calls to /api/v1: JSON in and out, the CSRF token on writes, If-Match for what was read before, problems as errors.
import { state, set } from './store.js';

const BASE = '/api/v1';
const tags = new Map();
let prove = null;
/** Who asks for fresh proof when the server wants it: an async function that answers true when it was given. */
export const onProof = ask => { prove = ask; };

/** An application/problem+json answer, or a network failure (status 0). */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.title ?? body.detail ?? String(status));
    Object.assign(this, { status, code: body.code ?? '', title: body.title ?? '', detail: body.detail ?? '', id: body.id ?? body.instance ?? '', body });
    this.fields = Array.isArray(body.fields) ? Object.fromEntries(body.fields.map(f => [f.name ?? f.field, f.message ?? f.title])) : body.fields ?? {};
  }
}

const url = (path, params) => {
  const q = new URLSearchParams(Object.entries(params ?? {}).filter(([, v]) => v != null && v !== ''));
  return `${BASE}${path}${q.size ? `?${q}` : ''}`;
};
export { url };

async function call(method, path, { params, body, signal, headers, raw, etag, proven } = {}) {
  const head = { Accept: 'application/json, application/problem+json', ...headers };
  if (method !== 'GET') {
    head['X-CSRF'] = state.session?.csrf ?? state.csrf ?? '';
    const tag = etag ?? tags.get(path.split(':')[0]);
    if (tag) head['If-Match'] = tag;
    if (raw === undefined) head['Content-Type'] = 'application/json';
  }
  let answer;
  try {
    answer = await fetch(url(path, params), { method, headers: head, signal, credentials: 'same-origin', cache: 'no-store', body: raw ?? (method === 'GET' ? undefined : JSON.stringify(body ?? {})) });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Problem(0, { code: 'unreachable' });
  }
  const text = answer.status === 204 ? '' : await answer.text();
  let json = null;
  if (text) { try { json = JSON.parse(text); } catch { json = answer.ok ? { text } : { detail: text.slice(0, 300) }; } }
  if (answer.ok) {
    const tag = answer.headers.get('ETag');
    if (tag) tags.set(path.split(':')[0], tag);
    return json;
  }
  const problem = new Problem(answer.status, json ?? {});
  if (answer.status === 401 && state.session && problem.code !== 'wrong-credentials' && !path.startsWith('/auth/')) set({ session: null });
  if (/fresh|proof/.test(problem.code) && prove && !proven && await prove()) return call(method, path, { params, body, signal, headers, raw, etag, proven: true });
  throw problem;
}

export const get = (path, params, options) => call('GET', path, { params, ...options });
export const post = (path, body, options) => call('POST', path, { body, ...options });
export const put = (path, body, options) => call('PUT', path, { body, ...options });
export const patch = (path, body, options) => call('PATCH', path, { body, ...options });
export const del = (path, options) => call('DELETE', path, options);
/** Sends bytes as they are (a module's jar, a certificate). */
export const upload = (path, bytes, type = 'application/octet-stream', options = {}) => call('POST', path, { ...options, raw: bytes, headers: { 'Content-Type': type, ...options.headers } });
export const seg = encodeURIComponent;
