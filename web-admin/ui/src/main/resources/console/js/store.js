// What the whole console knows, and one render per frame. Pages keep what only they need in their own module
// and call redraw() when it changes.
export const state = {
  session: undefined,        // undefined: not asked yet, null: nobody is signed in, else the answer of GET /auth/session
  route: { page: '', path: [], query: new URLSearchParams() },
  link: 'live',              // live, connecting, lost, paused
  theme: 'auto',
  toasts: [],
  dialogs: [],
  badges: {},                // page -> number shown beside it in the side bar
  failure: null,             // what kept the whole page from loading
};

let draw = () => {}, queued = false;
export function onDraw(render) { draw = render; }

export function redraw() {
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => { queued = false; draw(state); });
}

export function set(patch) { Object.assign(state, patch); redraw(); }

// Roles: V viewer, O operator, U user manager, A administrator. The server decides; this only hides what it would refuse.
const HOLDS = { viewer: 'V', operator: 'VO', users: 'VU', administrator: 'VOUA', self: 'S' };
export const can = letter => (HOLDS[String(state.session?.role ?? '').toLowerCase()] ?? '').includes(letter);

const memory = (() => { try { return window.localStorage; } catch { return null; } })();
export const remember = (key, value) => { try { memory?.setItem(`culvert.${key}`, value); } catch { /* private window: the choice lasts as long as the page */ } };
export const recall = key => { try { return memory?.getItem(`culvert.${key}`) ?? null; } catch { return null; } };

export function setTheme(theme) {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  set({ theme });
}
