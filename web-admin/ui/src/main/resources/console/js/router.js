// Addresses are #/page/part?name=value. Opening a page focuses its heading; a change of the query alone does not.
import { state, set } from './store.js';

export function parse(hash = location.hash) {
  const [path, query] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  return { page: parts[0] ?? '', path: parts, query: new URLSearchParams(query ?? '') };
}

export function href(path, query = {}) {
  const parts = (Array.isArray(path) ? path : [path]).map(encodeURIComponent).join('/');
  const q = query instanceof URLSearchParams ? new URLSearchParams(query) : new URLSearchParams(Object.entries(query).filter(([, v]) => v != null && v !== ''));
  return `#/${parts}${q.size ? `?${q}` : ''}`;
}

export function go(path, query) { location.hash = href(path, query).slice(1); }

/** Changes parts of the query in place: no page change, no new entry in the history. Null removes. */
export function query(patch) {
  const q = new URLSearchParams(state.route.query);
  for (const [name, value] of Object.entries(patch)) if (value == null || value === '') q.delete(name); else q.set(name, value);
  const route = { ...state.route, query: q };
  history.replaceState(null, '', href(route.path, q));
  set({ route });
}

export const asked = name => state.route.query.get(name);
