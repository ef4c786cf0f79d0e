// The search of the top bar: users, sessions, modules and pages, as a combobox with a list of links.
import { html, nothing } from '../lit.js';
import { can, redraw } from '../store.js';
import { t } from '../i18n.js';
import { get } from '../api.js';
import { href } from '../router.js';
import { PAGES } from '../pages.js';
import { icon } from './ui.js';

const my = { q: '', found: [], at: -1, open: false, asking: null, modules: null, typing: 0 };

const close = () => { Object.assign(my, { open: false, at: -1 }); redraw(); };
async function look() {
  const q = my.q.trim().toLowerCase();
  my.asking?.abort();
  if (!q) { my.found = []; return close(); }
  const mine = my.asking = new AbortController(), options = { signal: mine.signal };
  const ask = (path, params) => get(path, params, options).then(a => a.items, () => []);
  const [users, sessions, modules] = await Promise.all([
    can('U') ? ask('/users', { q, limit: 5 }) : [], ask('/sessions', { q, limit: 5 }), my.modules ?? ask('/modules'),
  ]);
  if (mine.signal.aborted) return;
  my.modules = modules;
  my.found = [
    ...PAGES.filter(p => can(p.needs) && t(`nav.${p.id}`).toLowerCase().includes(q)).map(p => ({ image: p.image, text: t(`nav.${p.id}`), kind: t('find.page'), href: `#/${p.id}` })),
    ...users.map(u => ({ image: 'user', text: u.name, kind: t('find.user'), href: href('users', { open: u.id }) })),
    ...sessions.map(x => ({ image: 'activity', text: `${x.user || t('sessions.unknown')} · ${x.addresses?.[0] ?? x.remote}`, kind: t('find.session'), href: href('sessions', { open: x.id }) })),
    ...modules.filter(m => `${m.id} ${m.name} ${m.description}`.toLowerCase().includes(q)).slice(0, 5).map(m => ({ image: 'blocks', text: m.name || m.id, kind: t('find.module'), href: href('modules', { open: m.id }) })),
  ];
  Object.assign(my, { open: true, at: my.found.length ? 0 : -1 });
  redraw();
}
function typed(e) { my.q = e.target.value; clearTimeout(my.typing); my.typing = setTimeout(look, 150); }
function keys(e) {
  if (e.key === 'Escape') { if (my.open) e.preventDefault(); else e.target.blur(); my.q = my.open ? my.q : ''; return close(); }
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
    if (!my.found.length) return;
    e.preventDefault();
    Object.assign(my, { open: true, at: (my.at + (e.key === 'ArrowDown' ? 1 : -1) + my.found.length) % my.found.length });
    redraw();
  }
  if (e.key === 'Enter' && my.open && my.found[my.at]) { e.preventDefault(); pick(my.found[my.at]); }
}
function pick(found) { my.q = ''; my.found = []; document.getElementById('find')?.blur(); close(); location.hash = found.href.slice(1); }

export const search = () => html`<div class="find-box" @focusout=${e => { if (!e.currentTarget.contains(e.relatedTarget)) close(); }}>
  <label class="find">${icon('search', 's')}<span class="vh">${t('find.label')}</span>
    <input id="find" type="search" role="combobox" aria-expanded=${my.open ? 'true' : 'false'} aria-controls="find-list" aria-autocomplete="list" aria-activedescendant=${my.open && my.at >= 0 ? `find-${my.at}` : nothing}
      placeholder=${t('find.placeholder')} autocomplete="off" spellcheck="false" .value=${my.q} @input=${typed} @keydown=${keys}><kbd aria-hidden="true">/</kbd></label>
  <div id="find-list" class="find-list" role="listbox" aria-label=${t('find.results')} ?hidden=${!my.open || !my.found.length}>${my.found.map((f, i) => html`<div id="find-${i}" role="option" aria-selected=${i === my.at ? 'true' : 'false'} @mousedown=${e => { e.preventDefault(); pick(f); }}>${icon(f.image, 's')}<span class="grow">${f.text}</span><span class="dim small">${f.kind}</span></div>`)}</div>
  ${my.open && !my.found.length ? html`<div class="find-list"><p class="dim none">${t('find.none')}</p></div>` : nothing}</div>`;
