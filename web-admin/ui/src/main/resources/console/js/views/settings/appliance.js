// The console's own address and certificate. A change that could lock people out is taken back unless this browser
// confirms it over the new path.
import { html, nothing } from '../../lit.js';
import { redraw } from '../../store.js';
import { post, put } from '../../api.js';
import { t, span, day } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, foot } from '../../parts/dialog.js';
import { field, cards } from '../../parts/form.js';
import { icon, badge, copy } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';
import { pemFields } from '../setup.js';

const certificate = new Loaded('/certificate');
let ticking = 0;

export default {
  enter() { certificate.load(); ticking = setInterval(() => { if (certificate.data?.confirmBefore) redraw(); }, 1000); },
  leave() { clearInterval(ticking); },
  view: () => html`${certificate.show(show)}${addresses()}`,
};

const expiry = c => {
  const days = Math.floor((new Date(c.notAfter) - Date.now()) / 86_400_000);
  return days < 0 ? badge('bad', 'circle-alert', t('cert.expired')) : days < 21 ? badge('warn', 'triangle-alert', t('cert.soon', { span: span(days * 86_400) })) : badge('ok', 'circle-check', t('cert.valid'));
};
const show = c => html`${c.confirmBefore ? guard(c) : nothing}<section class="card" aria-labelledby="cert"><header><h2 id="cert">${t('cert.head')}</h2>${expiry(c)}<button class="btn" type="button" @click=${() => replace(c)}>${icon('refresh-cw', 's')}${t('cert.replace')}</button></header><div class="body stack">
  <dl class="kv"><div><dt>${t('cert.kind')}</dt><dd>${t(`cert.kind.${c.kind === 'import' || c.kind === 'imported' ? 'import' : 'own'}`)}</dd></div><div><dt>${t('cert.names')}</dt><dd class="mono small">${(c.names ?? []).join(', ') || c.subject}</dd></div><div><dt>${t('cert.until')}</dt><dd>${day(c.notAfter)}</dd></div><div><dt>${t('cert.issuer')}</dt><dd>${c.issuer ?? ''}</dd></div></dl>
  <div><p class="small dim">${t('cert.fingerprint')}</p><p class="mono small wrap">${c.fingerprint}</p><button class="btn small" type="button" @click=${async () => toast(await copy(c.fingerprint) ? t('cert.copied') : t('copy.failed'))}>${icon('copy', 's')}${t('do.copy')}<span class="vh"> ${t('cert.fingerprint')}</span></button></div></div></section>`;

const addresses = () => html`<section class="card" aria-labelledby="addresses"><header><h2 id="addresses">${t('appliance.addresses')}</h2></header><div class="body stack"><p class="dim">${t('appliance.addressesText')}</p><div class="actions"><a class="btn" href="#/modules/web.rest/settings">${icon('sliders-horizontal', 's')}${t('appliance.console')}</a><a class="btn" href="#/modules/tunnel.openvpn/settings">${icon('sliders-horizontal', 's')}${t('appliance.vpn')}</a></div></div></section>`;

/** The two minutes in which the change waits for a sign of life. */
function guard(c) {
  const left = Math.max(0, Math.round((new Date(c.confirmBefore) - Date.now()) / 1000));
  return html`<div class="notice warn" role="status">${icon('timer')}<div class="grow"><b>${t('guard.head')}</b> ${t('guard.text', { seconds: left })}</div><button class="btn primary" type="button" @click=${async () => { try { await post('/guard:confirm', {}); toast(t('guard.kept')); } catch (e) { toast(e.title || t('error.unreachable'), 'bad'); } certificate.load(); }}>${t('guard.keep')}</button></div>`;
}

function replace(c) {
  const v = { kind: 'own', names: (c.names ?? []).join(', '), pem: '', key: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('cert.replace'), text: t('cert.replaceText'),
      submit: async () => {
        const body = v.kind === 'own' ? { kind: 'own', names: v.names.split(/[\s,]+/).filter(Boolean) } : { kind: 'import', pem: v.pem, key: v.key };
        if (await d.run(async () => { certificate.data = await put('/certificate', body); })) { d.close(); toast(t('cert.replaced')); certificate.load(); }
      },
      body: html`${cards({ name: 'kind', label: t('setup.certificate'), value: v.kind, change: x => { v.kind = x; }, options: [['own', t('setup.own'), t('setup.ownText')], ['import', t('setup.importCert'), t('setup.importCertText')]] })}
        ${v.kind === 'own' ? field({ id: 'cert-names', name: 'names', label: t('cert.names'), hint: t('cert.namesHint'), mono: true, error: d.problem?.fields?.names, value: v.names, change: x => { v.names = x; } }) : pemFields(v, name => d.problem?.fields?.[name])}`,
      foot: foot(d, { action: t('cert.replace') }),
    }),
  });
}
