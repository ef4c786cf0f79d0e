// Restore from the browser: a file or a kept backup takes the place of everything, the appliance starts again, and the page
// waits for it. In the wizard there is nothing to lose, so nothing has to be typed.
import { html, nothing } from '../lit.js';
import { redraw } from '../store.js';
import { t, tn, bytes, dateTime } from '../i18n.js';
import { openDialog, foot, points } from '../parts/dialog.js';
import { field, secret, select, ownerOf } from '../parts/form.js';
import { icon } from '../parts/ui.js';

const PATIENCE = 60_000;

/**
 * Asks what to restore. `kept` are backups on the appliance, `host` is to be typed when something is replaced, `send` takes
 * the file and answers { upload }, `start` begins.
 */
export function restoreDialog({ kept = [], host = '', send, start }) {
  const v = { from: kept.length ? kept[0].name : '', file: null, passphrase: '', typed: '', sent: null };
  const ready = () => (v.from || v.file) && v.passphrase && (!host || v.typed.trim() === host);
  const go = d => d.run(async () => {
    if (!v.from && !v.sent) v.sent = (await send(v.file)).upload;
    // A proof that is given by now may be too old for the second call, which asks again by itself.
    const made = await start({ ...(v.from ? { name: v.from } : { upload: v.sent }), passphrase: v.passphrase, ...(host ? { confirm: v.typed.trim() } : {}) });
    d.close();
    waiting(made);
  });
  const d = openDialog({
    size: 'narrow', name: 'restore', mayClose: () => !d?.busy,
    view: () => ({
      heading: t('backup.restoreHead'), text: host ? t('backup.restoreText') : t('backup.restoreFresh'), submit: () => ready() && go(d),
      body: html`${host ? points([['triangle-alert', 'warn', t('backup.replaces'), t('backup.replacesText')], ['users', 'ok', t('backup.clients'), t('backup.clientsText')], ['archive', 'ok', t('backup.asideHead'), t('backup.asideText')]]) : points([['users', 'ok', t('backup.clients'), t('backup.clientsText')]])}
        ${kept.length ? select({ id: 'restore-from', label: t('backup.from'), value: v.from, options: [...kept.map(f => [f.name, `${dateTime(f.created)} · ${bytes(f.bytes)}`]), ['', t('backup.fromFile')]], change: x => { v.from = x; redraw(); } }) : nothing}
        ${v.from ? nothing : html`<div class="field"><label for="restore-file">${t('backup.file')}</label><input id="restore-file" type="file" @change=${e => { v.file = e.target.files[0] ?? null; v.sent = null; redraw(); }}></div>`}
        ${ownerOf('backup')}${secret({ id: 'restore-phrase', name: 'passphrase', label: t('backup.phrase'), hint: t('backup.phraseOf'), autocomplete: 'current-password', error: d.problem?.fields?.passphrase, value: v.passphrase, change: x => { v.passphrase = x; redraw(); } })}
        ${host ? field({ id: 'restore-typed', name: 'confirm', label: t('backup.typeHost', { host }), error: d.problem?.fields?.confirm, value: v.typed, change: x => { v.typed = x; redraw(); } }) : nothing}`,
      foot: foot(d, { action: t('backup.restoreGo'), tone: host ? 'danger' : 'primary', image: 'archive-restore', disabled: !ready() }),
    }),
  });
  return d;
}

/** Shows that the appliance starts again, until it answers. */
function waiting(made) {
  const began = Date.now();
  let gone = false, late = false;
  const d = openDialog({
    size: 'narrow', name: 'restarting', mayClose: () => false,
    view: () => ({
      heading: t('backup.restarting'), text: t('backup.restartingText', { host: made.host, at: dateTime(made.created) }),
      body: html`<ul class="checks"><li>${icon('circle-check', 'ok')}<div><b>${tn('backup.laidOut', made.files)}</b></div></li><li>${icon('loader-circle', 'run spin')}<div><b>${t('backup.waits')}</b><span>${t('backup.waitsText')}</span></div></li></ul>
        ${late ? html`<div class="notice warn" role="status">${icon('triangle-alert')}<div class="grow">${t('backup.late')}</div></div>` : nothing}`,
      foot: html`<button class="btn ${late ? 'primary' : ''}" type="button" @click=${() => location.reload()}>${icon('refresh-cw', 's')}${t('backup.reload')}</button>`,
    }),
  });
  const look = async () => {
    try {
      const answer = await fetch('/api/v1/health', { cache: 'no-store', credentials: 'same-origin' });
      await answer.text();
      // What answers before it was gone is the appliance as it was.
      if (gone || Date.now() - began > 15_000) { location.hash = ''; location.reload(); return; }
    } catch { gone = true; }
    if (!late && Date.now() - began > PATIENCE) { late = true; d.redraw(); }
    setTimeout(look, 1000);
  };
  setTimeout(look, 500);
}
