// The certificate that browsers see: what it is, another one in its place, and how getting one by ACME goes.
import { html, nothing } from '../../lit.js';
import { redraw } from '../../store.js';
import { post, del } from '../../api.js';
import { t, day, listOf } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, confirm, foot, points } from '../../parts/dialog.js';
import { area } from '../../parts/form.js';
import { icon, badge, notice, at, copy } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';

const certificate = new Loaded('/certificate'), AGAIN = 2000, SOON_DAYS = 21;
let asking = 0;

export default {
  enter() { certificate.load().then(follow); },
  leave() { clearTimeout(asking); asking = 0; },
  actions: () => html`<button class="btn primary" type="button" @click=${bring}>${icon('import', 's')}${t('certificate.import')}</button>`,
  view: () => certificate.show(c => html`${waiting(c)}${c.problem ? notice('warn', 'triangle-alert', c.problem) : nothing}${now(c)}${order(c)}`),
};

/** Asks until the change holds or the earlier one is back: coming by is what confirms it. */
function follow() {
  clearTimeout(asking);
  asking = certificate.data?.confirmBy ? setTimeout(async () => { if (!asking) return; await certificate.load(); if (asking) follow(); }, AGAIN) : 0;
}
const waiting = c => c.confirmBy ? notice('warn', 'timer', html`${t('certificate.waits')} ${at(c.confirmBy)}. ${t('certificate.waitsText')}`, html`<button class="btn small" type="button" @click=${() => location.reload()}>${icon('refresh-cw', 's')}${t('certificate.reload')}</button>`) : nothing;

const common = name => /(?:^|,)CN=((?:\\.|[^,\\])+)/.exec(name)?.[1] ?? name;
const left = c => (new Date(c.notAfter) - Date.now()) / 86_400_000;
const fact = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
const age = c => left(c) < 0 ? badge('bad', 'circle-x', t('certificate.over')) : !c.renewal && left(c) < SOON_DAYS ? badge('warn', 'triangle-alert', t('certificate.soon')) : badge('ok', 'circle-check', t('certificate.good'));

const now = c => html`<section class="card" aria-labelledby="cert-now"><header><h2 id="cert-now">${t('certificate.now')}</h2>${age(c)}${c.source === 'imported' ? html`<button class="btn" type="button" @click=${forget}>${icon('undo-2', 's')}${t('certificate.forget')}</button>` : nothing}</header><div class="body">
  <dl class="kv">${fact(t('certificate.source'), t(`certificate.source.${c.source}`))}${fact(t('certificate.for'), html`<span class="mono wrap">${listOf(c.names)}</span>`)}${fact(t('certificate.issuer'), common(c.issuer))}
    ${fact(t('certificate.valid'), t('users.valid', { from: day(c.notBefore), to: day(c.notAfter) }))}${fact(t('certificate.renewal'), c.renewal ? at(c.renewal) : t('certificate.byHand'))}
    ${fact(t('certificate.fingerprint'), html`<span class="mono wrap small">${c.fingerprint.match(/../g)?.join(':')}</span> <button class="btn small icon-only ghost" type="button" aria-label=${t('certificate.copy')} @click=${async () => toast(await copy(c.fingerprint) ? t('certificate.copied') : t('copy.failed'))}>${icon('copy', 's')}</button>`)}</dl></div></section>`;

const order = c => html`<section class="card" aria-labelledby="cert-acme"><header><h2 id="cert-acme">${t('certificate.acme')}</h2>${c.order ? c.order.problem ? badge('bad', 'circle-x', t('certificate.fails')) : badge('ok', 'circle-check', t('certificate.works')) : badge('', 'circle-pause', t('certificate.off'))}</header><div class="body stack">
  ${c.order ? html`${c.order.problem ? notice('bad', 'circle-alert', c.order.problem) : nothing}<dl class="kv">${fact(t('certificate.directory'), html`<span class="mono wrap">${c.order.directory}</span>`)}${fact(t('certificate.for'), html`<span class="mono wrap">${listOf(c.order.names)}</span>`)}${fact(t('certificate.tried'), c.order.tried ? at(c.order.tried) : t('time.never'))}${fact(t('certificate.next'), c.order.next ? at(c.order.next) : t('certificate.unknown'))}</dl><a class="small" href="#/modules/web.acme/settings">${t('certificate.acmeSettings')}</a>`
    : html`<p>${t('certificate.acmeText')}</p><a class="small" href="#/modules?tab=catalogue">${t('certificate.acmeInstall')}</a>`}</div></section>`;

const pem = (d, v, name) => html`<div class="stack tight">${area({ id: `cert-${name}`, name, rows: 6, mono: true, label: t(`certificate.${name}`), hint: t(`certificate.${name}Hint`), placeholder: name === 'key' ? '-----BEGIN PRIVATE KEY-----' : '-----BEGIN CERTIFICATE-----', error: d.problem?.fields?.[name], value: v[name], change: x => { v[name] = x; } })}
  <label class="btn small self-start" for="cert-${name}-file">${icon('file-up', 's')}${t(`certificate.${name}File`)}</label><input id="cert-${name}-file" class="vh" type="file" accept=".pem,.crt,.cer,.key" aria-label=${t(`certificate.${name}File`)} @change=${async e => { v[name] = await e.target.files[0]?.text() ?? ''; redraw(); }}></div>`;

function bring() {
  const v = { chain: '', key: '' };
  const d = openDialog({
    view: () => ({
      heading: t('certificate.importHead'), text: t('certificate.importText'),
      submit: async () => { if (await d.run(async () => { certificate.data = await post('/certificate', v); })) { v.key = ''; d.close(); toast(t('certificate.shown')); follow(); } },
      body: html`${pem(d, v, 'chain')}${pem(d, v, 'key')}${guard()}`,
      foot: foot(d, { action: t('certificate.show'), image: 'import', disabled: !v.chain.trim() || !v.key.trim() }),
    }),
  });
}
const guard = () => points([['timer', 'ok', t('certificate.guard'), t('certificate.guardText')], ['activity', 'ok', t('appliance.tunnels'), '']]);

const forget = () => confirm({
  heading: t('certificate.forgetHead'), tone: 'primary', action: t('certificate.forget'), image: 'undo-2',
  list: [['file-key', 'warn', t('certificate.forgetPoint'), t('certificate.forgetText')], ['timer', 'ok', t('certificate.guard'), t('certificate.guardText')]],
  run: async () => { await del('/certificate'); toast(t('certificate.shown')); await certificate.load(); follow(); },
});
