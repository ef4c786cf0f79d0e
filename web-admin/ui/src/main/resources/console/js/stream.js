// One stream of events for all tabs of a browser. Every visible tab queues for a lock; the one that holds it keeps the
// connection and passes events on to the others. A hidden tab lets go, so with no tab in sight there is no stream.
import { state, set } from './store.js';
import { url } from './api.js';

const TYPES = ['hello', 'throughput', 'counts', 'node', 'vpn', 'module', 'change', 'log', 'dropped', 'audit', 'session', 'user', 'resync', 'ping'];
const ALWAYS = ['overview', 'modules', 'changes', 'audit'];
// The server sends numbers every second: soon without any, what is shown is old, and later the connection counts as dead.
const OLD = 5000, DEAD = 15_000, RETRY = [1000, 2000, 4000, 8000, 15_000];

const me = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('culvert-events') : null;
const listeners = new Map();
const wishes = new Map();             // tab -> what it wants beside the usual topics
let source = null, release = null, running = false, tries = 0, timer = 0, watchdog = 0, lastId = null, asked = '', heard = false;

/** Calls back with the event's data; returns how to stop that. The type "*" hears everything. */
export function on(type, callback) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(callback);
  return () => listeners.get(type)?.delete(callback);
}
const tell = (type, data) => { for (const key of [type, '*']) for (const f of listeners.get(key) ?? []) f(data, type); };

/** What this tab needs beside the usual topics, for example { topics: ['log'], level: 'info' }; null takes it back. */
export function want(wish) {
  if (wish) wishes.set(me, wish); else wishes.delete(me);
  channel?.postMessage({ kind: 'want', from: me, wish });
  if (source) connect();
}

function link(value) {
  if (state.link !== value) set({ link: value });
  if (release) channel?.postMessage({ kind: 'link', value });
}
function deliver(type, data) {
  if (type === 'resync') { tell('resync', data); return; }
  tell(type, data);
}

function address() {
  const all = [...wishes.values()], topics = new Set(ALWAYS);
  all.forEach(w => w.topics?.forEach(x => topics.add(x)));
  const level = all.map(w => w.level).filter(Boolean).sort((a, b) => LEVELS.indexOf(a) - LEVELS.indexOf(b))[0];
  return url('/events', { topics: [...topics].sort().join(','), level });
}
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** @param from the last event that was heard, to go on behind it */
function connect(from = null) {
  const to = address();
  if (source && source.readyState !== EventSource.CLOSED && to === asked) return;
  drop();
  asked = to;
  if (state.link !== 'lost') link('connecting');
  source = new EventSource(from ? `${to}&lastEventId=${encodeURIComponent(from)}` : to);
  source.onopen = () => { const back = state.link === 'lost' && tries > 0; tries = 0; link('live'); if (back && !lastId) tell('resync', {}); alive(); };
  source.onerror = () => { link('lost'); if (source?.readyState === EventSource.CLOSED || ++tries > 2) again(); };
  for (const type of TYPES) source.addEventListener(type, event => {
    lastId = event.lastEventId || lastId;
    if (state.link !== 'live') link('live');
    alive();
    if (type === 'ping') return;
    let data = {};
    try { data = JSON.parse(event.data || '{}'); } catch { return; }
    deliver(type, data);
    channel?.postMessage({ kind: 'event', type, data });
  });
}
function alive() {
  heard = true;
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    if (!heard || !source) return;
    link('lost');
    watchdog = setTimeout(again, DEAD - OLD);
  }, OLD);
}
function drop() { source?.close(); source = null; clearTimeout(timer); clearTimeout(watchdog); heard = false; }
function again() {
  drop();
  timer = setTimeout(() => { if (release) { asked = ''; connect(lastId); } }, RETRY[Math.min(tries++, RETRY.length - 1)]);
}

let held = null;
async function queue() {
  if (held || !running || document.hidden) return;
  if (!navigator.locks) { release = () => {}; connect(); return; }
  held = new AbortController();
  try {
    await navigator.locks.request('culvert-events', { signal: held.signal }, () => new Promise(done => { release = done; channel?.postMessage({ kind: 'hello', from: me }); connect(); }));
  } catch { /* left the queue */ }
}
function leave() {
  drop();
  const done = release;
  release = null; asked = '';
  done?.();
  held?.abort();
  held = null;
}

channel?.addEventListener('message', ({ data: m }) => {
  if (m.kind === 'event' && !release) { if (state.link !== 'live') set({ link: 'live' }); deliver(m.type, m.data); }
  if (m.kind === 'link' && !release) set({ link: m.value });
  if (m.kind === 'want') { if (m.wish) wishes.set(m.from, m.wish); else wishes.delete(m.from); if (release && source) connect(); }
  if (m.kind === 'hello' && wishes.has(me)) channel.postMessage({ kind: 'want', from: me, wish: wishes.get(me) });
});
document.addEventListener('visibilitychange', () => {
  if (!running) return;
  if (document.hidden) { leave(); set({ link: 'paused' }); }
  else { set({ link: 'connecting' }); queue(); tell('resync', {}); setTimeout(() => { if (state.link === 'connecting' && !release) set({ link: 'live' }); }, 1500); }
});
addEventListener('pagehide', () => { channel?.postMessage({ kind: 'want', from: me, wish: null }); leave(); });

export function start() { if (!running) { running = true; queue(); } }
export function stop() { running = false; leave(); lastId = null; tries = 0; }
