// Who may connect, and the profiles of their devices.
import { html, nothing } from '../lit.js';
import { redraw } from '../store.js';
import { get, post, patch, del, seg } from '../api.js';
import { on } from '../stream.js';
import { asked, query } from '../router.js';
import { t, tn, num, word, day, listOf } from '../i18n.js';
import { List, table, finder } from '../parts/list.js';
import { openDialog, confirm, foot, points } from '../parts/dialog.js';
import { field, secret, area, toggle, ownerOf } from '../parts/form.js';
import { icon, badge, pageHead, choices, empty, when, initials, loading, failure, copy } from '../parts/ui.js';
import { menu } from '../parts/menu.js';
import { toast } from '../parts/say.js';
import { ready } from '../parts/ready.js';
import { passPhrase } from '../parts/phrase.js';
import { factorOf } from '../parts/factor.js';

const list = new List('/users', { sort: 'name' });
const my = { heard: [], open: null, add: false };
const FILTERS = ['', 'online', 'weak', 'noprofile', 'disabled'];

function read() { list.q = asked('q') ?? ''; list.filter = asked('filter') ?? ''; }
const quietly = () => { if (!document.hidden && !list.busy) list.load(true); };
function dialogsAsked() {
  if (asked('open') && my.open !== asked('open')) show(asked('open'));
  if (asked('add') && !my.add) add();
}

export default {
  enter() { read(); list.enter(); my.heard = [on('resync', quietly), on('user', quietly)]; my.timer = setInterval(quietly, 15_000); dialogsAsked(); },
  changed() { const q = list.q, f = list.filter; read(); if (q !== list.q || f !== list.filter) list.change({}); dialogsAsked(); },
  leave() { my.heard.forEach(stop => stop()); clearInterval(my.timer); },
  view,
};

const status = u => !u.enabled ? badge('', 'circle-x', t('users.disabled')) : u.sessions ? badge('ok', 'radio', t('users.online')) : badge('', 'circle-dashed', t('users.offline'));
const signIn = u => u.weak ? html`<span class="badge warn">${icon('triangle-alert')}${t('users.passwordOnly')}</span>` : u.password && u.secondFactor ? t('users.both') : u.secondFactor ? t('users.codeOnly') : u.password ? t('users.password') : t('users.certificate');
const devices = u => u.profiles.map(p => p.device || p.id.slice(0, 8));

const columns = () => [
  { label: t('col.user'), sort: 'name', cls: 'lead', cell: u => html`<div class="who"><span class="avatar" aria-hidden="true">${initials(u.name)}</span><div><button class="linkish strong" type="button" @click=${() => show(u.id)}>${u.name}</button><span>${word('source', u.source)}</span></div></div>` },
  { label: t('col.state'), cls: 'state', cell: status },
  { label: t('users.signIn'), cell: u => html`<span>${signIn(u)}</span>` },
  { label: t('users.profiles'), cell: u => html`<span>${u.profiles.length ? html`${tn('n.profiles', u.profiles.length)}<span class="sub">${devices(u).slice(0, 3).join(', ')}</span>` : html`<span class="dim">${t('users.noProfile')}</span>`}</span>` },
  { label: t('users.lastSeen'), cell: u => u.sessions ? html`<span>${t('time.now')}<span class="sub">${tn('n.sessions', u.sessions)}</span></span>` : html`<span>${when(u.lastSeen)}</span>` },
  { label: t('col.actions'), hidden: true, cls: 'btns', cell: u => html`<div class="rowbtns"><button class="btn small" type="button" ?disabled=${!u.enabled} @click=${() => issue(u)}>${icon('file-key', 's')}${t('users.profile')}<span class="vh"> ${t('users.forName', { name: u.name })}</span></button>${menu(`user-${u.id.replace(/[^\w-]/g, '_')}`, t('menu.more', { name: u.name }), actions(u))}</div>` },
];

const actions = u => [
  { image: 'info', text: t('users.details'), run: () => show(u.id) },
  u.sessions ? { image: 'activity', text: t('users.sessions'), href: `#/sessions?filter=${seg(`user:${u.name}`)}` } : null,
  { image: 'key-round', text: t('users.newPassword'), run: () => password(u) },
  { image: 'smartphone', text: t('users.factor'), run: () => factor(u) },
  u.enabled ? { image: 'ban', text: t('users.disable'), tone: 'bad', run: () => disable(u) } : { image: 'user-check', text: t('users.enable'), run: () => enable(u) },
  { image: 'trash-2', text: t('users.remove'), tone: 'bad', run: () => remove(u) },
];

function view() {
  const narrowed = list.q || list.filter;
  return html`${pageHead(t('nav.users'), t('users.text'), html`<button class="btn" type="button" @click=${bring}>${icon('upload', 's')}${t('users.import')}</button><button class="btn primary" type="button" @click=${add}>${icon('user-plus', 's')}${t('users.add')}</button>`)}
    <div class="toolbar">${finder(t('users.find'), list.q, v => { query({ q: v }); list.search(v); })}${choices(t('filter.show'), FILTERS.map(f => [f, t(`users.filter.${f || 'all'}`)]), list.filter, v => { query({ filter: v }); list.change({ filter: v }); })}</div>
    ${table({ caption: t('nav.users'), list, columns: columns(), none: narrowed
      ? empty('search', t('users.none'), t('users.noneText'), html`<button class="btn" type="button" @click=${() => { query({ q: null, filter: null }); list.change({ q: '', filter: '' }); }}>${t('filter.clear')}</button>`)
      : empty('users', t('users.nobody'), t('users.nobodyText'), html`<button class="btn primary" type="button" @click=${add}>${icon('user-plus', 's')}${t('users.add')}</button>`) })}`;
}

// ---------- one user ----------

async function show(id) {
  my.open = id;
  query({ open: id });
  let u = list.items?.find(x => x.id === id) ?? null, problem = null;
  const load = async () => { try { u = await get(`/users/${seg(id)}`); problem = null; } catch (e) { problem = e; } redraw(); };
  const d = openDialog({
    name: 'user', onclose: () => { my.open = null; query({ open: null }); },
    view: () => ({
      heading: u?.name ?? id, text: u ? html`<span class="line">${status(u)}<span>${word('source', u.source)}</span></span>` : null,
      body: problem && !u ? failure(problem, load) : !u ? loading(5) : html`
        <dl class="kv"><div><dt>${t('users.signIn')}</dt><dd>${signIn(u)}</dd></div><div><dt>${t('users.lastSeen')}</dt><dd>${u.sessions ? t('time.now') : when(u.lastSeen)}</dd></div><div><dt>${t('nav.sessions')}</dt><dd>${u.sessions ? html`<a href="#/sessions?filter=${seg(`user:${u.name}`)}" @click=${() => d.close()}>${tn('n.sessions', u.sessions)}</a>` : num(0)}</dd></div></dl>
        <div class="stack tight"><h3>${t('users.profiles')}</h3>${u.profiles.length ? html`<ul class="checks rows">${u.profiles.map(p => html`<li>${icon(p.device && /phone|tablet|ios|android/i.test(p.device) ? 'smartphone' : 'laptop', 'ok')}<div><b>${p.device || t('users.unnamed')}</b><span>${word('protocol', p.protocol)} · ${t('users.valid', { from: day(p.notBefore), to: day(p.notAfter) })}</span></div>
          <button class="btn small" type="button" @click=${async () => { if (await revoke(p)) load(); }}>${icon('trash-2', 's')}${t('users.revoke')}<span class="vh"> ${p.device || p.id}</span></button></li>`)}</ul>` : html`<p class="dim">${t('users.noProfileText')}</p>`}</div>
        <div class="actions">${u.enabled ? html`<button class="btn" type="button" @click=${() => issue(u, load)}>${icon('file-key', 's')}${t('users.issue')}</button>` : nothing}<button class="btn" type="button" @click=${() => password(u, load)}>${icon('key-round', 's')}${t('users.newPassword')}</button><button class="btn" type="button" @click=${() => factor(u).then(load)}>${icon('smartphone', 's')}${t('users.factor')}</button></div>`,
      foot: u ? html`<button class="btn danger quiet" type="button" @click=${async () => { if (await remove(u)) d.close(); }}>${icon('trash-2', 's')}${t('users.remove')}</button><span class="grow"></span>${u.enabled ? html`<button class="btn" type="button" @click=${async () => { if (await disable(u)) load(); }}>${icon('ban', 's')}${t('users.disable')}</button>` : html`<button class="btn" type="button" @click=${async () => { await enable(u); load(); }}>${icon('user-check', 's')}${t('users.enable')}</button>`}<button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>` : html`<button class="btn" type="button" @click=${() => d.close()}>${t('do.close')}</button>`,
    }),
  });
  load();
}

// ---------- add, import ----------

function add() {
  my.add = true;
  query({ add: 'form' });
  const v = { name: '', password: '', withPassword: true, device: t('users.laptop'), profile: true };
  const d = openDialog({
    size: 'narrow', name: 'add-user', onclose: () => { my.add = false; query({ add: null }); },
    view: () => ({
      heading: t('users.add'), text: t('users.addText'), submit: () => save(),
      body: html`
        ${field({ id: 'add-name', name: 'name', label: t('users.name'), hint: t('users.nameHint'), error: d.problem?.fields?.name, value: v.name, change: x => { v.name = x; } })}
        ${toggle({ id: 'add-with', label: t('users.withPassword'), hint: t('users.withPasswordText'), value: v.withPassword, change: x => { v.withPassword = x; } })}
        ${v.withPassword ? html`<div class="stack tight">${secret({ id: 'add-password', name: 'password', label: t('users.firstPassword'), hint: t('users.firstPasswordHint'), error: d.problem?.fields?.password, value: v.password, change: x => { v.password = x; } })}
          <button class="btn small self-start" type="button" @click=${() => { v.password = passPhrase(); redraw(); copy(v.password).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button></div>` : nothing}
        ${toggle({ id: 'add-profile', label: t('users.withProfile'), hint: t('users.withProfileText'), value: v.profile, change: x => { v.profile = x; } })}
        ${v.profile ? field({ id: 'add-device', name: 'device', label: t('users.device'), hint: t('users.deviceHint'), error: d.problem?.fields?.device, value: v.device, change: x => { v.device = x; } }) : nothing}`,
      foot: foot(d, { action: t('users.add'), image: 'user-plus' }),
    }),
  });
  const save = async () => {
    let issued = null, added = null;
    const done = await d.run(async () => {
      added ??= await post('/users', { name: v.name.trim(), ...(v.withPassword && v.password ? { password: v.password } : {}) });
    });
    if (!done) return focusWrong(d);
    if (v.profile) { try { issued = await post(`/users/${seg(added.id)}/profiles`, profileOf(v.device)); } catch (e) { toast(e.title || t('users.profileFailed'), 'bad'); } }
    d.close();
    list.load(true);
    toast(t('users.added', { name: added.name }));
    if (issued) ready(issued, { heading: t('users.canConnect', { name: added.name }), onclose: quietly });
  };
}
const profileOf = device => ({ device: device.trim(), protocol: 'openvpn', instance: '', transport: '', remote: '', reuse: false });
const focusWrong = d => requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector(`#${d.id} [aria-invalid="true"]`)?.focus()));

function bring() {
  const v = { text: '' };
  let result = null;
  const users = () => v.text.split(/\r?\n/).map(line => line.trim()).filter(line => line && !line.startsWith('#')).map(line => { const [name, ...rest] = line.split(/[,;\t]/); const password = rest.join(',').trim(); return password ? { name: name.trim(), password } : { name: name.trim() }; });
  const d = openDialog({
    size: 'narrow', name: 'import',
    view: () => result ? {
      heading: tn('users.imported', result.added.length), text: result.refused.length ? tn('users.refused', result.refused.length) : null,
      body: points([...(result.added.length ? [['circle-check', 'ok', tn('users.imported', result.added.length), result.added.length > 12 ? t('list.andMore', { names: result.added.slice(0, 10).join(', '), n: result.added.length - 10 }) : listOf(result.added)]] : []), ...result.refused.map(r => ['circle-alert', 'warn', r.name, r.reason])]),
      foot: html`<button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>`,
    } : {
      heading: t('users.importHead'), text: t('users.importText'), submit: () => send(),
      body: html`${area({ id: 'import-list', label: t('users.importList'), hint: t('users.importHint'), mono: true, rows: 8, placeholder: 'dora\nemil, a first pass phrase', value: v.text, change: x => { v.text = x; } })}
        <label class="btn self-start" for="import-file">${icon('file-up', 's')}${t('users.importFile')}</label><input id="import-file" class="vh" type="file" accept=".csv,.txt,text/csv,text/plain" aria-label=${t('users.importFile')} @change=${async e => { v.text = await e.target.files[0]?.text() ?? ''; redraw(); }}>`,
      foot: foot(d, { action: users().length ? tn('users.importGo', users().length) : t('users.import'), disabled: !users().length, image: 'upload' }),
    },
  });
  const send = async () => { if (await d.run(async () => { result = await post('/users:import', { users: users() }); })) { d.focus(); list.load(true); } };
}

// ---------- profiles ----------

function issue(u, after = quietly) {
  const v = { device: u.profiles?.length ? t('users.phone') : t('users.laptop'), remote: '' };
  const d = openDialog({
    size: 'narrow', name: 'issue',
    view: () => ({
      heading: t('users.issueHead', { name: u.name }), text: t('users.issueText'), submit: () => save(),
      body: html`${field({ id: 'issue-device', name: 'device', label: t('users.device'), hint: t('users.deviceHint'), error: d.problem?.fields?.device, value: v.device, change: x => { v.device = x; } })}
        ${field({ id: 'issue-remote', name: 'remote', label: t('users.remote'), hint: t('users.remoteHint'), optional: true, error: d.problem?.fields?.remote, value: v.remote, change: x => { v.remote = x; } })}`,
      foot: foot(d, { action: t('users.issue'), image: 'file-key' }),
    }),
  });
  const save = async () => {
    let issued;
    if (!await d.run(async () => { issued = await post(`/users/${seg(u.id)}/profiles`, { ...profileOf(v.device), remote: v.remote.trim() }); })) return focusWrong(d);
    d.close();
    ready(issued, { onclose: after });
  };
}

const revoke = p => confirm({
  heading: t('users.revokeHead', { device: p.device || t('users.unnamed'), name: p.user }),
  list: [['file-key', 'warn', t('users.revokePoint'), t('users.revokeText')], ['users', 'ok', t('users.revokeOthers'), t('users.revokeOthersText')]],
  keep: t('users.keepProfile'), action: t('users.revoke'), image: 'trash-2',
  run: async () => { const r = await del(`/profiles/${seg(p.id)}`); toast(r.sessionsEnded ? tn('users.revokedEnded', r.sessionsEnded) : t('users.revoked')); quietly(); },
});

// ---------- state of a user ----------

const disable = u => confirm({
  heading: t('users.disableHead', { name: u.name }),
  list: [
    ['activity', 'warn', u.sessions ? tn('users.sessionsEnd', u.sessions) : t('users.noSession'), u.sessions ? t('users.sessionsEndText') : ''],
    ['key-round', 'warn', u.profiles.length ? tn('users.profilesPause', u.profiles.length) : t('users.signInStops'), t('users.profilesPauseText')],
    ['history', 'ok', t('users.canEnable'), t('users.canEnableText')]],
  keep: t('users.keep'), action: t('users.disable'), image: 'ban',
  run: async () => { const r = await post(`/users/${seg(u.id)}:disable`); toast(t('users.isDisabled', { name: u.name }), 'ok', { label: t('users.enable'), run: () => enable(u) }); if (r?.note) toast(r.note, 'warn'); list.load(true); },
});
async function enable(u) {
  try { await patch(`/users/${seg(u.id)}`, { enabled: true }); toast(t('users.isEnabled', { name: u.name })); } catch (e) { toast(e.title || t('error.unreachable'), 'bad'); }
  return list.load(true);
}
const remove = u => confirm({
  heading: t('users.removeHead', { name: u.name }),
  list: [
    ['activity', 'warn', u.sessions ? tn('users.sessionsEnd', u.sessions) : t('users.noSession'), ''],
    ['trash-2', 'warn', t('users.removePoint'), t('users.removeText')],
    ['ban', 'ok', t('users.disableInstead'), t('users.disableInsteadText')]],
  typed: u.name, typedLabel: t('users.typeName', { name: u.name }), keep: t('users.keep'), action: t('users.remove'), image: 'trash-2',
  run: async () => { const r = await del(`/users/${seg(u.id)}`); toast(r?.note || t('users.isRemoved', { name: u.name })); list.load(true); },
});

function password(u, after = () => {}) {
  const v = { password: '' };
  const d = openDialog({
    size: 'narrow', name: 'password', onclose: after,
    view: () => ({
      heading: t('users.passwordHead', { name: u.name }), text: t('users.passwordText'), submit: () => save(),
      body: html`${ownerOf(u.name)}${secret({ id: 'new-password', name: 'password', label: t('users.newPassword'), error: d.problem?.fields?.password, value: v.password, change: x => { v.password = x; } })}
        <button class="btn small self-start" type="button" @click=${() => { v.password = passPhrase(); redraw(); copy(v.password).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button>`,
      foot: foot(d, { action: t('users.setPassword'), disabled: !v.password }),
    }),
  });
  const save = async () => { if (await d.run(() => post(`/users/${seg(u.id)}:password`, { password: v.password }))) { d.close(); toast(t('users.passwordSet', { name: u.name })); list.load(true); } else focusWrong(d); };
}

/** Takes the second factor away, and gives a new one at once when asked to. */
function factor(u) {
  const v = { enrol: true };
  let result = null;
  return new Promise(done => {
    const d = openDialog({
      size: 'narrow', name: 'factor', onclose: () => { done(); list.load(true); },
      view: () => result ? {
        heading: result.uri ? t('users.factorNew', { name: u.name }) : t('users.factorGone', { name: u.name }), text: result.uri ? t('users.factorNewText') : null,
        body: result.uri ? factorOf(result) : html`<p>${t('users.factorGoneText')}</p>`,
        foot: html`<button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>`,
      } : {
        heading: t('users.factorHead', { name: u.name }),
        body: html`${d.problem?.status === 503 ? html`<p>${t('users.factorModule')} <a href="#/modules?open=auth.totp" @click=${() => d.close()}>${t('users.factorModuleOpen')}</a></p>` : nothing}${points([['smartphone', 'warn', u.secondFactor ? t('users.factorPoint') : t('users.factorNone'), u.secondFactor ? t('users.factorPointText') : '']])}
          ${toggle({ id: 'factor-enrol', label: t('users.enrol'), hint: t('users.enrolText'), value: v.enrol, change: x => { v.enrol = x; } })}`,
        foot: foot(d, { keep: t('do.cancel'), action: v.enrol ? t('users.factorReplace') : t('users.factorRemove'), tone: u.secondFactor ? 'danger' : 'primary', disabled: !u.secondFactor && !v.enrol, run: async () => { if (await d.run(async () => { result = await post(`/users/${seg(u.id)}:reset-factor`, { enrol: v.enrol }); })) d.focus(); } }),
      },
    });
  });
}
