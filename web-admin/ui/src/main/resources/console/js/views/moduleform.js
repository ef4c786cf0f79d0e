// Settings of a module: a form made from what the module describes of itself. What is typed is compared with what runs,
// looked at by the server, planned and applied; secrets go in and never come out.
import { html, nothing } from '../lit.js';
import { redraw, can } from '../store.js';
import { get, post, seg } from '../api.js';
import { t, tn, dateTime } from '../i18n.js';
import { href } from '../router.js';
import { on } from '../stream.js';
import { icon, pageHead, choices, failure, loading, notice, empty } from '../parts/ui.js';
import { openDialog, confirm } from '../parts/dialog.js';
import { field, select, toggle, secret, cards } from '../parts/form.js';
import { toast } from '../parts/say.js';
import { openSwap, showSwap } from './swap.js';

let id = '', form = null, problem = null, instance = '', off = [], timer = 0, stale = false;

async function load() {
  const mine = id;
  try {
    const [config, schema, module] = await Promise.all([get(`/modules/${seg(id)}/config`), get(`/modules/${seg(id)}/schema`), get(`/modules/${seg(id)}`)]);
    if (mine !== id) return;
    form = { config, schema, module, fields: fieldsOf(schema), edits: {}, removed: {}, errors: {}, problems: [], added: [] };
    if (!config.instances.some(i => i.name === instance)) instance = config.instances[0]?.name ?? '';
    problem = null; stale = false;
  } catch (e) { problem = e; }
  redraw();
}
const fieldsOf = schema => Object.entries(schema.schema.properties ?? {}).map(([name, p]) => ({ name, required: schema.schema.required?.includes(name) ?? false, ...p })).sort((a, b) => (a['x-order'] ?? 0) - (b['x-order'] ?? 0));

export const settingsPage = {
  enter(module) {
    if (module === id && form) return;
    id = module; form = null; problem = null; instance = '';
    off.forEach(f => f());
    off = [on('change', c => { if (c.over && form) { if (dirty()) { stale = true; redraw(); } else load(); } })];
    load();
  },
  leave() { off.forEach(f => f()); off = []; id = ''; form = null; },
  view() {
    if (problem) return html`${head(null)}${failure(problem, load)}`;
    if (!form) return html`${head(null)}<div class="card">${loading(8)}</div>`;
    return page();
  },
};

const head = f => html`<p class="crumb"><a href="#/modules">${icon('arrow-left', 's')}${t('nav.modules')}</a></p>${pageHead(f ? t('form.head', { name: f.module.name }) : t('form.headNone'), f ? f.schema.description || f.module.description : '', f ? html`<button class="btn" type="button" @click=${snapshots}>${icon('history', 's')}${t('form.snapshots')}</button>` : nothing)}`;

// ---- what was typed ----

const current = () => [...form.config.instances, ...form.added].find(i => i.name === instance);
const edits = () => form.edits[instance] ??= {};
const removed = () => form.removed[instance] ??= new Set();
const isNew = () => form.added.some(i => i.name === instance);
const dirty = () => form && (form.added.length || Object.values(form.edits).some(e => Object.keys(e).length) || Object.values(form.removed).some(r => r.size));
const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const running = p => { const i = current(); return i && i.values[p.name] !== undefined && i.values[p.name] !== null ? i.values[p.name] : p.default ?? (p.type === 'array' ? [] : p.type === 'boolean' ? false : ''); };
const value = p => removed().has(p.name) ? p.default ?? (p.type === 'array' ? [] : '') : p.name in edits() ? edits()[p.name] : running(p);
const isDefault = p => !p.writeOnly && (removed().has(p.name) || (!(p.name in edits()) && !current()?.set.includes(p.name)));

function change(p, v) {
  removed().delete(p.name);
  if (same(v, running(p)) && !p.writeOnly || (p.writeOnly && v === '')) delete edits()[p.name]; else edits()[p.name] = v;
  later();
}
function toDefault(p) { delete edits()[p.name]; if (current()?.set.includes(p.name)) removed().add(p.name); later(); }
function later() { delete form.errors[instance]; clearTimeout(timer); timer = setTimeout(validate, 350); redraw(); }

/** Numbers as numbers, rows without the empty ones; what is no number goes as it is, for the server to refuse by name. */
const typed = (p, v) => p.writeOnly || v === null ? v : p.type === 'array' ? v.filter(x => x !== '').map(x => typed(p.items ?? {}, x)) : ['integer', 'number'].includes(p.type) && String(v).trim() !== '' && Number.isFinite(Number(v)) ? Number(v) : v;
const asks = () => ({ instance: form.config.factory ? instance : '', values: Object.fromEntries(Object.entries(edits()).map(([n, v]) => [n, typed(form.fields.find(f => f.name === n) ?? {}, v)])), remove: [...removed()] });

async function validate() {
  const mine = form, at = instance;
  try {
    const answer = await post(`/modules/${seg(id)}/config:validate`, asks());
    if (form !== mine) return;
    form.errors[at] = answer.fields;
    form.problems = answer.valid ? [] : answer.problems.filter(p => !Object.values(answer.fields).some(f => p.includes(f)));
  } catch (e) { form.errors[at] = e.fields ?? {}; form.problems = [e.title ?? e.message]; }
  redraw();
}

// ---- the form ----

function page() {
  const i = current(), plain = form.fields;
  return html`${head(form)}
    ${stale ? html`<div class="after-block">${notice('warn', 'refresh-cw', t('form.stale'), html`<button class="btn small" type="button" @click=${load}>${t('form.reload')}</button>`)}</div>` : nothing}
    ${form.config.factory ? instances() : nothing}
    ${i ? html`<form class="settings" novalidate autocomplete="off" @submit=${e => { e.preventDefault(); apply(); }}>
      <div class="cols wide-first"><div class="card"><div class="body stack loose">
        ${plain.length ? plain.map(control) : empty('sliders-horizontal', t('form.none'), t('form.noneText'))}</div></div>
      <aside class="stack" aria-label=${t('form.changes')}>${differences()}${unknown(i)}</aside></div></form>`
    : html`<div class="card">${empty('layers', t('form.noInstance'), t('form.noInstanceText'))}</div>`}`;
}

function instances() {
  const all = [...form.config.instances, ...form.added];
  return html`<div class="toolbar">${all.length ? choices(t('form.instances'), all.map(i => [i.name, i.name]), instance, v => { instance = v; redraw(); }) : nothing}
    ${can('O') ? html`<button class="btn small" type="button" @click=${add}>${icon('plus', 's')}${t('form.addInstance')}</button>` : nothing}</div>`;
}
function add() {
  const d = openDialog({
    size: 'narrow', name: 'instance',
    view: () => ({
      heading: t('form.addInstance'), text: t('form.addInstanceText', { name: form.module.name }),
      body: field({ id: 'instance-name', label: t('form.instanceName'), hint: t('form.instanceHint'), value: d.values.name, error: d.values.wrong, change: v => { d.values.name = v; d.values.wrong = ''; } }),
      foot: html`<button class="btn" type="button" @click=${() => d.close()}>${t('do.cancel')}</button><button class="btn primary" type="submit">${t('form.addInstanceDo')}</button>`,
      submit: () => {
        const name = (d.values.name ?? '').trim();
        if (!/^[A-Za-z0-9_-]{1,40}$/.test(name) || [...form.config.instances, ...form.added].some(i => i.name === name)) { d.values.wrong = t('form.instanceWrong'); redraw(); return; }
        form.added.push({ name, values: {}, set: [], secrets: [], unknown: {} });
        instance = name;
        d.close();
        later();
      },
    }),
  });
}

const label = p => p.title || p.name;
const hintOf = p => [sentence(p.description), range(p), p.writeOnly && current()?.secrets.includes(p.name) ? t('form.secretSet') : ''].filter(Boolean).join(' ');
const sentence = s => !s || /[.!?:]$/.test(s) ? s : `${s}.`;
const range = p => { const s = p.type === 'array' ? p.items ?? {} : p; return s.minimum != null && s.maximum != null ? t('form.range', { min: String(s.minimum), max: String(s.maximum) }) : s.minimum != null ? t('form.atLeast', { min: String(s.minimum) }) : s.maximum != null ? t('form.atMost', { max: String(s.maximum) }) : ''; };
const words = p => p.enum.map((v, k) => [v, p['x-labels']?.[k] || String(v)]);

function control(p) {
  const error = form.errors[instance]?.[p.name], v = value(p), f = { id: `set-${p.name}`, name: p.name, label: label(p), hint: hintOf(p), error, optional: !p.required && !p.writeOnly && p.default === undefined, value: v, change: x => change(p, x) };
  return html`<div class="setting">${p.type === 'array' ? rows(p, f)
    : p.writeOnly ? secret({ ...f, value: edits()[p.name] ?? '', optional: true, hint: [hintOf(p), t('form.writeOnly')].join(' ') })
    : p.type === 'boolean' ? toggle(f)
    : p.enum?.length > 4 ? select({ ...f, options: words(p) })
    : p.enum ? html`${cards({ ...f, name: f.id, options: words(p).map(([x, l]) => [x, l, '']) })}${f.hint ? html`<p class="hint dim small">${f.hint}</p>` : nothing}${error ? html`<p class="err">${icon('circle-alert', 's')}${error}</p>` : nothing}`
    : ['integer', 'number'].includes(p.type) ? field({ ...f, inputmode: p.type === 'integer' ? 'numeric' : 'decimal', value: String(v ?? '') })
    : field({ ...f, value: v ?? '', maxlength: p.maxLength })}
    <p class="origin">${isDefault(p) ? html`<span class="badge plain">${t('form.default')}</span>` : p.writeOnly || isNew() ? nothing : html`<button class="linklike small" type="button" @click=${() => toDefault(p)}>${p.default === undefined ? t('form.clear') : t('form.toDefault', { value: show(p.default) })}<span class="vh"> ${label(p)}</span></button>`}</p></div>`;
}

/** A setting that holds several values: one row each. */
function rows(p, f) {
  const list = f.value?.length ? f.value : [], put = next => change(p, next);
  return html`<fieldset class="rows field ${f.error ? 'wrong' : ''}"><legend>${f.label}${f.optional ? html` <span class="opt">${t('form.optional')}</span>` : nothing}</legend>
    ${f.hint ? html`<p class="hint">${f.hint}</p>` : nothing}
    ${list.map((x, k) => html`<div class="rowline">${p.items?.enum
      ? html`<select aria-label=${t('form.row', { name: f.label, n: k + 1 })} @change=${e => put(list.map((y, j) => j === k ? e.target.value : y))}>${words(p.items).map(([v, l]) => html`<option value=${v} ?selected=${String(v) === String(x)}>${l}</option>`)}</select>`
      : html`<input aria-label=${t('form.row', { name: f.label, n: k + 1 })} id="${f.id}-${k}" .value=${String(x)} autocomplete="off" spellcheck="false" @input=${e => put(list.map((y, j) => j === k ? e.target.value : y))}>`}
      <button class="btn ghost icon-only" type="button" aria-label=${t('form.removeRow', { name: f.label, n: k + 1 })} @click=${() => put(list.filter((_, j) => j !== k))}>${icon('x', 's')}</button></div>`)}
    <div><button class="btn small" type="button" ?disabled=${p.maxItems != null && list.length >= p.maxItems} @click=${() => { put([...list, p.items?.enum?.[0] ?? '']); requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`${f.id}-${list.length}`)?.focus())); }}>${icon('plus', 's')}${t('form.addRow')}<span class="vh"> ${f.label}</span></button></div>
    ${f.error ? html`<p class="err">${icon('circle-alert', 's')}${f.error}</p>` : nothing}</fieldset>`;
}

const show = v => v === true ? t('form.on') : v === false ? t('form.off') : Array.isArray(v) ? v.join(', ') || t('form.empty') : v === '' || v == null ? t('form.empty') : String(v);

/** What would be different from what runs. */
function differences() {
  const list = [...Object.keys(edits()), ...removed()].map(n => form.fields.find(f => f.name === n)).filter(Boolean);
  const wrong = Object.keys(form.errors[instance] ?? {}).length + form.problems.length;
  const n = list.length + (isNew() ? 1 : 0);
  return html`<section class="card sticky"><header><h2>${t('form.changes')}</h2></header><div class="body stack">
    ${n ? html`<ul class="diff">${isNew() ? html`<li><b>${t('form.newInstance', { name: instance })}</b></li>` : nothing}${list.map(p => html`<li><b>${label(p)}</b>${p.writeOnly ? html`<span>${t('form.secretChanges')}</span>`
      : html`<span><del><span class="vh">${t('form.from')} </span>${show(running(p))}</del>${icon('arrow-right', 's')}<ins><span class="vh">${t('form.to')} </span>${show(value(p))}</ins></span>`}</li>`)}</ul>` : html`<p class="dim">${t('form.noChanges')}</p>`}
    ${form.problems.map(x => notice('bad', 'circle-alert', x))}
    <div class="actions"><button class="btn primary" type="submit" ?disabled=${!n || wrong > 0}>${t('form.review')}</button>
      <button class="btn" type="button" ?disabled=${!n} @click=${() => { delete form.edits[instance]; delete form.removed[instance]; delete form.errors[instance]; form.problems = []; form.added = form.added.filter(i => i.name !== instance); if (!current()) instance = form.config.instances[0]?.name ?? ''; redraw(); }}>${t('form.discard')}</button></div>
    ${wrong ? html`<p class="err small">${tn('form.wrong', wrong)}</p>` : nothing}</div></section>`;
}

/** Keys in the file that the module does not describe: kept, and said. */
const unknown = i => Object.keys(i.unknown ?? {}).length ? html`<section class="card"><header><h2>${t('form.unknown')}</h2></header><div class="body stack tight"><p class="dim small">${t('form.unknownText')}</p><ul class="diff">${Object.entries(i.unknown).map(([k, v]) => html`<li><b class="mono">${k}</b><span class="mono">${show(v)}</span></li>`)}</ul></div></section>` : nothing;

/** Plans the change; the dialog of changes applies it. */
function apply() {
  const a = asks();
  if (!Object.keys(a.values).length && !a.remove.length && !isNew()) return;
  openSwap({ kind: 'config', module: id, name: form.module.name, ...a }, () => load());
}

// ---- snapshots ----

function snapshots() {
  const w = { items: null };
  const d = openDialog({
    size: 'narrow', name: 'snapshots',
    view: () => ({
      heading: t('snapshots.head'), text: t('snapshots.text'),
      body: !w.items ? loading(4) : w.items.length ? html`<ul class="checks">${w.items.map(s => html`<li>${icon(s.inForce ? 'circle-check' : 'archive', s.inForce ? 'ok' : 'wait')}<div class="line spread"><div><b>${s.change || t('snapshots.first')}</b><span>${t('snapshots.number', { n: String(s.number) })}${s.time ? html`, <time datetime=${s.time}>${dateTime(s.time)}</time>` : nothing}</span></div>
        ${s.inForce ? html`<span class="badge ok">${icon('circle-check')}${t('snapshots.inForce')}</span>` : html`<button class="btn small" type="button" @click=${() => restore(d, s)}>${icon('archive-restore', 's')}${t('snapshots.restore')}<span class="vh"> ${s.number}</span></button>`}</div></li>`)}</ul>` : html`<p class="dim">${t('snapshots.none')}</p>`,
      foot: html`<button class="btn" type="button" @click=${() => d.close()}>${t('do.close')}</button>`,
    }),
  });
  d.run(async () => { w.items = (await get('/snapshots', { limit: 50 })).items; });
}
async function restore(d, s) {
  let change = null;
  const yes = await confirm({ heading: t('snapshots.restoreHead', { n: String(s.number) }), text: t('snapshots.restoreText'), tone: 'primary', action: t('snapshots.restoreDo'), image: 'archive-restore', run: async () => { change = await post(`/snapshots/${s.number}:restore`); } });
  if (!yes) return;
  d.close();
  toast(t('snapshots.restored', { n: String(s.number) }));
  load();
  if (change?.id && !change.over) showSwap(change.id, load);
}

export const settingsHref = module => href(['modules', module, 'settings']);
