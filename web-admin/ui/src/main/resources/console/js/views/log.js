// Log and audit: what the appliance says as it says it, and who changed what.
import { html, nothing, repeat } from '../lit.js';
import { redraw } from '../store.js';
import { get } from '../api.js';
import { t, tn, num, word, clock, day, exact } from '../i18n.js';
import { asked, query, go } from '../router.js';
import { on, want } from '../stream.js';
import { icon, badge, pageHead, choices, failure, loading, empty, problemText, save, at } from '../parts/ui.js';
import { List, finder, pager } from '../parts/list.js';

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'], TONES = { error: ['bad', 'circle-alert'], warn: ['warn', 'triangle-alert'], info: ['', 'info'], debug: ['', 'bug'], trace: ['', 'bug'] };
const MOST = 500;

let lines = null, problem = null, earlier = null, busy = false, paused = false, held = [], missed = 0, modules = [], off = [], typing = 0, text = '';
const level = () => LEVELS.includes(asked('level')) ? asked('level') : 'info';
const part = route => route.path[1] === 'audit' ? 'audit' : 'live';

const wanted = l => LEVELS.indexOf(l.level) <= LEVELS.indexOf(level()) && (!asked('module') || l.module === asked('module')) && (!asked('q') || `${l.message} ${l.logger}`.toLowerCase().includes(asked('q').toLowerCase()));

async function load(before = null) {
  busy = true;
  if (!before) { lines = null; held = []; missed = 0; }
  redraw();
  try {
    const answer = await get('/log', { before, level: level(), module: asked('module'), q: asked('q'), limit: 200 });
    lines = before ? [...answer.items, ...lines ?? []] : answer.items;
    earlier = answer.next; problem = null;
  } catch (e) { problem = e; }
  busy = false;
  redraw();
}
function heard(l) {
  if (!lines || !wanted(l) || l.sequence <= (lines.at(-1)?.sequence ?? -1)) return;
  if (paused) { held.push(l); if (held.length > MOST) { held.shift(); missed++; } } else { lines.push(l); if (lines.length > MOST) lines.splice(0, lines.length - MOST); }
  redraw();
}
function go_on() { paused = false; lines = [...lines, ...held].slice(-MOST); held = []; missed = 0; redraw(); }
const listen = () => want({ topics: ['log'], level: level() });
function filter(patch) { query(patch); listen(); load(); }

const audit = new List('/audit', { sort: '-sequence', key: e => e.sequence });
let openEntry = null, chain = null;

function opened(route) {
  if (part(route) === 'audit') { want(null); audit.open(); if (!audit.items) audit.load(true); return; }
  text = asked('q') ?? '';
  listen();
  load();
}

export default {
  enter(route) {
    get('/modules', { limit: 500 }).then(a => { modules = a.items.map(m => m.id).sort(); redraw(); }, () => { /* the filter stays a field without names */ });
    off = [on('log', heard), on('dropped', d => { missed += d.log ?? 0; redraw(); }), on('audit', () => { if (audit.items && !audit.before.length) audit.load(true); }), on('resync', () => { if (part({ path: location.hash.slice(2).split('?')[0].split('/') }) === 'live') load(); else audit.load(true); })];
    opened(route);
  },
  changed(route) { if (part(route) === 'audit' || lines === null) opened(route); },
  leave() { want(null); off.forEach(f => f()); off = []; lines = null; paused = false; held = []; audit.items = null; openEntry = null; },
  view: s => html`${pageHead(t('nav.log'), t('log.text'))}
    <div class="toolbar">${choices(t('log.parts'), [['live', t('log.live')], ['audit', t('log.audit')]], part(s.route), v => go(v === 'audit' ? ['log', 'audit'] : ['log']))}</div>
    ${part(s.route) === 'audit' ? auditPage() : livePage()}`,
};

// ---- live ----

function livePage() {
  const list = lines ?? [];
  return html`<div class="toolbar">
      ${finder(t('log.find'), text, v => { text = v; clearTimeout(typing); typing = setTimeout(() => filter({ q: v }), 250); redraw(); })}
      <label class="pick"><span>${t('log.level')}</span><select @change=${e => filter({ level: e.target.value === 'info' ? null : e.target.value })}>${LEVELS.map(l => html`<option value=${l} ?selected=${l === level()}>${t(`log.upTo.${l}`)}</option>`)}</select></label>
      <label class="pick"><span>${t('log.module')}</span><select @change=${e => filter({ module: e.target.value })}><option value="" ?selected=${!asked('module')}>${t('log.everyModule')}</option>${[...new Set([...modules, asked('module')].filter(Boolean))].map(m => html`<option value=${m} ?selected=${m === asked('module')}>${m}</option>`)}</select></label>
      <span class="grow"></span>
      <button class="btn" type="button" aria-pressed=${String(paused)} @click=${() => { if (paused) go_on(); else { paused = true; redraw(); } }}>${icon(paused ? 'play' : 'pause', 's')}${t(paused ? 'log.goOn' : 'log.pause')}</button>
      <button class="btn" type="button" ?disabled=${!list.length} @click=${() => save(`culvert-log-${stamp()}.txt`, list.map(asText).join('\n') + '\n')}>${icon('download', 's')}${t('log.export')}</button></div>
    ${failure(problem, () => load())}
    ${held.length ? html`<p class="held"><button class="btn small" type="button" @click=${go_on}>${icon('arrow-up', 's')}${tn('log.held', held.length)}</button></p>` : nothing}
    ${missed ? html`<p class="small dim after-block">${tn('log.missed', missed)}</p>` : nothing}
    ${!lines && !problem ? html`<div class="card">${loading(10)}</div>` : !list.length && !problem ? html`<div class="card">${empty('scroll-text', t('log.none'), t('log.noneText'))}</div>`
    : html`<div class="card loglines"><ol aria-label=${t('log.live')}>${repeat(list.toReversed(), l => l.sequence, line)}</ol></div>
      ${earlier ? html`<div class="pager"><p class="small dim">${tn('log.shown', list.length)}</p><div class="actions"><button class="btn small" type="button" ?disabled=${busy} @click=${() => load(earlier)}>${icon('chevron-down', 's')}${t('log.earlier')}</button></div></div>` : html`<div class="pager"><p class="small dim">${tn('log.shown', list.length)}</p></div>`}`}`;
}
const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(':', '-');
const asText = l => `${l.time} ${l.level.toUpperCase().padEnd(5)} ${l.module || l.logger} ${l.message}${l.trace ? `\n${l.trace}` : ''}`;
const SESSION = /session=([0-9a-f]{4,})/;

function line(l) {
  const [tone, image] = TONES[l.level] ?? TONES.info, session = SESSION.exec(l.message)?.[1];
  return html`<li class=${l.level}><time datetime=${l.time} title=${exact(l.time)}>${clock(l.time)}</time>${badge(tone, image, word('log.word', l.level))}<span class="from mono">${l.module || l.logger.split('.').at(-1)}</span>
    <span class="said">${l.message}${session && asked('q') !== session ? html` <button class="linklike small" type="button" @click=${() => { text = session; filter({ q: session }); }}>${t('log.follow')}<span class="vh"> ${session}</span></button>` : nothing}
    ${l.trace ? html`<details><summary>${t('log.trace')}</summary><pre>${l.trace}</pre></details>` : nothing}</span></li>`;
}

// ---- audit ----

const RESULTS = { ok: ['ok', 'circle-check'], begun: ['warn', 'clock'], refused: ['warn', 'ban'], failed: ['bad', 'circle-alert'] };
const result = r => RESULTS[r] ?? (/^(2\d\d|ok|done)/.test(r) ? RESULTS.ok : /^(4\d\d|refused|denied)/.test(r) ? RESULTS.refused : RESULTS.failed);

function auditPage() {
  return html`<div class="toolbar">${finder(t('audit.find'), audit.q, v => audit.search(v))}<span class="grow"></span>
      <button class="btn" type="button" ?disabled=${chain === 'busy'} @click=${verify}>${icon('shield-check', 's')}${t('audit.verify')}</button>
      <button class="btn" type="button" ?disabled=${!audit.items?.length} @click=${exportAudit}>${icon('download', 's')}${t('audit.export')}</button></div>
    ${chain && chain !== 'busy' ? html`<div class="after-block" role="status"><div class="notice ${chain.tone}">${icon(chain.tone === 'ok' ? 'shield-check' : 'shield-x')}<div class="grow">${chain.text}</div></div></div>` : nothing}
    ${failure(audit.problem, () => audit.load())}
    ${!audit.items ? audit.problem ? nothing : html`<div class="card">${loading(6)}</div>` : !audit.items.length ? html`<div class="card">${empty('notebook-text', t('audit.none'), t('audit.noneText'))}</div>`
    : html`<div class="card"><div class="scroll"><table class="cards" role="table"><caption class="vh">${t('log.audit')}</caption>
      <thead role="rowgroup"><tr role="row">${['what', 'result', 'who', 'change', 'when'].map(c => html`<th role="columnheader" scope="col">${t(`audit.col.${c}`)}</th>`)}</tr></thead>
      <tbody role="rowgroup">${repeat(audit.shown, audit.key, entry)}</tbody></table></div></div>${pager(audit)}`}`;
}

function entry(e) {
  const open = openEntry === e.sequence, [tone, image] = result(e.result);
  return html`<tr class="row" role="row">
    <td role="cell" class="lead"><div class="mod"><button class="expander" type="button" aria-expanded=${String(open)} aria-label=${t('audit.details', { n: String(e.sequence) })} @click=${() => { openEntry = open ? null : e.sequence; redraw(); }}>${icon('chevron-right', 's')}</button><div><b>${e.subject || e.action}</b><span class="d breaks">${e.action}</span></div></div></td>
    <td role="cell" class="state" data-l=${t('audit.col.result')}>${badge(tone, image, word('audit.result', e.result))}</td>
    <td role="cell" data-l=${t('audit.col.who')}><span>${e.who}<span class="sub">${word('role', e.role)}</span></span></td>
    <td role="cell" data-l=${t('audit.col.change')}>${e.changes?.length ? html`<span>${difference(e.changes[0])}${e.changes.length > 1 ? html`<span class="sub">${tn('audit.more', e.changes.length - 1)}</span>` : nothing}</span>` : e.note || html`<span class="dim">${t('modules.nothing')}</span>`}</td>
    <td role="cell" data-l=${t('audit.col.when')}><span>${clock(e.time)}<span class="sub nowrap">${day(e.time)}</span></span></td></tr>
    ${open ? html`<tr class="detail" role="row"><td colspan="5" role="cell"><dl class="kv">
      ${fact('audit.number', num(e.sequence))}${fact('audit.time', at(e.time))}${fact('audit.from', html`<span class="mono">${e.from || t('modules.nothing')}</span>`)}${fact('audit.actionIs', html`<span class="mono breaks">${e.action}</span>`)}
      ${e.note ? fact('audit.note', e.note) : nothing}${e.changes?.length ? fact('audit.changes', html`<ul class="difflist">${e.changes.map(c => html`<li>${difference(c)}</li>`)}</ul>`, 'wide') : nothing}${fact('audit.hash', html`<span class="mono small breaks">${e.hash}</span>`, 'wide')}</dl></td></tr>` : nothing}`;
}
/** One value that is another one now; of a secret only that. */
const difference = c => html`<span class="diffline"><b class="breaks">${c.field}</b>${c.before === 'changed' && c.after === 'changed' ? html`<span>${t('audit.changed')}</span>`
  : html`<del><span class="vh">${t('form.from')} </span>${c.before || t('form.empty')}</del>${icon('arrow-right', 's')}<ins><span class="vh">${t('form.to')} </span>${c.after || t('form.empty')}</ins>`}</span>`;
const fact = (key, value, cls = '') => html`<div class=${cls}><dt>${t(key)}</dt><dd>${value}</dd></div>`;

async function verify() {
  chain = 'busy'; redraw();
  try {
    const v = await get('/audit:verify');
    chain = v.intact ? { tone: 'ok', text: tn('audit.intact', v.entries) } : { tone: 'bad', text: t('audit.broken', { problem: v.problem }) };
  } catch (e) { chain = { tone: 'bad', text: problemText(e) }; }
  redraw();
}

/** Every entry, a page at a time, as lines of JSON. */
async function exportAudit() {
  const all = [];
  let cursor = null;
  try {
    do {
      const page = await get('/audit', { limit: 500, sort: '-sequence', q: audit.q, cursor });
      all.push(...page.items); cursor = page.next;
    } while (cursor && all.length < 50_000);
    save(`culvert-audit-${stamp()}.jsonl`, all.map(e => JSON.stringify(e)).join('\n') + '\n', 'application/x-ndjson');
  } catch (e) { audit.problem = e; redraw(); }
}
