// Starts the console: language, who is signed in, and what to show for it; then one render per change.
import { render } from './lit.js';
import { state, set, onDraw, setTheme, recall, remember } from './store.js';
import { get, put, onProof } from './api.js';
import { load, pick, t, LANGUAGES, setZone } from './i18n.js';
import { parse } from './router.js';
import { PAGES } from './pages.js';
import { frame } from './frame.js';
import { signIn } from './views/signin.js';
import { wizard } from './views/setup.js';
import { factorNeeded } from './views/factor.js';
import { self } from './views/self.js';
import { startFailed } from './views/failed.js';
import * as stream from './stream.js';
import { prove } from './parts/proof.js';
import { announce, alarm, toast } from './parts/say.js';
import { connectionSaid } from './parts/link.js';

const app = document.getElementById('app');
const SELF = location.pathname.replace(/\/$/, '').endsWith('/self');
let shown = null, screen = '', reached = '';

/** Which screen: the wizard, sign-in, a second factor still to be added, the console, a user's own page, or what is wrong. */
function screenOf(s) {
  if (s.failure) return 'failed';
  if (SELF) return 'self';
  const claimed = s.setup?.steps.some(x => x.id === 'administrator' && x.done);
  if (s.setup && (!claimed || s.session?.role === 'administrator')) return 'setup';
  if (s.session?.factorNeeded) return 'factor';
  return s.session ? 'console' : 'signin';
}
const SCREENS = { failed: startFailed, self, setup: wizard, factor: factorNeeded, signin: signIn, console: frame };

onDraw(s => {
  const now = screenOf(s);
  if (now !== screen) {
    if (screen === 'console') { shown?.page.leave?.(); shown = null; reached = ''; stream.stop(); }
    screen = now;
    if (now === 'console') { stream.start(); routed(true); }
    else { document.title = `${t(`title.${now}`)} · Culvert`; SCREENS[now].enter?.(); }
  }
  render(SCREENS[now](s), app);
});

function routed(first = false) {
  const route = parse();
  const entry = PAGES.find(p => p.id === route.page) ?? PAGES[0], same = shown === entry;
  if (entry.id !== route.page) { route.page = entry.id; route.path = [entry.id]; }
  set({ route });
  if (screen !== 'console') return;
  const path = route.path.join('/');
  document.title = `${t(`nav.${entry.id}`)} · Culvert`;
  if (!same) { shown?.page.leave?.(); shown = entry; entry.page.enter?.(route); } else entry.page.changed?.(route);
  if (!first && path !== reached) { scrollTo(0, 0); requestAnimationFrame(() => requestAnimationFrame(() => { if (!state.dialogs.length) document.getElementById('page-title')?.focus({ preventScroll: true }); })); }
  reached = path;
}

async function language(wanted) {
  const lang = wanted in LANGUAGES ? wanted : pick(state.session?.language || recall('language'));
  if (document.documentElement.dataset.lang === lang) return;
  await load(lang);
  document.documentElement.dataset.lang = lang;
}
export async function changeLanguage(lang) {
  remember('language', lang);
  await language(lang);
  routed(true);
  if (state.session) {
    state.session.language = lang;
    // The page speaks it already; the account gets it for the next place.
    put('/me/language', { language: lang }).catch(() => {});
  }
}

/** Who is signed in, and whether the appliance is still to be set up. */
async function begin() {
  set({ failure: null });
  if (SELF) return;
  try {
    const session = await get('/auth/session');
    const setup = session.setup ? await get('/setup') : null;
    state.csrf = session.csrf;
    set({ session: session.name && session.role !== 'self' ? session : null, setup });
    if (state.session?.language) await language(state.session.language);
  } catch (e) { set({ failure: e, session: null }); }
}

addEventListener('culvert-language', e => changeLanguage(e.detail));
addEventListener('culvert-begin', begin);
addEventListener('hashchange', () => routed());
addEventListener('keydown', e => {
  if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || state.dialogs.length || e.target.closest?.('input,textarea,select,[contenteditable]')) return;
  const box = document.getElementById('find');
  if (!box?.checkVisibility()) return;
  e.preventDefault();
  box.focus();
});
addEventListener('unhandledrejection', e => { if (e.reason?.name === 'AbortError') e.preventDefault(); });
connectionSaid(announce, alarm);
stream.on('hello', ({ version }) => {
  if (!version) return;
  if (state.served && state.served !== version) toast(t('frame.updated', { version }), '', { label: t('frame.reload'), run: () => location.reload() });
  state.served ??= version;
  set({ version });
});
onProof(prove);

const side = new URLSearchParams(location.search).get('theme');
setTheme(side ?? recall('theme') ?? 'auto');
state.route = parse();
setZone(Intl.DateTimeFormat().resolvedOptions().timeZone);
await Promise.all([language(), begin()]);
set({});
