// Bringing a module: from a file of the operator's machine, or by the catalogue. An unknown key is a decision with a
// fingerprint to compare elsewhere; Java cannot confine a module, and the prompt says so.
import { html, nothing, repeat } from '../lit.js';
import { redraw, can } from '../store.js';
import { get, post, del, upload, seg } from '../api.js';
import { t, bytes, word } from '../i18n.js';
import { query } from '../router.js';
import { icon, badge, failure, loading, notice, empty } from '../parts/ui.js';
import { openDialog, points, confirm } from '../parts/dialog.js';
import { field } from '../parts/form.js';
import { toast } from '../parts/say.js';
import { openSwap } from './swap.js';

/** In groups of four, which a person can compare. */
export const grouped = fingerprint => fingerprint.toUpperCase().match(/.{1,4}/g)?.join(' ') ?? '';

/** Choose a jar, send it, trust its key if need be, then see the plan. */
export function installDialog({ items, module, done }) {
  const w = { file: null, sent: null };
  const d = openDialog({
    size: 'narrow', name: 'install',
    view: () => ({
      heading: module ? t('install.headUpdate', { name: module.name }) : t('install.head'),
      body: html`
        <p>${t('install.text')}</p>
        <div class="field"><label for="install-file">${t('install.file')}</label>
          <input id="install-file" type="file" accept=".jar,application/java-archive" aria-describedby="install-file-h" @change=${e => { w.file = e.target.files[0] ?? null; w.sent = null; redraw(); }}>
          <p class="hint" id="install-file-h">${w.file ? `${w.file.name}, ${bytes(w.file.size)}` : t('install.hint')}</p></div>
        ${w.sent ? sentFacts(w.sent) : nothing}
        ${module ? nothing : html`<p class="dim">${t('install.orCatalogue')} <a href="#/modules?tab=catalogue" @click=${() => { d.close(); queueMicrotask(() => query({ tab: 'catalogue' })); }}>${t('install.toCatalogue')}</a></p>`}`,
      foot: html`<button class="btn" type="button" @click=${() => d.close()}>${t('install.not')}</button>
        <button class="btn primary" type="button" ?disabled=${!w.file || d.busy} @click=${() => send(d, w, items, module, done)}>${d.busy ? icon('loader-circle', 's spin') : icon('upload', 's')}${t('install.send')}</button>`,
    }),
  });
  return d;
}

const sentFacts = s => html`<dl class="kv"><div><dt>${t('install.module')}</dt><dd class="mono">${s.module} ${s.version}</dd></div><div><dt>${t('modules.signature')}</dt><dd>${word('signature', s.signature)}</dd></div></dl>
  ${['wrong'].includes(s.signature) ? notice('bad', 'shield-x', t('install.wrong')) : nothing}`;

async function send(d, w, items, module, done) {
  let go = null;
  await d.run(async () => {
    const s = w.sent = await upload('/modules/uploads', w.file, 'application/java-archive');
    if (module && s.module !== module.id) throw Object.assign(new Error(t('install.another', { name: s.module })), { status: 400, title: t('install.another', { name: s.module }), fields: {} });
    if (s.signature === 'wrong') return;
    if (s.signature === 'unknown' && !await trustDialog({ fingerprint: s.fingerprint, name: s.module, version: s.version, file: w.file.name })) return;
    go = s;
  });
  if (!go) return;
  d.close();
  openSwap({ kind: go.installed ? 'update' : 'install', module: go.module, target: go.target, name: items?.find(m => m.id === go.module)?.name ?? go.module }, done);
}

/** Answers whether the key is trusted now. */
export function trustDialog({ fingerprint, name, version, file }) {
  return new Promise(answer => {
    const w = { four: '', label: '' }, last = fingerprint.slice(-4).toUpperCase();
    const d = openDialog({
      size: 'narrow', name: 'trust',
      onclose: r => answer(r === true),
      view: () => ({
        heading: t('trust.head', { name, version }),
        body: html`
          ${file ? html`<dl class="kv"><div><dt>${t('trust.file')}</dt><dd class="mono small breaks">${file}</dd></div></dl>` : nothing}
          <div class="stack tight"><h3>${t('trust.fingerprint')}</h3><p class="mono fingerprint">${grouped(fingerprint)}</p><p class="dim">${t('trust.compare')}</p></div>
          <div class="stack tight"><h3>${t('trust.means')}</h3>${points([['shield-alert', 'warn', t('trust.full'), t('trust.fullText')], ['key-round', 'ok', t('trust.later'), t('trust.laterText')]])}</div>
          ${field({ id: 'trust-name', label: t('trust.name'), hint: t('trust.nameHint'), value: w.label, error: d.problem?.fields?.name, change: v => { w.label = v; } })}
          ${field({ id: 'trust-four', label: t('trust.four'), mono: true, maxlength: 4, value: w.four, error: d.problem?.fields?.lastFour, change: v => { w.four = v.toUpperCase(); } })}`,
        foot: html`<button class="btn" type="button" @click=${() => d.close()}>${t('trust.not')}</button>
          <button class="btn primary" type="button" ?disabled=${w.four !== last || !w.label.trim() || d.busy} @click=${async () => { if (await d.run(() => post('/keys', { name: w.label.trim(), fingerprint, lastFour: w.four.toLowerCase() }))) d.close(true); }}>${t('trust.do')}</button>`,
      }),
    });
  });
}

// ---- the keys that are trusted ----

let keys = null, problem = null;
export async function loadKeys() {
  try { keys = (await get('/keys')).items; problem = null; } catch (e) { problem = e; }
  redraw();
}

export function keysCard() {
  if (problem) return failure(problem, loadKeys);
  if (!keys) return html`<div class="card">${loading(3)}</div>`;
  if (!keys.length) return html`<div class="card">${empty('key-round', t('keys.none'), t('keys.noneText'))}</div>`;
  return html`<p class="dim after-block">${t('keys.text')}</p><div class="card"><div class="scroll"><table class="cards" role="table"><caption class="vh">${t('modules.tab.keys')}</caption>
    <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t('keys.name')}</th><th role="columnheader" scope="col">${t('keys.from')}</th><th role="columnheader" scope="col">${t('trust.fingerprint')}</th><th role="columnheader" scope="col"><span class="vh">${t('modules.col.actions')}</span></th></tr></thead>
    <tbody role="rowgroup">${repeat(keys, k => k.fingerprint, k => html`<tr class="row" role="row">
      <td role="cell" class="lead"><b>${k.name}</b></td>
      <td role="cell" class="state" data-l=${t('keys.from')}>${badge('plain', k.from === 'release' ? 'badge-check' : 'key-round', t(k.from === 'release' ? 'keys.release' : 'keys.settings'))}</td>
      <td role="cell" class="mono small breaks fp">${grouped(k.fingerprint)}</td>
      <td role="cell" class="btns"><div class="rowbtns">${k.from !== 'release' && can('A') ? html`<button class="btn small" type="button" @click=${() => distrust(k)}>${icon('trash-2', 's')}${t('keys.remove')}<span class="vh"> ${k.name}</span></button>` : nothing}</div></td></tr>`)}</tbody></table></div></div>`;
}

async function distrust(k) {
  const gone = await confirm({
    heading: t('keys.removeHead', { name: k.name }), text: t('keys.removeText'), keep: t('keys.keep'), action: t('keys.removeDo'), image: 'trash-2',
    run: () => del(`/keys/${seg(k.fingerprint)}`),
  });
  if (gone) { toast(t('keys.removed', { name: k.name })); loadKeys(); }
}
