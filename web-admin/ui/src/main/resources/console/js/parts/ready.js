// A profile that was just issued: the QR code, the one-time link and the file, until the dialog closes.
import { html, nothing } from '../lit.js';
import { redraw } from '../store.js';
import { post, seg } from '../api.js';
import { t, word, dateTime } from '../i18n.js';
import { icon, copy } from './ui.js';
import { openDialog } from './dialog.js';
import { qr } from './qr.js';
import { toast } from './say.js';

const linkOf = path => new URL(path, location.origin).href;

/**
 * Makes a short-lived one-time link for the picture: a whole OpenVPN profile fills a code that no camera reads, and the
 * app would not take it from there.
 */
export async function pictureOf(issued, my, base = '/profiles') {
  if (issued.protocol !== 'openvpn') return;
  try { my.picture = linkOf((await post(`${base}/${seg(issued.id)}/link`, { validSeconds: 900 })).path); } catch { my.noPicture = true; }
  redraw();
}
const picture = (issued, my) => my.picture ? qr(my.picture, t('ready.qrLink')) : issued.protocol === 'openvpn' && !my.noPicture ? html`<span class="qr-wait">${icon('loader-circle', 'spin')}</span>`
  : html`<img src=${issued.downloads.qr} alt=${issued.qrFits ? t('ready.qrFile') : t('ready.qrLink')} width="208" height="208">`;

/** What is handed over; `my` keeps the one-time links, `makeLink` makes the one that is copied. */
export const handOver = (issued, my, makeLink) => html`
  <div class="qr"><figure>${picture(issued, my)}</figure>
    <div class="stack"><h2 class="h3">${t('ready.phone')}</h2><p class="dim">${issued.protocol !== 'openvpn' && issued.qrFits ? t('ready.phoneFile') : t('ready.phoneLink')}</p>
    ${makeLink ? html`${my.link ? html`<div class="field"><label for="one-time">${t('ready.link')}</label><div class="with-btn"><input id="one-time" class="mono" readonly .value=${linkOf(my.link.path)} @focus=${e => e.target.select()}><button class="btn" type="button" @click=${async () => toast(await copy(linkOf(my.link.path)) ? t('ready.linkCopied') : t('copy.failed'), 'ok')}>${icon('copy', 's')}${t('do.copy')}</button></div><p class="hint">${t('ready.linkUntil', { time: dateTime(my.link.expires) })}</p></div>`
      : html`<button class="btn" type="button" @click=${makeLink}>${icon('link', 's')}${t('ready.makeLink')}</button><p class="small dim">${t('ready.linkText')}</p>`}` : nothing}</div></div>
  <div class="stack tight"><h2 class="h3">${t('ready.computer')}</h2>
    <div class="dl">${icon('file-down')}<div class="wrap"><b class="mono">${issued.fileName}</b><span>${t('ready.file', { protocol: word('protocol', issued.protocol) })}</span></div><a class="btn small" href=${issued.downloads.file} download=${issued.fileName} @click=${() => { my.taken = true; redraw(); }}>${icon('download', 's')}${t('do.download')}<span class="vh"> ${issued.fileName}</span></a></div></div>
  <p class="small dim">${t('ready.once')}</p>`;

export function ready(issued, { heading, onclose = () => {} } = {}) {
  const my = {};
  pictureOf(issued, my);
  const d = openDialog({
    size: 'narrow', name: 'ready',
    onclose: () => { post(`/profiles/${seg(issued.id)}:close`).catch(() => {}); onclose(); },
    view: () => ({
      heading: heading ?? t('ready.head', { name: issued.user }), text: t('ready.text'),
      body: handOver(issued, my, () => d.run(async () => { my.link = await post(`/profiles/${seg(issued.id)}/link`, { validSeconds: 86_400 }); await copy(linkOf(my.link.path)); })),
      foot: html`<button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>`,
    }),
  });
  return d;
}
