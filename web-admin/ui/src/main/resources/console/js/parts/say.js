// Toasts, and the two live regions of index.html. The polite one speaks at most every five seconds: the last word wins.
import { state, set } from '../store.js';

let last = 0, waiting = null;
export function announce(text) {
  clearTimeout(waiting);
  const pause = Math.max(0, last + 5000 - Date.now());
  waiting = setTimeout(() => { last = Date.now(); document.getElementById('polite').textContent = text; }, pause);
}
export function alarm(text) { document.getElementById('urgent').textContent = text; }

let count = 0;
/** A short notice in the corner; tone is ok, warn, bad or empty. An action is { label, run }. */
export function toast(text, tone = 'ok', action = null) {
  const entry = { id: ++count, text, tone, action };
  set({ toasts: [...state.toasts.slice(-2), entry] });
  if (tone === 'bad') alarm(text); else announce(text);
  entry.timer = setTimeout(() => dismiss(entry.id), action || tone === 'bad' ? 12_000 : 6000);
}
export function dismiss(id) { set({ toasts: state.toasts.filter(x => x.id !== id) }); }
