// The wizard of the first run. The server keeps which steps are done, so it can be left and taken up again, on another
// machine too; it ends with a profile to download and the administrator signed in.
import { html, nothing } from '../lit.js';
import { state, set, redraw } from '../store.js';
import { get, post, seg } from '../api.js';
import { t } from '../i18n.js';
import { field, secret, area, cards, toggle } from '../parts/form.js';
import { icon, problemText, MARK, copy, save } from '../parts/ui.js';
import { factorOf } from '../parts/factor.js';
import { handOver } from '../parts/ready.js';
import { passPhrase } from '../parts/phrase.js';
import { toast } from '../parts/say.js';
import { gate } from './signin.js';

const STEPS = ['claim', 'administrator', 'address', 'vpn', 'user', 'check'];
const my = {
  shown: null, busy: false, problem: null, factor: null, codes: null, kept: false, issued: null, hand: {}, checks: null,
  claim: { code: '' }, administrator: { name: 'admin', password: '', code: '' },
  address: { address: '', certificate: 'own', pem: '', key: '' },
  vpn: { transports: ['udp', 'tcp'], udpPort: '1194', tcpPort: '443', network: '10.8.0.0/24', network6: '', allTraffic: true, dns: '' },
  user: { name: '', password: '', device: 'laptop' },
};

const isDone = id => state.setup.steps.find(x => x.id === id)?.done ?? false;
const known = () => STEPS.filter(id => state.setup.steps.some(x => x.id === id));
const step = () => my.shown ?? known().find(id => !isDone(id)) ?? 'check';
const wrong = name => my.problem?.fields?.[name];

function focus() { requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('page-title')?.focus())); }
async function run(work) {
  if (my.busy) return;
  Object.assign(my, { busy: true, problem: null });
  redraw();
  try { await work(); } catch (e) {
    if (e.status === 410) return done();
    my.problem = e;
    requestAnimationFrame(() => requestAnimationFrame(() => (document.querySelector('.gate [aria-invalid="true"]') ?? document.querySelector('.gate .notice.bad'))?.focus()));
  } finally { my.busy = false; redraw(); }
}
/** What the server says is done, and on to the next step. */
async function onward(answer) {
  const setup = answer?.steps ? answer : await get('/setup');
  my.shown = null;
  set({ setup });
  focus();
}
const mark = id => { set({ setup: { ...state.setup, steps: state.setup.steps.map(x => x.id === id ? { ...x, done: true } : x) } }); };
function done() { my.shown = null; set({ setup: null }); dispatchEvent(new CustomEvent('culvert-begin')); }

const SEND = {
  claim: async () => { const a = await post('/setup/claim', { code: my.claim.code.trim() }); if (a?.csrf) state.csrf = a.csrf; await onward(a); },
  administrator: async () => {
    const v = my.administrator;
    if (!my.factor) { my.factor = await post('/setup/steps/administrator', { name: v.name.trim(), password: v.password }); focus(); return; }
    my.codes = (await post('/setup/steps/administrator', { code: v.code.replace(/\s/g, '') })).recoveryCodes ?? [];
    mark('administrator');
    my.shown = 'administrator';
    focus();
  },
  address: async () => { const { address, certificate, pem, key } = my.address; await onward(await post('/setup/steps/address', certificate === 'import' ? { address, certificate, pem, key } : { address, certificate })); },
  vpn: async () => { const v = my.vpn; await onward(await post('/setup/steps/vpn', { ...v, udpPort: Number(v.udpPort), tcpPort: Number(v.tcpPort) })); },
  user: async () => { my.issued = await post('/setup/steps/user', my.user); mark('user'); my.shown = 'check'; focus(); setTimeout(check); },
};
const send = id => run(SEND[id]);
async function check() { my.checks = null; redraw(); await run(async () => { my.checks = (await post('/setup/steps/check', {})).checks; }); }
async function finish() {
  await run(async () => {
    if (my.issued) await post(`/profiles/${seg(my.issued.id)}:close`).catch(() => {});
    await post('/setup/steps/finish', {});
    location.hash = '#/overview';
    done();
  });
}

const complaint = () => my.problem && !Object.keys(my.problem.fields).length ? html`<div class="notice bad" role="alert" tabindex="-1">${icon('circle-alert')}<div class="grow">${problemText(my.problem)}${my.problem.id ? html` <span class="dim small nowrap">${t('error.id', { id: my.problem.id })}</span>` : nothing}</div></div>` : nothing;
const buttons = (text, back) => html`<div class="gate-buttons">${back ? html`<button class="btn" type="button" ?disabled=${my.busy} @click=${back}>${t('do.back')}</button>` : nothing}<span class="grow"></span><button class="btn primary" ?disabled=${my.busy}>${my.busy ? icon('loader-circle', 's spin') : nothing}${text}</button></div>`;
const put = (group, name) => v => { my[group][name] = v; };

const VIEWS = {
  claim: () => html`<p class="dim">${t('setup.claimText')}</p>
    ${field({ id: 'claim-code', name: 'code', label: t('setup.claimCode'), hint: t('setup.claimHint'), mono: true, placeholder: 'XXXX-XXXX', error: wrong('code'), value: my.claim.code, change: v => { my.claim.code = v.toUpperCase(); } })}${buttons(t('do.continue'))}`,
  administrator: () => my.codes ? recovery() : my.factor ? html`<p class="dim">${t('setup.factorText')}</p>${factorOf(my.factor)}
    ${field({ id: 'admin-code', name: 'code', label: t('signin.code'), hint: t('setup.codeHint'), inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, error: wrong('code'), value: my.administrator.code, change: put('administrator', 'code') })}${buttons(t('setup.codeGo'), () => { my.factor = null; redraw(); focus(); })}`
    : html`<p class="dim">${t('setup.adminText')}</p>
    ${field({ id: 'admin-name', name: 'name', label: t('signin.name'), hint: t('users.nameHint'), autocomplete: 'username', error: wrong('name'), value: my.administrator.name, change: put('administrator', 'name') })}
    ${secret({ id: 'admin-password', name: 'password', label: t('signin.password'), hint: t('setup.passwordHint'), error: wrong('password'), value: my.administrator.password, change: put('administrator', 'password') })}${buttons(t('do.continue'))}`,
  address: () => html`<p class="dim">${t('setup.addressText')}</p>
    ${field({ id: 'address', name: 'address', label: t('setup.address'), hint: t('setup.addressHint'), mono: true, placeholder: 'vpn.example.com', error: wrong('address'), value: my.address.address, change: put('address', 'address') })}
    ${cards({ name: 'certificate', label: t('setup.certificate'), value: my.address.certificate, change: put('address', 'certificate'), options: [['own', t('setup.own'), t('setup.ownText')], ['import', t('setup.importCert'), t('setup.importCertText')]] })}
    ${my.address.certificate === 'import' ? pemFields(my.address, wrong) : nothing}${buttons(t('do.continue'))}`,
  vpn: () => html`<p class="dim">${t('setup.vpnText')}</p>
    ${cards({ many: true, name: 'transports', label: t('setup.transports'), value: my.vpn.transports, change: (v, on) => { my.vpn.transports = on ? [...my.vpn.transports, v] : my.vpn.transports.filter(x => x !== v); }, options: [['udp', t('setup.udp'), t('setup.udpText')], ['tcp', t('setup.tcp'), t('setup.tcpText')]] })}
    <div class="grid-2">${my.vpn.transports.includes('udp') ? field({ id: 'udpPort', label: t('setup.udpPort'), type: 'number', min: 1, max: 65535, error: wrong('udpPort'), value: my.vpn.udpPort, change: put('vpn', 'udpPort') }) : nothing}${my.vpn.transports.includes('tcp') ? field({ id: 'tcpPort', label: t('setup.tcpPort'), type: 'number', min: 1, max: 65535, error: wrong('tcpPort'), value: my.vpn.tcpPort, change: put('vpn', 'tcpPort') }) : nothing}</div>
    <div class="grid-2">${field({ id: 'network', label: t('setup.network'), hint: t('setup.networkHint'), mono: true, error: wrong('network'), value: my.vpn.network, change: put('vpn', 'network') })}${field({ id: 'network6', label: t('setup.network6'), optional: true, mono: true, placeholder: 'fd00:8::/64', error: wrong('network6'), value: my.vpn.network6, change: put('vpn', 'network6') })}</div>
    ${toggle({ id: 'allTraffic', label: t('setup.allTraffic'), hint: t('setup.allTrafficText'), value: my.vpn.allTraffic, change: put('vpn', 'allTraffic') })}
    ${field({ id: 'dns', label: t('setup.dns'), hint: t('setup.dnsHint'), optional: true, mono: true, placeholder: '9.9.9.9', error: wrong('dns'), value: my.vpn.dns, change: put('vpn', 'dns') })}${buttons(t('setup.vpnGo'))}`,
  user: () => html`<p class="dim">${t('setup.userText')}</p>
    ${field({ id: 'user-name', name: 'name', label: t('users.name'), hint: t('users.nameHint'), error: wrong('name'), value: my.user.name, change: put('user', 'name') })}
    <div class="stack tight">${secret({ id: 'user-password', name: 'password', label: t('users.firstPassword'), hint: t('users.firstPasswordHint'), error: wrong('password'), value: my.user.password, change: put('user', 'password') })}
    <button class="btn small self-start" type="button" @click=${() => { my.user.password = passPhrase(); redraw(); copy(my.user.password).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button></div>
    ${field({ id: 'user-device', name: 'device', label: t('users.device'), hint: t('users.deviceHint'), error: wrong('device'), value: my.user.device, change: put('user', 'device') })}${buttons(t('setup.userGo'))}`,
  check: () => html`${my.issued ? html`<p class="dim">${t('setup.profileText', { name: my.issued.user })}</p>${handOver(my.issued, my.hand, () => run(async () => { my.hand.link = await post(`/profiles/${seg(my.issued.id)}/link`, { validSeconds: 86_400 }); await copy(new URL(my.hand.link.path, location.origin).href); }))}` : nothing}
    <div class="stack tight"><div class="line spread"><h2>${t('setup.checks')}</h2><button class="btn small" type="button" ?disabled=${my.busy} @click=${check}>${icon('refresh-cw', 's')}${t('setup.again')}</button></div>
    ${my.checks ? html`<ul class="checks" aria-live="polite">${my.checks.map(c => html`<li>${icon(c.ok ? 'circle-check' : 'triangle-alert', c.ok ? 'ok' : 'warn')}<div><b>${t(`setup.check.${c.id}`) === `setup.check.${c.id}` ? c.id : t(`setup.check.${c.id}`)}</b><span>${c.text}</span></div></li>`)}</ul>` : html`<p class="dim">${my.busy ? t('setup.checking') : t('setup.notChecked')}</p>`}</div>${buttons(t('setup.finish'))}`,
};

const recovery = () => html`<p>${t('recovery.text')}</p><ol class="codes mono">${my.codes.map(c => html`<li>${c}</li>`)}</ol>
  <div class="actions"><button class="btn" type="button" @click=${async () => toast(await copy(my.codes.join('\n')) ? t('recovery.copied') : t('copy.failed'))}>${icon('copy', 's')}${t('do.copy')}</button><button class="btn" type="button" @click=${() => save('culvert-recovery-codes.txt', `${my.codes.join('\n')}\n`)}>${icon('download', 's')}${t('do.download')}</button></div>
  ${toggle({ id: 'kept', label: t('recovery.kept'), value: my.kept, change: v => { my.kept = v; } })}<div class="gate-buttons"><span class="grow"></span><button class="btn primary" ?disabled=${!my.kept || my.busy}>${t('do.continue')}</button></div>`;

/** Certificate and key as PEM: typed, pasted, or read from files. */
export const pemFields = (v, error) => html`<div class="stack">${[['pem', t('cert.pem'), '-----BEGIN CERTIFICATE-----'], ['key', t('cert.key'), '-----BEGIN PRIVATE KEY-----']].map(([name, label, placeholder]) => html`<div class="stack tight">${area({ id: `cert-${name}`, label, mono: true, rows: 4, placeholder, error: error(name), value: v[name], change: x => { v[name] = x; } })}
  <label class="btn small self-start" for="cert-${name}-file">${icon('file-up', 's')}${t('users.importFile')}</label><input id="cert-${name}-file" class="vh" type="file" accept=".pem,.crt,.key,.cer" aria-label="${label}: ${t('users.importFile')}" @change=${async e => { v[name] = await e.target.files[0]?.text() ?? ''; redraw(); }}></div>`)}</div>`;

const submit = (id, e) => {
  e.preventDefault();
  if (id === 'check') return finish();
  if (id === 'administrator' && my.codes) { my.codes = null; my.factor = null; return run(() => onward()); }
  send(id);
};

export function wizard(s) {
  const all = known(), id = step(), at = all.indexOf(id);
  if (s.setup.address && !my.address.address) my.address.address = s.setup.address;
  return gate(s, html`<div class="gate-head"><img src=${MARK} alt="" width="44" height="44"><div><p class="dim small">${t('setup.head')}</p><h1 id="page-title" tabindex="-1">${id === 'administrator' && my.codes ? t('recovery.head') : id === 'administrator' && my.factor ? t('signin.codeHead') : id === 'check' && my.issued ? t('users.canConnect', { name: my.issued.user }) : t(`setup.${id}`)}</h1></div></div>
    <ol class="steps" aria-label=${t('setup.progress', { at: at + 1, of: all.length })}>${all.map((x, i) => html`<li class=${i < at || isDone(x) ? 'done' : ''} aria-current=${i === at ? 'step' : nothing}><span class="n" aria-hidden="true">${i < at || isDone(x) && i !== at ? icon('check', 's') : i + 1}</span><span class="t">${t(`setup.short.${x}`)}${i < at ? html`<span class="vh"> ${t('setup.done')}</span>` : nothing}</span></li>`)}</ol>
    <form class="stack loose" novalidate @submit=${e => submit(id, e)}>${complaint()}${VIEWS[id]()}</form>`, 'wide');
}
wizard.enter = () => { if (known().length && step() === 'check') check(); };
