// Who is connected: filter, open one, end one or all that a filter matches. What ends is counted by the server first.
import { html, nothing } from '../lit.js';
import { can, redraw } from '../store.js';
import { get, post, seg } from '../api.js';
import { on } from '../stream.js';
import { asked, query } from '../router.js';
import { t, tn, num, rate, bytes, word, span, exact, listOf } from '../i18n.js';
import { List, table, finder } from '../parts/list.js';
import { openDialog, confirm } from '../parts/dialog.js';
import { icon, badge, pageHead, choices, empty, when, initials, copy, loading, failure } from '../parts/ui.js';
import { menu } from '../parts/menu.js';
import { toast } from '../parts/say.js';

const list = new List('/sessions', { sort: '-since' });
const my = { heard: [], timer: 0, open: null };

const filters = () => [['', t('sessions.all')], ['established', t('sessions.established')], ['opening', t('sessions.opening')]];
function read() { list.q = asked('q') ?? ''; list.filter = asked('filter') ?? ''; }
const quietly = () => { if (!document.hidden && !list.busy) list.load(true); };

export default {
  enter() { read(); list.enter(); my.heard = [on('resync', quietly)]; my.timer = setInterval(quietly, 5000); detailAsked(); },
  changed() { const q = list.q, f = list.filter; read(); if (q !== list.q || f !== list.filter) list.change({}); detailAsked(); },
  leave() { my.heard.forEach(stop => stop()); clearInterval(my.timer); },
  view,
};

const known = s => s.user ? s.user : t('sessions.unknown');
const speed = bitsPerSecond => rate(bitsPerSecond ?? 0).join(' ');
const versions = s => Object.entries(s.modules ?? {});
const product = m => m.replace('/', ' ');
const protocolOf = s => html`${word('protocol', s.protocol)}<span class="sub">${[s.instance, s.transport !== s.instance ? s.transport?.toUpperCase() : ''].filter(Boolean).join(' · ')}</span>`;
const stateBadge = s => s.established ? badge('ok', 'circle-check', t('sessions.state.established')) : badge('warn', 'hourglass', word('sessions.state', s.state));

const columns = () => [
  { label: t('col.user'), sort: 'user', cls: 'lead', cell: s => html`<div class="who"><span class="avatar" aria-hidden="true">${s.user ? initials(s.user) : icon('user', 's')}</span><div><button class="linkish strong" type="button" @click=${() => show(s.id)}>${known(s)}</button><span>${s.client || s.remote}</span></div></div>` },
  { label: t('col.state'), cls: 'state', cell: stateBadge },
  { label: t('sessions.protocol'), sort: 'protocol', cell: s => html`<span>${protocolOf(s)}</span>` },
  { label: t('sessions.address'), cell: s => html`<span class="mono small">${s.addresses?.[0] ?? '–'}<span class="sub mono">${s.remote}</span></span>` },
  { label: t('sessions.since'), sort: 'since', cell: s => when(s.since) },
  { label: t('sessions.rate'), cls: 'end', cell: s => html`<span class="num live nowrap">${icon('arrow-down', 's dim')}<span class="vh">${t('overview.toUsers')} </span>${speed(s.outPerSecond)}<span class="sub">${icon('arrow-up', 's dim')}<span class="vh">${t('overview.fromUsers')} </span>${speed(s.inPerSecond)}</span></span>` },
  { label: t('col.actions'), hidden: true, cls: 'btns', cell: s => html`<div class="rowbtns">${menu(`session-${s.id}`, t('menu.more', { name: known(s) }), [
    { image: 'info', text: t('sessions.details'), run: () => show(s.id) },
    { image: 'copy', text: t('sessions.copy'), run: () => copyOf(s) },
    s.user ? { image: 'filter', text: t('sessions.onlyUser', { name: s.user }), run: () => narrow(`user:${s.user}`) } : null,
    can('U') && s.user ? { image: 'user', text: t('sessions.openUser'), href: `#/users?open=${seg(s.user)}` } : null,
    can('O') ? { image: 'circle-stop', tone: 'bad', text: t('sessions.end'), run: () => end({ ids: [s.id] }, known(s)) } : null,
  ])}</div>` },
];

function narrow(filter) { query({ filter, q: null }); list.change({ filter, q: '' }); }

function view() {
  const plain = filters().some(([v]) => v === list.filter), narrowed = list.q || list.filter;
  return html`${pageHead(t('nav.sessions'), t('sessions.text'), can('O') && list.total ? html`<button class="btn" type="button" @click=${() => end({ q: list.q, filter: list.filter }, null)}>${icon('circle-stop', 's')}${narrowed ? t('sessions.endFound') : t('sessions.endAll')}</button>` : null)}
    <div class="toolbar">${finder(t('sessions.find'), list.q, v => { query({ q: v }); list.search(v); })}${choices(t('filter.show'), filters(), plain ? list.filter : null, v => { query({ filter: v }); list.change({ filter: v }); })}
    ${plain ? nothing : html`<button class="chip on" type="button" @click=${() => { query({ filter: null }); list.change({ filter: '' }); }}>${list.filter}${icon('x', 's')}<span class="vh"> ${t('filter.remove')}</span></button>`}</div>
    ${table({ caption: t('nav.sessions'), list, columns: columns(), none: narrowed ? empty('search', t('sessions.none'), t('sessions.noneText'), html`<button class="btn" type="button" @click=${() => { query({ q: null, filter: null }); list.change({ q: '', filter: '' }); }}>${t('filter.clear')}</button>`) : empty('activity', t('sessions.nobody'), t('sessions.nobodyText')) })}`;
}

/** What support needs to know about a session, as text. */
function diagnosis(s) {
  const rows = [['session', s.id], ['user', s.user], ['state', s.state], ['protocol', `${s.protocol}/${s.instance} over ${s.transport}`], ['client', s.client], ['remote', s.remote], ['addresses', (s.addresses ?? []).join(' ')],
    ['since', s.since], ['data cipher', s.cipher], ['control', s.control], ['in', `${s.packetsIn} packets, ${s.bytesIn} bytes, ${s.inPerSecond} bit/s`], ['out', `${s.packetsOut} packets, ${s.bytesOut} bytes, ${s.outPerSecond} bit/s`],
    ...versions(s).map(([k, v]) => [`module ${k}`, v]), ['taken', new Date().toISOString()]];
  return rows.filter(([, v]) => v).map(([k, v]) => `${k}: ${v}`).join('\n');
}
async function copyOf(s) { toast(await copy(diagnosis(s)) ? t('sessions.copied') : t('copy.failed'), 'ok'); }

function detailAsked() { const id = asked('open'); if (id && my.open !== id) show(id); }

async function show(id) {
  my.open = id;
  query({ open: id });
  let s = list.items?.find(x => x.id === id) ?? null, problem = null;
  const load = async () => { try { s = await get(`/sessions/${seg(id)}`); problem = null; } catch (e) { problem = e; } redraw(); };
  const timer = setInterval(() => { if (!document.hidden && !problem) load(); }, 2000);
  const d = openDialog({
    name: 'session', onclose: () => { clearInterval(timer); my.open = null; query({ open: null }); },
    view: () => ({
      heading: s ? t('sessions.of', { name: known(s) }) : t('sessions.one'), text: s ? html`${s.client || s.remote}` : null,
      body: problem?.status === 404 ? html`<div class="notice info">${icon('circle-stop')}<div class="grow">${t('sessions.over')}</div></div>${s ? facts(s) : nothing}` : problem && !s ? failure(problem, load) : s ? facts(s) : loading(6),
      foot: html`${s ? html`<button class="btn" type="button" @click=${() => copyOf(s)}>${icon('copy', 's')}${t('sessions.copy')}</button><a class="btn" href="#/log?q=${seg(s.id)}" @click=${() => d.close()}>${icon('scroll-text', 's')}${t('sessions.log')}</a>` : nothing}<span class="grow"></span>
        ${s && can('O') && problem?.status !== 404 ? html`<button class="btn danger" type="button" @click=${async () => { if (await end({ ids: [s.id] }, known(s))) d.close(); }}>${icon('circle-stop', 's')}${t('sessions.end')}</button>` : nothing}`,
    }),
  });
  load();
}

const fact = (label, value, mono) => value ? html`<div><dt>${label}</dt><dd class=${mono ? 'mono small' : ''}>${value}</dd></div>` : nothing;
const facts = s => html`<dl class="impact"><div><dd class="live">${speed(s.outPerSecond)}</dd><dt>${t('overview.toUsers')}, ${bytes(s.bytesOut)}</dt></div><div><dd class="live">${speed(s.inPerSecond)}</dd><dt>${t('overview.fromUsers')}, ${bytes(s.bytesIn)}</dt></div><div><dd>${span((Date.now() - new Date(s.since)) / 1000)}</dd><dt>${t('sessions.sinceAt', { time: exact(s.since) })}</dt></div></dl>
  <dl class="kv">${fact(t('col.state'), stateBadge(s))}${fact(t('sessions.protocol'), html`${word('protocol', s.protocol)} · ${s.instance}`)}${fact(t('sessions.remote'), `${s.remote} (${String(s.transport).toUpperCase()})`, true)}${fact(t('sessions.addresses'), (s.addresses ?? []).join(', '), true)}
  ${fact(t('sessions.cipher'), s.cipher, true)}${fact(t('sessions.control'), s.control, true)}${s.loss != null ? fact(t('sessions.loss'), String(s.loss)) : nothing}${fact(t('sessions.packets'), t('sessions.packetsText', { out: s.packetsOut, in: s.packetsIn }))}${fact(t('sessions.id'), s.id, true)}</dl>
  ${versions(s).length ? html`<div class="stack tight"><h3>${t('sessions.modules')}</h3><ul class="checks">${versions(s).map(([role, m]) => html`<li>${icon('blocks', 'ok')}<div><b class="mono">${product(m)}</b><span>${word('moduleRole', role)}</span></div></li>`)}</ul></div>` : nothing}`;

/** Counts first, then asks, then ends. Answers whether it was done. */
async function end(which, name) {
  const body = { ids: [], filter: '', q: '', ...which };
  let plan;
  try { plan = await post('/sessions:end', { ...body, dryRun: true }); } catch (e) { toast(e.title || t('error.unreachable'), 'bad'); return false; }
  if (!plan.matched) { toast(t('sessions.noneLeft'), ''); list.load(true); return false; }
  const many = plan.matched > 1, users = plan.users ?? [];
  const done = await confirm({
    heading: many ? tn('sessions.endManyHead', plan.matched) : t('sessions.endHead', { name: name ?? users[0] ?? t('sessions.unknown') }),
    list: [
      ['circle-stop', 'warn', tn('sessions.endPoint', plan.matched), many && users.length ? t('sessions.endUsers', { names: users.length > 6 ? t('list.andMore', { names: users.slice(0, 5).join(', '), n: users.length - 5 }) : listOf(users) }) : ''],
      ['rotate-ccw', 'ok', t('sessions.endBack'), t('sessions.endBackText')],
    ],
    typed: plan.matched > 9 ? plan.matched : undefined, typedLabel: t('sessions.endType', { n: String(plan.matched) }),
    keep: tn('sessions.keep', plan.matched), action: tn('sessions.endGo', plan.matched), image: 'circle-stop',
    run: async () => { const r = await post('/sessions:end', { ...body, dryRun: false }); toast(tn('sessions.ended', r.ended)); },
  });
  list.load(true);
  return done;
}
