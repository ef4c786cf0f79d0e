// The safe swap: review the plan, choose how, watch, result. A change is a thing of the server; the dialog shows where it
// stands and may be closed and opened again at any time: #/modules?change=ID.
import { html, nothing } from '../lit.js';
import { state, redraw, can } from '../store.js';
import { get, post, seg } from '../api.js';
import { t, tn, num, word, has, dateTime } from '../i18n.js';
import { query, asked } from '../router.js';
import { on } from '../stream.js';
import { icon, notice } from '../parts/ui.js';
import { openDialog, points } from '../parts/dialog.js';
import { field, select } from '../parts/form.js';
import { announce, toast } from '../parts/say.js';
import { trustDialog } from './trust.js';

const TONES = { kept: ['ok', 'circle-check'], 'rolled-back': ['warn', 'undo-2'], 'rolling-back': ['warn', 'undo-2'], failed: ['bad', 'circle-alert'], 'failed-needs-hand': ['bad', 'octagon-alert'], cancelled: ['', 'circle-x'], planned: ['', 'list-checks'], draft: ['', 'list-checks'] };
export const toneOf = s => TONES[s] ?? ['accent', 'loader-circle'];
const PLANNED = ['draft', 'planned'];
const WATCHES = [10, 30, 300, 1800, 14_400];

let current = null;

/** Asks for a plan and shows it. `asks` is { kind, module, target, name, instance, values, remove }. */
export async function openSwap(asks, done = () => {}) {
  const w = begin(asks.name ?? asks.module, done);
  await w.d.run(async () => {
    take(w, await post('/changes', { kind: asks.kind, module: asks.module, target: asks.target ?? '', from: '', strategy: '', instance: asks.instance ?? '', values: asks.values ?? {}, ...asks.remove?.length ? { remove: asks.remove } : {} }));
    query({ change: w.c.id });
  });
}

/** Shows a change that the server knows, wherever it stands. */
export async function showSwap(id, done = () => {}) {
  if (current && (!current.c || current.c.id === id || current.asked === id)) return;
  const w = begin('', done);
  w.asked = id;
  await w.d.run(async () => take(w, await get(`/changes/${seg(id)}`)));
  if (w.c && w.c.kind !== 'config') measure(w);
}

function begin(name, done) {
  current?.d.close();
  const w = current = { name, c: null, step: 'review', strategy: '', watch: null, note: '', confirm: '', limits: {}, figures: null, first: null, started: 0, stale: false };
  w.off = [on('change', data => { if (data.id === w.c?.id) refresh(w); }), on('resync', () => refresh(w))];
  w.tick = setInterval(() => { if (w.c && !w.c.over && w.step === 'run') { redraw(); if (++w.ticks % 2 === 0) refresh(w); } }, 1000);
  w.ticks = 0;
  w.d = openDialog({
    name: 'swap',
    view: () => view(w),
    onclose: () => {
      w.off.forEach(f => f());
      clearInterval(w.tick);
      if (current === w) current = null;
      if (asked('change')) query({ change: null });
      if (w.c && PLANNED.includes(w.c.state)) post(`/changes/${seg(w.c.id)}:cancel`).catch(() => { /* a draft that nobody wants goes by itself */ });
      if (w.c && !PLANNED.includes(w.c.state) && !w.c.over) toast(t('swap.goesOn'), 'ok');
      done();
    },
  });
  return w;
}

/** Takes the server's word, and moves to the step that shows it. */
function take(w, c) {
  const was = w.c?.state;
  w.c = { ...c, plan: c.plan ?? w.c?.plan ?? null };
  w.name ||= c.module;
  w.strategy ||= c.strategy || c.plan?.strategy || '';
  w.watch ??= c.plan?.watchSeconds ?? c.watch ?? 0;
  const step = PLANNED.includes(c.state) ? (w.step === 'choose' ? 'choose' : 'review') : c.over ? 'done' : 'run';
  if (c.state === 'watching' && was !== 'watching') w.started = was ? Date.now() : Math.min(Date.now(), Date.parse(c.updated) || Date.now());
  if (was && was !== c.state) announce(`${word('change.state', c.state)}${c.reason ? `: ${c.reason}` : ''}`);
  if (step !== w.step) { w.step = step; w.d.focus(); }
  if (step !== 'review' && step !== 'choose' && c.kind !== 'config') measure(w);
  redraw();
}

async function refresh(w) {
  if (!w.c || w.asking || (w.c.over && w.step === 'done')) return;
  w.asking = true;
  try { take(w, await get(`/changes/${seg(w.c.id)}`)); } catch { /* the stream's own notice tells that the server is away */ } finally { w.asking = false; }
}

/** Sessions by version now, and the handshakes while the dialog is open. */
async function measure(w) {
  if (w.measuring) return;
  w.measuring = true;
  try {
    const [module, all] = await Promise.all([get(`/modules/${seg(w.c.module)}`).catch(() => null), get('/overview').catch(() => null)]);
    if (module) w.name = module.name;
    const now = all?.handshakes;
    if (now) w.first ??= now;
    w.figures = { sessions: module?.sessions ?? null, shakes: now ? { completed: Math.max(0, now.completed - w.first.completed), failed: Math.max(0, now.failed - w.first.failed) } : null };
  } finally { w.measuring = false; redraw(); }
}

// ---- the dialog ----

const choosing = c => c.kind !== 'config' && (c.plan?.strategies?.length ?? 0) > 0 && Boolean(c.from) && ['update', 'install', 'rollback'].includes(c.kind);
const stepsOf = c => choosing(c) ? ['review', 'choose', 'run', 'done'] : ['review', 'run', 'done'];

function view(w) {
  const c = w.c;
  if (!c) return { heading: t('swap.planning', { name: w.name }), body: w.d.problem ? nothing : html`<div class="loading" role="status"><span class="vh">${t('state.loading')}</span><i></i><i></i><i></i></div>`, foot: html`<button class="btn" type="button" @click=${() => w.d.close()}>${t('do.close')}</button>` };
  return {
    heading: heading(w),
    text: c.note && w.step !== 'choose' ? c.note : nothing,
    steps: steps(w),
    body: { review, choose, run, done }[w.step](w),
    foot: feet[w.step](w),
  };
}
const heading = ({ c, name }) => t(`swap.head.${c.kind === 'update' && !c.from ? 'install' : c.kind}`, { name, from: c.from, to: c.version || c.plan?.to || '' });

function steps(w) {
  const all = stepsOf(w.c), at = all.indexOf(w.step);
  return html`<ol class="steps" aria-label=${t('swap.progress')}>${all.map((s, i) => html`<li class=${i < at ? 'done' : ''} aria-current=${i === at ? 'step' : nothing}><span class="n" aria-hidden="true">${i < at ? icon('check', 's') : i + 1}</span><span class="t">${t(`swap.step.${s}`)}${i < at ? html`<span class="vh"> ${t('swap.step.over')}</span>` : nothing}</span></li>`)}</ol>`;
}

/** What the plan says, before anything is touched. */
function review(w) {
  const { c } = w, p = c.plan;
  if (!p) return notice('info', 'info', t('swap.noPlan'));
  return html`
    ${w.stale ? notice('warn', 'refresh-cw', t('swap.stale')) : nothing}
    ${p.refusals.map(r => notice('bad', 'octagon-alert', html`<b>${t('swap.refused')}</b> ${r}`))}
    ${p.signature === 'unknown' && can('A') ? notice('warn', 'shield-question', t('swap.unknownKey'), html`<button class="btn small" type="button" @click=${() => trust(w)}>${icon('fingerprint', 's')}${t('swap.lookAtKey')}</button>`) : nothing}
    ${c.kind === 'config' ? nothing : impact(w)}
    <div class="stack tight"><h3>${t(c.kind === 'config' ? 'swap.whatChanges' : 'swap.checked')}</h3>${points(checks(w))}</div>
    ${mustType(w) ? typed(w) : nothing}
    ${choosing(c) || p.refusals.length ? nothing : note(w)}`;
}

const mustType = ({ c }) => ['stop', 'remove'].includes(c.kind) && c.plan?.sessionTotal > 0 && !c.plan.refusals.length;
const typed = w => field({ id: 'swap-confirm', label: tn('swap.typeSessions', w.c.plan.sessionTotal, { count: String(w.c.plan.sessionTotal) }), inputmode: 'numeric', value: w.confirm, change: v => { w.confirm = v; } });
const note = w => field({ id: 'swap-note', label: t('swap.note'), optional: true, value: w.note, change: v => { w.note = v; } });

function impact(w) {
  const p = w.c.plan, side = p.strategies.includes('side-by-side') && ['update', 'rollback', 'install', 'start'].includes(w.c.kind);
  const lost = ['stop', 'remove'].includes(w.c.kind) ? p.sessionTotal : side || !w.c.from ? 0 : p.sessionTotal;
  return html`<dl class="impact">
    ${figure(num(p.sessionTotal), tn('swap.sessionsUse', p.sessionTotal))}
    ${figure(num(p.refreshed.length), tn('swap.restarted', p.refreshed.length))}
    ${figure(num(lost), t(side ? 'swap.droppedSide' : lost ? 'swap.again' : 'swap.dropped'))}</dl>`;
}
const figure = (n, text) => html`<div><dd>${n}</dd><dt>${text}</dt></div>`;

function checks({ c, name }) {
  const p = c.plan, s = p.settings ?? { added: [], removed: [], changed: [], invalid: [] }, brings = Boolean(p.to);
  const tones = { trusted: ['badge-check', 'ok'], unknown: ['shield-question', 'warn'], unsigned: ['shield-alert', 'warn'], wrong: ['shield-x', 'bad'] };
  return [
    brings && p.signature ? [...tones[p.signature] ?? ['shield-question', 'warn'], t(has(`swap.signature.${p.signature}`) ? `swap.signature.${p.signature}` : 'swap.signature.other'), html`${p.signatureText}${p.sha256 ? html` <span class="mono breaks">SHA-256 ${p.sha256.slice(0, 8)} … ${p.sha256.slice(-8)}</span>` : nothing}`] : null,
    c.kind === 'config' ? null : p.missing.length ? ['list-checks', 'bad', t('swap.missing'), p.missing.join(', ')] : ['list-checks', 'ok', t('swap.wired'), t('swap.wiredText')],
    c.kind === 'config' ? null : p.refreshed.length ? ['split', 'warn', tn('swap.refreshed', p.refreshed.length), p.refreshed.join(', ')] : ['split', 'ok', t('swap.noRefresh'), t('swap.noRefreshText')],
    ...s.invalid.map(x => ['triangle-alert', 'bad', t('swap.setting.invalid'), x]),
    ...s.added.map(x => ['circle-plus', 'warn', t('swap.setting.added'), x]),
    ...s.removed.map(x => ['circle-minus', 'warn', t('swap.setting.removed'), x]),
    ...s.changed.map(x => ['pencil', c.kind === 'config' ? 'ok' : 'warn', c.kind === 'config' ? x : t('swap.setting.changed'), c.kind === 'config' ? '' : x]),
    ...p.notes.map(x => ['info', 'wait', x, '']),
    c.from && brings ? ['undo-2', 'ok', t('swap.staysForRollback', { version: c.from }), t('swap.snapshot')] : null,
    ['stop', 'remove'].includes(c.kind) ? ['undo-2', 'ok', t(c.kind === 'remove' ? 'swap.canComeBack' : 'swap.canStart', { name }), ''] : null,
  ];
}

/** How it takes over, what rolls it back, and for how long it is watched. */
function choose(w) {
  const { c } = w, p = c.plan, n = p.sessionTotal, values = { n, from: c.from, to: c.version || p.to };
  const watches = [...new Set([...WATCHES, w.watch])].filter(x => x > 0 || x === w.watch).sort((a, b) => a - b);
  return html`
    <fieldset class="stack tight"><legend class="strong">${t('swap.how')}</legend>${[...new Set([...p.strategies])].map(s => html`<label class="choice"><input type="radio" name="strategy" value=${s} .checked=${w.strategy === s} @change=${() => { w.strategy = s; redraw(); }}><b>${t(`swap.strategy.${s}`)}${s === p.strategy ? html` <span class="opt">${t('swap.recommended')}</span>` : nothing}</b><span>${n ? tn(`swap.strategyText.${s}`, n, values) : t(`swap.strategyNone.${s}`, values)}</span></label>`)}
      ${p.strategies.includes('side-by-side') ? nothing : html`<p class="dim small">${t('swap.cannotRunTwice')}</p>`}</fieldset>
    <div class="stack tight"><h3>${t('swap.limits')}</h3>${points([...p.limits.filter(l => !(l in (p.limitDefaults ?? {}))).map(l => ['heart-pulse', 'ok', word('swap.limit', l), '']), ['clock', 'ok', t('swap.tooFew'), '']])}
      ${p.limitDefaults ? html`<div class="grid-2">${Object.entries(p.limitDefaults).map(([name, usual]) => field({ id: `swap-limit-${name}`, name: `limits.${name}`, label: t(`swap.limitOf.${name}`), hint: t('swap.limitUsual', { n: usual }), type: 'number', min: 0, max: name === 'errors' ? 10_000 : 100, disabled: !w.watch, error: w.d.problem?.fields?.[`limits.${name}`], value: String(w.limits[name] ?? usual), change: v => { w.limits[name] = v; } }))}</div>` : nothing}</div>
    <div class="grid-2">${select({ id: 'swap-watch', label: t('swap.watchFor'), value: w.watch, options: watches.map(s => [s, s ? spanOf(s) : t('swap.noWatch')]), change: v => { w.watch = Number(v); } })}${note(w)}</div>`;
}
const spanOf = s => s < 60 ? tn('n.seconds', s) : s < 3600 ? tn('n.minutes', Math.round(s / 60)) : tn('n.hours', Math.round(s / 3600));

const mmss = n => `${Math.floor(n / 60)}:${String(n % 60).padStart(2, '0')}`;
const progressList = c => html`<ul class="checks">${c.steps.map(s => html`<li>${icon('check', 'wait')}<div><b>${s.line}</b><span><time datetime=${s.time}>${dateTime(s.time)}</time></span></div></li>`)}</ul>`;

/** Where it stands, with figures of now. */
function run(w) {
  const { c } = w, watching = c.state === 'watching', left = Math.max(0, c.watch - Math.floor((Date.now() - w.started) / 1000));
  return html`
    <ul class="checks">${c.steps.map(s => html`<li>${icon('circle-check', 'ok')}<div><b>${s.line}</b></div></li>`)}<li>${icon('loader-circle', 'run spin')}<div><b>${word('change.state', c.state)}</b><span>${t(has(`change.text.${c.state}`) ? `change.text.${c.state}` : 'change.text.staging')}</span></div></li></ul>
    ${watching && c.watch ? html`<div class="countdown"><progress max=${c.watch} .value=${c.watch - left} aria-label=${t('swap.watched')}></progress><span class="num nowrap">${left ? html`<b class="strong">${mmss(left)}</b> <span class="dim">${t('swap.left')}</span>` : html`<span class="dim">${t('swap.extended')}</span>`}</span></div>` : nothing}
    ${gauges(w)}
    <p class="dim">${t('swap.mayClose')}</p>`;
}

function gauges(w) {
  const { c, figures } = w;
  if (c.kind === 'config' || !figures) return nothing;
  const s = figures.sessions ?? {}, to = c.version || c.plan?.to, shakes = figures.shakes;
  return html`<dl class="gauges">
    ${to ? gauge(t('swap.on', { version: to }), num(s[to] ?? 0), tn('swap.sessionsNow', s[to] ?? 0)) : nothing}
    ${c.from && c.from !== to ? gauge(t('swap.on', { version: c.from }), num(s[c.from] ?? 0), t('swap.finishing')) : nothing}
    ${shakes && w.step === 'run' ? gauge(t('swap.handshakes'), num(shakes.completed), tn('swap.handshakesFailed', shakes.failed)) : nothing}</dl>`;
}
const gauge = (name, value, text) => html`<div class="gauge"><dt>${name}</dt><dd>${value}</dd><dd class="s">${text}</dd></div>`;

/** What came of it. */
function done(w) {
  const { c, name } = w, [tone, image] = toneOf(c.state), values = { name, from: c.from, to: c.version || c.plan?.to || '' };
  const key = c.state === 'kept' ? `swap.done.kept.${c.kind}` : `swap.done.${c.state}`;
  return html`${notice(tone || 'info', image, html`<b>${t(has(key) ? key : 'swap.done.kept.other', values)}</b>${c.reason ? html` <span>${word('change.reason', c.reason)}</span>` : nothing}`)}
    <p class="dim">${t(`swap.next.${c.state === 'kept' ? (c.mayRollback ? 'kept' : 'plain') : c.state}`, values)}</p>
    ${c.steps.length ? html`<details class="more" ?open=${c.state !== 'kept'}><summary>${t('swap.whatHappened')}</summary>${progressList(c)}</details>` : nothing}
    ${gauges(w)}
    <p class="dim small">${t('swap.inAudit', { id: c.id })}</p>`;
}

// ---- what can be done ----

const button = (w, { text, tone = '', image, run: action, disabled }) => html`<button class="btn ${tone}" type="button" ?disabled=${disabled || w.d.busy} @click=${action}>${w.d.busy && tone === 'primary' ? icon('loader-circle', 's spin') : image ? icon(image, 's') : nothing}${text}</button>`;
const goTo = (w, step) => { w.step = step; w.d.focus(); redraw(); };

const feet = {
  review: w => {
    const { c } = w, refused = !c.plan || c.plan.refusals.length > 0;
    return html`${button(w, { text: t(refused ? 'do.close' : 'do.cancel'), run: () => w.d.close() })}
      ${refused ? nothing : choosing(c) ? button(w, { text: t('swap.continue'), tone: 'primary', run: () => goTo(w, 'choose') })
      : button(w, { text: t(`swap.do.${c.kind}`, { version: c.version }), tone: ['stop', 'remove'].includes(c.kind) ? 'danger' : 'primary', disabled: mustType(w) && w.confirm.trim() !== String(c.plan.sessionTotal), run: () => apply(w) })}`;
  },
  choose: w => html`${button(w, { text: t('swap.back'), run: () => goTo(w, 'review') })}<span class="grow"></span>${button(w, { text: t('do.cancel'), run: () => w.d.close() })}
    ${button(w, { text: t(`swap.apply.${w.strategy}`), tone: 'primary', run: () => apply(w) })}`,
  run: w => html`${w.c.mayCancel && w.c.state !== 'rolling-back' ? button(w, { text: t(w.c.state === 'watching' ? 'swap.rollBackNow' : 'swap.callOff'), tone: 'danger', image: 'undo-2', run: () => act(w, 'cancel') }) : nothing}<span class="grow"></span>${button(w, { text: t('swap.closeWatching'), run: () => w.d.close() })}`,
  done: w => html`${w.c.mayRollback ? button(w, { text: t(w.c.kind === 'config' ? 'swap.undo' : 'swap.rollBackTo', { version: w.c.from }), image: 'undo-2', run: () => act(w, 'rollback') }) : nothing}<span class="grow"></span>${button(w, { text: t('swap.finish'), tone: 'primary', run: () => w.d.close() })}`,
};

/** Those that were typed; an empty field is as by default. */
const limitsOf = w => Object.fromEntries(Object.entries(w.limits).filter(([, v]) => String(v).trim() !== '').map(([name, v]) => [name, Math.round(Number(v))]));

async function apply(w) {
  const { c } = w;
  await w.d.run(async () => {
    try {
      const next = await post(`/changes/${seg(c.id)}:apply`, { strategy: choosing(c) ? w.strategy : c.strategy ?? '', watch: choosing(c) ? w.watch : c.plan?.watchSeconds ?? 0, ...choosing(c) ? { limits: limitsOf(w) } : {}, note: w.note, planHash: c.plan?.planHash ?? '', confirm: w.confirm.trim() });
      w.stale = false;
      take(w, next);
      query({ change: next.id });
    } catch (e) {
      if (e.status !== 409 || !e.body?.change) throw e;
      w.stale = true; w.step = 'review';
      take(w, e.body.change);
      query({ change: w.c.id });
      w.d.focus();
    }
  });
}
async function act(w, action) {
  await w.d.run(async () => {
    const next = await post(`/changes/${seg(w.c.id)}:${action}`);
    if (next.id !== w.c.id) { w.c = null; w.strategy = ''; query({ change: next.id }); }
    take(w, next);
  });
}
async function trust(w) {
  const fingerprint = /[0-9a-f]{64}/.exec(w.c.plan.signatureText)?.[0];
  if (fingerprint && await trustDialog({ fingerprint, name: w.name, version: w.c.version })) {
    const { kind, module, target } = w.c;
    w.d.close();
    openSwap({ kind, module, target, name: w.name });
  }
}

/** Whether a change is being shown, for pages that would otherwise move the focus. */
export const swapOpen = () => Boolean(current) && state.dialogs.length > 0;
