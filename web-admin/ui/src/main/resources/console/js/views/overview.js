// The verdict, what needs a look, the numbers and their last minutes, and the latest changes. Nothing here changes anything.
import { html, nothing } from '../lit.js';
import { state, set, redraw } from '../store.js';
import { get } from '../api.js';
import { on } from '../stream.js';
import { t, tn, has, num, rate, percent, span, word, setZone, clock, listOf } from '../i18n.js';
import { chart, spark } from '../parts/chart.js';
import { icon, badge, pageHead, choices, failure, loading, when } from '../parts/ui.js';

const RANGES = [['5m', 300, 0], ['1h', 3600, 15], ['1d', 86_400, 300]];
const my = { data: null, problem: null, range: '5m', live: [], past: [], heard: [], numbers: false };

const pointsOf = m => (m?.times ?? []).map((at, i) => ({ at, in: m.series.in?.[i] ?? null, out: m.series.out?.[i] ?? null }));
const series = () => my.range === '5m' ? my.live : my.past;

async function load() {
  try {
    my.data = await get('/overview');
    my.problem = null;
    if (my.data.zone) setZone(my.data.zone);
    set({ version: my.data.version, host: my.data.name ?? state.host, badges: { ...state.badges, modules: my.data.modules?.updates || 0 } });
    if (!my.live.length) my.live = pointsOf(my.data.chart);
  } catch (e) { my.problem = e; }
  redraw();
}
async function history() {
  const [, length, step] = RANGES.find(([v]) => v === my.range), to = Math.floor(Date.now() / 1000);
  try {
    const m = await get('/metrics/throughput', { from: new Date((to - length) * 1000).toISOString(), to: new Date(to * 1000).toISOString(), step: step || undefined });
    if (my.range === '5m') my.live = pointsOf(m); else my.past = pointsOf(m);
  } catch (e) { my.problem = e; }
  redraw();
}
function sample(p) {
  const last = my.live.at(-1)?.at ?? 0;
  if (p.time <= last) return;
  my.live = [...my.live, { at: p.time, in: p.inBitsPerSecond, out: p.outBitsPerSecond }].filter(x => x.at > p.time - 300);
  if (my.data) my.data.throughput = { ...my.data.throughput, ...p };
  redraw();
}
function counted(c) {
  if (!my.data) return;
  my.data.sessions = { ...my.data.sessions, total: c.sessions, established: c.established, byInstance: c.byInstance ?? my.data.sessions.byInstance };
  my.data.users = { ...my.data.users, online: c.usersOnline };
  redraw();
}

export default {
  enter() {
    my.heard = [on('throughput', sample), on('counts', counted), on('module', load), on('change', load), on('resync', () => { load(); history(); })];
    my.timer = setInterval(() => { if (!document.hidden) load(); }, 30_000);
    load();
    history();
  },
  leave() { my.heard.forEach(stop => stop()); clearInterval(my.timer); },
  view,
};

const verdict = d => ({ ok: ['ok', 'circle-check'], attention: ['warn', 'triangle-alert'], failing: ['bad', 'circle-alert'] }[d.verdict.state] ?? ['', 'info']);
function verdictText(d) {
  const n = d.verdict.count ?? d.problems.length;
  return n ? tn('overview.look', n) : t('overview.calm');
}

function view(s) {
  const d = my.data;
  if (!d) return html`${pageHead(t('nav.overview'))}${my.problem ? failure(my.problem, load) : html`<div class="card">${loading(8)}</div>`}`;
  return html`${pageHead(t('nav.overview'), html`<span class="verdict ${verdict(d)[0]}">${icon(verdict(d)[1], 's')}${verdictText(d)}</span>`)}
    ${failure(my.problem, load)}${problems(d)}${numbers(d)}
    <div class="cols">${throughput()}${protocols(d)}</div>
    <div class="cols">${listeners(d)}${changes(d)}</div>`;
}

const PROBLEM = { error: ['bad', 'circle-alert'], warning: ['warn', 'triangle-alert'], info: ['', 'info'] };
const problems = d => !d.problems.length ? nothing : html`<section class="card look" aria-label=${t('overview.needsLook')}><ul>${d.problems.map(p => {
  const [tone, image] = PROBLEM[p.severity] ?? PROBLEM.info, named = has(`problem.${p.code}`);
  return html`<li>${icon(image, tone)}<span>${named ? html`<b class="strong">${t(`problem.${p.code}`, { subject: p.subject })}</b> ` : nothing}${has(`problem.${p.code}.other`) ? tn(`problem.${p.code}`, Number(p.subject)) : p.text}</span>${p.href ? html`<a class="btn small" href=${p.href}>${t('overview.see')}<span class="vh"> ${p.subject}</span></a>` : nothing}</li>`;
})}</ul></section>`;

const mean = key => { const last = my.live.slice(-3).map(p => p[key]).filter(v => v != null); return last.length ? last.reduce((a, b) => a + b, 0) / last.length : 0; };
const peak = key => Math.max(0, ...my.live.map(p => p[key] ?? 0));
const kpi = (image, label, value, unit, below, extra) => html`<div class="card kpi"><dt>${icon(image, 's')}${label}</dt><dd class="v live">${value}${unit ? html` <small>${unit}</small>` : nothing}</dd><dd class="s">${below}${extra ?? nothing}</dd></div>`;

function numbers(d) {
  const [vout, uout] = rate(mean('out')), [vin, uin] = rate(mean('in')), opening = d.sessions.total - d.sessions.established;
  return html`<dl class="kpis">
    ${kpi('activity', t('overview.sessions'), num(d.sessions.total), '', opening > 0 ? tn('overview.opening', opening) : t('overview.established'))}
    ${kpi('arrow-down', t('overview.toUsers'), vout, uout, t('overview.peak', { rate: rate(peak('out')).join(' ') }), spark(my.live, 'out', 'in'))}
    ${kpi('arrow-up', t('overview.fromUsers'), vin, uin, t('overview.peak', { rate: rate(peak('in')).join(' ') }), spark(my.live, 'in', 'out'))}
    ${kpi('users', t('overview.users'), num(d.users.online), t('overview.ofUsers', { n: d.users.total }), d.users.disabled ? tn('overview.disabled', d.users.disabled) : t('overview.up', { span: span(d.upSeconds) }))}</dl>`;
}

function throughput() {
  const data = series(), out = rate(mean('out')).join(' '), inward = rate(mean('in')).join(' ');
  return html`<section class="card" aria-labelledby="throughput"><header><h2 id="throughput">${t('overview.throughput')}</h2>
    <div class="legend"><span><i class="key"></i>${t('overview.toUsers')} <b class="live">${out}</b></span><span><i class="key out"></i>${t('overview.fromUsers')} <b class="live">${inward}</b></span></div>
    ${choices(t('chart.range'), RANGES.map(([v]) => [v, t(`chart.${v}`)]), my.range, v => { my.range = v; my.past = []; history(); redraw(); })}</header>
    <div class="body">${data.length < 2 ? html`<div class="chart none"><p class="dim">${t('chart.none')}</p></div>` : chart(data)}
    <details class="data" @toggle=${e => { my.numbers = e.target.open; redraw(); }}><summary>${t('chart.table')}</summary>${my.numbers ? values(data) : nothing}</details></div></section>`;
}
function values(data) {
  const every = Math.max(1, Math.ceil(data.length / 20)), kept = data.filter((_, i) => (data.length - 1 - i) % every === 0).reverse();
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('chart.table')}><table><thead><tr><th scope="col">${t('chart.time')}</th><th scope="col" class="end">${t('overview.toUsers')}</th><th scope="col" class="end">${t('overview.fromUsers')}</th></tr></thead>
    <tbody>${kept.map(p => html`<tr><th scope="row" class="num">${clock(p.at * 1000)}</th><td class="end num">${p.out == null ? '–' : rate(p.out).join(' ')}</td><td class="end num">${p.in == null ? '–' : rate(p.in).join(' ')}</td></tr>`)}</tbody></table></div>`;
}

const instanceName = name => { const [protocol, ...rest] = name.split('/'); return rest.length && rest[0] ? `${word('protocol', protocol)} · ${rest.join('/')}` : word('protocol', protocol); };
function protocols(d) {
  const rows = Object.entries(d.sessions.byInstance ?? {}).sort((a, b) => b[1] - a[1]), total = rows.reduce((a, [, n]) => a + n, 0);
  const h = d.handshakes, share = h.begun ? h.completed / h.begun : null;
  return html`<section class="card" aria-labelledby="by-protocol"><header><h2 id="by-protocol">${t('overview.byProtocol')}</h2></header><div class="body">
    ${rows.length ? html`<ul class="bars">${rows.map(([name, n], i) => html`<li class="k${i % 3 + 1}"><span>${instanceName(name)}</span><b class="num live">${num(n)} <span class="dim">${percent(total ? n / total : 0)}</span></b><span class="track" aria-hidden="true"><i .style=${`inline-size:${total ? n / total * 100 : 0}%`}></i></span></li>`)}</ul>` : html`<p class="dim">${t('overview.nobody')}</p>`}
    ${share == null ? nothing : html`<dl class="kv pair"><div><dt>${t('overview.handshakes')}</dt><dd class="num">${tn('overview.completed', h.completed)}</dd></div><div><dt>${t('overview.failedHandshakes')}</dt><dd class="num">${num(h.failed)} <span class="dim">${percent(h.failed / h.begun, 1)}</span></dd></div></dl>`}</div></section>`;
}

const listeners = d => html`<section class="card" aria-labelledby="doors"><header><h2 id="doors">${t('overview.doors')}</h2><span class="dim small">${t('overview.doorsText')}</span></header>
  ${d.listeners.length ? html`<div class="scroll"><table class="cards" role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t('overview.instance')}</th><th role="columnheader" scope="col">${t('col.state')}</th><th role="columnheader" scope="col">${t('overview.port')}</th><th role="columnheader" scope="col" class="end">${t('nav.sessions')}</th></tr></thead>
  <tbody role="rowgroup">${d.listeners.map(l => html`<tr class="row" role="row"><td role="cell" class="lead"><b class="strong">${instanceName(l.instance)}</b>${l.error ? html`<span class="sub bad-text">${l.error}</span>` : nothing}</td>
    <td role="cell" class="state" data-l=${t('col.state')}>${l.state === 'open' ? badge('ok', 'circle-check', t('listener.open')) : badge('bad', 'circle-alert', word('listener', l.state))}</td>
    <td role="cell" data-l=${t('overview.port')}><span class="num mono">${String(l.transport).toUpperCase()} ${l.port}</span></td>
    <td role="cell" class="end" data-l=${t('nav.sessions')}><span class="num live">${num(d.sessions.byInstance?.[l.instance] ?? 0)}</span></td></tr>`)}</tbody></table></div>` : html`<div class="body"><p class="dim">${t('overview.noDoors')}</p></div>`}
  ${modules(d.modules)}</section>`;

const modules = m => html`<footer class="card-foot"><span>${icon('blocks', 's')} ${listOf([tn('overview.running', m.running), ...(m.failing ? [tn('overview.failing', m.failing)] : []), ...(m.stopped ? [tn('overview.stopped', m.stopped)] : []), ...(m.updates ? [tn('overview.updates', m.updates)] : [])])}</span><a href="#/modules">${t('overview.openModules')}</a></footer>`;

const TONES = { kept: ['ok', 'circle-check'], 'rolled-back': ['warn', 'undo-2'], 'rolling-back': ['warn', 'undo-2'], failed: ['bad', 'circle-alert'], 'failed-needs-hand': ['bad', 'circle-alert'], watching: ['accent', 'eye'], switching: ['accent', 'arrow-right-left'], staging: ['accent', 'loader-circle'], cancelled: ['', 'circle-x'] };
/** The settings' own line says more than a sentence about them would. */
const titleOf = c => c.kind !== 'config' && has(`swap.title.${c.kind}`) ? t(`swap.title.${c.from || c.kind !== 'update' ? c.kind : 'install'}`, { name: c.module, from: c.from, to: c.version }) : c.title || `${c.kind} ${c.module}`;
const changes = d => html`<section class="card" aria-labelledby="latest"><header><h2 id="latest">${t('overview.latest')}</h2><a href="#/log/audit" class="small">${t('overview.openAudit')}</a></header>
  <div class="body">${d.changes.length ? html`<ul class="events">${d.changes.slice(0, 6).map(c => { const [tone, image] = TONES[c.state] ?? ['', 'history']; return html`<li>${icon(image, `s ${tone}`)}<span class="wrap">${titleOf(c)}<span class="sub start">${word('change', c.state)}${c.by ? ` · ${c.by}` : ''}</span></span>${when(c.updated ?? c.created)}</li>`; })}</ul>` : html`<p class="dim">${t('overview.noChanges')}</p>`}</div></section>`;
