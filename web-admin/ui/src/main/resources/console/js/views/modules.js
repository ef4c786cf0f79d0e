// Modules: what runs, what could, whose keys are trusted, and what was changed. Every change goes through the dialog of
// swap.js; #/modules?change=ID shows one, #/modules?open=ID a module's details, #/modules/ID/settings its form.
import { html, nothing, repeat } from '../lit.js';
import { redraw, set, state, can } from '../store.js';
import { get, seg } from '../api.js';
import { t, tn, num, word, bytes } from '../i18n.js';
import { query, asked, go, href } from '../router.js';
import { on } from '../stream.js';
import { icon, badge, pageHead, choices, notice, failure, loading, empty, when } from '../parts/ui.js';
import { finder } from '../parts/list.js';
import { menu } from '../parts/menu.js';
import { openSwap, showSwap, toneOf } from './swap.js';
import { installDialog, keysCard, loadKeys } from './trust.js';
import { settingsPage } from './moduleform.js';

const STATES = { running: ['ok', 'circle-check'], starting: ['warn', 'hourglass'], stopped: ['', 'circle-pause'], fails: ['bad', 'circle-alert'], removed: ['', 'circle-dashed'], off: ['', 'circle-dashed'] };
const KINDS = ['tunnel', 'tls', 'crypto', 'codec', 'auth', 'pki', 'net', 'policy', 'route', 'failover', 'store', 'log', 'web', 'core'];
const TABS = ['installed', 'catalogue', 'keys', 'history'];

let items = null, problem = null, catalogue = null, changes = null, details = {}, q = '', show = 'all', off = [], again = 0;

const tab = () => TABS.includes(asked('tab')) ? asked('tab') : 'installed';
const kindOf = m => KINDS.includes(m.kind) ? m.kind : 'other';
const needsLook = m => m.state === 'fails';
export const stateBadge = m => { const [tone, image] = STATES[m.state] ?? ['', 'circle-help']; return badge(tone, image, word('module.state', m.state)); };

async function load() {
  try {
    const [list, past] = await Promise.all([get('/modules', { limit: 500 }), get('/changes', { limit: 50 })]);
    items = list.items; changes = past.items; problem = null;
    set({ badges: { ...state.badges, modules: items.filter(m => m.update).length || null } });
  } catch (e) { problem = e; }
  redraw();
}
async function loadCatalogue() {
  try { catalogue = (await get('/catalogue')).items; } catch (e) { catalogue = e; }
  redraw();
}
async function loadDetails(id) {
  if (!id) return;
  try { details[id] = await get(`/modules/${seg(id)}`); } catch { /* the row says enough */ }
  redraw();
}
const soon = () => { clearTimeout(again); again = setTimeout(() => { load(); loadDetails(asked('open')); }, 300); };

function opened(route) {
  if (route.path[2] === 'settings') return settingsPage.enter(route.path[1]);
  if (tab() === 'catalogue' && !catalogue) loadCatalogue();
  if (tab() === 'keys') loadKeys();
  const open = asked('open'), change = asked('change');
  if (open && !details[open]) loadDetails(open);
  if (change) showSwap(change, load);
}

export default {
  enter(route) {
    load();
    off = [on('module', soon), on('change', soon), on('resync', soon)];
    opened(route);
  },
  changed: opened,
  leave() { off.forEach(f => f()); off = []; settingsPage.leave(); },
  view: s => s.route.path[2] === 'settings' ? settingsPage.view(s.route.path[1]) : page(),
};

function page() {
  const install = can('A') ? html`<button class="btn primary" type="button" @click=${() => installDialog({ items: items ?? [], done: load })}>${icon('plus', 's')}${t('modules.install')}</button>` : nothing;
  return html`${pageHead(t('nav.modules'), t('modules.text'), install)}
    ${(changes ?? []).filter(c => !c.over && !['draft', 'planned'].includes(c.state)).map(running)}
    <div class="toolbar">${choices(t('modules.parts'), TABS.map(x => [x, t(`modules.tab.${x}`)]), tab(), x => { query({ tab: x === 'installed' ? null : x, open: null }); opened(state.route); })}</div>
    ${failure(problem, load)}
    ${{ installed, catalogue: offers, keys: keysCard, history }[tab()]()}`;
}

const running = c => html`<div class="after-block">${notice('info', 'loader-circle', html`<b>${titleOf(c)}</b> <span class="dim">${word('change.state', c.state)}</span>`, html`<button class="btn small" type="button" @click=${() => view(c.id)}>${t('modules.showChange')}<span class="vh"> ${titleOf(c)}</span></button>`)}</div>`;
const view = id => { query({ change: id }); showSwap(id, load); };
export const titleOf = c => t(c.kind === 'config' ? 'swap.title.config' : c.from || c.kind !== 'update' ? `swap.title.${c.kind}` : 'swap.title.install', { name: items?.find(m => m.id === c.module)?.name ?? c.module, from: c.from, to: c.version || c.plan?.to || '' });

// ---- what is installed ----

function installed() {
  if (!items) return problem ? nothing : html`<div class="card">${loading(8)}</div>`;
  const text = q.trim().toLowerCase();
  const list = items.filter(m => (show === 'all' || (show === 'updates' ? m.update : needsLook(m))) && (!text || `${m.id} ${m.name} ${m.description}`.toLowerCase().includes(text)));
  const kinds = [...KINDS, 'other'].filter(k => list.some(m => kindOf(m) === k));
  return html`<div class="toolbar">${finder(t('modules.find'), q, v => { q = v; redraw(); })}
    ${choices(t('modules.show'), [['all', t('modules.all', { n: items.length })], ['updates', t('modules.updates', { n: items.filter(m => m.update).length })], ['look', t('modules.look', { n: items.filter(needsLook).length })]], show, v => { show = v; redraw(); })}</div>
    ${list.length ? html`<div class="card"><div class="scroll"><table class="cards modules" role="table"><caption class="vh">${t('modules.tab.installed')}</caption>
      <thead role="rowgroup"><tr role="row">${['module', 'state', 'version', 'usedBy', 'signedBy'].map(c => html`<th role="columnheader" scope="col">${t(`modules.col.${c}`)}</th>`)}<th role="columnheader" scope="col"><span class="vh">${t('modules.col.actions')}</span></th></tr></thead>
      ${kinds.map(k => html`<tbody role="rowgroup"><tr class="group" role="row"><th colspan="6" role="rowheader" scope="rowgroup">${t(`module.kind.${k}`)} <span class="dim">${num(list.filter(m => kindOf(m) === k).length)}</span></th></tr>
        ${repeat(list.filter(m => kindOf(m) === k), m => m.id, row)}</tbody>`)}</table></div></div>`
    : html`<div class="card">${empty('blocks', t('modules.none'), t('modules.noneText'))}</div>`}`;
}

function row(m) {
  const open = asked('open') === m.id;
  return html`<tr class="row" role="row">
    <td role="cell" class="lead"><div class="mod"><button class="expander" type="button" aria-expanded=${String(open)} aria-label=${t('modules.details', { name: m.name })} @click=${() => { query({ open: open ? null : m.id }); if (!open) loadDetails(m.id); }}>${icon('chevron-right', 's')}</button><div><b>${m.name}</b><span class="d">${m.description}</span></div></div></td>
    <td role="cell" class="state" data-l=${t('modules.col.state')}>${stateBadge(m)}</td>
    <td role="cell" data-l=${t('modules.col.version')}><span class="line wrap"><span class="num">${m.version || m.kept}</span>${m.update ? html`<span class="badge accent">${icon('arrow-up')}<span class="vh">${t('modules.newer')} </span>${m.update}</span>` : nothing}</span></td>
    <td role="cell" class="used" data-l=${t('modules.col.usedBy')}>${usedBy(m)}</td>
    <td role="cell" data-l=${t('modules.col.signedBy')}>${signature(m)}</td>
    <td role="cell" class="btns"><div class="rowbtns">${actions(m)}</div></td></tr>
    ${open ? detail(m, details[m.id]) : nothing}`;
}

const usedBy = m => {
  const versions = Object.entries(m.sessions);
  return m.sessionTotal ? html`<span class="num">${tn('n.sessions', m.sessionTotal)}${versions.length > 1 ? html`<span class="sub">${versions.map(([v, n]) => t('modules.byVersion', { n, version: v })).join(', ')}</span>` : nothing}</span>`
    : html`<span class="dim">${m.neededBy.length ? tn('n.modules', m.neededBy.length) : t('modules.unused')}</span>`;
};
const SIGNATURES = { trusted: ['plain', 'badge-check'], unknown: ['warn', 'shield-question'], unsigned: ['warn', 'shield-alert'], missing: ['warn', 'shield-alert'], wrong: ['bad', 'shield-x'] };
const signature = m => { if (!m.signature) return html`<span class="dim">${t('modules.nothing')}</span>`; const [tone, image] = SIGNATURES[m.signature] ?? ['warn', 'shield-question']; return badge(tone, image, word('signature', m.signature)); };

function actions(m) {
  const plan = kind => openSwap({ kind, module: m.id, target: m.id, name: m.name }, load);
  const settings = m.configurable && can('O') ? html`<a class="btn small" href=${href(['modules', m.id, 'settings'])}>${icon('sliders-horizontal', 's')}${t('modules.settings')}<span class="vh"> ${m.name}</span></a>` : nothing;
  const main = m.guarded ? nothing : m.update && m.version && can('O') ? html`<button class="btn small primary" type="button" @click=${() => plan('update')}>${t('modules.update')}<span class="vh"> ${m.name}</span></button>`
    : m.state === 'stopped' && can('O') ? html`<button class="btn small" type="button" @click=${() => plan('start')}>${icon('play', 's')}${t('modules.start')}<span class="vh"> ${m.name}</span></button>`
    : m.state === 'removed' && can('A') ? html`<button class="btn small" type="button" @click=${() => plan('install')}>${icon('plus', 's')}${t('modules.installAgain')}<span class="vh"> ${m.name}</span></button>` : nothing;
  const more = m.guarded ? [] : [
    can('O') && m.version && m.state !== 'stopped' ? { image: 'square', text: t('modules.stop'), run: () => plan('stop') } : null,
    can('O') && m.kept && m.version ? { image: 'undo-2', text: t('modules.rollBackTo', { version: m.kept }), run: () => plan('rollback') } : null,
    can('A') && m.version ? { image: 'upload', text: t('modules.updateFromFile'), run: () => installDialog({ items, module: m, done: load }) } : null,
    can('A') && m.version ? { image: 'trash-2', tone: 'danger', text: t('modules.remove'), run: () => plan('remove') } : null,
  ].filter(Boolean);
  return html`${main}${settings}${more.length ? menu(`more-${m.id.replaceAll('.', '-')}`, t('modules.more', { name: m.name }), more) : nothing}`;
}

function detail(m, d) {
  const more = d ?? m;
  return html`<tr class="detail" role="row"><td colspan="6" role="cell"><div class="stack">
    ${m.reason ? html`<div class="notice ${m.state === 'fails' ? 'bad' : 'info'}">${icon(m.state === 'fails' ? 'circle-alert' : 'info')}<div class="grow">${m.reason}</div></div>` : nothing}
    ${(more.problems ?? []).filter(p => p !== m.reason).map(p => html`<div class="notice warn">${icon('triangle-alert')}<div class="grow">${p}</div></div>`)}
    <dl class="kv">
      ${fact('modules.needs', m.needs.length ? m.needs.join(', ') : t('modules.needsNothing'))}
      ${fact('modules.neededBy', m.neededBy.length ? m.neededBy.join(', ') : t('modules.nothing'))}
      ${fact('modules.kept', m.kept && m.version ? html`<span class="line">${m.kept}${can('O') ? html`<button class="btn small" type="button" @click=${() => openSwap({ kind: 'rollback', module: m.id, target: m.id, name: m.name }, load)}>${icon('undo-2', 's')}${t('modules.rollBack')}<span class="vh"> ${m.name}</span></button>` : nothing}</span>` : t('modules.noneKept'))}
      ${fact('modules.identity', html`<span class="mono small">${m.id}</span>`)}
      ${fact('modules.signature', more.signatureText || word('signature', m.signature) || t('modules.nothing'))}
      ${d?.license ? fact('modules.license', d.license) : nothing}
      ${d?.sha256 ? fact('modules.hash', html`<span class="mono small breaks">${d.sha256}</span>`, 'wide') : nothing}
    </dl>
    ${(d?.changes ?? []).length ? html`<p class="small dim">${t('modules.changes')} ${d.changes.slice(0, 5).map((id, i) => html`${i ? ', ' : ''}<button class="linklike" type="button" @click=${() => view(id)}>${id}<span class="vh"> ${t('modules.ofChange')}</span></button>`)}</p>` : nothing}</div></td></tr>`;
}
const fact = (key, value, cls = '') => html`<div class=${cls}><dt>${t(key)}</dt><dd>${value}</dd></div>`;

// ---- what could be installed ----

function offers() {
  if (catalogue instanceof Error) return failure(catalogue, loadCatalogue);
  if (!catalogue) return html`<div class="card">${loading(5)}</div>`;
  if (!catalogue.length) return html`<div class="card">${empty('package', t('catalogue.none'), t('catalogue.noneText'))}</div>`;
  return html`<p class="dim after-block">${t('catalogue.text')}</p><div class="card"><div class="scroll"><table class="cards" role="table"><caption class="vh">${t('modules.tab.catalogue')}</caption>
    <thead role="rowgroup"><tr role="row">${['module', 'offered', 'installed', 'size'].map(c => html`<th role="columnheader" scope="col">${t(`catalogue.col.${c}`)}</th>`)}<th role="columnheader" scope="col"><span class="vh">${t('modules.col.actions')}</span></th></tr></thead>
    <tbody role="rowgroup">${repeat(catalogue, o => `${o.module} ${o.version}`, o => html`<tr class="row" role="row">
      <td role="cell" class="lead"><div class="mod"><div><b class="mono">${o.module}</b>${o.missing ? html`<span class="d warntext">${icon('triangle-alert', 's')} ${o.missing}</span>` : nothing}</div></div></td>
      <td role="cell" data-l=${t('catalogue.col.offered')} class="num">${o.version}</td>
      <td role="cell" data-l=${t('catalogue.col.installed')} class="num">${o.installed || html`<span class="dim">${t('catalogue.not')}</span>`}</td>
      <td role="cell" data-l=${t('catalogue.col.size')} class="num">${bytes(o.bytes)}</td>
      <td role="cell" class="btns"><div class="rowbtns">${offerAction(o)}</div></td></tr>`)}</tbody></table></div></div>`;
}
function offerAction(o) {
  if (o.installed === o.version) return html`<span class="dim nowrap">${t('catalogue.runs')}</span>`;
  if (!can(o.installed ? 'O' : 'A') || o.missing) return nothing;
  const kind = o.installed ? 'update' : 'install';
  return html`<button class="btn small" type="button" @click=${() => openSwap({ kind, module: o.module, target: o.module, name: items?.find(m => m.id === o.module)?.name ?? o.module }, () => { load(); loadCatalogue(); })}>${icon(o.installed ? 'arrow-up' : 'plus', 's')}${t(`modules.${kind === 'install' ? 'installOne' : 'update'}`)}<span class="vh"> ${o.module}</span></button>`;
}

// ---- what was changed ----

function history() {
  if (!changes) return html`<div class="card">${loading(5)}</div>`;
  if (!changes.length) return html`<div class="card">${empty('history', t('history.none'), t('history.noneText'))}</div>`;
  return html`<div class="card"><div class="scroll"><table class="cards" role="table"><caption class="vh">${t('modules.tab.history')}</caption>
    <thead role="rowgroup"><tr role="row">${['change', 'state', 'by', 'when'].map(c => html`<th role="columnheader" scope="col">${t(`history.col.${c}`)}</th>`)}<th role="columnheader" scope="col"><span class="vh">${t('modules.col.actions')}</span></th></tr></thead>
    <tbody role="rowgroup">${repeat(changes, c => c.id, c => { const [tone, image] = toneOf(c.state); return html`<tr class="row" role="row">
      <td role="cell" class="lead"><div class="mod"><div><b>${c.kind === 'config' ? c.title : titleOf(c)}</b><span class="d">${c.reason || c.note}</span></div></div></td>
      <td role="cell" class="state" data-l=${t('history.col.state')}>${badge(tone, image, word('change.state', c.state))}</td>
      <td role="cell" data-l=${t('history.col.by')}>${c.by || html`<span class="dim">${t('history.terminal')}</span>`}</td>
      <td role="cell" data-l=${t('history.col.when')}>${when(c.created)}</td>
      <td role="cell" class="btns"><div class="rowbtns"><button class="btn small" type="button" @click=${() => view(c.id)}>${t('modules.showChange')}<span class="vh"> ${c.id}</span></button></div></td></tr>`; })}</tbody></table></div></div>`;
}

export const openSettings = id => go(['modules', id, 'settings']);
