// An administrator who has only a password adds a second factor before anything else.
import { html, nothing } from '../lit.js';
import { state, set, redraw } from '../store.js';
import { get, post, del } from '../api.js';
import { t } from '../i18n.js';
import { field, toggle } from '../parts/form.js';
import { factorOf } from '../parts/factor.js';
import { icon, problemText, copy, save, MARK } from '../parts/ui.js';
import { toast } from '../parts/say.js';
import { gate } from './signin.js';

const my = { factor: null, code: '', codes: null, kept: false, busy: false, problem: null };

async function run(work) {
  if (my.busy) return;
  Object.assign(my, { busy: true, problem: null });
  redraw();
  try { await work(); } catch (e) { my.problem = e; }
  my.busy = false;
  redraw();
}
const focus = () => requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('page-title')?.focus()));
const finish = () => run(async () => { set({ session: await get('/auth/session') }); });
const send = () => run(async () => { my.codes = (await post('/me/totp:confirm', { code: my.code.replace(/\s/g, '') })).recovery ?? []; focus(); if (!my.codes.length) { my.busy = false; await finish(); } });

/** Recovery codes and the promise to have kept them, in the wizard and here. */
export const recovery = (my, go) => html`<p>${t('recovery.text')}</p><ol class="codes mono">${my.codes.map(c => html`<li>${c}</li>`)}</ol>
  <div class="actions"><button class="btn" type="button" @click=${async () => toast(await copy(my.codes.join('\n')) ? t('recovery.copied') : t('copy.failed'))}>${icon('copy', 's')}${t('do.copy')}</button><button class="btn" type="button" @click=${() => save('culvert-recovery-codes.txt', `${my.codes.join('\n')}\n`)}>${icon('download', 's')}${t('do.download')}</button></div>
  ${toggle({ id: 'kept', label: t('recovery.kept'), value: my.kept, change: v => { my.kept = v; } })}<div class="gate-buttons"><span class="grow"></span><button class="btn primary" ?disabled=${!my.kept || my.busy} @click=${go ?? nothing}>${t('do.continue')}</button></div>`;

export const factorNeeded = s => gate(s, html`<div class="gate-head"><img src=${MARK} alt="" width="44" height="44"><div><h1 id="page-title" tabindex="-1">${my.codes ? t('recovery.head') : t('factor.needed')}</h1><p class="dim">${state.session.name}</p></div></div>
  <form class="stack loose" novalidate @submit=${e => { e.preventDefault(); if (my.codes) finish(); else send(); }}>
  ${my.problem && !my.problem.fields?.code ? html`<div class="notice bad" role="alert">${icon('circle-alert')}<div class="grow">${problemText(my.problem)}</div></div>` : nothing}
  ${my.codes ? recovery(my) : html`<p class="dim">${t('factor.neededText')}</p>${my.factor ? html`${factorOf(my.factor)}
    ${field({ id: 'factor-code', name: 'code', label: t('signin.code'), hint: t('setup.codeHint'), inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, error: my.problem?.fields?.code, value: my.code, change: v => { my.code = v; } })}` : nothing}
    <div class="gate-buttons"><button class="btn" type="button" @click=${async () => { await del('/auth/session').catch(() => {}); set({ session: null }); }}>${t('account.signOut')}</button><span class="grow"></span><button class="btn primary" ?disabled=${!my.factor || my.busy}>${t('setup.codeGo')}</button></div>`}</form>`, 'wide');
factorNeeded.enter = () => { Object.assign(my, { factor: null, code: '', codes: null, kept: false, problem: null }); run(async () => { my.factor = await post('/me/totp', {}); }); };
